"""Facts are written once, told in order, and delivered at least once with effects exactly once."""

import datetime as dt

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import outbox
from ledger.actor import SYSTEM, Actor
from ledger.db import take_bells, unit
from ledger.facts import Fact, record, story

SOMEBODY = Actor(id=7, name="甲", group_id=1)


def test_a_fact_belongs_to_the_story_of_all_it_is_about(session):
    record(session, "request.opened", ("request", 1), by=SOMEBODY)
    record(session, "certificate.granted", ("certificate", 2), by=SYSTEM, about=[("request", 1)], after={"no": 1})
    session.flush()
    assert [f.kind for f in story(session, ("request", 1))] == ["request.opened", "certificate.granted"]
    assert [f.kind for f in story(session, ("certificate", 2))] == ["certificate.granted"]


def test_two_subjects_tell_a_shared_fact_once(session):
    record(session, "certificate.granted", ("certificate", 2), by=SYSTEM, about=[("request", 1)])
    session.flush()
    assert len(story(session, ("request", 1), ("certificate", 2))) == 1


def test_a_fact_cannot_be_changed(session):
    fact = record(session, "x.y", ("x", 1), by=SYSTEM)
    session.flush()
    fact.after = {"forged": True}
    with pytest.raises(TypeError, match="never changed"):
        session.flush()


def test_a_fact_cannot_be_deleted(session):
    fact = record(session, "x.y", ("x", 1), by=SYSTEM)
    session.flush()
    session.delete(fact)
    with pytest.raises(TypeError, match="never deleted"):
        session.flush()


def test_the_same_key_is_refused(session):
    record(session, "x.y", ("x", 1), by=SYSTEM, key="once")
    with pytest.raises(IntegrityError):
        record(session, "x.y", ("x", 1), by=SYSTEM, key="once")
        session.flush()


def test_recording_rings_the_bell_after_commit_only(engine):
    heard: list[str] = []
    with unit(engine, heard.append) as session:
        record(session, "x.y", ("x", 1), by=SYSTEM)
        assert not heard
    assert heard == ["outbox"]


def test_a_rolled_back_act_leaves_no_fact_and_no_bell(engine):
    heard: list[str] = []
    with pytest.raises(ValueError), unit(engine, heard.append) as session:
        record(session, "x.y", ("x", 1), by=SYSTEM)
        raise ValueError
    with Session(engine) as session:
        assert not heard and not session.query(Fact).count() and not take_bells(session)


def test_each_fact_is_delivered_once_in_order(engine):
    with unit(engine) as session:
        for n in range(3):
            record(session, "x.y", ("x", n), by=SYSTEM)
    got: list[int] = []
    handlers = [("x.", lambda session, fact: got.append(fact.subject_id))]
    assert outbox.deliver(engine, handlers) == 3
    assert outbox.deliver(engine, handlers) == 0
    assert got == [0, 1, 2]


def test_a_handler_that_fails_is_tried_again_later_and_blocks_nobody(engine, clock):
    with unit(engine) as session:
        for n in range(2):
            record(session, "x.y", ("x", n), by=SYSTEM)
    got: list[int] = []

    def picky(session: Session, fact: Fact) -> None:
        record(session, "effect", ("x", 100 + fact.subject_id), by=SYSTEM)
        if fact.subject_id == 0 and not fact.attempts:
            raise RuntimeError("not now")
        got.append(fact.subject_id)

    outbox.deliver(engine, [("x.", picky)])
    assert got == [1]
    clock.advance(dt.timedelta(minutes=2))
    outbox.deliver(engine, [("x.", picky)])
    assert got == [1, 0]
    with Session(engine) as session:
        assert session.query(Fact).filter_by(kind="effect").count() == 2
