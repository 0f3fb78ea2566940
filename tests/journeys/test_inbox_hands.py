"""Transferred, delegated and given back, signed before and after: at a desk, on a phone, and by keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.application import Arrive
from tests.journeys.person import Person
from tests.journeys.site import Site

pytestmark = pytest.mark.browser
TITLE = "安全生产许可证"


@pytest.fixture
def waiting(site: Site) -> int:
    """A safety licence that waits for a legal reviewer; the request."""
    request = site.begun("desk", "E03", "unit", "company")
    site.done(request, "A1_fill", "desk")
    return request


def begins(person: Person) -> None:
    person.open_task(TITLE)
    person.follow("签收")
    person.drawn()


def chooses(person: Person, verb: str, name: str, text: str) -> None:
    """From the menu of verbs to the page, looks for somebody, says why, and sends it."""
    person.page.locator(".more-verbs > summary").click()
    person.follow(verb)
    main = person.page.locator("main")
    main.get_by_role("searchbox").type(name)
    expect(main.locator("#people label")).to_have_count(1)
    main.locator("#people").get_by_label(name).check()
    main.locator("textarea").fill(text)
    person.look()


def test_a_task_is_transferred_and_delegated_and_given_back(site: Site, arrive: Arrive, waiting: int) -> None:
    legal, other = arrive("legal"), arrive("legal2", phone=True)
    begins(legal)
    chooses(legal, "委派", "许文", "请核对合同第三页")
    legal.page.locator("main").get_by_role("button", name="委派").click()
    legal.sees("已委派给 许文")
    other.open_task(TITLE)
    other.sees("韩立 委派给您的", "请核对合同第三页")
    other.fill("review", {"checked": [], "opinion": "合同齐全"})
    other.decide("通过")
    other.sees("已交回给 韩立。")
    legal.open_task(TITLE)
    legal.sees("已交回")
    legal.reads("初审意见", "合同齐全")
    chooses(legal, "转办", "许文", "下周出差")
    legal.page.locator("main").get_by_role("button", name="转办").click()
    legal.sees("已转办给 许文。")
    other.open_task(TITLE)
    other.sees("转办给您。")


def test_a_task_is_signed_before_and_after(site: Site, arrive: Arrive, waiting: int) -> None:
    legal, approver = arrive("legal"), arrive("approver", phone=True)
    begins(legal)
    chooses(legal, "加签", "梁总", "金额是否合适")
    legal.follow("请他们加签")
    legal.drawn()
    legal.sees("正在等 梁总 加签")
    approver.open_task("加签")
    approver.sees("金额是否合适", "您先说意见，由他决定。")
    approver.fill("sign", {"opinion": "偏高，可以接受"})
    approver.decide("同意")
    legal.page.reload()
    legal.drawn()
    legal.sees("偏高，可以接受")
    chooses(legal, "加签", "梁总", "请最后确认")
    legal.page.get_by_label(re.compile("后加签")).check()
    legal.follow("请他们加签")
    legal.drawn()
    legal.fill("review", {"checked": [], "opinion": "齐全"})
    legal.decide("通过")
    legal.sees("要等加签的人都同意才生效")
    approver.open_task("加签")
    approver.sees("韩立 的办理意见", "齐全")
    approver.decide("同意")
    assert site.task(waiting, "A4_approve")


def test_by_keyboard_alone_a_task_is_handed_on(site: Site, arrive: Arrive, waiting: int) -> None:
    """No mouse: c claims, Tab and Enter reach the menu, the list and the words."""
    legal = arrive("legal")
    legal.open_task(TITLE)
    keys = legal.page.keyboard
    keys.press("c")
    legal.page.wait_for_load_state()
    legal.drawn()
    legal.page.locator(".more-verbs > summary").focus()
    keys.press("Enter")
    for _ in range(12):
        keys.press("Tab")
        if legal.page.evaluate("document.activeElement.textContent.trim()") == "转办":
            break
    keys.press("Enter")
    legal.page.wait_for_url(re.compile("/transfer$"))
    legal.page.get_by_role("searchbox").last.focus()
    keys.type("许文")
    expect(legal.page.locator("#people label")).to_have_count(1)
    for key in ("Tab", "Tab", "Space", "Tab"):
        keys.press(key)
    keys.type("下周出差")
    keys.press("Tab")
    keys.press("Enter")
    legal.page.wait_for_url(re.compile("/inbox$"))
    legal.sees("已转办给 许文。")
