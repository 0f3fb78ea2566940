"""How durations are distributed, in little room: so many in each bucket, where a bucket is 5 % wide. Sketches add up.

A percentile read from a sketch is off by at most ERROR of its value (2.44 %), whatever the distribution and however
many sketches were added (the scheme of DDSketch: Masson, Rim, Lee, VLDB 2019). Nothing at all (0) is exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import accumulate

SMALLEST = 0.0001  # working days: what WorkTime rounds to, about 9 seconds
WIDTH = 1.05
ERROR = (WIDTH - 1) / (WIDTH + 1)
_LOG = math.log(WIDTH)

Sketch = dict[int, int]
"""Bucket -> how many. Bucket 0 holds zeros, bucket n values up to SMALLEST * WIDTH ** (n - 1)."""


def bucket(days: float) -> int:
    """The bucket of a duration in working days."""
    if days <= 0:
        return 0
    return 1 + max(0, math.ceil(math.log(days / SMALLEST) / _LOG - 1e-9))


def middle(number: int) -> float:
    """What stands for every value of a bucket: off by no more than ERROR of each."""
    return 0.0 if number == 0 else 2 * SMALLEST * WIDTH ** (number - 1) / (1 + WIDTH)


def add(into: Sketch, more: Iterable[tuple[int, int]]) -> None:
    """Add another sketch's buckets."""
    for number, count in more:
        into[number] = into.get(number, 0) + count


def stored(sketch: Mapping[int, int]) -> dict[str, int]:
    """As it is kept: JSON knows no numbers as keys."""
    return {str(number): count for number, count in sorted(sketch.items())}


def read(kept: Mapping[str, int]) -> Iterable[tuple[int, int]]:
    """The buckets of a kept sketch."""
    return ((int(number), count) for number, count in kept.items())


def median(sketch: Mapping[int, int]) -> float | None:
    """The middle value; of an even number, the mean of the two in the middle. None: there is none."""
    total = sum(sketch.values())
    if not total:
        return None
    low, high = _at(sketch, (total + 1) // 2), _at(sketch, total // 2 + 1)
    return round((low + high) / 2, 4)


def percentile(sketch: Mapping[int, int], percent: int) -> float | None:
    """The smallest value that is not exceeded by `percent` of them (nearest rank). None: there is none."""
    total = sum(sketch.values())
    return round(_at(sketch, max(-(-total * percent // 100), 1)), 4) if total else None


def _at(sketch: Mapping[int, int], rank: int) -> float:
    """The value at a rank, counted from 1."""
    numbers = sorted(sketch)
    reached = accumulate(sketch[number] for number in numbers)
    return next(middle(number) for number, so_far in zip(numbers, reached, strict=True) if so_far >= rank)
