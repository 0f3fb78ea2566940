"""Two browsers have the same page open and both press: one wins, the other reads who did what and when, and keeps what
they typed. What is behind a race is tested below the browser; here it is that the page tells it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from ledger.db import unit
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.test_inbox_hands import TITLE, chooses, licence, sends
from tests.journeys.way import Arrive
from tests.journeys.ways import races
from workflows.sharing.copies import RequestCopy

pytestmark = pytest.mark.browser
WHEN = "2026-11-23 10:00"


def says(person: Person, *words: str) -> None:
    person.sees(WHEN, *words)
    person.look()


@races("transfer", "delegate", "sign", "complete")
def test_whoever_acts_on_what_was_handed_on_reads_to_whom_and_keeps_the_words(
        site: Site, arrive: Arrive) -> None:
    request = licence(site, claimed=True)
    first, second = arrive("legal"), arrive("legal", phone=True)
    second.expects(409)
    number = site.task(request, "A3_legal")
    first.go(f"/tasks/{number}")
    first.drawn()
    pages = {}
    for page, words in (("transfer", "下周出差"), ("delegation", "请核对合同"), ("signers", "金额是否合适")):
        pages[page] = second.context.new_page()
        pages[page].goto(f"{site.address}/tasks/{number}/{page}")
        pages[page].locator("main textarea").fill(words)
        pages[page].locator("#people").get_by_label("许文").check()
    second.go(f"/tasks/{number}")
    second.fill("review", {"checked": [], "opinion": "合同齐全"})
    first.verb("转办")
    chooses(first, "许文", "交给许文")
    sends(first, "转办")
    second.press("通过")
    second.page.get_by_role("alert").first.wait_for()
    says(second, "韩立", "转办")
    for page, words in zip(pages.values(), ("下周出差", "请核对合同", "金额是否合适"), strict=True):
        page.locator("#passing .btn-primary").click()
        page.get_by_role("alert").wait_for()
        shown = page.locator("main").inner_text()
        assert "韩立" in shown and WHEN in shown and words in shown
        page.close()


@races("take back", "withdraw")
def test_taking_back_loses_to_a_claim_and_an_approval_to_a_withdrawal(site: Site, arrive: Arrive) -> None:
    request = licence(site)
    desk, legal = arrive("desk"), arrive("legal", phone=True)
    desk.go(f"/requests/{request}")
    legal.open_task(TITLE)
    legal.verb("签收")
    desk.expects(409)
    desk.follow("取回")
    desk.sees("不能取回。可以请后面的办理人退回。", "法务经营初审")
    legal.drawn()
    legal.fill("review", {"checked": [], "opinion": "合同齐全"})
    desk.go(f"/requests/{request}")
    desk.follow("撤回申请")
    desk.write("撤回原因", "项目已停建")
    desk.hit(desk.page.locator(".return-act").get_by_role("button"))
    legal.expects(409)
    legal.press("通过")
    legal.page.get_by_role("alert").first.wait_for()
    says(legal, "沈青", "因撤回申请而取消")
    legal.reads("初审意见", "合同齐全")


@races("urge", "copy")
def test_urging_and_copying_twice_happens_once_and_says_so(site: Site, arrive: Arrive) -> None:
    request = licence(site)
    site.clock.advance(timedelta(hours=5))
    first, second = arrive("desk"), arrive("desk", phone=True)
    second.expects(400, 409)
    for person in (first, second):
        person.go(f"/requests/{request}")
    first.follow("催办")
    second.follow("催办")
    second.sees("您今天 2026-11-23 15:00 已经催过")
    for person in (first, second):
        person.go(f"/requests/{request}/copies/new?q=梁总")
        person.tick("梁总")
    for person in (first, second):
        person.hit(person.page.locator("main form[method=post] .btn-primary"))
    first.sees("已抄送给 梁总。")
    second.sees("梁总")
    with unit(site.engine) as session:
        assert session.scalar(select(func.count()).select_from(RequestCopy)) == 1
