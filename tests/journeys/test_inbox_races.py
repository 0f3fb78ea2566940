"""Two browsers have the same page open and both press: one wins, the other reads who did what and when, and keeps what
they typed. What is behind a race is tested below the browser; here it is that the page tells it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from engine.usertasks import tasks
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


@races("claim", "transfer", "delegate", "sign", "complete")
def test_whoever_acts_on_what_was_taken_or_handed_on_reads_by_whom_and_keeps_the_words(
        site: Site, arrive: Arrive) -> None:
    number = site.task(licence(site), "A3_legal")
    first, second, other = arrive("legal"), arrive("legal", phone=True), arrive("legal2", phone=True)
    for person in (first, other):
        person.go(f"/tasks/{number}")
        person.drawn()
    with first.page.expect_navigation():
        first.page.keyboard.press("c")
    first.sees("已签收", f"您于 {WHEN} 签收。")
    for person in (second, other):
        person.expects(409)
    other.follow("签收")
    other.sees(f"该任务由 韩立 办理：韩立 于 {WHEN} 签收了它。")
    other.follow("看这项任务")
    other.sees("为什么不由我办理", f"韩立 从 {WHEN} 起在办理。")
    first.drawn()
    pages = {}
    for page, words in (("transfer", "下周出差"), ("delegation", "请核对合同"), ("signers", "金额是否合适")):
        pages[page] = second.context.new_page()
        pages[page].goto(f"{site.address}/tasks/{number}/{page}?q=许文")
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


@races("return")
def test_of_two_who_return_from_inside_a_parallel_branch_one_does_and_the_other_branch_stands(
        site: Site, arrive: Arrive) -> None:
    request = site.begun("desk", "P02", "person", "worker")
    site.done(request, "A1_fill", "desk")
    site.done(request, "A3_safety", "safety")
    with unit(site.engine) as session:
        tasks.claim(session, site.task(request, "A3_hr"), site.company.actor(session, "hr"))
    first, second = arrive("hr"), arrive("hr", phone=True)
    for person, words in ((first, "培训证明看不清"), (second, "工种写错了")):
        person.go(f"/tasks/{site.task(request, 'A3_hr')}/return")
        person.sees("填报申请", "内容不变则保留", "安全管理初审")
        person.tick("填报申请")
        person.write("退回原因", words)
    second.expects(409)
    for person in (first, second):
        person.hit(person.page.locator(".return-act").get_by_role("button"))
    first.sees("已退回。")
    says(second, "宋雅", "退回", "工种写错了")
    site.done(request, "A1_fill", "desk")
    first.go(f"/requests/{request}")
    first.sees("培训证明看不清", "人力资源初审")
    assert site.elements(request) == ["A3_hr"]


@races("take back", "withdraw", "urge", "copy")
def test_the_applicant_loses_to_a_claim_and_to_themselves_and_an_approval_to_their_withdrawal(
        site: Site, arrive: Arrive) -> None:
    request = licence(site)
    desk, twice, legal = arrive("desk"), arrive("desk", phone=True), arrive("legal", phone=True)
    desk.go(f"/requests/{request}")
    legal.open_task(TITLE)
    legal.verb("签收")
    desk.expects(409)
    desk.follow("取回")
    desk.sees("不能取回。可以请后面的办理人退回。", "法务经营初审")
    legal.drawn()
    legal.fill("review", {"checked": [], "opinion": "合同齐全"})
    site.clock.advance(timedelta(hours=5))
    for person in (desk, twice):
        person.go(f"/requests/{request}")
    desk.follow("催办")
    twice.follow("催办")
    twice.sees("您今天 2026-11-23 15:00 已经催过")
    for person in (desk, twice):
        person.go(f"/requests/{request}/copies/new?q=梁总")
        person.tick("梁总")
    for person in (desk, twice):
        person.hit(person.page.locator("main form[method=post] .btn-primary"))
    desk.sees("已抄送给 梁总。")
    twice.sees("他们已经收到过抄送。")
    desk.follow("撤回申请")
    desk.write("撤回原因", "项目已停建")
    desk.hit(desk.page.locator(".return-act").get_by_role("button"))
    legal.expects(409)
    legal.press("通过")
    legal.page.get_by_role("alert").first.wait_for()
    legal.sees("2026-11-23 15:00", "沈青", "因撤回申请而取消")
    legal.look()
    legal.reads("初审意见", "合同齐全")
    with unit(site.engine) as session:
        assert session.scalar(select(func.count()).select_from(RequestCopy)) == 1
