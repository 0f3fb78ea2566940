"""Somebody is away and a colleague does their work; somebody leaves and their work goes over, down to nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine import tasks
from engine.model import Task
from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import unit
from registry.people.persons import leave, person_of
from tests.journeys.application import Arrive
from tests.journeys.site import Site
from tests.journeys.ways import does

pytestmark = pytest.mark.browser


def waiting(site: Site) -> int:
    """A safety licence that waits for a legal reviewer."""
    request = site.begun("desk", "E03", "unit", "company")
    site.done(request, "A1_fill", "desk")
    return request


@does("substitute", ways=("desk", "phone"))
def test_a_substitute_does_what_was_there_already_until_the_absence_ends(site: Site, arrive: Arrive) -> None:
    waiting(site)
    absent, substitute = arrive("legal"), arrive("pm", phone=True)
    absent.go("/account")
    absent.follow("代理安排")
    absent.sees("还没有安排代理")
    absent.follow("安排代理")
    absent.page.fill("#q", "罗")
    absent.page.keyboard.press("Enter")
    absent.page.wait_for_load_state()
    absent.follow("罗建军")
    absent.page.fill("#f-until", "2026-11-01")
    absent.expects(400)
    absent.follow("安排代理")
    absent.sees("结束日期早于开始日期。")
    absent.page.fill("#f-until", "2026-11-30")
    absent.follow("安排代理")
    absent.sees("已安排罗建军代理。", "正在代理", "全部流程")
    substitute.open_task("安全生产许可证")
    substitute.sees("为什么由我办理", "您代 韩立 办理。")
    substitute.follow("签收")
    substitute.go("/absence")
    substitute.sees("我代谁办理", "韩立")
    absent.go("/absence")
    absent.page.get_by_role("button", name="结束代理：罗建军").click()
    absent.page.get_by_role("dialog").get_by_role("button", name="结束代理").click()
    absent.page.wait_for_load_state()
    absent.sees("代理已结束，没有办完的任务转回韩立。")
    site.work()
    absent.open_task("安全生产许可证")
    absent.sees("代理期结束，于 2026-11-23 10:00 转回给您。")


@does("hand over", ways=("phone",))
def test_the_work_of_a_leaver_goes_over_down_to_nothing(site: Site, arrive: Arrive) -> None:
    waiting(site)
    with unit(site.engine) as session:
        number = session.scalars(select(Task.id).where(Task.state == "open")).one()
        tasks.claim(session, number, site.company.actor(session, "legal"))
        leave(session, person_of(session, site.company.people["legal"]), on=clock.today(), by=SYSTEM)
    hr = arrive("hr", phone=True)
    hr.go(f"/people/{site.company.people['legal']}")
    hr.sees("项工作没有移交。")
    hr.follow("去移交")
    hr.sees("完整性", "手里的待办")
    hr.page.get_by_role("link", name="选择由谁接手").click()
    hr.page.wait_for_load_state()
    hr.look()
    hr.page.get_by_role("button", name="由 许文 接手").click()
    hr.page.wait_for_load_state()
    hr.look()
    hr.page.locator("section[aria-labelledby=k-task]").get_by_role("button", name="移交给 许文").click()
    hr.page.wait_for_load_state()
    hr.sees("已办 1 项。", "已移交", "许文")
    for kind, words in (("role", "收回角色"), ("notice", "不再提醒")):
        if hr.page.locator(f"#k-{kind}").count():
            hr.page.locator(f"section[aria-labelledby=k-{kind}]").get_by_role("button", name=words).click()
            if kind == "role":
                hr.page.get_by_role("dialog").get_by_role("button", name=words).click()
            hr.page.wait_for_load_state()
    hr.sees("没有要移交的")
    hr.follow("移交办完")
    hr.sees("移交已于 2026-11-23 10:00 办完。")
    second = arrive("legal2", phone=True)
    second.open_task("安全生产许可证")
    second.sees("改派给您")
