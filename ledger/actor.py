"""Who acts. Made by registry.access for people, or SYSTEM for what the house does by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal


@dataclass(frozen=True)
class Grant:
    """A role held at a unit; `path` is that unit's place in the tree, such as "/1/3/12/"."""

    role: str
    unit_id: int
    path: str


@dataclass(frozen=True)
class Absent:
    """Somebody who is away and for whom an actor stands in now: what they are offered, and in which processes the
    actor may take it (None: every one)."""

    id: int
    name: str
    groups: frozenset[str]
    processes: frozenset[str] | None = None

    def covered(self, process_id: str) -> bool:
        """Whether the appointment reaches that process."""
        return self.processes is None or process_id in self.processes


@dataclass(frozen=True)
class Actor:
    """`id` is the person's id (None for the system); `group_id` the root company; `stands_for` is never transitive."""

    id: int | None
    name: str
    group_id: int | None = None
    grants: tuple[Grant, ...] = field(default=())
    kind: Literal["person", "system"] = "person"
    stands_for: tuple[Absent, ...] = ()

    @cached_property
    def groups(self) -> frozenset[str]:
        """What tasks are offered to: "role@unit" for every grant."""
        return frozenset(f"{grant.role}@{grant.unit_id}" for grant in self.grants)

    @cached_property
    def roles(self) -> frozenset[str]:
        """The roles held anywhere."""
        return frozenset(grant.role for grant in self.grants)


SYSTEM = Actor(id=None, name="system", kind="system")
