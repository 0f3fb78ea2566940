"""Boxes and square lines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]
MARGIN = 12.0


@dataclass(frozen=True)
class Box:
    """A rectangle; axis 0 is x, 1 is y."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def centred(cls, middle: Point, size: Point) -> Box:
        """A box of this size around a point."""
        return cls(middle[0] - size[0] / 2, middle[1] - size[1] / 2, size[0], size[1])

    @classmethod
    def around(cls, on: Point, size: Point, axis: int, lead: float) -> Box:
        """A box on a line through `on` along the axis, beginning at `lead`."""
        other = on[1 - axis] - size[1 - axis] / 2
        return cls(lead if axis == 0 else other, other if axis == 0 else lead, size[0], size[1])

    @property
    def middle(self) -> Point:
        """The centre."""
        return (self.x + self.width / 2, self.y + self.height / 2)

    def lead(self, axis: int) -> float:
        """Where it begins."""
        return self.y if axis else self.x

    def far(self, axis: int) -> float:
        """Where it ends."""
        return self.y + self.height if axis else self.x + self.width

    def centre(self, axis: int) -> float:
        """Its middle along an axis."""
        return self.middle[axis]

    def moved(self, axis: int, by: float) -> Box:
        """The same box further on."""
        return replace(self, y=self.y + by) if axis else replace(self, x=self.x + by)

    def grown(self, axis: int, by: float) -> Box:
        """A longer box."""
        return replace(self, height=self.height + by) if axis else replace(self, width=self.width + by)

    def touches(self, other: Box) -> bool:
        """Whether two boxes overlap or nearly do."""
        return all(self.lead(axis) < other.far(axis) + MARGIN and other.lead(axis) < self.far(axis) + MARGIN
                   for axis in (0, 1))

    def written(self) -> dict[str, str]:
        """Its attributes."""
        sizes = {"x": self.x, "y": self.y, "width": self.width, "height": self.height}
        return {key: str(int(value)) if value == int(value) else f"{value:.1f}" for key, value in sizes.items()}


def docked(box: Box, towards: Point, axis: int) -> Point:
    """The middle of the side of a box that looks along the axis to a point."""
    x, y = box.middle
    side = box.far(axis) if towards[axis] >= box.middle[axis] else box.lead(axis)
    return (side, y) if axis == 0 else (x, side)


def route(a: Box, b: Box) -> list[Point]:
    """A square line from one box to another."""
    (ax, ay), (bx, by) = a.middle, b.middle
    if b.lead(0) >= a.far(0) + 15:
        half = (a.far(0) + b.lead(0)) / 2
        return tidy([(a.far(0), ay), (half, ay), (half, by), (b.lead(0), by)])
    if b.lead(1) >= a.far(1) + 15:
        half = (a.far(1) + b.lead(1)) / 2
        return tidy([(ax, a.far(1)), (ax, half), (bx, half), (bx, b.lead(1))])
    if b.far(1) <= a.lead(1) - 15:
        half = (a.lead(1) + b.far(1)) / 2
        return tidy([(ax, a.lead(1)), (ax, half), (bx, half), (bx, b.far(1))])
    above = min(a.lead(1), b.lead(1)) - 22  # back in the same row: over it, for what is refused goes below
    return [(ax, a.lead(1)), (ax, above), (bx, above), (bx, b.lead(1))]


def elbow(a: Box, b: Box) -> list[Point]:
    """A line with one bend: down or up from a gateway and along to a task, or along from a task and up to a gateway."""
    (ax, ay), (bx, by) = a.middle, b.middle
    if b.lead(0) < ax + 5 or abs(ay - by) < a.height / 2:
        return route(a, b)
    if a.width <= b.width:
        return [(ax, a.far(1) if by > ay else a.lead(1)), (ax, by), (b.lead(0), by)]
    if bx < a.far(0) + 5:
        return route(a, b)
    return [(a.far(0), ay), (bx, ay), (bx, b.far(1) if ay > by else b.lead(1))]


def tidy(points: list[Point]) -> list[Point]:
    """The same line without points that bend nothing."""
    made: list[Point] = []
    for point in points:
        if made and abs(point[0] - made[-1][0]) < 0.5 and abs(point[1] - made[-1][1]) < 0.5:
            continue
        if len(made) > 1 and any(made[-2][axis] == made[-1][axis] == point[axis] for axis in (0, 1)):
            made.pop()
        made.append(point)
    return made if len(made) > 1 else points[:1] + points[-1:]


def bend(points: list[Point], beyond: list[bool], axis: int, source_moved: bool, target_moved: bool) -> None:
    """Let the stretch of a line that stands at one of its ends move with that end, so that it stays square."""
    for place, moved in ((0, source_moved), (len(points) - 1, target_moved)):
        step = 1 if place == 0 else -1
        at = place
        while 0 <= at < len(points) and points[at][axis] == points[place][axis]:
            beyond[at] = moved
            at += step


def squared(made: list[Point], was: list[Point]) -> list[Point]:
    """A moved line with a step put in wherever a stretch that was square no longer is."""
    found = made[:1]
    for (before, after), (old, new) in zip(zip(made, made[1:], strict=False), zip(was, was[1:], strict=False),
                                           strict=True):
        if before[0] != after[0] and before[1] != after[1] and (old[0] == new[0] or old[1] == new[1]):
            axis = 1 if old[0] == new[0] else 0
            half = (before[axis] + after[axis]) / 2
            found += [(before[0], half), (after[0], half)] if axis else [(half, before[1]), (half, after[1])]
        found.append(after)
    return found


def cornered(points: list[Point]) -> list[Point]:
    """A line with a corner wherever two points stand askew."""
    made = points[:1]
    for x, y in points[1:]:
        last = made[-1]
        if last[0] != x and last[1] != y:
            along = len(made) < 2 or made[-2][1] == last[1]
            made.append((x, last[1]) if along else (last[0], y))
        made.append((x, y))
    return made
