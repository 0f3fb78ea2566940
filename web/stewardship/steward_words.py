"""How a row of the steward's queue is told: where it stands in the ledger, what it says, what we would write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from registry.certificates.catalogue import types
from registry.intake.batch import cells
from registry.intake.batch.models import Batch, Flaw, Row
from registry.intake.findings import KINDS
from registry.intake.mapping import FIELDS
from registry.people.persons import Person
from web.i18n import named, say
from web.session import db
from web.text import masked_number

NUMBERS = frozenset({"id_number", "phone"})
"""Fields of which every value is a personal number, however mistyped."""


@dataclass(frozen=True)
class Shown:
    """One finding as a page shows it; `raw` and `proposed` are masked but for the places where they differ."""

    flaw: Flaw
    kind: str
    words: str
    field: str
    raw: str
    proposed: str
    where: str
    holder: str
    number: str
    type: str
    taken: str

    @property
    def acceptable(self) -> bool:
        """Whether there is a proposal to accept."""
        return bool(self.proposed)


def shown(flaws: Iterable[Flaw]) -> list[Shown]:
    """The findings (loaded with row and batch) as told; the names of who has them in one query."""
    found = list(flaws)
    names = people(flaw.taken_by for flaw in found)
    return [_shown(flaw, names) for flaw in found]


def _shown(flaw: Flaw, names: dict[int, str]) -> Shown:
    raw, proposed = cells.cell_of(flaw)
    first, second = pair(raw, proposed, flaw)
    said = flaw.row.shown
    return Shown(
        flaw, flaw_words(flaw.kind), say(flaw.text, flaw.params), _(FIELDS[flaw.field]) if flaw.field in FIELDS else "",
        first, second, where(flaw.batch, flaw.row, flaw.column_no), said.get("holder", ""), said.get("number", ""),
        type_words(flaw.type_code), names.get(flaw.taken_by or 0, ""),
    )


def flaw_words(kind: str) -> str:
    """What a kind of finding is called."""
    return _(KINDS[kind]) if kind in KINDS else kind


def type_words(code: str) -> str:
    """The name of a type, "" for none."""
    return named(types()[code]) if code in types() else code


def people(ids: Iterable[int | None]) -> dict[int, str]:
    """Names by id."""
    wanted = {one for one in ids if one}
    if not wanted:
        return {}
    return {row[0]: row[1] for row in db.session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))}


def where(batch: Batch, row: Row, column: int | None) -> str:
    """Sheet and cell, as a spreadsheet calls them: 特种作业 B12, or the whole row."""
    table = table_of(batch, row)
    sheet = table.get("sheet_name") or table.get("name") or _("第 %(n)s 张表", n=row.sheet_no + 1)
    columns = table.get("columns", [])
    if column is None or column >= len(columns) or table.get("shape") == "vertical":
        return _("%(sheet)s 第 %(row)s 行", sheet=sheet, row=row.row_no + 1)
    return f"{sheet} {columns[column]['letter']}{row.row_no + 1}"


def table_of(batch: Batch, row: Row) -> dict[str, Any]:
    """What was told of the table that a row is of."""
    tables: list[dict[str, Any]] = batch.told.get("tables", [])
    return tables[row.table_no] if row.table_no < len(tables) else {}


def pair(raw: str, proposed: str, flaw: Flaw) -> tuple[str, str]:
    """Two cells masked alike, with the characters visible in which they differ: that is what is to be decided."""
    first, second = masked(raw, flaw.field, flaw.type_code), masked(proposed, flaw.field, flaw.type_code)
    if first != second or raw == proposed or len(raw) != len(first) or len(raw) != len(proposed):
        return first, second
    unlike = [index for index, (one, other) in enumerate(zip(raw, proposed, strict=True)) if one != other]
    return _bared(first, raw, unlike), _bared(second, proposed, unlike)


def _bared(masked_text: str, clear: str, places: list[int]) -> str:
    found = list(masked_text)
    for index in places:
        found[index] = clear[index]
    return "".join(found)


def masked(text: str, field: str, type_code: str) -> str:
    """A cell as a page may show it. The number of a company's, project's or machine's certificate is nobody's own."""
    if field in NUMBERS:
        return masked_number(text)
    kind = types().get(type_code)
    if field in {"number", "old_number", "registration_no", "serial"} and kind and kind.family != "P":
        return text
    return cells.masked(text)
