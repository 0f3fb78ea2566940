"""Letters are written with the alert they tell of, in its transaction; they leave later (sending.py).

Nobody is disturbed between 21:00 and 8:00. Whoever wants one letter a day gets one by each way, at 8:00; a room or a
system always does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session

from ledger import clock
from ledger.db import ring_after_commit
from registry.alerts.channels import CHANNELS
from registry.alerts.letters import contacts
from registry.alerts.letters.model import PLANNED, Letter, LetterAlert, Line, Wish
from registry.alerts.model import Alert

QUIET_FROM, QUIET_UNTIL = dt.time(21), dt.time(8)
EVERYBODY = ("group", "system")


def lines_of(session: Session, alert: Alert) -> Sequence[Line]:
    """The lines by which something can be told of an alert: the group's, at or above where it lies."""
    rows = session.scalars(select(Line).where(Line.group_id == alert.group_id, Line.stopped_at.is_(None)).order_by(
        Line.id))
    return [line for line in rows if alert.unit_path.startswith(line.unit_path)]


def write(session: Session, alert: Alert, people: Sequence[int], text: str, params: Mapping[str, Any],
          lines: Sequence[Line], *, daily: bool = False) -> None:
    """Letters to these people and, of a new alert, to the rooms and systems above it; `daily`: to everybody one with
    all others of the day."""
    if not lines:
        return
    personal = [line for line in lines if CHANNELS[line.channel].reaches not in EVERYBODY]
    found = contacts.ways(session, people, personal)
    digests = set(session.scalars(select(Wish.person_id).where(Wish.person_id.in_(people), Wish.digest.is_(True)))) \
        if found else set[int]()
    now = clock.now()
    for person, by in found.items():
        for line in by:
            summed = daily or person in digests
            key = f"a{alert.id}-{alert.level}-{line.id}-{person}"
            if summed:
                key = f"d{line.id}-{person}-{morning(now):%Y%m%d}"
            due = morning(now) if summed else awake(now)
            _add(session, line, person, "digest" if summed else "alert", key, due, alert, text, params)
    if alert.level == 0:
        for line in lines:
            if CHANNELS[line.channel].reaches in EVERYBODY:
                key = f"r{line.id}-{morning(now):%Y%m%d}"
                _add(session, line, None, "digest", key, morning(now), alert, text, params)
    ring_after_commit(session, "letters")


def awake(now: dt.datetime) -> dt.datetime:
    """This moment, or the end of the quiet hours it falls into."""
    here = now.astimezone(clock.SHANGHAI)
    if QUIET_UNTIL <= here.time() < QUIET_FROM:
        return now
    return morning(now)


def morning(now: dt.datetime) -> dt.datetime:
    """The next end of quiet hours after this moment."""
    here = now.astimezone(clock.SHANGHAI)
    day = here.date() if here.time() < QUIET_UNTIL else here.date() + dt.timedelta(days=1)
    return dt.datetime.combine(day, QUIET_UNTIL, clock.SHANGHAI).astimezone(dt.UTC)


def _add(session: Session, line: Line, person: int | None, kind: str, key: str, due: dt.datetime, alert: Alert,
         text: str, params: Mapping[str, Any]) -> None:
    """Into the letter of this key; a new one where there is none."""
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    row = {"group_id": line.group_id, "line_id": line.id, "person_id": person, "kind": kind, "key": key,
           "state": PLANNED, "made_at": clock.now(), "due_at": due, "next_try_at": due, "tries": 0, "parts_sent": 0,
           "reference": "", "code": ""}
    session.execute(insert(Letter).values(row).on_conflict_do_nothing(index_elements=["key"]))
    number = session.scalars(select(Letter.id).where(Letter.key == key)).one()
    session.execute(insert(LetterAlert).values(
        letter_id=number, alert_id=alert.id, text=text, params=dict(params)).on_conflict_do_nothing(
        index_elements=["letter_id", "alert_id"]))


__all__ = ["awake", "lines_of", "morning", "write"]
