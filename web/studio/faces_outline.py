"""A list that is too long for cards: line by line, a page at a time; the step that is being edited is a card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from web.pages import Page
from web.studio.faces_asked import Opened
from workflows.studio.faces.listing import Block, Branch, Listing

MOST_CARDS, SIZE = 300, 100
"""So many steps are shown as cards; of a longer list so many lines on a page."""


@dataclass(frozen=True)
class Line:
    """A block, or the head of a way of one (`way`); `number` counts the blocks, `depth` the ways around them."""

    block: Block
    depth: int
    number: int = 0
    way: Branch | None = None

    def meant(self, at: Opened) -> bool:
        """Whether the address has this line open, or comes back to it."""
        key, place = (self.way.id, f"way:{self.way.entry}") if self.way else (self.block.id, f"after:{self.block.id}")
        return bool(key) and (key in (at.step, at.way, at.focus) or place == at.add)


def of(listing: Listing, at: Opened, number: int | None) -> Page | None:
    """A page of lines: that of the line which is open, else the one asked for. None for a list that cards can show."""
    if sum(1 for _ in zip(range(MOST_CARDS + 1), listing.blocks(), strict=False)) <= MOST_CARDS:
        return None
    counter = count(1)
    lines = [line for course in listing.courses for line in _lines(course.steps, 0, counter)]
    lines += _lines((listing.left_over,), 0, counter) if listing.left_over else ()
    found = next((place // SIZE + 1 for place, line in enumerate(lines) if line.meant(at)), number or 1)
    page = min(max(1, found), -(-len(lines) // SIZE))
    return Page(lines[(page - 1) * SIZE : page * SIZE], page, len(lines), SIZE)


def _lines(steps: tuple[Block, ...], depth: int, counter: Iterator[int]) -> Iterator[Line]:
    for block in steps:
        yield Line(block, depth, next(counter) if block.kind != "jump" else 0)
        for way in block.ways:
            yield Line(block, depth + 1, way=way)
            yield from _lines(way.steps, depth + 2, counter)
