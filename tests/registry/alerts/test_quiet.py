"""Quiet hours: a letter waits for those of the rule that raised its alert."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI
from ledger.db import reading
from registry.access.accounts import actor_for
from registry.alerts import ruling
from registry.alerts.letters import contacts, lines
from registry.alerts.letters.model import Letter, LetterAlert
from registry.alerts.letters.writing import awake
from registry.alerts.model import Alert
from registry.alerts.rules import Rule, Stage
from registry.people.persons import Person
from registry.people.units import Unit
from tests.registry.alerts.watching import ENDS, Watch
from tests.registry.alerts.ways import way_of

NIGHT, NOON, NEVER = ("21:00", "08:00"), ("12:00", "13:30"), ("08:00", "08:00")


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2027-03-{text}").replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(("quiet", "asked", "due"), [
    (NIGHT, "01 20:59", "01 20:59"), (NIGHT, "01 21:00", "02 08:00"), (NIGHT, "02 00:10", "02 08:00"),
    (NIGHT, "02 08:00", "02 08:00"), (NOON, "01 12:00", "01 13:30"), (NOON, "01 13:30", "01 13:30"),
    (NOON, "01 23:00", "01 23:00"), (NEVER, "01 03:00", "01 03:00"), (NEVER, "01 08:00", "01 08:00"),
])
def test_a_moment_in_quiet_hours_waits_for_their_end(quiet: tuple[str, str], asked: str, due: str) -> None:
    hours = dt.time.fromisoformat(quiet[0]), dt.time.fromisoformat(quiet[1])
    assert awake(at(asked), hours) == at(due)


def test_a_letter_leaves_when_the_quiet_hours_of_its_rule_are_over(watch: Watch) -> None:
    hours = (dt.time(22), dt.time(9, 30))

    def prepared(session: Session) -> None:
        holder = session.get_one(Person, watch.people["holder"])
        group = session.get_one(Unit, holder.group_id)
        rule = Rule((Stage(40), Stage(39)), ((3650, ("holder",)),), 0, 60, hours)
        ruling.set_rule(session, group, "", "end", rule, seen=0, by=SYSTEM)
        with way_of("wecom_app") as way:
            lines.set_up(session, way.name, group, asdict(way.settings), title="企业微信", by=SYSTEM, local=True)
        contacts.keep(session, actor_for(session, holder), "person", "wang")
        contacts.wish(session, actor_for(session, holder), digest=False, without=[])
    watch.on(ENDS - dt.timedelta(days=100)).act(prepared)
    watch.on(ENDS - dt.timedelta(days=40), 0).on(ENDS - dt.timedelta(days=39), 10)
    with reading(watch.engine) as session:
        due = session.scalars(select(Letter.due_at).join(Letter.told).join(LetterAlert.alert).where(
            Alert.stage.in_(("d40", "d39"))).order_by(Letter.id)).all()
    first, second = (ENDS - dt.timedelta(days=days) for days in (40, 39))
    assert [moment.astimezone(SHANGHAI) for moment in due] == [
        dt.datetime.combine(first, dt.time(9, 30), SHANGHAI), dt.datetime.combine(second, dt.time(10), SHANGHAI)]
