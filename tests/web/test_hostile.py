"""Whatever an address or a form says, the answer is a page or a sentence, never an error of ours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from lxml import html
from werkzeug.routing import AnyConverter, Rule

from ledger.actor import SYSTEM, Actor
from ledger.db import unit
from registry.access.grants import grant_role
from registry.people.persons import Person
from registry.people.units import Unit
from tests.studio import drawing
from tests.web.cabinet import copied, loan_of, paper_in
from tests.web.house import Browser, House
from web.asked import Number
from workflows.studio import drafts

NAMES = (
    "page", "unit", "holder", "on", "known", "q", "from", "to", "within", "sort", "standing", "type", "family",
    "before", "after", "before_known", "after_known", "only", "scope", "edition", "province", "base", "like", "code",
    "kind", "parent", "post", "state", "lacks", "lifted", "scrapped", "reservation", "with", "try", "doubts",
    "window.opens", "window.closes", "number.rule", "unread", "all", "once", "revision", "version", "process", "at",
    "older", "span", "first", "last", "measure", "compare", "instance", "person", "substitute", "task", "table",
    "column", "outcome", "number", "days", "file", "open", "add", "way", "cause", "batch", "key", "show", "saved",
    "step", "tab", "overdue", "next", "check", "order", "cancel", "back", "reason",
)
"""Every name that a page reads from its address."""
SENT = {
    "huge": "1" + "0" * 30, "long": "9" * 17, "below": "-1", "no day": "9999-99-99", "first day": "0001-01-01",
    "last day": "9999-12-31", "nul": "a\0b", "odd": "²%_[]{}\\'\"<>", "text": "长" * 2000,
}
WORDS = {"code": "P02", "rule": "R11", "mark": "AAAA", "token": "x" * 22, "process_id": "application"}
LARGEST = 10**18 - 1
DRAFTS, FILE = "/studio/drafts/", "application.bpmn"


@pytest.fixture
def eye(house: House) -> Browser:
    """Somebody who may open every page; there is a paper, a loan, a copy and a draft to open."""
    with unit(house.engine) as session:
        person, group = session.get_one(Person, house.people["owner"]), session.get_one(Unit, house.units["group"])
        for role in ("custodian", "hr", "legal", "safety", "applicant"):
            grant_role(session, person, role, group, by=SYSTEM, from_on=dt.date(2020, 1, 1))
        by = Actor(house.people["owner"], "甲", house.units["group"])
        drafts.begin(session, name="试", files={FILE: drawing("application")}, by=by, process_id="application")
    loan_of(house, paper_in(house))
    copied(house, "trade", "owner")
    return house.browser("owner")


def addresses(house: House, number: int | None = None) -> Iterator[str]:
    """Every page there is: of the first thing of its kind, or of the thing with this number."""
    adapter = house.app.url_map.bind("localhost")
    for rule in house.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint != "static":
            yield adapter.build(rule.endpoint, {name: part(house, rule, name, number) for name in rule.arguments})


def nested(house: House, number: int) -> Iterator[str]:
    """The pages of a thing within a thing: of the first one, the thing with this number."""
    adapter = house.app.url_map.bind("localhost")
    for rule in house.app.url_map.iter_rules():
        numbers = [name for name, kind in rule._converters.items() if isinstance(kind, Number)]
        if "GET" in (rule.methods or ()) and len(numbers) > 1:
            parts = {name: part(house, rule, name, None) for name in rule.arguments}
            yield adapter.build(rule.endpoint, parts | {numbers[-1]: number})


def part(house: House, rule: Rule, name: str, number: int | None) -> object:
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    if name in WORDS or rule.rule.startswith(DRAFTS) and name == "name":
        return WORDS.get(name, FILE)
    if number is None and name == "unit_id":
        return house.units["project" if "/projects/" in rule.rule else "company"]
    return house.people["welder"] if number is None and name == "person_id" else number or 1


def rotated(turn: int) -> dict[str, str]:
    """Every name with one of the odd values, another one at each turn."""
    values = list(SENT.values())
    return {name: values[(place + turn) % len(values)] for place, name in enumerate(NAMES)}


def test_no_page_of_the_studio_or_the_cockpit_breaks_over_a_number_in_its_query(house: House, eye: Browser) -> None:
    """A number of 64 bits, which a column of 32 does not hold."""
    asked = [one for one in addresses(house) if one.startswith(("/studio", "/cockpit"))]
    told = {one: eye.get(one, query_string=dict.fromkeys(NAMES, SENT["long"])).status_code for one in asked}
    assert {200, 404} <= {*told.values()}
    assert {address: status for address, status in told.items() if status >= 500} == {}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_no_page_breaks_over_what_its_address_says(house: House, eye: Browser) -> None:
    told = {(address, turn % len(SENT)): eye.get(address, query_string=rotated(turn)).status_code
            for turn, address in enumerate(addresses(house)) if not address.endswith((".pdf", ".xlsx"))}
    assert list(told.values()).count(200) > 50
    assert {asked: status for asked, status in told.items() if status >= 500} == {}


def test_no_page_breaks_over_a_number_in_its_path(house: House, eye: Browser) -> None:
    told = {address: eye.get(address).status_code for number in (LARGEST, 10**30)
            for address in {*addresses(house, number), *nested(house, number)} if str(number) in address}
    assert {address: status for address, status in told.items() if status >= 500} == {}


TYPED = {"text": "长" * 3000, "number": "1" + "0" * 30, "day": "9999-12-31", "odd": "²-1'\\\"%_", "nul": "a\0b"}
LEFT_OUT = ("/logout", "/language", "/search", "/password")


def forms(page: str) -> Iterator[tuple[str, dict[str, str], list[str]]]:
    """The forms of a page that change something: where each goes, what it sends as it stands, what is typed."""
    for form in html.fromstring(page).forms:
        address = form.action or ""
        if form.method == "POST" and address.startswith("/") and not address.endswith(LEFT_OUT):
            typed = [one.name for one in form.inputs if one.name and one.tag in ("input", "textarea")
                     and one.get("type", "text") in ("text", "search", "date", "number")]
            sent = {name: value for name, value in form.form_values() if name not in typed}
            for choice in form.xpath(".//select[@name]"):
                sent[choice.name] = next((value for value in choice.value_options if value), "")
            for one in form.xpath(".//input[@type='radio']"):
                sent.setdefault(one.name, one.get("value"))
            yield address, sent, typed


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_no_form_breaks_over_what_is_typed(house: House, eye: Browser) -> None:
    found = {address: (sent, typed) for opened in addresses(house) for address, sent, typed in forms_at(eye, opened)}
    assert len(found) > 25
    values = list(TYPED.values())
    told = {address: eye.client.post(address, data=sent | dict.fromkeys(typed, values[turn % len(values)])).status_code
            for turn, (address, (sent, typed)) in enumerate(found.items())}
    assert {asked: status for asked, status in told.items() if status >= 500} == {}


def forms_at(eye: Browser, address: str) -> list[tuple[str, dict[str, str], list[str]]]:
    if address.endswith((".pdf", ".xlsx", ".json", "/effects", "/lacks")):
        return []
    page = eye.get(address)
    read = page.status_code == 200 and page.mimetype == "text/html"  # a stream of news would be read for minutes
    return list(forms(page.text)) if read and page.data.strip().startswith(b"<!") else []
