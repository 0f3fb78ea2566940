"""Who may read a request besides their role, and that it is found by index however many tasks there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from engine.model import Task
from engine.usertasks import participation, tasks
from ledger.actor import Actor
from ledger.db import reading, unit
from ledger.errors import NotFound
from tests.journeys.company import Company
from tests.workflows.walk import Walk
from workflows import requests
from workflows.requests import Request

pytestmark = pytest.mark.usefixtures("noted")


@pytest.fixture
def review(engine: Engine, walk: Callable[[str], Walk]) -> int:
    """A safety licence of 沈青 (desk) that waits for a legal reviewer; the id of the task."""
    walk("E03").submitted()
    with reading(engine) as session:
        return session.scalars(select(Task.id).where(Task.state == "open")).one()


def reads(session: Session, actor: Actor) -> tuple[bool, bool]:
    """Whether the only request opens, and whether it is listed."""
    try:
        requests.get(session, actor, session.scalars(select(Request.id)).one())
        opens = True
    except NotFound:
        opens = False
    return opens, requests.find(session, actor, scope="all").total == 1


def bare(company: Company, session: Session, login: str) -> Actor:
    return replace(company.actor(session, login), grants=())


def test_whoever_held_or_did_a_task_reads_the_request(engine: Engine, company: Company, review: int) -> None:
    with unit(engine) as session:
        assert reads(session, bare(company, session, "legal")) == (False, False)
        tasks.claim(session, review, company.actor(session, "legal"))
        session.flush()
        assert reads(session, bare(company, session, "legal")) == (True, True)
        assert reads(session, bare(company, session, "legal2")) == (False, False)


def test_whoever_took_part_reads_the_request(engine: Engine, company: Company, review: int) -> None:
    with unit(engine) as session:
        participation.add(session.connection(), review, company.people["pm"], "signer")
        assert reads(session, bare(company, session, "pm")) == (True, True)


def test_a_copy_of_one_request_opens_no_other(engine: Engine, company: Company, review: int,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    """A room may write its reason as a query of requests: it is asked of each request, not of any."""
    monkeypatch.setattr(requests, "INVOLVED", [
        *requests.INVOLVED, lambda actor: select(Request.instance_id).where(Request.number == "none of these"),
    ])
    with unit(engine) as session:
        assert reads(session, bare(company, session, "pm")) == (False, False)
    monkeypatch.setattr(requests, "INVOLVED", [
        *requests.INVOLVED, lambda actor: select(Request.instance_id).where(Request.number != ""),
    ])
    with unit(engine) as session:
        assert reads(session, bare(company, session, "pm")) == (True, True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_table_of_tasks_is_scanned(engine: Engine, company: Company) -> None:
    with reading(engine) as session:
        legal = company.actor(session, "legal")
    for asked in (requests.seen_by(legal), requests.sees(legal) & (Request.id == 1)):
        written = select(Request.id).where(asked).compile(engine, compile_kwargs={"literal_binds": True})
        with engine.connect() as rows:
            plan = [row[3] for row in rows.execute(text(f"explain query plan {written}"))]
        assert not [step for step in plan if step.startswith("SCAN")], plan
