"""Going back: return with its preview and straight back, taking back in time and too late, withdrawing, reopening."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.usertasks import tasks
from ledger.db import unit
from tests.journeys.site import Site
from tests.journeys.test_inbox_hands import TITLE, licence
from tests.journeys.way import Arrive
from tests.journeys.ways import does

pytestmark = pytest.mark.browser
REASON = "合同第三页缺签字日期"


@does("return", "straight back")
def test_an_approver_returns_and_what_is_unchanged_comes_straight_back(site: Site, arrive: Arrive, way: str) -> None:
    request = licence(site)
    site.done(request, "A3_legal", "legal")
    with unit(site.engine) as session:
        tasks.claim(session, site.task(request, "A4_approve"), site.company.actor(session, "approver"))
    approver = arrive("approver", way=way, english=way == "keys")
    approver.open_task(TITLE)
    approver.verb("退回")
    approver.sees("退回到哪一步", "填报申请", "内容不变则保留", "取消待办")
    approver.tick("填报申请")
    approver.write("退回原因", REASON)
    approver.hit(approver.page.locator(".return-act").get_by_role("button"))
    approver.sees("已退回。")
    site.done(request, "A1_fill", "desk")
    approver.go(f"/requests/{request}")
    approver.sees(REASON)
    assert site.task(request, "A4_approve")


@does("withdraw", "take back", "take back late", "reopen")
def test_an_applicant_takes_back_withdraws_and_calls_off(site: Site, arrive: Arrive, way: str) -> None:
    request = licence(site)
    desk, boss = (arrive(login, way=way, english=way == "keys") for login in ("desk", "approver"))
    desk.go(f"/requests/{request}")
    late = desk.context.new_page()
    late.goto(desk.page.url)
    desk.follow("取回")
    desk.drawn()
    desk.sees("已取回，请重新办理。")
    late.close()
    site.done(request, "A1_fill", "desk")
    desk.go(f"/requests/{request}")
    site.clock.advance(timedelta(minutes=11))
    desk.expects(409)
    desk.follow("取回")
    desk.sees("办结已超过 10 分钟，不能取回。可以请后面的办理人退回。")
    desk.go(f"/requests/{request}")
    desk.follow("撤回申请")
    desk.tick("不再申请")
    desk.write("撤回原因", "项目已停建")
    desk.hit(desk.page.locator(".return-act").get_by_role("button"))
    desk.sees("申请已撤销。", "项目已停建")
    boss.typed.update(desk.typed)
    boss.go(f"/requests/{request}/reopen")
    boss.sees("从哪一步继续", "填报申请")
    boss.write("重新开启的原因", "项目复工，经批准重新办理")
    boss.hit(boss.page.locator(".return-act").get_by_role("button"))
    boss.sees("已重新开启。")
