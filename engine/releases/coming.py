"""Releases whose day has come. They are in force by their date alone; this sets the clocks and tells the fact, once."""

from __future__ import annotations

import logging

from sqlalchemy import Engine, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from engine import causes
from engine.model import StartTrigger
from engine.releases import arming
from engine.releases.model import APPROVED, Release, ReleasePart
from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.facts import record
from ledger.failpoints import fp

log = logging.getLogger("licet.engine")


def take_turns(session: Session) -> None:
    """Until this transaction ends nobody else asks, decides, takes back or sets clocks. Starts and readers go on."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE process_release IN SHARE ROW EXCLUSIVE MODE"))


def due(session: Session, limit: int = 20) -> list[int]:
    """The ids of releases that have come into force and were not noted, the earliest first."""
    wanted = select(Release.id).where(Release.state == APPROVED, Release.noted_at.is_(None),
                                      Release.from_at <= clock.now())
    return list(session.scalars(wanted.order_by(Release.from_at, Release.id).limit(limit)))


def sweep(engine: Engine, *, limit: int = 20) -> int:
    """Note what has come into force, each in a transaction of its own; how many."""
    with reading(engine) as session:
        wanted = due(session, limit)
    return sum(_attempt(engine, release_id) for release_id in wanted)


def _attempt(engine: Engine, release_id: int) -> bool:
    try:
        with unit(engine) as session:
            noted = note(session, release_id)
            fp("engine.release.before_commit")
        fp("engine.release.after_commit")
        return noted
    except OperationalError:
        return False  # the database made us wait too long; the next sweep looks again
    except Exception as error:
        log.error("release %s could not be noted, looked at again with the next sweep: %s", release_id,
                  causes.trail(error))
        return False


def note(session: Session, release_id: int) -> bool:
    """Set the clocks by a release that has come into force, and tell it; False when somebody did or it was ended."""
    take_turns(session)
    release = session.get_one(Release, release_id, populate_existing=True)
    if release.state != APPROVED or release.noted_at is not None or (release.from_at or clock.now()) > clock.now():
        return False
    settle(session, release)
    return True


def catch_up(session: Session) -> None:
    """Note what is due before anything else happens to releases. The caller takes turns."""
    for release_id in due(session, limit=1000):
        settle(session, session.get_one(Release, release_id, populate_existing=True))


def settle(session: Session, release: Release) -> None:
    """A release is in force now: its clocks run, and that is a fact. The caller takes turns."""
    assert release.from_at is not None
    release.noted_at = clock.now()
    session.flush()
    set_clocks(session, release)
    record(session, "release.begun", ("process_release", release.id), by=SYSTEM, group_id=release.group_id,
           about=[("definition", release.definition_id)],
           after={"process": release.process_id, "from": (release.since or release.from_at).isoformat()},
           key=f"release:{release.id}:begun")


def set_clocks(session: Session, release: Release) -> None:
    """What starts the processes of a release from outside follows what is in force since it began or ended."""
    since = release.ended_at or release.since or clock.now()
    for part in release.parts:
        arming.bring_in_line(session, part.process_id, since)


def awaited(session: Session, row: StartTrigger) -> bool:
    """Whether a release that came into force before this clock is due has still to set the clocks: it decides whose
    round this is."""
    query = select(Release.id).join(ReleasePart, ReleasePart.release_id == Release.id).where(
        ReleasePart.process_id == row.process_id, Release.state == APPROVED, Release.noted_at.is_(None),
        Release.from_at <= row.due_at)
    return row.until_at is None and session.scalar(query.limit(1)) is not None
