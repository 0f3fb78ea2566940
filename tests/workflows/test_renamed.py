"""A drawing that renames an element: what was judged there before is still known as judged there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from engine import catalog
from engine.model import Task
from engine.operations import migration
from engine.usertasks import tasks as engine_tasks
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from registry.access.accounts import Account
from registry.alerts.notices import Notice
from registry.people.persons import person_of
from tests.workflows.test_returning import back
from tests.workflows.walk import Walk
from workflows.application import APPLICATION
from workflows.handling import correcting, desk, differences, returning

pytestmark = [pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
OLD, NEW = "A3_safety", "A3_security"


def renamed(case: Walk, **more: str) -> None:
    """The request goes on by a drawing in which elements have other ids."""
    mapping = more or {OLD: NEW}
    files = dict(APPLICATION.files)
    for was, now in mapping.items():
        files = {name: content.replace(f'"{was}"'.encode(), f'"{now}"'.encode()).replace(
            f">{was}<".encode(), f">{now}<".encode()) for name, content in files.items()}
    with unit(case.engine) as session:
        found = catalog.deploy(session, files, by=SYSTEM)
        to = found.id if found.process_id == "application" else catalog.latest(session, "application").id
        migration.migrate(session, case.request(session).instance_id, to, by=SYSTEM, reason="改名", mapping=mapping)


def open_at(session: Any, element: str) -> Task:
    return session.scalars(select(Task).where(Task.element_id == element, Task.state == "open")).one()


def test_the_difference_is_told_against_the_round_that_was_judged_there(walk: Callable[..., Walk]) -> None:
    """Safety returned the first round, the second was returned by others: safety reads what changed since the first."""
    case = walk("P02").submitted(trade="01")
    for who, element, trade in (("safety", OLD, "02"), ("hr", "A3_hr", "03")):
        case.now.advance(dt.timedelta(minutes=1))
        case.do(who, element, "return")
        case.now.advance(dt.timedelta(minutes=1))
        case.do("applicant", "A1_correct", "submit", trade=trade)

    def since(element: str) -> int | None:
        with reading(case.engine) as session:
            told = differences.for_task(session, case.request(session), open_at(session, element))
            return told and told.since

    assert since(OLD) == 1
    renamed(case)
    assert since(NEW) == 1


def test_whoever_has_it_back_reads_why_and_is_told(walk: Callable[..., Walk]) -> None:
    case = walk("P02").reviewed()
    back(case, "approver", "A4_approve", OLD)
    renamed(case)
    with reading(case.engine) as session:
        case_of = returning.why_here(session, open_at(session, NEW))
        assert case_of is not None and case_of.by_name == "梁总"
    case.work()
    with reading(case.engine) as session:
        assert "“{task}”被退回重办：{title}" in session.scalars(
            select(Notice.text).where(Notice.person_id == case.company.people["safety"])).all()


def test_after_a_renaming_approvals_are_asked_again_and_what_steers_is_not_asked(walk: Callable[..., Walk]) -> None:
    case, priced = walk("P02").reviewed(), walk("J03").submitted()
    with unit(case.engine) as session:
        person = person_of(session, case.company.people["applicant"])
        session.add(Account(person=person, group_id=person.group_id, login="applicant", password_hash="-"))
    renamed(case, **{OLD: NEW, "A1_fill": "A1_write"})
    number = case.task_id("A4_approve")
    with unit(case.engine) as session:
        by = case.company.actor(session, "approver")
        engine_tasks.claim(session, number, by)
        child = correcting.ask(session, by, number, {"trade": "与证明不符"}, version=None).id
    with unit(case.engine) as session:
        desk.complete(session, case.company.actor(session, "applicant"), child, {"verdict": "answer", "trade": "02"})
    assert sorted(case.open()) == ["A3_hr", NEW]
    renamed(priced, **{OLD: NEW, "A1_fill": "A1_write"})
    with reading(priced.engine) as session:
        assert "price" not in [one["value"] for one in correcting.askable(session, priced.request(session))]
