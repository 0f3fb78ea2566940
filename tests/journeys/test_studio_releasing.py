"""A release in the browser: asked by one, approved by another, tomorrow in one company, taken back by one press."""

from __future__ import annotations

from datetime import datetime

import pytest
from playwright.sync_api import expect

from ledger.clock import SHANGHAI
from ledger.db import unit
from tests.journeys.company import open_accounts
from tests.journeys.site import Site
from tests.journeys.way import Arrive
from tests.web.releasing import drafted, more_owners, version_of

pytestmark = pytest.mark.browser


def test_a_second_person_releases_it_for_one_company_from_tomorrow_and_it_is_rolled_back(site: Site, arrive: Arrive
                                                                                        ) -> None:
    with unit(site.engine) as session:
        more_owners(session, site.company, second="group")
        open_accounts(session, site.company, "second")
    draft = drafted(site.engine, site.company)
    owner, second = arrive("owner"), arrive("second", phone=True)
    owner.go(f"/studio/drafts/{draft}/release")
    owner.page.get_by_label("只在选定的公司试点").check()
    owner.page.get_by_label("华建第一建筑有限公司").check()
    owner.page.get_by_label("改了什么，为什么发布").fill("填报改为填写申请表")
    owner.follow("提出发布申请")
    owner.sees("须由另一位流程负责人决定")
    site.work()
    second.go("/notices")
    second.follow("请您决定")
    expect(second.page.locator(".changed")).to_contain_text("application.bpmn")
    second.follow("同意发布")
    second.sees("2026-11-24 零点起生效")
    assert begins(site, "E01") == [1, 1]
    site.clock.move_to(datetime(2026, 11, 24, 0, 0, tzinfo=SHANGHAI))  # the worker has not looked yet
    assert begins(site, "E02") == [2, 1]
    site.work()
    owner.go("/processes")
    owner.sees("试点：华建第一建筑有限公司")
    site.clock.move_to(datetime(2026, 11, 24, 9, 0, tzinfo=SHANGHAI))
    second.page.reload()
    second.follow("退回之前的版本")
    second.sees("正按第 2 版办理的 1 项申请不受影响")
    second.page.get_by_label("退回的原因").fill("表单用语有误")
    second.page.get_by_role("button", name="退回", exact=True).click()
    second.sees("之前的版本从现在起重新生效")
    assert begins(site, "E03") == [1, 1]
    owner.go("/studio/releases")
    owner.sees("已退回")


def begins(site: Site, code: str) -> list[int]:
    """The versions that new requests of the two companies begin on."""
    return [version_of(site.engine, site.company, code, "unit", name, login)
            for name, login in (("company", "desk"), ("other", "stranger"))]
