"""Rows of a ledger as a page shows them: cell by cell, each defect at its cell, personal numbers starred out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import func, select

from registry.intake.batch import cells
from registry.intake.batch.models import Batch, Flaw, Row
from registry.intake.findings import KINDS
from registry.intake.mapping import FIELDS
from registry.intake.stewardship.queue import OPEN, TIDIED
from web.i18n import say
from web.intake.imports_told import Table
from web.session import db

MOST_CASES, ONE_LINE = 12, 22
LOOKED_AT = MOST_CASES + 1
"""Of so many cases of a kind it is found out what they say, the most frequent first."""


@dataclass(frozen=True)
class Mark:
    """A defect: what is wrong in words, what stands there and what we would write, in clear; `masked` for lists."""

    flaw: Flaw
    words: str
    raw: str
    proposed: str

    @property
    def open(self) -> bool:
        """Whether somebody still has to say something about it."""
        return self.flaw.state == "open" and self.flaw.weight != "tidied"

    @property
    def masked(self) -> str:
        """The proposal, fit for a list."""
        return cells.masked(self.proposed)

    @property
    def masked_raw(self) -> str:
        """What stands there, fit for a list."""
        return cells.masked(self.raw)


@dataclass
class Cell:
    """A cell as the list shows it; `clear` for the editor, where whoever brought the file sees what is in it."""

    no: int
    heading: str
    text: str
    clear: str
    marks: list[Mark] = field(default_factory=list)
    edited: bool = False

    @property
    def short(self) -> bool:
        """Whether it fits on one line of the list."""
        return sum(2 if letter > "\u2e80" else 1 for letter in self.text) <= ONE_LINE

    @property
    def weight(self) -> str:
        """The gravest of what is open here, else tidied where something was put right, else ""."""
        weights = [mark.flaw.weight for mark in self.marks if mark.open]
        for weight in ("stop", "doubt"):
            if weight in weights:
                return weight
        return "tidied" if self.marks else ""


@dataclass
class Shown:
    """A row with its cells; `marks` are all its defects, `open` those that wait for somebody."""

    row: Row
    place: str
    cells: list[Cell]
    marks: list[Mark]

    @property
    def open(self) -> list[Mark]:
        """The gravest first."""
        return sorted((mark for mark in self.marks if mark.open), key=lambda mark: mark.flaw.weight != "stop")

    def of(self, column: int | None) -> Cell | None:
        """The cell of a column."""
        return self.cells[column] if column is not None and column < len(self.cells) else None


@dataclass(frozen=True)
class Found:
    """A kind of defect in a batch: how many are open, put right, and settled; `cases` are (case, example, proposal, how
    many), the most frequent first."""

    kind: str
    words: str
    weight: str
    open: int
    others: int
    proposed: bool
    cases: list[tuple[str, str, str, int]]


def shown(batch: Batch, rows: Sequence[Row], tables: Sequence[Table]) -> list[Shown]:
    """The rows of a page with their defects: one statement for all."""
    marks: dict[int, list[Mark]] = defaultdict(list)
    query = select(Flaw).where(Flaw.row_id.in_([row.id for row in rows])).order_by(Flaw.id)
    for flaw in db.session.scalars(query):
        if flaw.state != "moot":
            raw, proposed = cells.cell_of(flaw)
            marks[flaw.row_id].append(Mark(flaw, say(flaw.text, flaw.params), raw, proposed))
    return [_shown(row, marks[row.id], tables[row.table_no]) for row in rows]


def _shown(row: Row, marks: list[Mark], table: Table) -> Shown:
    kept = cells.kept_of(row)
    raw = kept.judged.raw
    made = []
    for column in table.columns:
        clear = raw[column.no] if column.no < len(raw) else ""
        here = [mark for mark in marks if mark.flaw.column_no == column.no]
        made.append(Cell(column.no, column.heading, cells.masked(clear), clear, here, column.no in kept.edits))
    return Shown(row, f"{table.sheet_name} · {row.row_no + 1}", made, marks)


def kinds_of(batch: Batch) -> list[Found]:
    """The kinds of defect in a batch, what stops rows first, then what is doubtful, then what was put right (of
    which the batch keeps count). An index alone answers each statement; of the findings one of each case is read."""
    mine = Flaw.batch_id == batch.id
    cases: dict[str, list[_Case]] = defaultdict(list)
    for kind, weight, case, number, sample in db.session.execute(
            select(Flaw.kind, Flaw.weight, Flaw.case, func.count(), func.min(Flaw.id))
            .where(mine, Flaw.state == OPEN, Flaw.weight != "tidied").group_by(Flaw.kind, Flaw.case, Flaw.weight)):
        cases[kind].append(_Case(weight, case, number, sample))
    over = Counter({kind: told.get("tidied", 0) for kind, told in batch.counts.get("kinds", {}).items()})
    for kind, number in db.session.execute(
            select(Flaw.kind, func.count()).where(mine, Flaw.state != OPEN, Flaw.weight != TIDIED, Flaw.state != "moot")
            .group_by(Flaw.kind)):
        over[kind] += number
    samples = _samples(cases.values())
    order = {"stop": 0, "doubt": 1, "tidied": 2}
    found = [_found(kind, cases[kind], over[kind], samples) for kind in KINDS if kind in cases or over[kind]]
    return sorted(found, key=lambda one: (not one.open, order[one.weight], -one.open - one.others))


class _Case(NamedTuple):
    """Open findings of a kind that are decided alike, with one of them."""

    weight: str
    case: str
    number: int
    sample: int


def _samples(kinds: Iterable[list[_Case]]) -> dict[int, tuple[str, str]]:
    """What stands there and what we would write, for the most frequent cases of each kind."""
    for cases in kinds:
        cases.sort(key=lambda one: (-one.number, one.sample))
    wanted = [one.sample for cases in kinds for one in cases[:LOOKED_AT]]
    found = db.session.execute(select(Flaw.id, Flaw.content).where(Flaw.id.in_(wanted)))
    return {row.id: cells.opened_cell(row.content) for row in found}


def _found(kind: str, cases: list[_Case], over: int, samples: dict[int, tuple[str, str]]) -> Found:
    shown = [(one, *samples.get(one.sample, ("", ""))) for one in cases[:LOOKED_AT]]
    named = [(one.case, cells.masked(raw), cells.masked(proposed), one.number)
             for one, raw, proposed in shown if one.case]
    weight = next((each for each in ("stop", "doubt") if any(one.weight == each for one in cases)), "tidied")
    return Found(kind, KINDS[kind], weight, sum(one.number for one in cases), over,
                 any(proposed for _, _, proposed in shown), named[:MOST_CASES])


CHANGES: dict[str, str] = {
    "holder": "持有人", "long": "长期有效", "undated": "期限不明",
}


def changed_words(name: str) -> str:
    """How the field of a change is called (a msgid): a field of the certificate, or the label of its type's own."""
    return CHANGES.get(name) or FIELDS.get(name, name)
