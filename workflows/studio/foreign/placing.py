"""Where the boxes of one scope go: columns by the longest way from a beginning, rows by what comes before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace

GAP_X, GAP_Y, BELOW = 60, 60, 24
MOST_LOOKED = 300


@dataclass(frozen=True)
class Place:
    """Something to be placed, with its size."""

    key: str
    width: int
    height: int


@dataclass(frozen=True)
class Box:
    """A rectangle; `sort` is what its shape says of itself: isHorizontal of a pool, isExpanded of an open scope."""

    x: int
    y: int
    width: int
    height: int
    sort: str = ""

    def moved(self, dx: int, dy: int) -> Box:
        """The same box elsewhere."""
        return replace(self, x=self.x + dx, y=self.y + dy)

    def holds(self, other: Box) -> bool:
        """Whether another box, or itself, lies in it."""
        return (self.x <= other.x and other.x + other.width <= self.x + self.width
                and self.y <= other.y and other.y + other.height <= self.y + self.height)

    def way_to(self, other: Box, flows: bool, low: int = 0) -> list[tuple[int, int]]:
        """The corners of a line to another box: from right to left, straight when it is no flow; below, at `low`, where
        it goes back or something stands between."""
        middle, theirs = self.y + self.height // 2, other.y + other.height // 2
        if not flows:
            return [(self.x + self.width // 2, self.y if self.y > other.y else self.y + self.height),
                    (other.x + other.width // 2, other.y if other.y > self.y else other.y + other.height)]
        if other.x >= self.x + self.width and not low:
            turn = (self.x + self.width + other.x) // 2
            bend = [] if middle == theirs else [(turn, middle), (turn, theirs)]
            return [(self.x + self.width, middle), *bend, (other.x, theirs)]
        low = max(low, self.y + self.height, other.y + other.height) + BELOW
        start, end = self.x + self.width // 2, other.x + other.width // 2
        return [(start, self.y + self.height), (start, low), (end, low), (end, other.y + other.height)]


def between(one: Box, other: Box, boxes: Collection[Box]) -> int:
    """How far down the boxes reach that a straight line between two in a row, or one that goes back, would cross; 0
    when there are none. Of a crowd nobody would see it: not looked for."""
    back, level = other.x < one.x + one.width, one.y + one.height // 2
    if len(boxes) > MOST_LOOKED or (not back and level != other.y + other.height // 2):
        return 0
    left, right = sorted((one.x + one.width // 2, other.x + other.width // 2))
    low, top = 0, min(one.y, other.y)
    for box in sorted(boxes, key=lambda each: each.y):
        apart = not any(whole.holds(part) for whole, part in ((box, one), (one, box), (other, box)))
        near = top <= box.y + box.height and box.y <= max(low, one.y + one.height) + BELOW
        if apart and near and box.x < right and left < box.x + box.width:
            low = max(low, box.y + box.height)
    return low


def placed(places: list[Place], flows: list[tuple[str, str]], left: int, top: int) -> tuple[dict[str, Box], int, int]:
    """Boxes by key with the scope's corner at (left, top), and the scope's width and height."""
    keys = {place.key for place in places}
    ahead: dict[str, list[str]] = defaultdict(list)
    for source, target in dict.fromkeys(flows):
        if source in keys and target in keys and source != target:
            ahead[source].append(target)
    column = columns([place.key for place in places], ahead)
    row = _rows(places, ahead, column)
    wide = _spread({column[p.key]: 0 for p in places}, [(column[p.key], p.width) for p in places], GAP_X, left)
    high = _spread({row[p.key]: 0 for p in places}, [(row[p.key], p.height) for p in places], GAP_Y, top)
    boxes = {}
    for p in places:
        (x, column_width), (y, row_height) = wide[column[p.key]], high[row[p.key]]
        boxes[p.key] = Box(x + (column_width - p.width) // 2, y + (row_height - p.height) // 2, p.width, p.height)
    right = max((box.x + box.width for box in boxes.values()), default=left)
    bottom = max((box.y + box.height for box in boxes.values()), default=top)
    return boxes, right - left, bottom - top + BELOW


def columns(keys: list[str], ahead: dict[str, list[str]]) -> dict[str, int]:
    """The longest way to each from where nothing leads to it; flows that close a circle do not count."""
    entered = {target for targets in ahead.values() for target in targets}
    order, forward = _explored([key for key in keys if key not in entered] + keys, ahead)
    column = dict.fromkeys(keys, 0)
    for key in order:
        for target in forward[key]:
            column[target] = max(column[target], column[key] + 1)
    return column


def _explored(begin: list[str], ahead: dict[str, list[str]]) -> tuple[list[str], dict[str, list[str]]]:
    """Everything in an order in which flows lead onwards, and the flows that do."""
    state: dict[str, int] = {}  # 1: on the way, 2: done
    done: list[str] = []
    forward: dict[str, list[str]] = defaultdict(list)
    for first in begin:
        todo = [(first, iter(ahead[first]))] if first not in state else []
        state.setdefault(first, 1)
        while todo:
            key, rest = todo[-1]
            target = next(rest, None)
            if target is None:
                todo.pop()
                if state[key] != 2:
                    state[key] = 2
                    done.append(key)
                continue
            if state.get(target) == 1:
                continue
            forward[key].append(target)
            if target not in state:
                state[target] = 1
                todo.append((target, iter(ahead[target])))
    return done[::-1], forward


def _rows(places: list[Place], ahead: dict[str, list[str]], column: dict[str, int]) -> dict[str, int]:
    """The row of each: beside the first that leads to it, or the next free one below in its column."""
    before: dict[str, list[str]] = defaultdict(list)
    for source, targets in ahead.items():
        for target in targets:
            before[target].append(source)
    row: dict[str, int] = {}
    taken: dict[int, set[int]] = defaultdict(set)
    least: dict[tuple[int, int], int] = {}
    for place in sorted(places, key=lambda one: column[one.key]):
        here = column[place.key]
        wanted = min((row[one] for one in before[place.key] if one in row), default=0)
        at = least.get((here, wanted), wanted)
        while at in taken[here]:
            at += 1
        least[here, wanted] = at + 1
        taken[here].add(at)
        row[place.key] = at
    return row


def _spread(start: dict[int, int], sizes: list[tuple[int, int]], gap: int, begin: int) -> dict[int, tuple[int, int]]:
    """(where it begins, how wide it is) of each column or row that something lies in."""
    for place, size in sizes:
        start[place] = max(start[place], size)
    found, at = {}, begin
    for place in sorted(start):
        found[place] = (at, start[place])
        at += start[place] + gap
    return found
