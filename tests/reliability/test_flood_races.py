"""Limits hold for whoever says the same from two windows at once: in every order, on PostgreSQL (SQLite has one
writer)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from engine.usertasks import tasks
from ledger import clock as clocks
from ledger.db import unit
from ledger.errors import BadAnswer
from registry.access import appointing
from registry.access.accounts import Account
from registry.people.persons import person_of
from tests.journeys.company import Company
from tests.reliability import test_business_races as business
from tests.reliability.stepping import Act, Stage
from tests.reliability.test_business_races import by, played
from tests.workflows.walk import Walk
from workflows.handling import inbox
from workflows.sharing import comments, consulting, copies

company, holder, walk = business.company, business.holder, business.walk
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
COLLEAGUES = ("pm", "legal")


@pytest.fixture(autouse=True)
def accounts(engine: Engine, company: Company) -> None:
    with unit(engine) as session:
        for login in COLLEAGUES:
            person = person_of(session, company.people[login])
            session.add(Account(person=person, group_id=person.group_id, login=login, password_hash="-"))


def _comment(session: Any, actor: Any, request: int, _task: int, _to: int) -> object:
    return comments.write(session, actor, request, "请尽快办理").id


def _link(session: Any, actor: Any, _request: int, task: int, _to: int) -> object:
    return consulting.ask(session, actor, task, consulting.Wanted("冯专家", "", "够不够？"))[0].id


def _copy(session: Any, actor: Any, request: int, _task: int, to: int) -> object:
    return len(copies.give(session, actor, request, [to]))


@pytest.mark.parametrize(("where", "limit", "do"), [
    (comments, "MOST_A_DAY", _comment), (consulting, "MOST_OPEN", _link), (copies, "MOST_ASKED", _copy),
], ids=["comments", "links", "copies"])
def test_of_two_at_once_about_one_request_the_second_is_too_many(
    engine: Engine, company: Company, walk: Callable[[], Walk], stage: Callable[..., Stage],
    monkeypatch: pytest.MonkeyPatch, where: Any, limit: str, do: Callable[..., object],
) -> None:
    monkeypatch.setattr(where, limit, 1)

    def prepare() -> Sequence[Act]:
        at = walk().submitted()
        task = at.task_id("A3_hr")
        with unit(engine) as session:
            tasks.claim(session, task, company.actor(session, "hr"))
        return [by(company, "hr", lambda s, a, to=company.people[login]: do(s, a, at.id, task, to))
                for login in COLLEAGUES]

    for run in played(engine, stage(few=True), prepare):
        assert [type(error) for error in run.refused] == [BadAnswer], str(run)


def _view(session: Any, actor: Any, name: str, _count: int, _to: int) -> object:
    return inbox.save_view(session, actor, name, {"scope": "mine"}).id


def _substitute(session: Any, actor: Any, _name: str, count: int, to: int) -> object:
    begin = clocks.start_of_day(clocks.today()) + timedelta(days=count)
    return appointing.appoint(session, person_of(session, actor.id), person_of(session, to), by=actor, from_at=begin,
                              until_at=begin + timedelta(hours=20)).id


@pytest.mark.parametrize(("where", "limit", "do"), [
    (inbox, "MOST_VIEWS", _view), (appointing, "MOST", _substitute)], ids=["views", "substitutes"])
def test_of_two_at_once_of_one_person_the_second_is_too_many(
    engine: Engine, company: Company, stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch,
    where: Any, limit: str, do: Callable[..., object],
) -> None:
    count = 0

    def prepare() -> Sequence[Act]:
        nonlocal count
        count += 1
        monkeypatch.setattr(where, limit, count)  # one more than there are
        return [by(company, "hr", lambda s, a, n=f"{login} {count}", c=count, to=company.people[login]: do(
            s, a, n, c, to)) for login in COLLEAGUES]

    for run in played(engine, stage(few=True), prepare):
        assert [type(error) for error in run.refused] == [BadAnswer], str(run)


@pytest.mark.parametrize(("do", "kept"), [(comments.write, [int, int]), (consulting.ask, [int, consulting.MadeBefore])],
                         ids=["comment", "link"])
def test_a_form_that_arrives_twice_at_once_is_done_once(
    engine: Engine, company: Company, walk: Callable[[], Walk], stage: Callable[..., Stage], do: Any, kept: list[type]
) -> None:
    count = 0

    def prepare() -> Sequence[Act]:
        nonlocal count
        at, count = walk().submitted(), count + 1
        task, key = at.task_id("A3_hr"), f"once:{count}"
        with unit(engine) as session:
            tasks.claim(session, task, company.actor(session, "hr"))
        if do is comments.write:
            return [by(company, "hr", lambda s, a: do(s, a, at.id, "请看", key=key).id)] * 2
        asked = consulting.Wanted("冯专家", "", "够不够？")
        return [by(company, "hr", lambda s, a: do(s, a, task, asked, key=key)[0].id)] * 2

    for run in played(engine, stage(few=True), prepare):
        assert sorted([type(one) for one in run.results], key=str) == sorted(kept, key=str), str(run)
        assert len({one for one in run.results if isinstance(one, int)}) == 1, str(run)
