"""What belongs together when something is moved or deleted: a task, and the choice that looks at its verdict."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workflows.studio.faces.conditions import Condition
from workflows.studio.faces.listing import FORKS, Block, Branch, Listing, elements_of

FIXED = ("start", "end", "jump", "locked", "merge")
ORDERED = ("choice", *FORKS)
"""Gateways whose ways stand in an order that somebody chose."""


@dataclass(frozen=True)
class Course:
    """A sequence of blocks and the flows by which it is entered."""

    steps: tuple[Block, ...]
    entry: tuple[str, ...]

    def at(self, block_id: str) -> int | None:
        """Where a block stands."""
        return next((place for place, block in enumerate(self.steps) if block.id == block_id and block.id), None)

    def coming(self, place: int) -> tuple[str, ...]:
        """The flows that lead to a place."""
        return self.steps[place - 1].exits if place else self.entry

    def unit(self, place: int) -> tuple[Block, ...]:
        """The blocks that move and go together, from a place on."""
        block, after = self.steps[place], self.steps[place + 1 : place + 2]
        return (block, *after) if after and judges(after[0], block) else (block,)

    def unit_before(self, place: int) -> tuple[Block, ...]:
        """The unit that ends before a place."""
        if place > 1 and judges(self.steps[place - 1], self.steps[place - 2]):
            return self.steps[place - 2 : place]
        return self.steps[place - 1 : place] if place else ()


@dataclass(frozen=True)
class Swap:
    """Two neighbours that can change places, and the flows that lead to the first of them."""

    upper: tuple[Block, ...]
    lower: tuple[Block, ...]
    coming: tuple[str, ...]


def swap(course: Course, at: int, down: bool) -> Swap | None:
    """What changes places when the block there is moved; None where nothing can."""
    unit = course.unit(at)
    after = at + len(unit)
    upper, lower = (unit, course.unit(after) if after < len(course.steps) else ()) if down else (
        course.unit_before(at), unit)
    if not upper or not lower or any(block.kind in FIXED for block in (*upper, *lower)):
        return None
    coming = course.coming(at if down else at - len(upper))
    return Swap(upper, lower, coming) if coming and upper[-1].exits and lower[-1].exits else None


def neighbour(block: Block, way: Branch, down: bool) -> Branch | None:
    """The way of a gateway that this one can change places with; None where nothing can."""
    at = block.branches.index(way) + (1 if down else -1)
    return block.branches[at] if block.kind in ORDERED and 0 <= at < len(block.branches) else None


def deletable(course: Course, at: int) -> bool:
    """Whether a block can go: something follows it, and it is no start, end or locked part."""
    return course.steps[at].kind not in FIXED and bool(taken(course, at)[-1].exits)


def courses(listing: Listing) -> Iterator[Course]:
    """Every sequence of blocks of a list."""
    for course in listing.courses:
        yield Course(course.steps, ())
    for block, way in listing.branches():
        yield Course(way.steps, () if block.kind == "race" or not way.entry else (way.entry,))


def judges(choice: Block, task: Block) -> bool:
    """Whether every condition of a choice looks at the verdict of the task before it."""
    if choice.kind != "choice" or task.work is None:
        return False
    result = task.work.vote_result
    known = set(task.work.gives) | ({f"{result}.passed", result} if result else set())
    said = [way.condition for way in choice.branches if way.condition]
    return bool(said) and all(_about(condition, known) for condition in said)


def _about(condition: Condition, known: set[str]) -> bool:
    if condition.simple:
        return all(row.variable in known for row in condition.rows)
    return bool(known & set(re.findall(r"[^\W\d][\w.]*", condition.text)))


def refuses(choice: Block) -> bool:
    """Whether a choice goes on by one empty way only: what else it does ends or leads elsewhere."""
    going = [way for way in choice.branches if way.goes_on]
    return len(going) == 1 and going[0].holds_nothing


def taken(course: Course, place: int) -> tuple[Block, ...]:
    """What goes when a block is deleted: the task with the choice that only refuses by its verdict."""
    unit = course.unit(place)
    return unit if len(unit) == 1 or refuses(unit[1]) else unit[:1]


def held(blocks: tuple[Block, ...]) -> list[str]:
    """The ids of the elements in blocks."""
    return [each for block in blocks for each in elements_of(block)]


__all__ = ["FIXED", "Course", "Swap", "courses", "deletable", "held", "judges", "neighbour", "refuses", "swap", "taken"]
