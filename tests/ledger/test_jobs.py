"""Long work: taken up once, told as it goes, gone on with where a kill left it, stopped when somebody says so."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from ledger import jobs
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import Conflict
from ledger.facts import Fact
from ledger.failpoints import watched
from ledger.jobs import Job, Turn


class Killed(BaseException):
    """As if the process had ended there."""


def count(engine: Engine, turn: Turn) -> None:
    """A fact for each of five steps, in the transaction that tells of it."""
    for step in range((turn.cursor or {"next": 0})["next"], 5):
        with unit(engine) as session:
            turn.told(session, done=step + 1, total=5, cursor={"next": step + 1}, result={"steps": step + 1})
            jobs.record(session, "counted", ("job", turn.job_id), by=SYSTEM, after={"step": step})


def asked(engine: Engine) -> int:
    with unit(engine) as session:
        return jobs.ask(session, "count", {}, by=SYSTEM, group_id=None).id


def of(engine: Engine, job_id: int) -> Job:
    with reading(engine) as session:
        found = session.get_one(Job, job_id)
        session.expunge(found)
        return found


def counted(engine: Engine) -> list[int]:
    with reading(engine) as session:
        return [fact.after["step"] for fact in session.query(Fact).filter_by(kind="counted").order_by(Fact.id)]  # type: ignore[index]


def test_a_job_is_done_once_and_says_how_far_it_came(engine: Engine) -> None:
    job_id = asked(engine)
    assert jobs.sweep(engine, {"count": count}) == 1
    job = of(engine, job_id)
    assert (job.state, job.done, job.total, job.result) == ("done", 5, 5, {"steps": 5})
    assert jobs.sweep(engine, {"count": count}) == 0
    assert counted(engine) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("place", ["ledger.jobs.begun", "ledger.jobs.told", "ledger.jobs.ended"])
def test_a_killed_job_goes_on_where_it_was_and_does_nothing_twice(engine: Engine, place: str) -> None:
    job_id = asked(engine)
    passed = []

    def kill(name: str) -> None:
        passed.append(name)
        if name == place and (place != "ledger.jobs.told" or passed.count(name) == 3):
            raise Killed

    with watched(kill), pytest.raises(Killed):
        jobs.sweep(engine, {"count": count})
    jobs.sweep(engine, {"count": count})
    assert of(engine, job_id).state == "done"
    assert counted(engine) == [0, 1, 2, 3, 4]


def test_a_job_that_is_cancelled_stops_and_keeps_what_was_done(engine: Engine) -> None:
    job_id = asked(engine)

    def stopped_half_way(engine: Engine, turn: Turn) -> None:
        with unit(engine) as session:
            turn.told(session, done=1, total=5, cursor={"next": 1})
        with unit(engine) as session:
            jobs.cancel(session, turn.job_id, by=SYSTEM)
        count(engine, turn)

    jobs.sweep(engine, {"count": stopped_half_way})
    assert (of(engine, job_id).state, of(engine, job_id).done) == ("cancelled", 1)
    with unit(engine) as session, pytest.raises(Conflict):
        jobs.cancel(session, job_id, by=SYSTEM)


def test_a_job_nobody_has_begun_is_cancelled_at_once(engine: Engine) -> None:
    job_id = asked(engine)
    with unit(engine) as session:
        jobs.cancel(session, job_id, by=SYSTEM)
    assert jobs.sweep(engine, {"count": count}) == 0
    assert counted(engine) == []


def test_a_job_that_fails_says_so_and_stops_no_other(engine: Engine) -> None:
    def fail(_engine: Engine, _turn: Turn) -> None:
        raise ZeroDivisionError

    with unit(engine) as session:
        bad = jobs.ask(session, "fail", {}, by=SYSTEM, group_id=None).id
    good = asked(engine)
    assert jobs.sweep(engine, {"fail": fail, "count": count}) == 2
    assert of(engine, bad).problem == {"text": jobs.BROKEN, "params": {"kind": "ZeroDivisionError"}}
    assert of(engine, good).state == "done"


def test_a_job_that_ends_its_process_each_time_is_given_up(engine: Engine) -> None:
    def kill(_engine: Engine, _turn: Turn) -> None:
        raise Killed

    job_id = asked(engine)
    for _ in range(jobs.TRIES):
        with pytest.raises(Killed):
            jobs.sweep(engine, {"count": kill})
    jobs.sweep(engine, {"count": kill})
    assert of(engine, job_id).state == "failed"


def test_a_worker_that_is_to_end_leaves_its_job_for_the_next(engine: Engine) -> None:
    job_id = asked(engine)
    looked = iter([False, *[True] * 9])
    jobs.sweep(engine, {"count": count}, stopping=lambda: next(looked))
    assert of(engine, job_id).state == "running"
    jobs.sweep(engine, {"count": count})
    assert of(engine, job_id).state == "done"
