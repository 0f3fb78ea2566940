"""If somebody were away: to whom would fall what they have and what is to be expected. The rule; it knows no database.

What they hold stays with them while they are away, unless somebody stands in for them: nobody else may do it until it
is reassigned. What is offered to a group that they are in is done by its other members, and by whoever stands in for
them. Whoever is barred (four eyes), or away for all of that time, takes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

How = Literal["substitute", "group", "held", "nobody"]


@dataclass(frozen=True)
class Piece:
    """A task that is open, or so many of a kind that are to be expected (`number`; a mean, not whole).

    `groups` is what it is offered to; `held`: the person who would be away has it; `barred` may not do it.
    """

    process_id: str
    element_id: str
    name: str
    groups: tuple[str, ...]
    number: float = 1.0
    task_id: int | None = None
    title: str = ""
    held: bool = False
    due: dt.datetime | None = None
    barred: frozenset[int] = frozenset()

    @property
    def open(self) -> bool:
        """Whether it is there already."""
        return self.task_id is not None


@dataclass(frozen=True)
class StandIn:
    """Somebody stands in for the person: for a part of the time (`share` of its working days), in some processes."""

    person_id: int
    share: float = 1.0
    processes: frozenset[str] | None = None

    def covers(self, process_id: str) -> bool:
        """Whether that reaches a process."""
        return self.processes is None or process_id in self.processes


@dataclass(frozen=True)
class Cover:
    """Who is there: the substitutes, and the other members of each group, without whoever is away as well."""

    stand_ins: Sequence[StandIn] = ()
    members: Mapping[str, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Fall:
    """Where a piece would fall: how, to whom in equal shares. `could`: for one that stays held, who could take it if it
    were reassigned. `partly`: somebody stands in, but not for all of the time."""

    piece: Piece
    how: How
    to: tuple[int, ...] = ()
    could: tuple[int, ...] = ()
    partly: bool = False


def falls(piece: Piece, cover: Cover) -> Fall:
    """To whom this piece would fall."""
    standing = [one for one in cover.stand_ins if one.covers(piece.process_id) and one.person_id not in piece.barred]
    others = frozenset[int]().union(*(cover.members.get(group, frozenset()) for group in piece.groups)) - piece.barred
    substitutes = tuple(dict.fromkeys(one.person_id for one in standing))
    partly = bool(standing) and sum(one.share for one in standing) < 0.999
    if piece.held:
        return Fall(piece, "substitute", substitutes, partly=partly) if substitutes else Fall(
            piece, "held", could=tuple(sorted(others)))
    if others:
        return Fall(piece, "group", tuple(sorted(others | set(substitutes))))
    return Fall(piece, "substitute", substitutes, partly=partly) if substitutes else Fall(piece, "nobody")


@dataclass(frozen=True)
class Extra:
    """What somebody would get on top of what they have: of what is open, and of what is to be expected."""

    open: float = 0.0
    expected: float = 0.0


def extra(fallen: Iterable[Fall]) -> dict[int, Extra]:
    """Person -> what they would get. A piece that several may do counts for each of them in equal shares; what they
    would have got anyway, as members of the group, is in it only as far as it grows by one of them being away."""
    open_, expected = defaultdict[int, float](float), defaultdict[int, float](float)
    for one in fallen:
        counted = open_ if one.piece.open else expected
        # a group of n shared it before, of n - 1 now; what one of them alone did falls to them whole
        part = one.piece.number / len(one.to) if one.to else 0.0
        if one.how == "group" and one.piece.open:
            part -= one.piece.number / (len(one.to) + 1)
        for person_id in one.to:
            counted[person_id] += part
    return {person_id: Extra(open_[person_id], expected[person_id]) for person_id in {*open_, *expected}}


def left_alone(fallen: Iterable[Fall], own: Collection[str]) -> list[str]:
    """The groups, of those that the person is in (`own`), with work that nobody could do."""
    return list(dict.fromkeys(group for one in fallen if one.how == "nobody" for group in one.piece.groups
                              if group in own))


def together(fallen: Iterable[Fall]) -> list[Fall]:
    """What is to be expected at one element and would fall to the same people, as one; most first."""
    summed: dict[tuple[str, str, How, tuple[int, ...], bool], Fall] = {}
    for one in fallen:
        key = (one.piece.process_id, one.piece.element_id, one.how, one.to, one.partly)
        known = summed.get(key)
        number = one.piece.number + (known.piece.number if known else 0.0)
        summed[key] = replace(one, piece=replace(one.piece, number=number))
    return sorted(summed.values(), key=lambda one: -one.piece.number)


def passing(fallen: Iterable[Fall], first: dt.datetime, last: dt.datetime) -> list[Fall]:
    """Open tasks whose deadline lies in that time (or has passed already), those first that nobody would do."""
    order: dict[How, int] = {"nobody": 0, "held": 1, "substitute": 2, "group": 3}
    due = [one for one in fallen if one.piece.open and one.piece.due is not None and one.piece.due <= last]
    return sorted(due, key=lambda one: (order[one.how], one.piece.due or last))
