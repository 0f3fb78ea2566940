"""C4, C5, C11, C12 where requests and certificates meet the engine: in every order, on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from engine import instances
from engine.time import timers
from ledger import outbox
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import reading, unit
from ledger.errors import BadAnswer, Conflict
from ledger.facts import Fact
from registry.alerts import deadlines
from registry.certificates import lifecycle
from registry.certificates.drafting import NumberTaken
from registry.certificates.models import Certificate, CertificateTimer
from registry.people.persons import create_person, person_of
from registry.people.units import unit_of
from tests.founding import Founder
from tests.journeys.company import Company
from tests.reliability.business import BUSINESS
from tests.reliability.conftest import judge
from tests.reliability.stepping import Act, Run, Stage, interleavings, once
from tests.workflows.walk import Walk
from workflows import authority, triggers
from workflows.applying import opening
from workflows.handling import desk
from workflows.requests import AuthorityAnswer, Request
from workflows.sample import answer

Stages = Callable[..., Stage]


@pytest.fixture
def company(engine: Engine, clock: Fixed, founder: Founder) -> Company:
    clock.advance(dt.timedelta(days=1))  # a Monday
    return founder.company(engine)


@pytest.fixture
def holder(engine: Engine, company: Company) -> Callable[[], int]:
    """A new colleague who has no certificate yet."""
    numbers = iter(range(1000))

    def hire() -> int:
        with unit(engine) as session:
            return create_person(session, unit=unit_of(session, company.units["project"]), by=SYSTEM,
                                 name=f"工人{next(numbers)}", joined_on=dt.date(2020, 1, 1)).id

    return hire


def played(engine: Engine, on: Stage, prepare: Callable[[], Sequence[Act]]) -> Iterator[Run]:
    """Every order; the judge looks at everything when all are over. Each has people and requests of its own, so that
    what one left wrong is still there then; who looked after each would look at all the earlier ones again."""
    runs = []
    for run in interleavings(on, prepare):
        yield run
        runs.append(run)
    wrong = judge(engine, *BUSINESS)
    assert not wrong, "\n".join([*map(str, runs), *wrong])
    assert runs


def by(company: Company, login: str, do: Callable[..., object]) -> Act:
    """An act of one transaction by somebody of the company."""
    return once(lambda session: do(session, company.actor(session, login)))


def test_c11_opened_twice_at_once_it_is_one_draft(engine: Engine, company: Company, holder: Any, stage: Stages) -> None:
    def prepare() -> Sequence[Act]:
        who = holder()
        return [by(company, "applicant", lambda s, a: opening.open_request(s, a, "P02", "person", who).id)] * 2

    for run in played(engine, stage(), prepare):
        assert not run.refused and len(set(run.results)) == 1, str(run)


def test_c11_the_first_two_requests_of_a_year_get_two_numbers(engine: Engine, company: Company, holder: Any,
                                                              stage: Stages, clock: Fixed) -> None:
    def prepare() -> Sequence[Act]:
        clock.advance(dt.timedelta(days=366))
        return [by(company, "applicant", lambda s, a, who=who: opening.open_request(s, a, "P02", "person", who).number)
                for who in (holder(), holder())]

    for run in played(engine, stage(), prepare):
        assert not run.refused and len(set(run.results)) == 2, str(run)


def test_c11_of_two_requests_for_one_holder_one_is_handed_in(engine: Engine, company: Company, holder: Any,
                                                             stage: Stages, tmp_path: Path, clock: Fixed) -> None:
    def prepare() -> Sequence[Act]:
        company.people["worker"] = holder()
        return [hand_in(Walk(engine, company, tmp_path, clock, "P02", login), login) for login in ("applicant", "desk")]

    won = set()
    for run in played(engine, stage(few=True), prepare):
        assert len(run.refused) == 1 and isinstance(run.refused[0], BadAnswer), str(run)
        assert "SQ-" in str(run.refused[0].problems[""][0])
        won.add(isinstance(run.results[0], Exception))
    assert won == {True, False}


def hand_in(walk: Walk, login: str, element: str = "A1_fill", verdict: str = "submit") -> Act:
    """The answers are made ready before: the act itself is what the server does with the form."""
    number = walk.task_id(element)
    with unit(walk.engine) as session:
        actor = walk.company.actor(session, login)
        shown = desk.open_task(session, actor, number)
        told = answer(shown.form, shown.data, verdict, lambda name: walk.case.paper(session, actor, name),
                      shown.request)
        version = shown.task.version
    return by(walk.company, login, lambda s, a: desk.complete(s, a, number, told, version=version).id)


@pytest.fixture
def walk(engine: Engine, company: Company, holder: Any, tmp_path: Path, clock: Fixed) -> Callable[[], Walk]:
    """Opens a request for a new colleague."""

    def begin() -> Walk:
        company.people["worker"] = holder()
        return Walk(engine, company, tmp_path, clock, "P02")

    return begin


def test_c2_a_return_and_a_pass_at_once(engine: Engine, walk: Callable[[], Walk], stage: Stages) -> None:
    """Two reviewers of one request: both count if the pass came first; after the return the other's task is gone."""
    at: list[Walk] = []

    def prepare() -> Sequence[Act]:
        at.append(walk().submitted())
        return [hand_in(at[-1], "hr", "A3_hr", "return"), hand_in(at[-1], "safety", "A3_safety", "pass")]

    for run in played(engine, stage(few=True), prepare):
        assert all(isinstance(error, Conflict) for error in run.refused) and at[-1].open() == ["A1_correct"], str(run)


def test_c5_ended_or_approved(engine: Engine, company: Company, walk: Callable[[], Walk], stage: Stages) -> None:
    def prepare() -> Sequence[Act]:
        at = walk().reviewed()
        with reading(engine) as session:
            number = at.request(session).instance_id
        end = by(company, "owner", lambda s, a: instances.terminate(s, number, by=a, reason="重复"))
        return [end, hand_in(at, "approver", "A4_approve", "approve")]

    for run in played(engine, stage(few=True), prepare):
        assert not isinstance(run.results[0], Exception), str(run)
        assert all(isinstance(error, Conflict) for error in run.refused), str(run)


def recorded(company: Company, at: Walk, kind: str, **more: Any) -> Act:
    with unit(at.engine) as session:
        actor = company.actor(session, "custodian")
        request = session.get_one(Request, at.id)
        form, given = authority.form_for(request, kind)
        told = answer(form, given, "done", lambda name: at.case.paper(session, actor, name), request)
    return by(company, "custodian", lambda s, a: authority.record_answer(s, a, at.id, kind, {**told, "kind": kind},
                                                                         **more).id)


@pytest.mark.parametrize("second", ["the same again", "the opposite", "silence"])
def test_c4_an_answer_is_recorded_once(engine: Engine, company: Company, walk: Callable[[], Walk], stage: Stages,
                                       second: str) -> None:
    at: list[Walk] = []

    def prepare() -> Sequence[Act]:
        at.append(walk().filed())
        first = recorded(company, at[-1], "accepted")
        if second != "silence":
            return [first, recorded(company, at[-1], "accepted" if "same" in second else "refused")]
        with reading(engine) as session:
            found = timers.of_instance(session, at[-1].request(session).instance_id or 0)
            number = next(one for one in found if one.kind == "event").id
            at[-1].now.move_to(next(one for one in found if one.id == number).due_at)
        return [first, once(lambda session: timers.fire(session, number))]

    for run in played(engine, stage(few=True), prepare):
        done = [result for result in run.results if result and not isinstance(result, Exception)]
        assert len(done) == 1 and all(isinstance(error, Conflict) for error in run.refused), str(run)
        with reading(engine) as session:
            kept = session.scalar(select(func.count()).where(AuthorityAnswer.request_id == at[-1].id))
        assert kept == (run.results[1] is not True)


def test_c11_one_number_is_registered_once(engine: Engine, company: Company, holder: Any, stage: Stages) -> None:
    numbers = iter(range(100_000, 200_000))

    def prepare() -> Sequence[Act]:
        number = f"苏A012026{next(numbers)}"
        return [once(lambda s, who=who: lifecycle.grant(s, "P02", person_of(s, who), number=number, **TERM).id)
                for who in (holder(), holder())]

    for run in played(engine, stage(), prepare):
        assert len(run.refused) == 1 and isinstance(run.refused[0], NumberTaken), str(run)


START, END = dt.date(2026, 3, 1), dt.date(2028, 2, 28)
TERM: dict[str, Any] = {
    "issued_on": START, "valid_from": START, "valid_until": END, "issuer": "某省住建厅", "by": SYSTEM, "item": "01"}


@pytest.mark.parametrize("second", ["renew", "cancel"])
def test_c11_c12_a_certificate_is_renewed_once_and_not_while_it_is_cancelled(
    engine: Engine, holder: Any, stage: Stages, second: str
) -> None:
    numbers = iter(range(200_000, 300_000))

    def prepare() -> Sequence[Act]:
        with unit(engine) as session:
            number = lifecycle.grant(session, "P02", person_of(session, holder()),
                                     number=f"苏A012026{next(numbers)}", **TERM).id

        def renew(session: Any) -> int:
            return lifecycle.renew(session, session.get_one(Certificate, number), valid_from=dt.date(2028, 2, 29),
                                   valid_until=dt.date(2030, 2, 27), issued_on=dt.date(2026, 11, 20),
                                   issuer="某省住建厅", by=SYSTEM).no

        def cancel(session: Any) -> int:
            return lifecycle.cancel(session, session.get_one(Certificate, number), kind="注销",
                                    since=dt.date(2026, 11, 20), reason="离岗", by=SYSTEM).no

        return [once(renew), once(renew if second == "renew" else cancel)]

    for run in played(engine, stage(), prepare):
        assert all(isinstance(error, BadAnswer | Conflict) for error in run.refused), str(run)
        assert len(run.refused) == 1 or (second == "cancel" and run.results == [2, 3]), str(run)


def test_c8_two_workers_deliver_each_fact_once(engine: Engine, walk: Callable[[], Walk], stage: Stages) -> None:
    def prepare() -> Sequence[Act]:
        walk().do("applicant", "A1_fill", "abandon")
        return [lambda database: outbox.deliver(database, triggers.HANDLERS, limit=1)] * 2

    for _ in played(engine, stage(few=True), prepare):
        while outbox.deliver(engine, triggers.HANDLERS):
            pass
        assert not judge(engine, *BUSINESS, quiet=True)


def test_c8_two_workers_fire_a_certificates_day_once(engine: Engine, holder: Any, stage: Stages, clock: Fixed) -> None:
    numbers = iter(range(300_000, 400_000))

    def prepare() -> Sequence[Act]:
        with unit(engine) as session:
            made = lifecycle.grant(session, "P02", person_of(session, holder()),
                                   number=f"苏A012026{next(numbers)}", **TERM)
            clock.move_to(min(one.due_at for one in made.timers))
        return [deadlines.sweep, deadlines.sweep]

    for run in played(engine, stage(few=True), prepare):
        deadlines.sweep(engine)
        assert not run.refused and sum(run.results) <= 1, str(run)
        with reading(engine) as session:
            fired = session.scalar(select(func.count()).where(CertificateTimer.fired_at.is_not(None)))
            facts = session.scalar(select(func.count()).where(Fact.key.like("certificate-timer:%")))
        assert fired == facts
        clock.move_to(dt.datetime(2026, 11, 23, 2, tzinfo=dt.UTC))


def test_two_windows_keep_one_draft(engine: Engine, company: Company, walk: Callable[[], Walk], stage: Stages) -> None:
    def prepare() -> Sequence[Act]:
        number = walk().task_id("A1_fill")
        return [by(company, "applicant", lambda s, a, text=text: desk.save_draft(s, a, number, {"note": text}))
                for text in ("一", "二")]

    for run in played(engine, stage(), prepare):
        assert not run.refused, str(run)
