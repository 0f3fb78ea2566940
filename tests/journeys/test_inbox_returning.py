"""Going back by mouse, by key and on a phone: return with its preview, straight back, taking back, withdrawing."""

from __future__ import annotations

import pytest

from tests.journeys.application import Arrive
from tests.journeys.site import Site

pytestmark = pytest.mark.browser
REASON = "合同第三页缺签字日期"


def test_an_approver_returns_and_what_is_unchanged_comes_straight_back(site: Site, arrive: Arrive) -> None:
    request = site.begun("desk", "E03", "unit", "company")
    site.done(request, "A1_fill", "desk")
    site.done(request, "A3_legal", "legal")
    approver = arrive("approver", phone=True)
    approver.open_task("安全生产许可证")
    approver.follow("签收")
    approver.go(f"/tasks/{site.task(request, 'A4_approve')}/return")
    approver.sees("退回到哪一步", "填报申请", "内容不变则保留", "取消待办")
    approver.page.get_by_label("填报申请").check()
    approver.page.get_by_label("退回原因").fill(REASON)
    approver.follow("退回")
    approver.sees("已退回。")
    desk = arrive("desk")
    desk.go(f"/tasks/{site.task(request, 'A1_fill')}")
    desk.drawn()
    desk.sees("退回到这一步", REASON)
    site.done(request, "A1_fill", "desk")
    approver.go("/inbox")
    approver.sees("审批")
    approver.go(f"/requests/{request}")
    approver.sees("所依据的内容没有改动，原来的办理结果保留")


def test_an_applicant_takes_back_withdraws_and_calls_off(site: Site, arrive: Arrive) -> None:
    request = site.begun("desk", "E03", "unit", "company")
    site.done(request, "A1_fill", "desk")
    desk = arrive("desk")
    desk.go(f"/requests/{request}")
    desk.follow("取回")
    desk.drawn()
    desk.sees("已取回，请重新办理。")
    site.done(request, "A1_fill", "desk")
    desk.go(f"/requests/{request}")
    desk.follow("撤回申请")
    desk.page.get_by_label("不再申请").check()
    desk.page.get_by_label("撤回原因").fill("项目已停建")
    desk.follow("撤回")
    desk.sees("申请已撤销。", "申请人撤回")
    boss = arrive("approver")
    boss.go(f"/requests/{request}/reopen")
    boss.sees("从哪一步继续", "填报申请")
    boss.page.get_by_label("重新开启的原因").fill("项目复工，经批准重新办理")
    boss.follow("重新开启")
    boss.sees("已重新开启。")
