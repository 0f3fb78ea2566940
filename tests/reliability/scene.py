"""People at one instance: who is away and who stands in for them, what everybody did, and what they must have left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Task, Visit
from engine.usertasks.hands import Addressee
from ledger.actor import Absent, Actor
from ledger.clock import Fixed
from ledger.db import reading
from ledger.facts import Fact
from tests.engine.conftest import World
from tests.engine.hands import to
from tests.reliability.duties import PEOPLE, Sheet


@dataclass
class Scene:
    """`away`: who is absent, and who stands in. `due`: how many facts of each kind what was done must have left."""

    world: World
    it: int
    sheet: Sheet
    random: Random
    clock: Fixed
    away: dict[int, int] = field(default_factory=dict)
    due: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    closed: int = 0  # the last fact of a vote that was looked at

    def actor(self, number: int) -> Actor:
        """Somebody as they act now: with those for whom they stand in."""
        own = next(one for one in PEOPLE if one.id == number)
        away = [one for one in PEOPLE if self.away.get(one.id or 0) == number]
        return replace(own, stands_for=tuple(Absent(one.id or 0, one.name, one.groups) for one in away))

    def people(self) -> list[Actor]:
        return [self.actor(one.id or 0) for one in PEOPLE]

    def other(self, by: Actor) -> Addressee:
        return to(self.random.choice([one for one in PEOPLE if one.id != by.id]))

    def last_body(self, session: Session, element: str) -> int:
        """The token in which the last countersign of an element ran."""
        found = session.scalars(select(Visit.token).where(
            Visit.instance_id == self.it, Visit.element_id == element).order_by(Visit.token.desc())).first()
        return found or 0

    def facts(self) -> Counter[str]:
        """How many facts of each kind people left (what the house itself did is not among them)."""
        with reading(self.world.engine) as session:
            return Counter(session.scalars(select(Fact.kind).where(
                Fact.subject_kind == "instance", Fact.subject_id == self.it, Fact.actor_id.is_not(None))))


Deed = Callable[[Session, Scene, Task, Actor], dict[str, int] | None]
"""Somebody does something with an open task (or beside it): the facts that it must leave, None: nothing was done."""
