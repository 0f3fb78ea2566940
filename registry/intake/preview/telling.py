"""What the pages show of a file before its rows are judged: its tables, headings, examples, counts and sums (对账)."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from registry.intake.book import Book, Value, letter
from registry.intake.mapping import Mapping
from registry.intake.masking import masked
from registry.intake.meaning.types import TypeWords
from registry.intake.records import Layout, Table

EXAMPLES, WORDS, LONGEST = 3, 300, 60
FEW = 60
UNSAID = frozenset({"keep", "ignore", "remark", "post", "state", "category", "item", "trade", "speciality", "level"})
"""What a column may mean that a person then calls the type: its words are told, to be asked about."""
_AMOUNT = re.compile(r"\s*-?(?:0|[1-9][0-9]{0,9}|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,3})(?:\.[0-9]{1,6})?\s*")
LARGEST = 10**18
TELLING = ("type", "category", "item", "trade", "speciality", "level")
"""The fields whose words may name a type; the first that a table has is shown."""


def tell(book: Book, layout: Layout, mappings: Sequence[Mapping], guesses: TypeWords) -> dict[str, Any]:
    """The whole book as plain JSON: `tables`, `skipped` (rows of no table, by why) and `rows` (all rows of the file).

    A table's `first` and `last` are rows of its sheet, from 1. A column has its heading, letter and place, how many
    cells are filled, examples (masked), where it holds numbers how many and their sum, as text, and where it may name
    types after all its few `words`. A table's `words` are those of the column that names the types: word, count, our
    code, how sure, candidates.
    """
    return {
        "tables": [_table(book, table, mapping, guesses)
                   for table, mapping in zip(layout.tables, mappings, strict=True)],
        "skipped": dict(Counter(each.why for each in layout.skipped)),
        "rows": sum(len(sheet.rows) for sheet in book.sheets),
    }


def _table(book: Book, table: Table, mapping: Mapping, guesses: TypeWords) -> dict[str, Any]:
    rows = [record.row + 1 for record in table.records]
    return {
        "number": table.number, "sheet": table.sheet, "sheet_name": book.sheets[table.sheet].name, "name": table.name,
        "title": masked(table.title), "shape": table.shape, "hidden": table.hidden,
        "context": {key: masked(text) for key, text in table.context.items()},
        "rows": len(rows), "first": min(rows, default=0), "last": max(rows, default=0),
        "columns": [_column(table, index, mapping.field(index)) for index in range(len(table.columns))],
        "words": _words(table, mapping, guesses),
    }


def _column(table: Table, index: int, field: str) -> dict[str, Any]:
    column, values = table.columns[index], _values(table, index)
    numbers = _numbers(values)
    return {
        "heading": masked(column.heading), "place": column.place, "letter": letter(column.place), "filled": len(values),
        "examples": list(dict.fromkeys(masked(text_of(value))[:LONGEST] for value in values[:200]))[:EXAMPLES],
        "numbers": len(numbers), "sum": _sum(numbers) if numbers else None,
        "words": _few(values) if field in UNSAID else [],
    }


def _numbers(values: Sequence[Value]) -> list[Decimal]:
    """The numbers of a column. Where they are text, as in every CSV, only if all that is written there are amounts:
    plain figures without a zero in front, which would be a code."""
    found = [Decimal(str(value)) for value in values
             if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST]
    texts = [value for value in values if isinstance(value, str)]
    if all(_AMOUNT.fullmatch(text) for text in texts):
        found += [Decimal(text.strip().replace(",", "")) for text in texts]
    return found


def _sum(numbers: Sequence[Decimal]) -> str:
    total = round(sum(numbers, Decimal()), 4)
    return format(total.quantize(Decimal(1)) if total == total.to_integral_value() else total.normalize(), "f")


def _few(values: list[Value]) -> list[list[Any]]:
    """The texts of a column, where they are few enough to be the names of types."""
    counted = Counter(value.strip()[:LONGEST] for value in values if isinstance(value, str))
    return [[masked(word), count] for word, count in counted.most_common()] if len(counted) <= FEW else []


def _words(table: Table, mapping: Mapping, guesses: TypeWords) -> list[list[Any]]:
    place = next((found for field in TELLING if (found := mapping.of(field)) is not None), None)
    if place is None:
        return []
    counted = Counter(text_of(value).strip()[:LONGEST] for value in _values(table, place))
    told = []
    for word, count in counted.most_common(WORDS):
        guess = guesses.guess(word, (table.title, table.name), mapping)
        told.append([masked(word), count, guess.code, guess.sure, list(guess.candidates[:5])])
    return told


def _values(table: Table, index: int) -> list[Value]:
    return [record.values[index] for record in table.records
            if index < len(record.values) and record.values[index] not in (None, "")]


def text_of(value: Value) -> str:
    """A cell as text."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "minutes")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
