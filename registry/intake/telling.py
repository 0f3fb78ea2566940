"""What the pages show of a file before its rows are judged: its tables, headings, examples, counts and sums (对账).

`told` of a batch is {"tables": [...], "skipped": [...]}. A table has number, sheet, name, title, shape, hidden, context,
rows, first and last (its rows in the sheet, from 1), and columns; a column has heading, letter, filled (cells that are not empty), examples (masked), words (distinct
values with counts, where there are few), and sum and numbers (how many numbers, and what they add up to) where it holds numbers.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from registry.intake.book import Value, letter
from registry.intake.cells import masked
from registry.intake.records import Layout, Table

EXAMPLES, WORDS, LONGEST = 4, 60, 60


def tell(layout: Layout) -> dict[str, Any]:
    """The whole book, as plain JSON."""
    skipped = Counter((each.sheet, each.why) for each in layout.skipped)
    return {
        "tables": [_table(table) for table in layout.tables],
        "skipped": [{"sheet": sheet, "why": why, "rows": count} for (sheet, why), count in sorted(skipped.items())],
    }


def _table(table: Table) -> dict[str, Any]:
    rows = [record.row + 1 for record in table.records]
    return {
        "number": table.number, "sheet": table.sheet, "name": table.name, "title": table.title, "shape": table.shape,
        "hidden": table.hidden, "context": table.context, "rows": len(rows), "first": min(rows, default=0),
        "last": max(rows, default=0),
        "columns": [_column(table, index) for index in range(len(table.columns))],
    }


def _column(table: Table, index: int) -> dict[str, Any]:
    column = table.columns[index]
    values = [record.values[index] for record in table.records
              if index < len(record.values) and record.values[index] not in (None, "")]
    words = Counter(value.strip()[:LONGEST] for value in values if isinstance(value, str))
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    told: dict[str, Any] = {
        "heading": column.heading, "letter": letter(column.place), "filled": len(values),
        "examples": list(dict.fromkeys(masked(text_of(value))[:LONGEST] for value in values[:200]))[:EXAMPLES],
    }
    if numbers:
        told |= {"numbers": len(numbers), "sum": _sum(numbers)}
    if 0 < len(words) <= WORDS:
        told["words"] = [[masked(word), count] for word, count in words.most_common()]
    return told


def _sum(numbers: list[int | float]) -> int | float:
    total = sum(numbers)
    return round(total, 4) if isinstance(total, float) else total


def text_of(value: Value) -> str:
    """A cell as text."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "minutes")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
