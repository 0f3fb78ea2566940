"""Somebody who does not draw changes a process in its approval list; the drawing then holds it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

import workflows
from engine import catalog
from engine.drawing import read as parsed
from engine.vocabulary import BPMN
from ledger.actor import SYSTEM, Actor
from ledger.db import reading, unit
from registry.access.grants import grant_role
from registry.people.persons import person_of
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.way import Arrive
from workflows.studio import drafts
from workflows.studio.faces import reading as faces

pytestmark = pytest.mark.browser


def begun(site: Site) -> str:
    """A draft of the renewal, in a company with two who may approve; the address of its list."""
    with unit(site.engine) as session:
        second = person_of(session, site.company.people["vice"])
        grant_role(session, second, "approver", site.company.unit(session, "company"), by=SYSTEM)
        by = Actor(site.company.people["owner"], "钱程", site.company.units["group"])
        made = drafts.begin(session, name="证件续期", files=dict(workflows.CATALOG["renewal"].files), by=by,
                            process_id="renewal")
        return f"/studio/drafts/{made.id}/list/renewal.bpmn"


def put(person: Person, place: str, kind: str) -> Locator:
    """Open the form for something new at a place."""
    spot = person.page.locator(f"#p-{place}")
    spot.locator("summary").first.press("Enter")
    spot.get_by_role("link", name=person.words(kind)).press("Enter")
    expect(spot.locator(".face-panel")).to_be_visible()
    return spot


def saves(person: Person, form: Locator, number: int) -> None:
    form.locator(".btn-primary").first.press("Enter")
    expect(person.page.locator("[role=status]", has_text=str(number))).to_be_visible()
    person.look()


@pytest.mark.parametrize(("phone", "english"), [(True, False), (False, True)])
def test_a_legal_review_a_limit_and_a_condition_are_put_in_without_drawing(
    site: Site, arrive: Arrive, phone: bool, english: bool,
) -> None:
    address = begun(site)
    owner = arrive("owner", phone=phone, english=english)
    owner.typed |= {"法务复核", "要专家看吗？", "要", "专家意见"}
    owner.go(address)
    owner.sees("审核续期材料")

    spot = put(owner, "after-G4", "审批人")
    owner.look()
    spot.locator("[name=name]").fill("法务复核")
    spot.locator("[name=groups][value=legal]").check()
    saves(owner, spot, 2)

    owner.page.locator("#b-N5_approve .face-acts a").press("Enter")
    card = owner.page.locator("#b-N5_approve")
    card.locator("[name=sla]").fill("")
    saves(owner, card, 3)
    expect(card.locator(".face-findings")).to_contain_text(owner.words("建议修改"))
    card.locator(".face-acts a").press("Enter")
    card.locator("[name=sla]").fill("5")
    saves(owner, card, 4)
    expect(card.locator(".face-findings")).to_have_count(0)

    spot = put(owner, "after-N2_check", "条件分支")
    saves_nothing(owner, spot)
    spot.locator("[name=title]").fill("要专家看吗？")
    spot.locator("[name=label]").fill("要")
    spot.locator("[name=row-0-variable]").select_option("family")
    spot.locator("[name=row-0-value]").fill("Q")
    spot.locator("[name=name]").fill("专家意见")
    spot.locator("[name=groups][value=safety]").check()
    saves(owner, spot, 5)
    held(site, address)


def saves_nothing(person: Person, spot: Locator) -> None:
    """An unfinished form comes back with its problems."""
    person.expected.add(400)
    spot.locator(".btn-primary").first.press("Enter")
    expect(person.page.locator("[role=alert]")).to_be_visible()
    person.look()


def held(site: Site, address: str) -> None:
    """The drawing has all of it, and nothing wrong."""
    with reading(site.engine) as session:
        files = drafts.files(session, drafts.one(session, int(address.split("/")[3])))
    body = files["renewal.bpmn"]
    listing = faces.read(body, "renewal")
    made = {block.name: block.work for block in listing.blocks() if block.work}
    legal, expert, approval = made["法务复核"], made["专家意见"], made["审批"]
    assert legal and legal.groups == ("legal",) and legal.not_applicant
    assert expert and expert.groups == ("safety",) and approval and approval.sla == "5"
    drawn = [node.get("name") for node in parsed(body).iter(f"{{{BPMN}}}exclusiveGateway")]
    assert "要专家看吗？" in drawn and "法务复核？" in drawn
    assert [one for one in catalog.check(files) if one.severity == "error"] == []
