"""Two at once urge, answer or revoke a consultation, copy to one person: in every order, on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import Engine, func, select

from engine.usertasks import tasks
from ledger.clock import Fixed
from ledger.db import reading, unit
from ledger.facts import Fact
from registry.access.accounts import Account
from registry.people.persons import person_of
from tests.journeys.company import Company
from tests.reliability import test_business_races as business
from tests.reliability.stepping import Act, Stage, once
from tests.reliability.test_business_races import by, played
from tests.workflows.walk import Walk
from workflows.handling import inbox
from workflows.sharing import consulting, copies, urging

Stages = Callable[..., Stage]
company, holder, walk = business.company, business.holder, business.walk


def facts(engine: Engine, kind: str) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(Fact).where(Fact.kind == kind)) or 0


@pytest.fixture
def waiting(walk: Callable[[], Walk], clock: Fixed) -> Callable[[], tuple[Walk, int]]:
    """A request whose review by human resources has waited for five hours."""

    def begin() -> tuple[Walk, int]:
        at = walk().submitted()
        clock.advance(dt.timedelta(hours=5))
        return at, at.task_id("A3_hr")

    return begin


def test_urged_twice_at_once_it_is_urged_once(
    engine: Engine, company: Company, waiting: Callable[[], tuple[Walk, int]], stage: Stages
) -> None:
    count = 0

    def prepare() -> Sequence[Act]:
        at, task = waiting()
        return [by(company, "applicant", lambda s, a: urging.urge(s, a, at.id, task).id)] * 2

    for run in played(engine, stage(few=True), prepare):
        count += 1
        assert [type(error) for error in run.refused] == [urging.UrgedToday], str(run)
        assert facts(engine, "request.urged") == count


@pytest.mark.parametrize("second", ["answers too", "is revoked"])
def test_a_link_ends_once(
    engine: Engine, company: Company, waiting: Callable[[], tuple[Walk, int]], stage: Stages, second: str
) -> None:
    def prepare() -> Sequence[Act]:
        _, task = waiting()
        with unit(engine) as session:
            hr = company.actor(session, "hr")
            tasks.claim(session, task, hr)
            row, token = consulting.ask(session, hr, task, consulting.Wanted("冯专家", "", "够不够？"))
            consulting.open_link(session, token, address="192.0.2.7", agent="")
            number = row.id
        first = once(lambda s: bool(consulting.answer(s, token, verdict="agree", text="够")))
        revoked = by(company, "hr", lambda s, a: bool(consulting.revoke(s, a, task, number)))
        return [first, first if second == "answers too" else revoked]

    for run in played(engine, stage(few=True), prepare):
        won = [result for result in run.results if result is True]
        lost = [result for result in run.results if result is not True]
        assert len(won) == 1 and (lost == [False] or isinstance(lost[0], consulting.Ended)), str(run)


def test_copied_by_two_to_one_it_is_one_copy(
    engine: Engine, company: Company, waiting: Callable[[], tuple[Walk, int]], stage: Stages
) -> None:
    with unit(engine) as session:
        to = person_of(session, company.people["stranger"])
        session.add(Account(person=to, group_id=to.group_id, login="stranger", password_hash="-"))
        reached = to.id
    count = 0

    def prepare() -> Sequence[Act]:
        at, _ = waiting()
        return [by(company, login, lambda s, a: len(copies.give(s, a, at.id, [reached])))
                for login in ("applicant", "hr")]

    for run in played(engine, stage(few=True), prepare):
        count += 1
        assert sorted(run.results) == [0, 1], str(run)
        assert facts(engine, "request.copied") == count


def test_two_windows_keep_one_view(engine: Engine, company: Company, stage: Stages) -> None:
    names = iter(range(1000))

    def prepare() -> Sequence[Act]:
        name = f"视图 {next(names) % 10}"
        return [by(company, "hr", lambda s, a, kind=kind: inbox.save_view(s, a, name, {"type": kind}).id)
                for kind in ("E03", "P02")]

    for run in played(engine, stage(few=True), prepare):
        assert not run.refused and len(set(run.results)) == 1, str(run)
