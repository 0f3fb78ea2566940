"""Letters are written with the alert they tell of, in its transaction; they leave later (sending.py).

Nobody is disturbed in the quiet hours of the rule, 21:00 to 8:00 where it names no others. Whoever wants one letter a
day gets one by each way, when they end; a room or a system always does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session

from ledger import clock
from ledger.db import ring_after_commit
from registry.alerts.channels import CHANNELS
from registry.alerts.letters import contacts
from registry.alerts.letters.model import PLANNED, Letter, LetterAlert, Line, Wish
from registry.alerts.model import Alert
from registry.alerts.rules import NIGHT

Quiet = tuple[dt.time, dt.time]
EVERYBODY = ("group", "system")


def lines_of(session: Session, alert: Alert) -> Sequence[Line]:
    """The lines by which something can be told of an alert: the group's, at or above where it lies."""
    rows = session.scalars(select(Line).where(Line.group_id == alert.group_id, Line.stopped_at.is_(None)).order_by(
        Line.id))
    return [line for line in rows if alert.unit_path.startswith(line.unit_path)]


def write(session: Session, alert: Alert, people: Sequence[int], text: str, params: Mapping[str, Any],
          lines: Sequence[Line], *, daily: bool = False, quiet: Quiet = NIGHT) -> None:
    """Letters to these people and, of a new alert, to the rooms and systems above it; `daily`: to everybody one with
    all others of the day."""
    if not lines:
        return
    personal = [line for line in lines if CHANNELS[line.channel].reaches not in EVERYBODY]
    found = contacts.ways(session, people, personal)
    digests = set(session.scalars(select(Wish.person_id).where(Wish.person_id.in_(people), Wish.digest.is_(True)))) \
        if found else set[int]()
    now = clock.now()
    later = morning(now, quiet)
    for person, by in found.items():
        for line in by:
            summed = daily or person in digests
            key = f"a{alert.id}-{alert.level}-{line.id}-{person}"
            if summed:
                key = f"d{line.id}-{person}-{later:%Y%m%d}"
            due = later if summed else awake(now, quiet)
            _add(session, line, person, "digest" if summed else "alert", key, due, alert, text, params)
    if alert.level == 0:
        for line in lines:
            if CHANNELS[line.channel].reaches in EVERYBODY:
                key = f"r{line.id}-{later:%Y%m%d}"
                _add(session, line, None, "digest", key, later, alert, text, params)
    ring_after_commit(session, "letters")


def awake(now: dt.datetime, quiet: Quiet = NIGHT) -> dt.datetime:
    """This moment, or the end of the quiet hours it falls into; from and until the same time of day there are none."""
    begins, ends = quiet
    at = now.astimezone(clock.SHANGHAI).time()
    asleep = begins <= at < ends if begins <= ends else at >= begins or at < ends
    return morning(now, quiet) if asleep else now


def morning(now: dt.datetime, quiet: Quiet = NIGHT) -> dt.datetime:
    """The next end of quiet hours after this moment."""
    here, ends = now.astimezone(clock.SHANGHAI), quiet[1]
    day = here.date() if here.time() < ends else here.date() + dt.timedelta(days=1)
    return dt.datetime.combine(day, ends, clock.SHANGHAI).astimezone(dt.UTC)


def _add(session: Session, line: Line, person: int | None, kind: str, key: str, due: dt.datetime, alert: Alert,
         text: str, params: Mapping[str, Any]) -> None:
    """Into the letter of this key; a new one where there is none."""
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    row = {"group_id": line.group_id, "line_id": line.id, "person_id": person, "kind": kind, "key": key,
           "state": PLANNED, "made_at": clock.now(), "due_at": due, "next_try_at": due, "tries": 0, "parts_sent": 0,
           "reference": "", "code": ""}
    session.execute(insert(Letter).values(row).on_conflict_do_nothing(index_elements=["key"]))
    session.execute(update(Letter).where(  # nothing in it leaves before the quiet hours of its rule are over
        Letter.key == key, Letter.state == PLANNED, Letter.tries == 0, Letter.due_at < due).values(
        due_at=due, next_try_at=due))
    number = session.scalars(select(Letter.id).where(Letter.key == key)).one()
    session.execute(insert(LetterAlert).values(
        letter_id=number, alert_id=alert.id, text=text, params=dict(params)).on_conflict_do_nothing(
        index_elements=["letter_id", "alert_id"]))


__all__ = ["awake", "lines_of", "morning", "write"]
