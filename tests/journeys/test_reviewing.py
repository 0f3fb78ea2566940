"""Reviewers in the browser: returning with reasons, racing, the keyboard, the phone, the other language."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.application import Arrive
from tests.journeys.company import ROLES
from tests.journeys.site import Site

pytestmark = pytest.mark.browser


@pytest.fixture
def waiting(site: Site) -> int:
    """A safety licence request that waits for a legal reviewer."""
    request = site.begun("desk", "E03", "unit", "company")
    site.done(request, "A1_fill", "desk")
    return request


def test_a_return_names_the_field_and_the_applicant_corrects_it_there(waiting: int, site: Site, arrive: Arrive) -> None:
    legal = arrive("legal")
    legal.open_task("安全生产许可证")
    legal.press("退回补正")
    expect(legal.page.get_by_text("退回修改的内容")).to_be_visible()
    legal.fill("review", {"returns": [{"field": "单位地址", "reason": "与营业执照不一致，请填写住所全称"}]})
    legal.decide("退回补正")
    desk = arrive("desk")
    desk.open_task("安全生产许可证")
    desk.sees("单位地址", "请填写住所全称", "韩立")
    desk.look()
    desk.fill("apply-E03", {"address": "杭州市滨江区江南大道 100 号"})
    desk.decide("提交申请")
    desk.sees("单位初审", "杭州市滨江区江南大道 100 号", "与营业执照不一致")
    legal.go("/inbox")
    legal.sees("法务经营初审")


def test_of_two_reviewers_one_wins_and_the_other_reads_who_and_when(waiting: int, site: Site, arrive: Arrive) -> None:
    first, second = arrive("legal"), arrive("legal2")
    for person in (first, second):
        person.open_task("安全生产许可证")
        person.fill("review", {"checked": [], "opinion": f"{person.login} 的意见"})
    second.expects(409)  # also the draft that saves itself meanwhile
    first.decide("通过")
    second.press("通过")
    expect(second.page.get_by_role("alert").first).to_contain_text("韩立")
    second.sees("2026-11-23 10:00")
    expect(second.page.locator("textarea").first).to_have_value("legal2 的意见")
    second.look()


def test_the_inbox_by_keyboard_alone(site: Site, arrive: Arrive) -> None:
    for person in ("石磊", "陈小满"):
        request = site.begun("desk", "P02", "person", {"石磊": "worker", "陈小满": "applicant"}[person])
        site.done(request, "A1_fill", "desk")
    hr = arrive("hr")
    hr.go("/inbox")
    keys = hr.page.keyboard
    keys.press("?")
    expect(hr.page.locator("dialog[open]")).to_contain_text("签收这一行")
    hr.look()
    keys.press("Escape")
    keys.press("j")
    keys.press("j")
    expect(hr.page.locator("[data-row-link]").nth(1)).to_be_focused()
    with hr.page.expect_navigation():
        keys.press("c")
    hr.sees("已签收")
    expect(hr.page.locator("[data-row]", has_text="陈小满")).to_contain_text("我已签收")
    keys.press("j")
    keys.press("Enter")
    hr.page.wait_for_url(re.compile("/tasks/"))
    hr.look()


def test_an_approval_on_a_phone_takes_two_touches(waiting: int, site: Site, arrive: Arrive) -> None:
    site.done(waiting, "A3_legal", "legal")
    approver = arrive("approver", phone=True)
    approver.go("/inbox")
    approver.page.locator("[data-row-link]").first.tap()
    approver.drawn()
    approver.look()
    yes = approver.page.get_by_role("button", name="同意", exact=True)
    expect(yes).to_be_in_viewport(ratio=1)
    yes.tap()
    approver.page.wait_for_url(re.compile("/inbox"))
    approver.sees("都处理完了")
    approver.look()


def test_the_pages_of_a_phone_fit(waiting: int, arrive: Arrive) -> None:
    desk = arrive("desk", phone=True)
    for path in ("/", "/inbox", "/requests", "/requests/new", "/requests/new?type=P02", f"/requests/{waiting}"):
        desk.go(path)
    desk.follow("申请")


def test_english_by_a_switch_reaches_every_word_but_names(waiting: int, site: Site, arrive: Arrive) -> None:
    site.done(waiting, "A3_legal", "legal")
    approver = arrive("approver")
    approver.go("/inbox")
    approver.page.get_by_role("button", name="English").click()
    approver.page.wait_for_load_state()
    expect(approver.page.locator("html")).to_have_attribute("lang", "en")
    typed = ["华建第一建筑有限公司", "滨江花园一期", "材料.pdf", "按实际情况填写", "中文"]
    names = [*(name for name, _, _ in ROLES.values()), *typed]
    for path in ("/inbox", "/requests?scope=all", f"/requests/{waiting}", f"/tasks/{site.task(waiting, 'A4_approve')}"):
        approver.go(path)
        approver.page.wait_for_load_state("networkidle")
        words = approver.page.locator("body").inner_text()
        for name in names:
            words = words.replace(name, "")
        assert not re.search("[一-鿿]", words), [line for line in words.splitlines() if re.search("[一-鿿]", line)]
