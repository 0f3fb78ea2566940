"""A certificate that comes to its end, and the people of its ladder; days go by, and what is due happens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, selectinload

from ledger import clock as clocks
from ledger import failpoints, outbox, workdays
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import reading, unit
from ledger.outbox import Handler
from registry.access.accounts import create_account
from registry.access.grants import grant_role
from registry.alerts import climbing, deadlines, planning, progress, silence
from registry.alerts.model import Alert
from registry.alerts.progress import Progress
from registry.alerts.rules import WINDOW
from registry.certificates.models import Certificate
from registry.people.persons import Person
from tests.registry.organisation import organisation

D = dt.date
T = TypeVar("T")
ENDS = D(2027, 5, 31)


def follow(session: Session, fact: object) -> None:
    """What the matters above do with a fact of a certificate (workflows/alerting.py), without them."""
    certificate = session.get_one(Certificate, fact.subject_id)  # type: ignore[attr-defined]
    silence.settle(session, certificate)
    kind, after = fact.kind, fact.after  # type: ignore[attr-defined]
    if kind in WINDOW:
        due = (after or {}).get("due")
        planning.opened(session, certificate, kind, D.fromisoformat(due) if due else clocks.day_of(fact.at))  # type: ignore[attr-defined]
    else:
        planning.learnt(session, certificate)


@dataclass
class Watch:
    """A worker of a project whose P02 ends on 2027-05-31, and the people of the ladder, with accounts."""

    engine: Engine
    now: Fixed
    certificate: int = 0
    people: dict[str, int] = field(default_factory=dict)
    handlers: list[tuple[str, Handler]] = field(default_factory=lambda: [("certificate.", follow)])

    def on(self, day: D, hour: int = 9) -> Watch:
        """It is that day; the worker looks, and the outbox is delivered."""
        self.now.move_to(dt.datetime(day.year, day.month, day.day, hour, tzinfo=clocks.SHANGHAI))
        return self.look()

    def look(self) -> Watch:
        while (deadlines.sweep(self.engine) + planning.sweep(self.engine) + climbing.sweep(self.engine)
               + outbox.deliver(self.engine, self.handlers)):
            pass
        return self

    def through(self, first: D, last: D) -> Watch:
        """Every day from one to the other."""
        for number in range((last - first).days + 1):
            self.on(first + dt.timedelta(days=number))
        return self

    def act(self, what: Callable[[Session], T]) -> T:
        with unit(self.engine) as session:
            return what(session)

    def stages(self, silent: bool = False) -> list[str]:
        """The stages of days that were raised, in order."""
        return [alert.stage for alert in self.alerts() if alert.stage.startswith("d")
                and (silent or alert.silent_why != "under_way")]

    def alerts(self) -> list[Alert]:
        with reading(self.engine) as session:
            query = select(Alert).options(selectinload(Alert.told)).order_by(Alert.id)
            rows = list(session.scalars(query))
            session.expunge_all()
            return rows

    def alert(self, stage: str) -> Alert:
        return next(alert for alert in self.alerts() if alert.stage == stage)

    def told(self, stage: str) -> set[str]:
        """Who was told of a stage, by the role of this little world."""
        names = {number: name for name, number in self.people.items()}
        return {names[each.person_id] for each in self.alert(stage).told}


@contextmanager
def watched(engine: Engine, clock: Fixed) -> Iterator[Watch]:
    made, asked = Watch(engine, clock), list(progress._ask)
    progress._ask.clear()
    clock.move_to(dt.datetime(2026, 11, 22, 9, tzinfo=clocks.SHANGHAI))
    with unit(engine) as session:
        workdays.seed(session)
        org = organisation(session)
        people: dict[str, Person] = {"holder": org.person(name="王建国")}
        for name, role, at in (("custodian", "custodian", org.company), ("hr", "hr_head", org.company),
                               ("vice", "vice_president", org.company), ("legal", "legal_head", org.group),
                               ("far", "custodian", org.other)):
            people[name] = org.person(org.safety, name=name)
            grant_role(session, people[name], role, at, by=SYSTEM)
        for name, person in people.items():
            create_account(session, person, login=name, password="licet-test-2026", by=SYSTEM)
        certificate = org.worker(people["holder"], valid_until=ENDS)
        session.flush()
        made.certificate = certificate.id
        made.people = {name: person.id for name, person in people.items()}
    try:
        yield made
    finally:
        failpoints.arm(None)
        progress._ask[:] = asked  # whoever comes next in this process finds what it was told


def renewing(expected: D | None) -> None:
    """A renewal is under way that is expected on a day."""
    progress.told_by(lambda session, number: Progress(("request", 7), "SQ-2027-0007", "初审", expected))


__all__ = ["ENDS", "Watch", "renewing", "watched"]
