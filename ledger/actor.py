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
class Actor:
    """`id` is the person's id (None for the system); `group_id` the root company."""

    id: int | None
    name: str
    group_id: int | None = None
    grants: tuple[Grant, ...] = field(default=())
    kind: Literal["person", "system"] = "person"

    @cached_property
    def groups(self) -> frozenset[str]:
        """What tasks are offered to: "role@unit" for every grant."""
        return frozenset(f"{grant.role}@{grant.unit_id}" for grant in self.grants)

    @cached_property
    def roles(self) -> frozenset[str]:
        """The roles held anywhere."""
        return frozenset(grant.role for grant in self.grants)


SYSTEM = Actor(id=None, name="system", kind="system")
