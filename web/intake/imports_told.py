"""What a batch tells of its file and its rows, as the pages show it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from registry.intake.batch.models import OUTCOMES, Batch, Flaw
from registry.intake.mapping import Mapping
from registry.intake.meaning.types import TypeWords
from registry.intake.preview.telling import TELLING
from registry.intake.records import WHYS
from web.session import db

NO_SUM = ("_on", "_at", "valid_until", "valid_from", "term", "sequence", "ignore")
"""Fields whose numbers are days or count the rows: adding them up says nothing."""


@dataclass(frozen=True)
class Column:
    """A column of a table: its place in the table, its heading, a few values, the sum of its numbers."""

    no: int
    heading: str
    letter: str
    examples: list[str]
    place: int
    sum: str | None
    words: list[Any]
    """(word, how often) of a column that may yet be said to name the types."""


Drawn = dict[tuple[int, str], Column]
"""Columns that tables share are drawn once, by their telling and what they mean."""


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
    """A table of the file; `label` is how people find it: its sheet, with the row where a sheet has several. `worded`
    is the column that `words` are of."""

    no: int
    label: str
    sheet: int
    sheet_name: str
    name: str
    title: str
    shape: str
    hidden: bool
    rows: int
    first: int
    columns: list[Column]
    words: list[Word]
    worded: int | None
    ignored: bool


@dataclass(frozen=True)
class Sums:
    """The rows of a file, none lost: `skipped` are (why, how many), `rest` the further rows of records that take up
    several, as in sheets written from top to bottom, `beside` the records that share a row with one to their left.
    `judged` are the results of the check and `split` those among them that a row gave beside its first: it tells of
    several certificates. `stopped` wait in quarantine, `doubts` are open questions of rows that come in."""

    rows: int
    records: int
    skipped: list[tuple[str, int]]
    rest: int
    beside: int
    judged: int
    split: int
    stopped: int
    doubts: int


def tables(batch: Batch) -> list[Table]:
    """The tables of the file, in order; none before it was read."""
    told = batch.told.get("tables", [])
    shared = Counter(one["sheet"] for one in told)
    mappings = batch.mappings
    drawn: Drawn = {}
    return [_table(one, mappings[no] if no < len(mappings) else {}, shared[one["sheet"]] > 1, drawn)
            for no, one in enumerate(told)]


def _table(told: dict[str, Any], mapping: dict[str, Any], shares: bool, drawn: Drawn) -> Table:
    meant = [one["field"] for one in mapping.get("columns", ())] or [""] * len(told["columns"])
    columns = [drawn.get((id(one), meant[no])) or drawn.setdefault((id(one), meant[no]), _column(no, one, meant[no]))
               for no, one in enumerate(told["columns"])]
    words = [Word(no, one[0], one[1], one[2], one[3] if one[2] else 0.0) for no, one in enumerate(told["words"])]
    label = told["sheet_name"]
    if shares:
        letter = told["columns"][0]["letter"]
        label = _("%(sheet)s（%(n)s列、第 %(row)d 行起）", sheet=label, n=letter, row=told["first"])
    return Table(told["number"], label, told["sheet"], told["sheet_name"], told["name"], told["title"], told["shape"],
                 told["hidden"], told["rows"], told["first"], columns, words,
                 next((meant.index(one) for one in TELLING if one in meant), None),
                 mapping.get("content") == "ignored")


def _column(no: int, told: dict[str, Any], field: str) -> Column:
    return Column(no, told["heading"], told["letter"], told["examples"], told["place"],
                  None if field.endswith(NO_SUM) else told["sum"], told["words"])


def words_of(table: Table, mapping: Mapping, known: TypeWords) -> list[Word]:
    """The words that name the types, and what we take each for; also of a column that was only now called so."""
    place = mapping.of("type")
    if place is None or place == table.worded:
        return table.words
    found = []
    for no, (text, count) in enumerate(table.columns[place].words):
        guess = known.guess(text, (table.title, table.name), mapping)
        found.append(Word(no, text, count, guess.code, guess.sure if guess.code else 0.0))
    return found


def sums(batch: Batch) -> Sums:
    """Every row of the file is a record, was left aside for a reason, or is one more row of a record."""
    records = sum(table["rows"] for table in batch.told.get("tables", []))
    skipped = [(WHYS[why], number) for why, number in batch.told.get("skipped", {}).items()]
    beside = batch.told.get("beside", 0)
    rest = max(0, batch.told.get("rows", 0) - records + beside - sum(number for _, number in skipped))
    found = batch.counts.get("outcomes", {})
    judged = sum(found.values())
    split = max(0, judged - sum(table.rows for table in tables(batch) if not table.ignored)) if judged else 0
    return Sums(batch.told.get("rows", 0), records, skipped, rest, beside, judged, split, found.get("stopped", 0),
                _doubts(batch))


def _doubts(batch: Batch) -> int:
    """Open questions that keep no row back."""
    query = select(func.count()).where(Flaw.batch_id == batch.id, Flaw.state == "open", Flaw.weight == "doubt")
    return db.session.scalar(query) or 0


def outcomes(batch: Batch) -> list[tuple[str, str, int]]:
    """(key, words, how many rows); empty before the rows were judged."""
    found = batch.counts.get("outcomes")
    return [(key, words, found.get(key, 0)) for key, words in OUTCOMES.items()] if found else []
