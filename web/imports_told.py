"""What a batch tells of its file and its rows, as the pages show it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from registry.intake.batches import OUTCOMES, Batch
from registry.intake.mapping import Mapping
from registry.intake.meaning.types import TypeWords
from registry.intake.records import WHYS


@dataclass(frozen=True)
class Column:
    """A column of a table: its place in the table, its heading, a few values, the sum of its numbers."""

    no: int
    heading: str
    letter: str
    examples: list[str]
    sum: int | float | None
    words: list[tuple[str, int]]


@dataclass(frozen=True)
class Word:
    """A word of the type column, how often it stands there, and what we take it for."""

    no: int
    text: str
    count: int
    code: str
    sure: float


@dataclass(frozen=True)
class Table:
    """A table of the file."""

    no: int
    sheet: int
    name: str
    title: str
    shape: str
    hidden: bool
    rows: int
    columns: list[Column]
    ignored: bool


@dataclass(frozen=True)
class Sums:
    """The rows of a file, none lost: `skipped` are (why, how many)."""

    rows: int
    records: int
    skipped: list[tuple[str, int]]
    stopped: int


def tables(batch: Batch) -> list[Table]:
    """The tables of the file, in order; none before it was read."""
    ignored = [one.get("content") == "ignored" for one in batch.mappings]
    return [_table(told, ignored[no] if no < len(ignored) else False)
            for no, told in enumerate(batch.told.get("tables", []))]


def _table(told: dict[str, Any], ignored: bool) -> Table:
    columns = [Column(no, one["heading"], one["letter"], one["examples"], one.get("sum"),
                      [(word, count) for word, count in one.get("words", [])])
               for no, one in enumerate(told["columns"])]
    return Table(told["number"], told["sheet"], told["name"], told["title"], told["shape"], told["hidden"],
                 told["rows"], columns, ignored)


def words_of(table: Table, mapping: Mapping, known: TypeWords) -> list[Word]:
    """The words of the type column and what we take them for, the least certain first; none without such a column."""
    place = mapping.of("type")
    if place is None or place >= len(table.columns):
        return []
    found = []
    for no, (text, count) in enumerate(table.columns[place].words):
        guess = known.guess(text, (table.title, table.name), mapping)
        found.append(Word(no, text, count, guess.code, guess.sure if guess.code else 0.0))
    return sorted(found, key=lambda word: (word.sure, -word.count))


def sums(batch: Batch) -> Sums:
    """Every row of the file is a record or was left aside for a reason."""
    records = sum(table.rows for table in tables(batch))
    left = Counter[str]()
    for one in batch.told.get("skipped", []):
        left[one["why"]] += one["rows"]
    skipped = [(WHYS[why], number) for why, number in left.items()]
    return Sums(records + left.total(), records, skipped, batch.counts.get("outcomes", {}).get("stopped", 0))


def outcomes(batch: Batch) -> list[tuple[str, str, int]]:
    """(key, words, how many rows); empty before the rows were judged."""
    found = batch.counts.get("outcomes")
    return [(key, words, found.get(key, 0)) for key, words in OUTCOMES.items()] if found else []
