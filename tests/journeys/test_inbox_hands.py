"""Taken and put back, transferred, delegated, recalled, signed before, after and by several: each way once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from engine.usertasks import tasks
from ledger.db import unit
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.way import Arrive
from tests.journeys.ways import does

pytestmark = pytest.mark.browser
TITLE = "安全生产许可证"


def licence(site: Site, *, claimed: bool = False) -> int:
    """A safety licence that waits for a legal reviewer (with `claimed`, for 韩立); the request."""
    request = site.begun("desk", "E03", "unit", "company")
    site.done(request, "A1_fill", "desk")
    if claimed:
        with unit(site.engine) as session:
            tasks.claim(session, site.task(request, "A3_legal"), site.company.actor(session, "legal"))
    return request


def chooses(person: Person, name: str, text: str) -> None:
    """Looks for somebody, and says why."""
    main = person.page.locator("main")
    person.typed.add(text)
    person.hands.write(main.get_by_role("searchbox"), name)
    expect(main.locator("#people label")).to_have_count(1)
    person.hands.tick(main.locator("#people").get_by_label(name))
    person.hands.write(main.locator("textarea"), text)
    person.look()


def sends(person: Person, words: str) -> None:
    """Presses the page's own button."""
    person.hit(person.page.locator("#passing").get_by_role("button", name=person.words(words)))


@does("claim", "release", "transfer", "why me", "why not me")
def test_a_task_is_taken_put_back_and_transferred(site: Site, arrive: Arrive, way: str) -> None:
    licence(site)
    legal, other = arrive("legal", way=way, english=way == "keys"), arrive("legal2")
    legal.open_task(TITLE)
    legal.sees("为什么由我办理", "您是“华建第一建筑有限公司”的法务经营。")
    legal.verb("签收")
    legal.sees("已签收，这项任务由您处理。")
    legal.verb("放回")
    expect(legal.page).to_have_url(re.compile("/inbox$"))
    legal.sees("已放回，同组的人都可以签收。")
    legal.open_task(TITLE)
    if way == "keys":
        with legal.page.expect_navigation():
            legal.page.keyboard.press("c")
        with legal.page.expect_navigation():
            legal.page.keyboard.press("t")
    else:
        legal.verb("签收")
        legal.verb("转办")
    chooses(legal, "许文", "下周出差")
    sends(legal, "转办")
    legal.sees("已转办给 许文。")
    legal.page.go_back()
    legal.page.goto(f"{site.address}/tasks/2")
    legal.look()
    legal.sees("为什么不由我办理")
    other.open_task(TITLE)
    other.sees("转办给您。", "下周出差")


@does("delegate", "give back", "recall")
def test_a_task_is_delegated_given_back_and_recalled(site: Site, arrive: Arrive, way: str) -> None:
    licence(site, claimed=True)
    legal, other = (arrive(login, way=way, english=way == "keys") for login in ("legal", "legal2"))
    for question in ("请核对合同第三页", "请再看第五页"):
        legal.open_task(TITLE)
        legal.verb("委派")
        chooses(legal, "许文", question)
        sends(legal, "委派")
        legal.sees("已委派给 许文，办好后会交回给您。")
        other.typed.update(legal.typed)
        if question == "请核对合同第三页":
            other.open_task(TITLE)
            other.sees(question)
            other.fill("review", {"checked": [], "opinion": "合同齐全"})
            other.decide("通过")
            other.sees("已交回给 韩立。")
            legal.typed.update(other.typed)
            legal.open_task(TITLE)
            legal.reads("初审意见", "合同齐全")
    legal.page.goto(f"{site.address}/tasks/2")
    legal.look()
    legal.verb("收回委派")
    legal.sees("已收回，这项任务由您处理。")


@does("sign before", "sign after", "sign nested", "drop sign")
def test_a_task_is_signed_before_and_after_and_by_whom_a_signer_asks(site: Site, arrive: Arrive, way: str) -> None:
    request = licence(site, claimed=True)
    legal, approver = (arrive(login, way=way, english=way == "keys") for login in ("legal", "approver"))
    legal.open_task(TITLE)
    legal.verb("加签")
    chooses(legal, "梁总", "金额是否合适")
    sends(legal, "请他们加签")
    legal.drawn()
    legal.sees("正在等 梁总 加签，签完以后会继续。")
    approver.typed.update(legal.typed)
    approver.open_task("加签")
    approver.verb("加签")
    chooses(approver, "许文", "人员够不够")
    sends(approver, "请他们加签")
    approver.drawn()
    approver.sees("正在等 许文 加签，签完以后会继续。")
    approver.follow("减签")
    approver.write("为什么减签", "他出差了")
    approver.follow("减签")
    approver.drawn()
    approver.fill("sign", {"opinion": "偏高，可以接受"})
    approver.decide("同意")
    legal.typed.update(approver.typed)
    legal.page.reload()
    legal.drawn()
    legal.sees("偏高，可以接受")
    legal.verb("加签")
    chooses(legal, "梁总", "请最后确认")
    legal.tick("后加签")
    sends(legal, "请他们加签")
    legal.drawn()
    legal.fill("review", {"checked": [], "opinion": "齐全"})
    legal.decide("通过")
    approver.typed.update(legal.typed)
    approver.open_task("加签")
    approver.sees("齐全")
    approver.decide("同意")
    assert site.task(request, "A4_approve")
