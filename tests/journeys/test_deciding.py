"""Several people decide together: asked at a certificate, voted at a desk and on a phone, members changed meanwhile."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.holdings import held
from tests.journeys.site import Site
from tests.journeys.way import Arrive, Way
from tests.journeys.ways import does

pytestmark = pytest.mark.browser
LEGAL, SAFETY = "韩立 · 华建第一建筑有限公司", "郑安 · 华建第一建筑有限公司"


@does("countersign", "member leaves", ways=("desk",))
@does("countersign", ways=("phone",))
def test_a_countersign_is_asked_for_voted_on_and_its_members_change(site: Site, arrive: Arrive) -> None:
    certificate = held(site, "E03")
    way = Way("安全生产许可证", site, arrive)
    desk = way.person("desk")
    desk.go(f"/certificates/{certificate}")
    desk.follow("办理")
    desk.follow("开始 内部会签")
    desk.fill("joint-ask", {
        "subject": "是否提前延续", "question": "拟提前三个月申报延续，请各位表态。", "rule": "all", "silence": "none",
        "signers": [{"person": LEGAL}, {"person": SAFETY, "veto": True}]})
    desk.decide("发出会签")
    desk.sees("会签中", "韩立", "未表态", "一票否决")
    desk.page.get_by_role("heading", name="申请内容").scroll_into_view_if_needed()
    expect(desk.page.locator("[aria-labelledby=content]")).to_contain_text("郑安")
    legal = way.take("legal", "会签", phone=True)
    legal.reads("事项", "是否提前延续")
    legal.reads("规则", "全部同意才通过")
    legal.decide("同意")
    desk.page.reload()
    expect(desk.page.locator("[aria-labelledby=rail-poll]")).to_contain_text("同意")
    desk.follow("增减会签人")
    desk.page.get_by_label("还没有表态的会签人").select_option(label="郑安")
    desk.page.locator("#reason-less").fill("出差")
    desk.page.get_by_role("button", name="退出会签").focus()
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_load_state()
    way.at(desk, "会签通过")
    desk.sees("郑安 退出会签", "出差")
    desk.look()


@does("pause clock", "print ledger", ways=("phone",))
def test_a_clock_is_stopped_and_goes_on_and_the_ledger_is_printed(site: Site, arrive: Arrive) -> None:
    request = site.begun("desk", "E03", "unit", "company")
    site.done(request, "A1_fill", "desk")
    approver = arrive("approver", phone=True)
    approver.go(f"/requests/{request}")
    approver.sees("承诺办结时间", "还剩 20 个工作日")
    approver.follow("计时台账")
    approver.page.get_by_text("暂停计时或延长期限").click()
    approver.page.get_by_label("原因").fill("等外地档案馆复印件")
    approver.page.get_by_role("button", name="暂停计时").click()
    approver.page.wait_for_load_state()
    approver.sees("已暂停计时", "等外地档案馆复印件")
    approver.look()
    legal = arrive("legal")
    legal.go("/inbox")
    legal.sees("计时暂停")
    site.pass_days(3)
    approver.page.get_by_text("恢复计时").first.click()
    approver.page.get_by_role("button", name="恢复计时").click()
    approver.page.wait_for_load_state()
    approver.sees("3 个工作日")
    approver.look()
    with approver.page.expect_download() as told:
        approver.page.get_by_role("link", name="打印用 PDF").click()
    assert told.value.suggested_filename.endswith("-clock.pdf")
    expect(legal.page.locator("main")).to_be_visible()
