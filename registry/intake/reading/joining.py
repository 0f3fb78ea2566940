"""How long a text would become that formulas join out of each other: A2=A1&A1, A3=A2&A2, ... doubles with every row."""

from __future__ import annotations

import re
from collections.abc import Iterator

from registry.intake.book import place as place_of
from registry.intake.reading import limits
from registry.intake.reading.chunks import column_of
from registry.intake.reading.refusals import SwellingFormula

REFERENCE = re.compile(
    r"(?:(?:'((?:[^']|'')+)'|([\w.]+))!)?(\$?)([A-Z]{1,3})(\$?)(\d{1,7})"
    r"(?::(\$?)([A-Z]{1,3})(\$?)(\d{1,7}))?(?![\w(])"
)
TIMES = re.compile(r",\s*(\d+)\s*\)")
MOST_STEPS = 4_000_000
PLAIN = 32  # characters of a cell without such a formula
Cell = tuple[str, int, int]
Reference = tuple[str, int, int, int, int]
"""Sheet, first row, first column, last row, last column."""


class Joining:
    """The formulas that join texts, each with the cells it joins."""

    def __init__(self) -> None:
        self.formulas: dict[Cell, tuple[int, int, tuple[Reference, ...]]] = {}
        self._steps = 0
        self._origins: dict[tuple[str, bytes], tuple[int, int]] = {}

    def origin(self, sheet: str, shared: bytes, row: int, column: int) -> None:
        """Where a formula is written that other cells share."""
        self._origins[(sheet, shared)] = (row, column)

    def add(self, sheet: str, row: int, column: int, text: str, shared: bytes | None) -> None:
        """A formula; of a shared one, its references move along with the cell."""
        begun = self._origins.get((sheet, shared), (row, column)) if shared is not None else (row, column)
        down, right = row - begun[0], column - begun[1]
        references = tuple(_reference(sheet, found, down, right) for found in REFERENCE.finditer(text))
        times = 1
        for number in TIMES.findall(text) if "REPT" in text.upper() else ():
            times *= max(1, int(number[:6]))
        self.formulas[(sheet.lower(), row, column)] = (len(text), min(times, 10**6), references)
        if len(self.formulas) > limits.MOST_JOINING:
            raise SwellingFormula(None, sheet=sheet, cell=place_of(row, column))

    def check(self) -> None:
        """SwellingFormula for the first cell whose text would pass the bound."""
        sizes: dict[Cell, int] = {}
        for cell in self.formulas:
            self._measure(cell, sizes)

    def _measure(self, start: Cell, sizes: dict[Cell, int]) -> None:
        """The size of a cell, after those it joins. A circle counts as a plain cell: it has no value."""
        waiting = [start]
        while waiting:
            now = waiting[-1]
            if now not in sizes:
                sizes[now] = -1
                waiting += [one for reference in self.formulas[now][2] for one in self._inside(reference, now)
                            if one not in sizes]
            elif sizes[now] < 0:
                sizes[now] = self._size(now, sizes)
                waiting.pop()
            else:
                waiting.pop()

    def _inside(self, reference: Reference, asking: Cell) -> Iterator[Cell]:
        """The cells of a reference that have such formulas themselves."""
        sheet, top, left, bottom, right = reference
        area = max(0, bottom - top + 1) * max(0, right - left + 1)
        self._steps += min(area, len(self.formulas))
        if self._steps > MOST_STEPS:
            raise SwellingFormula(None, sheet=asking[0], cell=place_of(*asking[1:]))
        if area <= len(self.formulas):
            cells = ((sheet, row, column) for row in range(top, bottom + 1) for column in range(left, right + 1))
            return (cell for cell in cells if cell in self.formulas)
        return (cell for cell in self.formulas
                if cell[0] == sheet and top <= cell[1] <= bottom and left <= cell[2] <= right)

    def _size(self, cell: Cell, sizes: dict[Cell, int]) -> int:
        length, times, references = self.formulas[cell]
        for reference in references:
            _, top, left, bottom, right = reference
            length += PLAIN * min(10**6, max(1, bottom - top + 1) * max(1, right - left + 1))
            length += sum(max(0, sizes[one] - PLAIN) for one in self._inside(reference, cell))
        if length * times > limits.MOST_EXPANDED:
            raise SwellingFormula(None, sheet=cell[0], cell=place_of(cell[1], cell[2]))
        return length * times


def _reference(sheet: str, found: re.Match[str], down: int, right: int) -> Reference:
    quoted, plain, fixed_left, left, fixed_top, top, fixed_right, second, fixed_bottom, bottom = found.groups()
    row, column = int(top) - 1 + (0 if fixed_top else down), column_of(left.encode()) - 1 + (0 if fixed_left else right)
    if second is None:
        last_row, last_column = row, column
    else:
        last_row = int(bottom) - 1 + (0 if fixed_bottom else down)
        last_column = column_of(second.encode()) - 1 + (0 if fixed_right else right)
    return ((quoted or plain or sheet).lower(), row, column, last_row, last_column)
