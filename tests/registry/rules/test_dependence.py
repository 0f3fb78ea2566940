"""What follows when a certificate goes or a person leaves."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from ledger import clock as clocks
from ledger.actor import SYSTEM
from ledger.errors import BadAnswer
from registry.certificates.catalogue import types
from registry.certificates.lifecycle import grant
from registry.certificates.models import Certificate
from registry.certificates.specialities import drop, specialities
from registry.custody.loans import hand_over
from registry.custody.originals import enter
from registry.people.persons import leave
from registry.people.spells import Superseded
from registry.people.tenure import assign, employ, relieve
from registry.people.units import Unit
from registry.people.works import contracted, qualified
from registry.rules import dependence
from registry.rules.dependence import Consequences, follows, when_gone, when_left
from registry.rules.lacking import lacking
from tests.registry.organisation import Organisation, id_number

FIRST, LAST = dt.date(2026, 1, 1), dt.date(2028, 12, 31)


class Site:
    """A project with all its people and papers in order, of a company with its two licences."""

    def __init__(self, org: Organisation) -> None:
        self.org, self.session = org, org.session
        contracted(org.session, org.project, from_on=FIRST, by=SYSTEM, work="市政", contracting="general",
                   amount=3000, scale="medium", started_on=FIRST, contract_on=FIRST, planning=False)
        qualified(org.session, org.company, work="市政", grade="second", from_on=FIRST, by=SYSTEM)
        self.e02 = self.paper("E02", org.company, "D232012345")
        self.e03 = self.paper("E03", org.company, "（苏）JZ安许证字〔2025〕000777")
        self.j03 = self.paper("J03", org.project, "320102202601010177", issued_on=dt.date(2026, 10, 8))
        self.manager = org.person(name="赵经理", id_number=id_number(31, "19850307"))
        self.officer = org.person(name="钱安全", id_number=id_number(33, "19880307"))
        assign(org.session, self.manager, org.project, "project_manager", from_on=FIRST, by=SYSTEM)
        self.post = assign(org.session, self.officer, org.project, "safety_officer", from_on=FIRST, by=SYSTEM)
        for person in (self.manager, self.officer):
            employ(org.session, person, org.company, "contract", from_on=FIRST, by=SYSTEM)
            employ(org.session, person, org.company, "insurance", from_on=FIRST, by=SYSTEM)
        firm = {"employer_code": org.company.uscc, "company_code": org.company.uscc}
        skill = {"specialities": [{"speciality": "市政公用工程"}]}
        self.p07 = self.paper("P07", self.manager, "苏232101200345", fields={**firm, **skill})
        self.p04 = self.paper("P04", self.manager, "苏建安B（2025）0012345", fields=firm)
        self.p05 = self.paper("P05", self.officer, "苏建安C2（2025）0012345", fields=firm)

    def paper(self, code: str, holder: Any, number: str, **more: Any) -> Certificate:
        given = {"issued_on": FIRST, "valid_from": FIRST, "valid_until": LAST, **more}
        return grant(self.session, code, holder, number=number, issuer="某机关", by=SYSTEM, **given)


@pytest.fixture
def site(org: Organisation) -> Site:
    return Site(org)


def suffering(found: Consequences) -> dict[str, tuple[str, int]]:
    return {each.certificate.type_code: (each.effect, each.step) for each in found.certificates}


def lacks(found: Consequences) -> set[tuple[str, str]]:
    return {(unit.name, line.lack) for unit, line in found.lines}


def test_a_project_in_order_lacks_nothing(site: Site, session: Session) -> None:
    assert lacking(session, site.org.project).lines == ()


def queries(session: Session, what: Unit) -> int:
    """How many a question takes that nothing was read for before."""
    asked: list[str] = []

    def count(*told: Any) -> None:
        asked.append(told[2])

    session.flush()
    session.expunge_all()
    what = session.get_one(Unit, what.id)
    event.listen(session.get_bind(), "before_cursor_execute", count)
    try:
        lacking(session, what)
    finally:
        event.remove(session.get_bind(), "before_cursor_execute", count)
    return len(asked)


def test_a_question_takes_as_many_queries_for_many_people_as_for_two(site: Site, session: Session) -> None:
    taken = []
    for number in range(4):
        person = site.org.person(name=f"第{number}人")
        assign(session, person, site.org.project, "safety_officer", from_on=FIRST, by=SYSTEM)
        employ(session, person, site.org.company, "contract", from_on=FIRST, by=SYSTEM)
        kept = enter(session, site.paper("P07", person, f"苏23210120099{number}"), "original", place="柜",
                     keeper=site.org.safety, by=SYSTEM)
        hand_over(session, kept, borrower=person, purpose="bid", until=clocks.today(), by=SYSTEM)
        taken.append([queries(session, place) for place in (site.org.project, site.org.company)])
    assert taken == [taken[0]] * 4 and max(taken[0]) <= 13


def test_a_speciality_that_was_dropped_no_longer_fits_the_works(site: Site, session: Session) -> None:
    [held] = specialities(site.p07)
    drop(session, held.row, since=clocks.today(), by=SYSTEM)
    assert [line.lack for line in lacking(session, site.org.project).lines] == ["wrong_speciality"]


def test_the_qualification_carries_the_licence_and_both_the_permit(site: Site, session: Session) -> None:
    found = when_gone(session, site.e02)
    assert suffering(found) == {"E03": ("ground", 1), "J03": ("ground", 1), "P07": ("lapses", 1),
                                "P04": ("review", 2), "P05": ("review", 2)}
    assert ("滨江花园一期", "no_e02") in lacks(found) and ("华城第一建筑公司", "e02_gone") in lacks(found)


def test_what_ran_out_takes_no_place_in_the_list(site: Site, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependence, "MOST_CERTIFICATES", 4)
    for number in range(3):
        site.paper("P05", site.officer, f"苏建安C2（2020）000000{number}", valid_until=dt.date(2026, 6, 1))
    second = site.org.person(name="李安全", id_number=id_number(39, "19850307"))
    employ(session, second, site.org.company, "contract", from_on=FIRST, by=SYSTEM)
    late = site.paper("P05", second, "苏建安C2（2025）0012399")
    found = when_gone(session, site.e03)
    suffering = {each.certificate for each in found.certificates}
    assert suffering == {site.j03, site.p04, site.p05, late} and not found.cut


def test_with_the_constructor_s_registration_goes_the_ground_of_certificate_b(site: Site, session: Session) -> None:
    found = when_gone(session, site.p07)
    assert suffering(found) == {"P04": ("ground", 1)}
    assert lacks(found) == {("滨江花园一期", "no_constructor")}
    site.paper("P06", site.manager, "苏132101200345")
    assert suffering(when_gone(session, site.p07)) == {}  # certificate B rests on another one now


def test_who_leaves_takes_tied_registrations_along_and_leaves_a_gap(site: Site, session: Session) -> None:
    found = when_left(session, site.manager)
    assert suffering(found) == {"P07": ("change", 1), "P04": ("change", 1)}
    assert ("滨江花园一期", "no_manager") in lacks(found)
    assert ("滨江花园一期", "short_of_officers") in lacks(when_left(session, site.officer))


def test_asking_changes_nothing(site: Site, session: Session) -> None:
    when_left(session, site.manager)
    when_gone(session, site.e02)
    assert lacking(session, site.org.project).lines == () and not session.dirty and not session.new


def test_a_post_that_ended_was_still_held_as_known_before(
    site: Site, session: Session, clock: clocks.Fixed
) -> None:
    before = clocks.now()
    clock.advance(dt.timedelta(hours=1))
    relieve(session, site.post, on=dt.date(2026, 11, 1), by=SYSTEM)
    found = {known: {line.lack for line in lacking(session, site.org.project, known=known).lines}
             for known in (before, clocks.now())}
    assert found == {before: set(), clocks.now(): {"short_of_officers"}}
    assert lacking(session, site.post).lines == () and not lacking(session, site.post).judged


def test_whoever_left_runs_nothing_from_the_day_after(site: Site, session: Session) -> None:
    leave(session, site.manager, on=dt.date(2026, 12, 31), by=SYSTEM)
    found = {day: {line.lack for line in lacking(session, site.org.project, on=day).lines}
             for day in (dt.date(2026, 12, 31), dt.date(2027, 1, 1))}
    assert found == {dt.date(2026, 12, 31): set(), dt.date(2027, 1, 1): {"no_manager"}}
    assert {line.lack for line in lacking(session, site.manager, on=dt.date(2027, 1, 1)).lines} == {"no_contract"}


@pytest.mark.parametrize(("unit", "post", "trade", "field"), [
    ("company", "project_manager", "", "post"), ("project", "legal_representative", "", "post"),
    ("project", "pilot", "", "post"), ("project", "special_worker", "", "trade"),
    ("project", "safety_officer", "01", "trade"),
])
def test_a_post_must_fit_its_place_and_trade(org: Organisation, unit: str, post: str, trade: str, field: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        assign(org.session, org.person(), getattr(org, unit), post, trade=trade, from_on=FIRST, by=SYSTEM)
    assert set(refused.value.problems) == {field}


def test_an_entry_ends_after_it_begins_and_is_corrected_once(site: Site, session: Session) -> None:
    with pytest.raises(BadAnswer):
        employ(session, site.manager, site.org.company, "contract", from_on=LAST, to_on=FIRST, by=SYSTEM)
    with pytest.raises(BadAnswer):
        relieve(session, site.post, on=FIRST - dt.timedelta(days=1), by=SYSTEM)
    relieve(session, site.post, on=LAST, by=SYSTEM)
    with pytest.raises(Superseded):
        relieve(session, site.post, on=LAST, by=SYSTEM)


def test_a_post_is_asked_like_the_person_who_holds_it(site: Site, session: Session) -> None:
    assert lacking(session, site.post).judged and lacking(session, site.post).lines == ()


def test_every_link_names_types_there_are_and_its_source() -> None:
    for link in follows():
        assert link.of in types() and set(link.types) <= set(types())
        assert link.source[:1] in "SDK" and not link.verified and link.text
