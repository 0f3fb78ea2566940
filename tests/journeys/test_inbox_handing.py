"""Ticked tasks go to a colleague at once, a leader reassigns, whoever gets it is told, and a return says how it comes
back: at a desk and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from ledger.db import unit
from tests.journeys.application import Arrive
from tests.journeys.person import Person
from tests.journeys.site import Site
from workflows.handling import desk

pytestmark = pytest.mark.browser


@pytest.fixture
def held(site: Site) -> int:
    """A safety licence whose legal review 韩立 has claimed; the request."""
    request = site.begun("desk", "E03", "unit", "company")
    site.done(request, "A1_fill", "desk")
    with unit(site.engine) as session:
        desk.tasks.claim(session, site.task(request, "A3_legal"), site.company.actor(session, "legal"))
    return request


def chooses(person: Person, name: str, why: str, button: str) -> None:
    main = person.page.locator("main")
    main.get_by_role("searchbox").type(name)
    expect(main.locator("#people label")).to_have_count(1)
    main.locator("#people").get_by_label(name).check()
    main.locator("textarea").fill(why)
    person.look()
    main.get_by_role("button", name=button).click()


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_what_is_ticked_goes_over_and_a_leader_gives_it_back(
        site: Site, arrive: Arrive, held: int, phone: bool) -> None:
    legal, approver = arrive("legal", phone=phone), arrive("approver", phone=phone)
    arrive("legal2")
    legal.go("/inbox?scope=mine")
    legal.page.locator("[data-row] input").check()
    if phone:
        legal.follow("转办所选")
    else:
        legal.page.keyboard.press("t")
    legal.sees("转办选中的任务", "1 项任务")
    chooses(legal, "许文", "我下周出差", "转办")
    legal.sees("已转办 1 项。")
    approver.go(f"/requests/{held}")
    approver.sees("在 许文 手里")
    approver.look()
    approver.follow("改派")
    chooses(approver, "韩立", "韩立熟悉情况", "改派")
    approver.sees("已改派给 韩立。", "在 韩立 手里")
    site.work()
    legal.go("/notices")
    legal.sees("改派给您办理")


def test_a_return_comes_straight_back_unless_that_is_unticked(site: Site, arrive: Arrive, held: int) -> None:
    legal = arrive("legal", phone=True)
    legal.go(f"/tasks/{site.task(held, 'A3_legal')}")
    legal.drawn()
    box = legal.page.get_by_label("改好后直接回到我")
    expect(box).to_have_count(0)
    legal.page.get_by_role("button", name="退回补正").click()
    expect(box).to_be_checked()
    legal.look()
