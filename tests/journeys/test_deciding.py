"""Several people decide together: asked at a certificate, voted on, members changed, silent; and clocks stand still."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from ledger.db import unit
from tests.journeys.holdings import held
from tests.journeys.site import Site
from tests.journeys.way import Arrive
from tests.journeys.ways import does
from workflows.applying import choices

pytestmark = pytest.mark.browser
LEGAL, SAFETY, HR = (f"{name} · 华建第一建筑有限公司" for name in ("韩立", "郑安", "宋雅"))
TITLE = "安全生产许可证"
ASKED = {"subject": "是否提前延续", "question": "拟提前三个月申报延续，请各位表态。"}


@does("countersign", "member leaves", "veto")
def test_a_countersign_is_asked_for_voted_on_its_members_change_and_one_vetoes(
        site: Site, arrive: Arrive, way: str) -> None:
    certificate = held(site, "E03")
    desk, legal, safety = (arrive(login, way=way, english=way == "keys") for login in ("desk", "legal", "safety"))
    for person in (desk, legal, safety):
        person.typed.update((*ASKED.values(), "出差"))
    desk.go(f"/certificates/{certificate}")
    desk.follow("办理")
    desk.hit(desk.page.locator("main li", has_text=desk.words("内部会签")).get_by_role("button"))
    desk.fill("joint-ask", {**ASKED, "rule": "all", "silence": "none", "signers": [
        {"person": LEGAL}, {"person": SAFETY, "veto": True}, {"person": HR}]})
    desk.decide("发出会签")
    desk.sees("会签中", "韩立", "未表态", "一票否决")
    expect(desk.page.locator("[aria-labelledby=content]")).to_contain_text("郑安")
    legal.open_task(TITLE)
    legal.reads("事项", "是否提前延续")
    legal.reads("规则", "全部同意才通过")
    legal.decide("同意")
    desk.page.reload()
    expect(desk.page.locator("[aria-labelledby=rail-poll]")).to_contain_text(desk.words("同意"))
    desk.follow("增减会签人")
    desk.hands.choose(desk.page.locator("#task"), "宋雅")
    desk.hands.write(desk.page.locator("#reason-less"), "出差")
    desk.follow("退出会签")
    desk.sees("已退出会签。", "已退出", "出差")
    safety.open_task(TITLE)
    safety.fill("joint-sign", {"opinion": "证据不足"})
    safety.decide("不同意")
    desk.typed.update(safety.typed)
    desk.go(desk.page.url.removeprefix(site.address))
    desk.sees("会签未通过", "证据不足", "会签结束：同意 1，不同意 1，弃权 0，退出 1")


@does("silence")
def test_whoever_says_nothing_has_agreed_where_that_was_said_before(site: Site, arrive: Arrive, way: str) -> None:
    certificate = held(site, "E03")
    with unit(site.engine) as session:
        asking = site.company.actor(session, "desk")
        request = choices.begin(session, asking, certificate, "joint").id
    signers = [{"person": str(site.company.people[login])} for login in ("legal", "safety")]
    site.done(request, "J1_ask", "desk", **ASKED, signers=signers, rule="all", silence="agree", days=1)
    desk, legal = (arrive(login, way=way, english=way == "keys") for login in ("desk", "legal"))
    for person in (desk, legal):
        person.typed.update(ASKED.values())
    legal.open_task(TITLE)
    legal.reads("逾期", "逾期不表态的，视为同意")
    legal.decide("同意")
    site.pass_days(3)
    desk.go(f"/requests/{request}")
    desk.sees("会签通过")


@does("pause clock", "print ledger")
def test_a_clock_is_stopped_and_goes_on_and_the_ledger_is_printed(site: Site, arrive: Arrive, way: str) -> None:
    request = site.begun("desk", "E03", "unit", "company")
    site.done(request, "A1_fill", "desk")
    approver = arrive("approver", way=way, english=way == "keys")
    approver.go(f"/requests/{request}")
    approver.sees("承诺办结时间", "还剩 20 个工作日")
    approver.follow("计时台账")
    approver.hands.press(approver.page.locator("details.clock-acts > summary").first)
    approver.typed.add("等外地档案馆复印件")
    approver.hands.write(approver.page.locator("details[open] textarea"), "等外地档案馆复印件")
    approver.follow("暂停计时")
    approver.sees("已暂停计时。", "等外地档案馆复印件")
    legal = arrive("legal")
    legal.go("/inbox")
    legal.sees("计时暂停")
    site.pass_days(3)
    approver.hands.press(approver.page.locator("details.clock-acts > summary").first)
    approver.follow("恢复计时")
    approver.sees("已恢复计时，期限已顺延。", "3 个工作日")
    saved = approver.hands.save(approver.named("打印用 PDF"))
    assert saved.suggested_filename.endswith("-clock.pdf")
