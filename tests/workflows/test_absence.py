"""Somebody is away, or leaves: what lies with them goes into other hands by the rules, and comes back or does not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine.model import Task
from engine.usertasks import listing, offers, tasks
from ledger import clock as clocks
from ledger import outbox
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.facts import Fact
from registry.access.accounts import Account
from registry.access.appointing import appoint
from registry.access.substitutions import Substitution
from registry.access.substitutions import end as end_substitution
from registry.alerts.notices import Notice
from registry.people.persons import person_of
from tests.journeys.company import Company
from tests.reliability.conftest import judge
from tests.workflows.test_returning import back
from tests.workflows.walk import Walk
from workflows import requests, triggers
from workflows.absence import ending

pytestmark = pytest.mark.usefixtures("noted")
DAY = dt.timedelta(days=1)


class Away:
    """The company with accounts, and a safety licence that waits for a legal reviewer since yesterday."""

    def __init__(self, engine: Engine, company: Company, case: Walk, clock: clocks.Fixed) -> None:
        self.engine, self.company, self.case, self.clock = engine, company, case, clock
        with unit(engine) as session:
            for login in company.people:
                person = person_of(session, company.people[login])
                session.add(Account(person=person, group_id=person.group_id, login=login, password_hash="-"))
        clock.advance(DAY)

    def appoint(self, person: str, substitute: str, days: int = 7, processes: set[str] | None = None) -> int:
        with unit(self.engine) as session:
            who, other = (person_of(session, self.company.people[login]) for login in (person, substitute))
            start = clocks.start_of_day(clocks.today())
            return appoint(session, who, other, from_at=start, until_at=start + days * DAY, processes=processes,
                           by=self.company.actor(session, person)).id

    def act(self, login: str, verb: Callable[..., Any], *more: Any) -> None:
        with unit(self.engine) as session:
            verb(session, self.task().id, self.company.actor(session, login), *more)

    def task(self) -> Task:
        with reading(self.engine) as session:
            found = session.scalars(select(Task).where(Task.state == "open").order_by(Task.id)).all()[-1]
            session.expunge(found)
            return found

    def deliver(self) -> None:
        while ending.sweep(self.engine) + outbox.deliver(self.engine, triggers.HANDLERS):
            pass

    def seen(self, login: str) -> tuple[list[int], bool]:
        """The ids in that person's inbox, and whether the request can be read."""
        with reading(self.engine) as session:
            actor = self.company.actor(session, login)
            found = [row.id for row in listing.inbox(session, actor)]
            readable = session.scalar(select(requests.Request.id).where(requests.seen_by(actor)))
            return found, readable is not None

    def facts(self, kind: str) -> list[Fact]:
        with reading(self.engine) as session:
            found = list(session.scalars(select(Fact).where(Fact.kind == kind)))
            session.expunge_all()
            return found


@pytest.fixture
def away(engine: Engine, company: Company, walk: Callable[[str], Walk], clock: clocks.Fixed) -> Away:
    return Away(engine, company, walk("E03").submitted(), clock)


def test_what_was_there_already_is_in_the_substitutes_inbox(away: Away) -> None:
    task = away.task()
    assert away.seen("pm")[0] == []
    away.appoint("legal", "pm")
    assert away.seen("pm") == ([task.id], True)
    assert away.seen("custodian")[0] == []


def test_an_appointment_for_other_processes_shows_nothing(away: Away) -> None:
    away.appoint("legal", "pm", processes={"leaving"})
    assert away.seen("pm")[0] == []


def test_what_is_done_for_somebody_is_told_as_theirs_and_binds_both(away: Away) -> None:
    away.appoint("legal", "pm")
    away.act("pm", tasks.claim)
    away.act("pm", tasks.complete, {"verdict": "pass"})
    done = away.facts("task.completed")[-1]
    assert (done.actor_id, (done.after or {})["for"]) == (away.company.people["pm"], away.company.people["legal"])
    assert judge(away.engine) == []


@pytest.mark.parametrize("by_hand", [True, False], ids=["ended by hand", "its time is over"])
def test_after_a_return_an_approval_stands_unless_the_appointment_was_revoked(away: Away, by_hand: bool) -> None:
    number, case = away.appoint("legal", "pm", 1), away.case
    away.act("pm", tasks.claim)
    element = away.task().element_id
    away.act("pm", tasks.complete, {"verdict": "pass"})
    reviewed = away.task()
    if by_hand:
        with unit(away.engine) as session:
            row = session.get_one(Substitution, number)
            end_substitution(session, row, by=away.company.actor(session, "legal"))
    else:
        away.clock.advance(2 * DAY)
    away.deliver()
    back(case, "approver", reviewed.element_id, "A1_fill")
    case.do(case.applicant, "A1_fill", "submit")
    assert case.open() == ([element] if by_hand else [reviewed.element_id])
    assert judge(away.engine) == []


@pytest.mark.parametrize("by_hand", [True, False], ids=["ended by hand", "its time is over"])
def test_what_is_not_done_at_the_end_goes_back(away: Away, by_hand: bool) -> None:
    number = away.appoint("legal", "pm", 1)
    away.act("pm", tasks.claim)
    if by_hand:
        with unit(away.engine) as session:
            end_substitution(session, session.get_one(Substitution, number), by=SYSTEM)
    else:
        away.clock.advance(DAY)
    away.deliver()
    held = away.task()
    assert (held.assignee_id, held.for_id) == (away.company.people["legal"], None)
    assert len(away.facts("task.returned_after_absence")) == 1
    assert judge(away.engine) == []


def test_what_another_appointment_still_covers_stays(away: Away) -> None:
    first = away.appoint("legal", "pm", processes={"application"})
    away.act("pm", tasks.claim)
    away.appoint("legal", "pm", processes={"leaving"})
    with unit(away.engine) as session:
        end_substitution(session, session.get_one(Substitution, first), by=SYSTEM)
        away_again = session.get_one(Substitution, first)
        assert away_again.ended_at is not None
    away.appoint("legal", "pm", processes={"application"})
    away.deliver()
    assert away.task().assignee_id == away.company.people["pm"]


def test_both_are_told_and_so_is_the_substitute_of_a_delay(away: Away) -> None:
    away.appoint("legal", "pm")
    away.deliver()
    with reading(away.engine) as session:
        told = session.scalars(select(Notice).where(Notice.subject_kind == "substitution")).all()
        assert [notice.person_id for notice in told] == [away.company.people["pm"]]
    away.clock.advance(30 * DAY)
    away.appoint("legal", "pm")
    away.case.work()
    with reading(away.engine) as session:
        late = session.scalars(select(Notice.person_id).where(Notice.text.contains("已逾期"))).all()
    assert {away.company.people["legal"], away.company.people["pm"]} <= set(late)


def test_the_applicant_does_not_come_in_by_standing_in(away: Away) -> None:
    away.appoint("legal", "desk")
    with Session(away.engine) as session:
        desk = away.company.actor(session, "desk")
        assert offers.capacity(away.task(), desk) is None
    assert away.task().id not in away.seen("desk")[0]
