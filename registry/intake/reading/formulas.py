"""Formulas are never calculated, only looked at: what they reach for, and what they would swell to.

A formula's kept result is the cell's value; a formula saved without one leaves the cell empty and marked. Links to
other workbooks are left alone: their kept results are values like any other. What calls programs or the network is
refused.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from registry.intake.book import place as place_of
from registry.intake.reading import limits
from registry.intake.reading.chunks import column_of
from registry.intake.reading.joining import Joining
from registry.intake.reading.refusals import CallingFormula, SwellingFormula

if TYPE_CHECKING:
    from registry.intake.reading.scan import Seen

CELL = re.compile(
    rb"<c\s([^>]*)>\s*<f\b([^>]*?)(?:/>|>([^<]*)</f>)\s*(?:<v\s*/>|<v\b[^>]*>([^<]*)</v>)?", re.DOTALL
)
PLACE = re.compile(rb"""\br=["']([A-Z]+)(\d+)["']""")
KIND = re.compile(rb"""\bt=["'](\w+)["']""")
SHARED = re.compile(rb"""\bsi=["'](\d+)["']""")
REF = re.compile(rb"""\bref=["']([A-Z]+)(\d+):([A-Z]+)(\d+)["']""")
STRING = re.compile(r'"(?:[^"]|"")*"')
QUOTED = re.compile(r"'(?:[^']|'')*'!|\[[^\]]*\]")
CALLS = re.compile(
    r"\b(?:WEBSERVICE|CALL|REGISTER(?:\.ID)?|RTD|DDE|EXEC|EXECUTE|INITIATE|POKE|FOPEN|RUN|IMPORTDATA|IMPORTXML"
    r"|IMPORTHTML|IMPORTFEED|IMPORTRANGE|IMAGE)\s*\(|\|", re.IGNORECASE)
"""Functions that reach out of the workbook, and the bar of `program|'topic'!item` (DDE), which is no operator."""
REPEATED = re.compile(r"\bREPT\s*\([^()]*?,\s*([\d.]+(?:E\+?\d+)?)\s*\)", re.IGNORECASE)
MADE = re.compile(r"\b(?:SEQUENCE|RANDARRAY|MAKEARRAY|EXPAND)\s*\(([^()]*)\)", re.IGNORECASE)
COUNT = re.compile(r"(?<![\w.$])\d+(?:\.\d+)?(?:E\+?\d+)?(?![\w.])", re.IGNORECASE)
JOINS = re.compile(r"&|\bCONCAT|\bTEXTJOIN|\bREPT|\bSUBSTITUTE|\bREPLACE", re.IGNORECASE)
PICTURE = b"DISPIMG("


class Formulas:
    """All formulas of a book, by and by."""

    def __init__(self) -> None:
        self.joining = Joining()
        self._shared: dict[tuple[str, bytes], str] = {}
        self._fine: set[str] = set()

    def look(self, sheet: str, chunk: bytes, seen: Seen) -> None:
        """The formulas of some rows. Notes cells without a kept result and pictures that WPS keeps in cells."""
        for found in CELL.finditer(chunk):
            given, told, text, result = found.groups()
            place = PLACE.search(given)
            if place is None:
                continue
            row, column = int(place[2][:9]) - 1, column_of(place[1]) - 1
            kind = KIND.search(given)
            if not result and (kind is None or kind[1] != b"str"):  # a calculated "" is a result
                seen.uncalculated.add((row, column))
            if text and PICTURE in text:
                seen.pictures[row] += 1
            self._check(sheet, row, column, told, text or b"")

    def _check(self, sheet: str, row: int, column: int, told: bytes, raw: bytes) -> None:
        cell = place_of(row, column)
        text = html.unescape(raw.decode("utf-8", "replace")) if b"&" in raw else raw.decode("utf-8", "replace")
        shared = SHARED.search(told)
        if shared and text:
            self._shared[(sheet, shared[1])] = text
            self.joining.origin(sheet, shared[1], row, column)
        elif shared:
            text = self._shared.get((sheet, shared[1]), "")
        if told and (area := REF.search(told)) and b"shared" not in told and _cells(area) > limits.MOST_FILLED:
            raise SwellingFormula(None, sheet=sheet, cell=cell)
        if text not in self._fine:
            self._judge(sheet, cell, text)
        if JOINS.search(text):
            self.joining.add(sheet, row, column, text, shared[1] if shared else None)

    def _judge(self, sheet: str, cell: str, text: str) -> None:
        bare = QUOTED.sub("_!", STRING.sub('""', text))
        if len(text) > limits.MOST_FORMULA or _depth(bare) > limits.MOST_DEPTH or swells(bare):
            raise SwellingFormula(None, sheet=sheet, cell=cell)
        if CALLS.search(bare):
            raise CallingFormula(None, sheet=sheet, cell=cell)
        if len(self._fine) < 50_000:
            self._fine.add(text)


def swells(bare: str) -> bool:
    """Whether a formula asks for a giant text or array in so many words."""
    if any(_number(times) > 32_767 for times in REPEATED.findall(bare)):
        return True
    for inner in MADE.findall(bare):
        product = 1.0
        for number in COUNT.findall(inner):
            product *= max(1.0, _number(number))
        if product > limits.MOST_FILLED:
            return True
    return False


def _number(text: str) -> float:
    try:
        return float(text[:40])
    except ValueError:
        return 0.0


def _depth(bare: str) -> int:
    if bare.count("(") <= limits.MOST_DEPTH:
        return 0
    depth = deepest = 0
    for sign in bare:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    return deepest


def _cells(area: re.Match[bytes]) -> int:
    left, top, right, bottom = area.groups()
    return (int(bottom[:9]) - int(top[:9]) + 1) * (column_of(right) - column_of(left) + 1)
