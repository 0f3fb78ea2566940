"""What is special about single cells, row by row: merged areas, strokes, red, lost digits, links, pictures."""

from __future__ import annotations

import colorsys
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from registry.intake.book import Area, Sheet, Spot

MOST_MERGED = 2_000_000
"""So many cells of merged areas are followed up in one sheet; no ledger has more, a hostile file may."""


@lru_cache(maxsize=4096)
def is_red(colour: str) -> bool:
    """Whether a background RRGGBB is a red, from a strong one to the pale one of a warning; not orange, not pink."""
    try:
        parts = [int(colour[at:at + 2], 16) / 255 for at in (0, 2, 4)]
    except ValueError:
        return False
    hue, saturation, value = colorsys.rgb_to_hsv(*parts)
    return saturation >= 0.15 and value >= 0.45 and (hue <= 14 / 360 or hue >= 340 / 360)


class Marks:
    """The marks of a sheet by row. Rows in none of them, nearly all, need no second look."""

    def __init__(self, sheet: Sheet) -> None:
        rows = len(sheet.rows)
        self.areas = [area for area in sheet.merged if area[0] < rows]
        self.down: dict[int, dict[int, Spot]] = defaultdict(dict)
        """Row -> column -> the cell that a merged area, going down, takes its value from."""
        self._wide: dict[int, list[Area]] = defaultdict(list)
        for area in self.areas:
            if area[3] > area[1]:
                self._wide[area[0]].append(area)
        self._follow(sheet)
        self.struck = _by_row(sheet.struck)
        self.red = _by_row(spot for spot, colour in sheet.fills.items() if is_red(colour))
        self.rounded = _by_row(sheet.rounded)
        self.uncalculated = _by_row(sheet.uncalculated)
        self.links = _by_row(sheet.links)
        self.addresses = sheet.links
        self.hidden = sheet.hidden_rows
        self.pictures = sheet.pictures
        self.marked: set[int] = set().union(
            self.struck, self.red, self.rounded, self.uncalculated, self.links, self.hidden, self.pictures
        )
        self.touched = self.marked.union(self.down, self._wide)

    def _follow(self, sheet: Sheet) -> None:
        left = MOST_MERGED
        for first, column, last, _ in self.areas:
            last = min(last, len(sheet.rows) - 1)
            left -= last - first
            if left < 0:
                break
            for row in range(first + 1, last + 1):
                self.down[row][column] = (first, column)

    def wide(self, row: int) -> list[Area]:
        """The merged areas of several columns that begin in a row."""
        return self._wide.get(row, [])


def _by_row(spots: Iterable[Spot]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for row, column in spots:
        found[row].append(column)
    return found
