"""The judge sees each thing it says it looks for: every rule fails on a row that was spoiled by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from engine.usertasks import tasks
from ledger import outbox
from ledger.clock import Fixed
from ledger.db import unit
from tests.engine.conftest import HAN, World
from tests.engine.drawings import boundary, drawing, end, flows, task, timer
from tests.engine.drawings import start as begin
from tests.founding import Founder
from tests.reliability.business import BUSINESS
from tests.reliability.conftest import judge
from tests.reliability.invariants import violations
from tests.workflows.walk import Walk
from workflows import triggers

LATE = drawing(begin(), task("A"), boundary("late", "A", timer("timeDuration", "PT1H")), task("B", sla="1"), end(),
               end("E2"), flows("S A B E", "late E2"))
ENGINE: list[tuple[str, str]] = [
    ("I3", "update timer set state = 'odd' where state = 'waiting'"),
    ("I3", "update timer set state = 'failed' where state = 'waiting'"),
    ("I3", "update timer set next_try_at = due_at where state = 'waiting'"),
    ("I4", "update timer set fired_at = due_at where state = 'waiting'"),
    ("I5", "update timer set state = 'fired', fired_at = due_at where state = 'waiting'"),
    ("I5", "update fact set key = 'timer:1' where id = 1"),
    ("I6", "update instance set state = 'completed', ended_at = started_at"),
    ("I6", "update task_candidate set task_id = (select min(id) from task)"),
    ("I7", "update timer set token = token + 100 where state = 'waiting'"),
    ("I7", "update task set token = token + 100 where state = 'open'"),
    ("I7", "update task set state = 'cancelled' where state = 'open'"),
    ("I10", "update definition set version = 3"),
    ("I10", "update fact set kind = 'other' where kind = 'definition.deployed'"),
    ("I13", "delete from task_answer"),
    ("I13", "update fact set kind = 'other' where kind = 'task.completed'"),
    ("I13", "update task set completed_by = null"),
    ("I13", "update task set rank_at = created_at where state = 'open'"),
    ("I13", "update task_candidate set rank_at = (select min(created_at) from task)"),
    ("I13", "update task_candidate set open = not open"),
    ("I13", "update task set ended_how = 'event' where state = 'open'"),
    ("I13", "update task set parent_id = 1 where state = 'open'"),
    ("I14", "update fact set kind = 'task.transferred', after = '{\"task\": 2, \"to\": 13}'"
            " where kind = 'task.claimed'"),
    ("I14", "update task set assignee_id = 13 where state = 'open'"),
    ("I14", "update fact set kind = 'other' where kind = 'instance.started'"),
    ("I14", "update instance set ended_at = started_at"),
    ("I8", "update fact set delivered_at = null where id = 2"),
]


@pytest.fixture
def busy(world: World, clock: Fixed) -> World:
    """One instance: A done, B claimed, a timer waiting and another cancelled."""
    it = world.run(LATE)
    world.do(it, "A")
    with unit(world.engine) as session:
        tasks.claim(session, world.open(it)[0].id, HAN)
    outbox.deliver(world.engine, [])
    assert judge(world.engine, quiet=True) == []
    return world


@pytest.mark.parametrize(("number", "spoil"), ENGINE, ids=[f"{n} {s}" for n, s in ENGINE])
def test_a_spoiled_row_is_seen(busy: World, clock: Fixed, number: str, spoil: str) -> None:
    with unit(busy.engine) as session:
        session.execute(text(spoil))
    if "next_try_at" in spoil:
        clock.advance(timedelta(days=9))
    assert number in {wrong.split()[0] for wrong in judge(busy.engine, quiet=True)}


def test_a_state_that_is_not_that_of_the_rows_is_seen(busy: World) -> None:
    """I7: as after a lost update, when the state that was saved last had not seen the other's step."""
    with unit(busy.engine) as session:
        before = session.execute(text("select blob from instance")).scalar_one()
    busy.do(1, "B")
    with unit(busy.engine) as session:
        session.execute(text("update instance set blob = :blob, state = 'active', ended_at = null"), {"blob": before})
    assert any(wrong.startswith("I7") for wrong in judge(busy.engine))


BUSINESS_ROWS: list[tuple[str, str]] = [
    ("I1", "update request_count set last = last + 1"),
    ("I1", "update fact set kind = 'other' where kind = 'request.opened'"),
    ("I2", "delete from request_content"),
    ("I2", "update fact set kind = 'other' where kind = 'request.submitted'"),
    ("I8", "delete from notice where fact_id in (select id from fact where kind = 'instance.ended')"),
    ("I11", "update certificate set version_no = 2"),
    ("I11", "update certificate set state = '77'"),
    ("I11", "update request set certificate_id = null"),
    ("I11", "update fact set kind = 'other' where kind = 'certificate.granted'"),
    ("I13", "update fact set kind = 'other' where kind = 'authority.accepted'"),
    ("I13", "delete from authority_answer where kind = 'granted'"),
]


@pytest.fixture
def granted(engine: Engine, clock: Fixed, tmp_path: Path, founder: Founder) -> Callable[[], list[str]]:
    """A request that ended in the register; looks at everything."""
    walk = Walk(engine, founder.company(engine), tmp_path, clock, "P02").granted()
    walk.do("custodian", "A10_register", "done")
    walk.do("hr", "A11_compare", "match")
    while outbox.deliver(engine, triggers.HANDLERS):
        pass
    assert judge(engine, *BUSINESS, quiet=True) == []
    return lambda: judge(engine, *BUSINESS, quiet=True)


def test_every_spoiled_row_of_the_business_is_seen(engine: Engine, granted: Callable[[], list[str]]) -> None:
    class Enough(Exception):
        pass

    missed: list[Any] = []
    for number, spoil in BUSINESS_ROWS:
        try:
            with unit(engine) as session:
                session.execute(text(spoil))
                seen = violations(session, *BUSINESS, quiet=True)
                missed += [] if number in {wrong.split()[0] for wrong in seen} else [(number, spoil, seen)]
                raise Enough
        except Enough:
            pass
    assert missed == [] and granted() == []
