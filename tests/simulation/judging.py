"""What the house did against what the oracle foretold: every alert, everybody told, every notice and every letter."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, selectinload

from ledger.db import reading
from ledger.facts import Fact
from registry.alerts.letters.model import DROPPED, PLANNED, SENT, Letter
from registry.alerts.model import Alert
from registry.alerts.notices import Notice
from tests.simulation.oracle import Oracle
from tests.simulation.world import World

Told = dict[str, tuple[str, int, str, str]]
Line = tuple[str, str, str, int, Told]


def foretold(oracle: Oracle) -> dict[str, Line]:
    """The oracle's alerts, by name: when raised, why silent, how acted on, how high, who was told."""
    return {f"{key} {term} {stage}": (
        _at(due.raised), due.silent, due.acted, due.level,
        {one: (told.rung, told.level, told.reach, _at(told.at)) for one, told in due.told.items()})
        for (key, term, stage), due in oracle.alerts.items()}


def done(engine: Engine, world: World) -> dict[str, Line]:
    """The same of the house."""
    papers = {number: key for key, number in world.papers.items()}
    people = {number: key for key, number in world.people.items()}
    with reading(engine) as session:
        rows = session.scalars(select(Alert).options(selectinload(Alert.told)).order_by(Alert.id)).all()
        return {f"{papers[row.certificate_id]} {row.term} {row.stage}": (
            _at(row.raised_at), row.silent_why, row.acted_how, row.level,
            {people[one.person_id]: (one.rung, one.level, one.reach, _at(one.told_at)) for one in row.told})
            for row in rows}


def _at(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H}"


def differences(expected: dict[str, Line], found: dict[str, Line]) -> list[str]:
    """Alerts that are missing, too many, or other than foretold."""
    return [f"{name}: {expected.get(name)} != {found.get(name)}" for name in sorted({*expected, *found})
            if expected.get(name) != found.get(name)]


def misdelivered(engine: Engine, world: World, users: set[str]) -> list[str]:
    """Notices and letters that are not exactly one for each alert, level and person."""
    with reading(engine) as session:
        alerts = {row.id: row for row in session.scalars(select(Alert).options(selectinload(Alert.told)))}
        told = Counter((row.id, one.level, one.person_id) for row in alerts.values() for one in row.told)
        wrong = _notices(session, alerts, told)
        with_address = {world.people[key] for key in users}
        wanted = {each for each in told if each[2] in with_address}
        written: Counter[tuple[int, int]] = Counter()
        for letter in session.scalars(select(Letter).options(selectinload(Letter.told))):
            for each in letter.told:
                written[each.alert_id, letter.person_id or 0] += 1
            wrong += _letter(letter, alerts)
        expected = Counter((number, person) for number, _, person in wanted)
        wrong += [f"letters {each}: {expected[each]} != {written[each]}" for each in {*expected, *written}
                  if expected[each] != written[each]]
        return wrong


def _notices(session: Session, alerts: dict[int, Alert], told: Counter[tuple[int, int, int]]) -> list[str]:
    rows = session.execute(select(Fact.after, Notice.person_id).join(Notice, Notice.fact_id == Fact.id).where(
        Fact.kind.in_(("alert.raised", "alert.climbed"))))
    seen = Counter((said["alert"], said.get("level", 0), person) for said, person in rows)
    first = min(alerts.values(), key=lambda row: row.id).raised_at
    return [f"notices {each}: {seen[each]}" for each in {*told, *seen}
            if seen[each] != told[each] and not (alerts[each[0]].raised_at == first and each[1] == 0)]


def _letter(letter: Letter, alerts: dict[int, Alert]) -> list[str]:
    """A letter left at its hour or later, or was dropped because all of its causes were gone before it could."""
    gone: list[Any] = [alerts[each.alert_id].silent_at for each in letter.told]
    if letter.state == SENT and letter.sent_at is not None and letter.sent_at >= letter.due_at and letter.tries == 1:
        return []
    if letter.state == DROPPED and all(gone) or letter.state == PLANNED:
        return []
    if letter.state == SENT and letter.tries == 2 and letter.sent_at is not None and letter.sent_at >= letter.due_at:
        return []  # its worker was killed on the way
    return [f"letter {letter.key}: {letter.state} after {letter.tries}, due {letter.due_at}, sent {letter.sent_at}"]


def sent(engine: Engine) -> int:
    """How many letters left."""
    with reading(engine) as session:
        return len(session.scalars(select(Letter.id).where(Letter.state == SENT)).all())


__all__ = ["differences", "done", "foretold", "misdelivered", "sent"]
