"""Workers give signs of life; what they say is told by the row, and by nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ledger import beats
from ledger.clock import Fixed
from ledger.db import reading, unit
from worker import Rounds, seldom


def begun(engine: Engine, kind: str = "worker") -> int:
    with unit(engine) as session:
        return beats.begin(session, kind, "host 7")


def states(engine: Engine, clock: Fixed) -> list[str]:
    with reading(engine) as session:
        return [row.state(clock()) for row in beats.workers(session)]


@pytest.mark.parametrize(("seconds", "state"), [(0, "alive"), (60, "alive"), (61, "late"), (181, "gone")])
def test_a_worker_is_late_after_a_minute_and_gone_after_three(
    engine: Engine, clock: Fixed, seconds: int, state: str) -> None:
    begun(engine)
    clock.advance(timedelta(seconds=seconds))
    assert states(engine, clock) == [state]


def test_a_sign_tells_what_the_worker_did_and_is_at(session: Session, clock: Fixed) -> None:
    number = beats.begin(session, "worker", "host 7")
    clock.advance(timedelta(seconds=100))
    assert beats.beat(session, number, "host 7", {"timers": {"ms": 3}}, ("outbox", clock()))
    [row] = beats.workers(session)
    assert (row.state(clock()), row.parts, row.doing) == ("alive", {"timers": {"ms": 3}}, "outbox")


def test_a_worker_that_was_told_to_stop_is_not_missed(session: Session, clock: Fixed) -> None:
    beats.stop(session, beats.begin(session, "worker", "host 7"))
    clock.advance(timedelta(hours=1))
    assert [row.state(clock()) for row in beats.workers(session)] == ["stopped"]


def test_a_row_of_yesterday_is_forgotten_and_its_process_begins_anew(session: Session, clock: Fixed) -> None:
    old = beats.begin(session, "worker", "host 7")
    clock.advance(timedelta(days=1, seconds=1))
    beats.begin(session, "imports", "host 8")
    session.expire_all()
    assert [row.kind for row in beats.workers(session)] == ["imports"]
    assert not beats.beat(session, old, "host 7", {}, None)


def test_a_worker_writes_its_signs_while_it_works(engine: Engine) -> None:
    def broken(_engine: Engine) -> int:
        raise ValueError

    rounds = Rounds(engine, {"timers": lambda _engine: 0, "outbox": broken})
    rounds.answer("all")
    rounds.stopping.set()
    rounds.live("worker")
    with reading(engine) as session:
        [row] = beats.workers(session)
        told, stopped = row.parts, row.stopped_at
    assert stopped is not None and set(told) == {"timers", "outbox"}
    assert told["outbox"]["error"] == "ValueError" and "error" not in told["timers"]


def test_a_seldom_part_is_done_at_once_again_while_there_is_more(engine: Engine) -> None:
    left = [3, 0, 5]
    part = seldom(lambda _engine: left.pop(0), 3600)
    assert [part(engine) for _ in range(5)] == [3, 0, 0, 0, 0]
