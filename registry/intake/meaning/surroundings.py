"""Columns whose meaning only their values tell, held against what we know: the day, the names of our units."""

from __future__ import annotations

import datetime as dt
import re

from registry.intake.book import Value
from registry.intake.known import Known
from registry.intake.mapping import Mapped
from registry.intake.meaning.columns import EXACT
from registry.intake.meaning.folding import fold
from registry.intake.records import Table

_SAMPLE = 200
_DAY = re.compile(r"((?:19|20)[0-9]{2})[-./年 ]?([0-9]{1,2})")


def settle(table: Table, index: int, options: list[Mapped], known: Known) -> None:
    """Put the right one first: a review that lies ahead is due, one behind was done; a place is a unit where most of
    its names are."""
    fields = {each.field for each in options}
    if {"review_on", "reviewed_on"} <= fields and options[0].field in ("review_on", "reviewed_on"):
        ahead = _ahead(_values(table, index), known.today)
        if ahead is not None:
            _first(options, "review_on" if ahead >= 0.2 else "reviewed_on")
    doubtful = any(each.field == "unit" and each.sure < EXACT for each in options)
    if doubtful and options[0].field in ("unit", "keep"):
        names = _units(known)
        texts = [fold(str(value)) for value in _values(table, index)]
        inside = sum(text in names for text in texts)
        _first(options, "unit" if texts and inside >= 0.5 * len(texts) else "keep")


def _values(table: Table, index: int) -> list[Value]:
    step = max(1, len(table.records) // _SAMPLE)
    return [value for record in table.records[::step] if (value := record.values[index]) is not None]


def _ahead(values: list[Value], today: dt.date) -> float | None:
    """The share of days that lie ahead, by their month; None where there is none to be read."""
    months = [month for value in values if (month := _month(value)) is not None]
    if not months:
        return None
    return sum(month >= (today.year, today.month) for month in months) / len(months)


def _month(value: Value) -> tuple[int, int] | None:
    if isinstance(value, dt.date):
        return value.year, value.month
    found = _DAY.search(value) if isinstance(value, str) else None
    return (int(found.group(1)), int(found.group(2))) if found else None


def _units(known: Known) -> set[str]:
    return {fold(name) for unit in known.units.values() for name in (unit.name, *unit.former)}


def _first(options: list[Mapped], field: str) -> None:
    """The option of a field in front of the others, which become less sure than it."""
    sure = min(max(each.sure for each in options), 0.9)
    others = [Mapped(field=each.field, sure=min(each.sure, sure - 0.05)) for each in options if each.field != field]
    options[:] = [Mapped(field=field, sure=sure), *others]
