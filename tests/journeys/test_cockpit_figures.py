"""A process owner looks where requests wait and who has how much; an administrator looks at the machinery."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from ledger.actor import SYSTEM
from ledger.db import unit
from registry.access.grants import grant_role
from registry.people.persons import person_of
from tests.journeys.site import Site
from tests.journeys.way import Arrive

pytestmark = pytest.mark.browser


def two_requests(site: Site) -> None:
    """One waits for legal, one is being filled in; both took some days to come there."""
    first = site.begun("desk", "E03", "unit", "company")
    site.begun("applicant", "P02", "person", "worker")
    site.pass_days(3)
    site.done(first, "A1_fill", "desk")
    site.pass_days(1)


@pytest.mark.parametrize(("phone", "english"), [(False, False), (True, True)], ids=["desk", "phone, English"])
def test_the_owner_sees_on_the_drawing_where_requests_wait(
    site: Site, arrive: Arrive, phone: bool, english: bool) -> None:
    two_requests(site)
    owner = arrive("owner", phone=phone, english=english)
    owner.go("/cockpit/heat?process=application&measure=waiting")
    page = owner.page
    page.wait_for_selector("[data-diagram] .heat-badge")
    badge = page.locator(".djs-overlays[data-container-id='A3_legal'] .heat-badge")
    expect(badge).to_have_text("1")
    expect(page.locator(".djs-element[data-element-id='A3_legal']")).to_have_class("djs-element djs-shape heat-more-5")
    row = page.locator("tr[data-element='A3_legal']")
    expect(row.locator(".measured")).to_contain_text("1")
    if phone:
        assert row.bounding_box()["y"] < page.locator("[data-diagram]").bounding_box()["y"]  # type: ignore[index]
    page.locator(".djs-element[data-element-id='A3_legal']").click(force=True)
    expect(page.locator("[data-heat-chosen]")).to_be_visible()
    expect(page.locator("[data-heat-chosen] h3")).to_have_text(row.locator("th").inner_text().strip())
    with page.expect_navigation():
        page.locator("#project").select_option(str(site.company.units["project"]))
    owner.look()
    expect(page.locator("tr[data-element='A1_fill']")).to_have_count(1)
    expect(page.locator("tr[data-element='A3_legal']")).to_have_count(0)


def test_the_owner_asks_what_if_somebody_were_away_and_changes_nothing(site: Site, arrive: Arrive) -> None:
    two_requests(site)
    owner = arrive("owner")
    owner.go("/cockpit/workload")
    owner.sees("沈青")
    owner.follow("如果离开两周 沈青")
    owner.sees("如果沈青离开")
    owner.sees("停在本人手上")
    owner.page.fill("[name=last]", "2026-11-01")
    owner.follow("推算")
    owner.sees("结束日期早于开始日期")
    owner.go("/cockpit/impact?kind=role&key=legal")
    owner.sees("会停下来")
    owner.sees("韩立")


def test_an_administrator_reads_on_a_phone_that_no_worker_works(site: Site, arrive: Arrive) -> None:
    with unit(site.engine) as session:
        grant_role(session, person_of(session, site.company.people["owner"]), "administrator",
                   site.company.unit(session, "group"), by=SYSTEM)
    admin = arrive("owner", phone=True)
    admin.go("/cockpit/health")
    admin.sees("没有在工作，一天内没有报到")
    expect(admin.page.locator("[data-vital=timers] .state")).to_have_class("state state-good")
    assert admin.context.request.get(site.address + "/metrics").status == 200


def test_an_administrator_shuts_an_account_on_a_phone_knowing_what_stops(site: Site, arrive: Arrive) -> None:
    two_requests(site)
    with unit(site.engine) as session:
        grant_role(session, person_of(session, site.company.people["owner"]), "administrator",
                   site.company.unit(session, "group"), by=SYSTEM)
    admin, safety = arrive("owner", phone=True), site.company.people["safety"]
    for path in ("workload", f"workload/away?person={safety}", "impact?kind=form&key=approve",
                 f"impact?kind=person&key={safety}"):
        admin.go(f"/cockpit/{path}")
    admin.follow("停用这个账号")
    admin.sees("只有其一个人的组")
    admin.write("原因", "长期借调")
    admin.expected.add(400)
    admin.follow("停用这个账号")
    admin.sees("之后有事项没有人能办")
    admin.tick("我知道有事项会停下来")
    admin.follow("停用这个账号")
    admin.sees("已停用郑安的账号")
    admin.follow("重新启用")
    admin.sees("可以登录")
    for path in ("/roles", "/roles/guard", "/forms", "/forms/approve/withdrawal", "/forms/answer/withdrawal"):
        admin.go(path)
    admin.write("原因", "没有流程再用")
    admin.follow("停用这张表单")
    admin.sees("已停用表单")
