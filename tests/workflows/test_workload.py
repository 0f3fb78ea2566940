"""To whom work falls while somebody is away: the rule alone, and asked of a company at work. Nothing is written."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI, Fixed
from ledger.db import unit
from ledger.facts import Fact
from registry.access.accounts import Account, actor_for
from registry.access.appointing import appoint
from registry.people.persons import person_of
from tests.founding import Founder
from tests.journeys.company import Company
from tests.workflows.walk import Walk
from workflows.workload import asking, counting
from workflows.workload.asking import Absence
from workflows.workload.away import Cover, Extra, Piece, StandIn, extra, falls, left_alone, passing, together

DAY = datetime(2026, 11, 25, 12, tzinfo=SHANGHAI)
GROUPS = ("legal@3", "legal@1")


def piece(**more: Any) -> Piece:
    return Piece(**{"process_id": "P", "element_id": "A", "name": "审核", "groups": GROUPS, "task_id": 1, **more})


@pytest.mark.parametrize(("given", "cover", "how", "to"), [
    ({"held": True}, Cover(), "held", ()),
    ({"held": True}, Cover(members={"legal@3": frozenset({5})}), "held", ()),
    ({"held": True}, Cover([StandIn(7)], {"legal@3": frozenset({5})}), "substitute", (7,)),
    ({"held": True}, Cover([StandIn(7, processes=frozenset({"Q"}))]), "held", ()),
    ({"held": True, "barred": frozenset({7})}, Cover([StandIn(7)]), "held", ()),
    ({}, Cover(members={"legal@1": frozenset({5, 6})}), "group", (5, 6)),
    ({}, Cover([StandIn(7)], {"legal@1": frozenset({5})}), "group", (5, 7)),
    ({}, Cover([StandIn(7)]), "substitute", (7,)),
    ({"barred": frozenset({5})}, Cover(members={"legal@1": frozenset({5})}), "nobody", ()),
    ({}, Cover(members={"hr@3": frozenset({5})}), "nobody", ()),
])  # fmt: skip
def test_a_task_falls_to_a_substitute_to_its_group_or_to_nobody(
    given: dict[str, Any], cover: Cover, how: str, to: tuple[int, ...]) -> None:
    fall = falls(piece(**given), cover)
    assert (fall.how, fall.to) == (how, to)


def test_what_stays_held_names_who_could_take_it() -> None:
    fall = falls(piece(held=True), Cover(members={"legal@3": frozenset({6, 5})}))
    assert (fall.how, fall.could) == ("held", (5, 6))


def test_a_substitute_for_a_part_of_the_time_is_said() -> None:
    assert falls(piece(), Cover([StandIn(7, 0.4)])).partly
    assert not falls(piece(), Cover([StandIn(7, 0.4), StandIn(8, 0.6)])).partly


def test_the_group_s_share_grows_and_a_substitute_takes_the_whole() -> None:
    two = Cover(members={"legal@3": frozenset({5, 6})})
    fallen = [falls(piece(), two), falls(piece(task_id=None, number=3.0), two),
              falls(piece(held=True), Cover([StandIn(5)]))]
    got = extra(fallen)
    assert got[6] == Extra(pytest.approx(1 / 2 - 1 / 3), 1.5)
    assert got[5] == Extra(pytest.approx(1 / 2 - 1 / 3 + 1), 1.5)


def test_the_groups_left_alone_are_those_that_the_person_is_in() -> None:
    fallen = [falls(piece(), Cover()), falls(piece(groups=("hr@3",)), Cover(members={"hr@3": frozenset({5})}))]
    assert left_alone(fallen, ["legal@1", "hr@3"]) == ["legal@1"]


def test_deadlines_in_that_time_come_first_where_nobody_is_left() -> None:
    covered, alone = Cover(members={"legal@3": frozenset({5})}), Cover()
    fallen = [falls(piece(due=DAY), covered), falls(piece(due=DAY + timedelta(hours=1)), alone),
              falls(piece(due=DAY + timedelta(days=30)), alone), falls(piece(), alone)]
    assert [(one.how, one.piece.due) for one in passing(fallen, DAY, DAY + timedelta(days=14))] == [
        ("nobody", DAY + timedelta(hours=1)), ("group", DAY)]


def test_what_is_expected_at_one_element_is_one_line() -> None:
    fallen = [falls(piece(task_id=None, number=0.5, groups=(f"legal@{place}",)), Cover([StandIn(7)]))
              for place in (3, 4)]
    assert [one.piece.number for one in together(fallen)] == [1.0]


@pytest.fixture
def company(engine: Engine, clock: Fixed, founder: Founder) -> Company:
    clock.move_to(datetime(2026, 11, 23, 10, tzinfo=SHANGHAI))
    made = founder.company(engine)
    with unit(engine) as session:
        session.add_all(Account(person_id=number, group_id=made.units["group"], login=login, password_hash="-")
                        for login, number in made.people.items() if login != "worker")
    return made


def outlook(session: Session, company: Company, login: str) -> asking.Outlook:
    return asking.outlook(session, Absence(person_of(session, company.people[login]), date(2026, 11, 24),
                                           date(2026, 12, 7)))


def test_the_last_of_a_group_is_missed_and_a_substitute_mends_it(
    engine: Engine, company: Company, tmp_path: Any, clock: Fixed) -> None:
    Walk(engine, company, tmp_path, clock, "P02").submitted()
    with unit(engine) as session:
        facts = session.scalar(select(func.count()).select_from(Fact))
        seen = outlook(session, company, "hr")
        assert [(one.how, one.piece.element_id) for one in seen.open] == [("nobody", "A3_hr")]
        assert seen.alone == [f"hr@{company.units['company']}"] and seen.days == 10
        assert session.scalar(select(func.count()).select_from(Fact)) == facts
        hr, approver = (person_of(session, company.people[who]) for who in ("hr", "desk"))
        appoint(session, hr, approver, from_at=datetime(2026, 11, 24, tzinfo=SHANGHAI),
                until_at=datetime(2026, 12, 1, tzinfo=SHANGHAI), by=SYSTEM)
        seen = outlook(session, company, "hr")
        assert [(one.how, one.to, one.partly) for one in seen.open] == [("substitute", (approver.id,), True)]
        assert seen.alone == [] and seen.extra[approver.id].open == 1


def test_what_was_done_lately_is_to_be_expected(
    engine: Engine, company: Company, tmp_path: Any, clock: Fixed) -> None:
    Walk(engine, company, tmp_path, clock, "P02").submitted().do("hr", "A3_hr", "pass")
    with unit(engine) as session:
        [expected] = outlook(session, company, "hr").expected
    assert (expected.piece.element_id, expected.how) == ("A3_hr", "nobody")
    assert 0 < expected.piece.number < 1


def test_loads_are_counted_by_person_and_by_group(
    engine: Engine, company: Company, tmp_path: Any, clock: Fixed) -> None:
    walk = Walk(engine, company, tmp_path, clock, "P02").submitted()
    clock.advance(timedelta(days=1))
    walk.do("hr", "A3_hr", "pass")
    with unit(engine) as session:
        owner = actor_for(session, person_of(session, company.people["owner"]))
        units = [company.unit(session, "group")]
        people = {load.person.id: load for load in counting.by_person(session, owner, "instance.read", units)}
        found, nobody = counting.by_group(session, units)
        groups = [(one.role, one.unit.id, one.lying.count, one.members) for one in found]
        stranger = actor_for(session, person_of(session, company.people["stranger"]))
        assert counting.by_person(session, stranger, "instance.read", units) == []
    hr = people[company.people["hr"]]
    assert (hr.done_14, hr.done_30, hr.lying.count) == (1, 1, 0) and hr.took == pytest.approx(1.0, rel=0.03)
    assert groups == [("safety", company.units["company"], 1, 1)]
    assert nobody == 0
