"""The columns of a company's own ledger, kept under a name: the register is exported in them, and read back from them.

Whatever a layout leaves out, two columns stand in every export: the type, and our own number (台账号) by which a row is
found again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant, Json
from ledger.errors import BadAnswer, NotAllowed, NotFound, Problem
from ledger.facts import record
from registry.access.rules import can, visible
from registry.intake.batch.models import Batch
from registry.intake.mapping import FIELDS, Mapping
from registry.intake.mapping import Mapped as Column
from registry.intake.preview.mapping_acts import mappings_of, remember
from registry.people.scope import Path, Visible
from registry.people.units import Unit

MOST_COLUMNS, MOST_LAYOUTS = 80, 50
LONGEST_HEADING, LONGEST_NAME = 60, 60  # characters
ALWAYS = ("type", "code")
READ, EDIT = "certificate.export", "import.make"
Columns = Sequence[tuple[str, str]]
"""(heading, key of mapping.FIELDS), in order."""


class NoLayout(BadAnswer):
    """导出格式没有保存，请看提示。"""


class Layout(Base):
    """How one company's ledger looks: `columns` are [heading, field] pairs in order; `batch_id` the ledger that it was
    learned from."""

    __tablename__ = "intake_layout"
    __table_args__ = (UniqueConstraint("unit_id", "name"),)
    __visible__ = Visible(action=READ)

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    unit_path: Mapped[str] = mapped_column(Path, index=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    columns: Mapped[list[list[str]]] = mapped_column(Json)
    batch_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("intake_batch.id"))
    at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80), default="")
    revision: Mapped[int] = mapped_column(default=1)
    unit: Mapped[Unit] = relationship()

    __mapper_args__ = {"version_id_col": revision}

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The columns as they are kept."""
        return [(heading, field) for heading, field in self.columns]

    @property
    def whole(self) -> list[tuple[str, str]]:
        """The columns of an export: the kept ones, and at the end what must always be there."""
        return complete(self.pairs)


def complete(pairs: Columns) -> list[tuple[str, str]]:
    """The columns with type and 台账号, which a row is found again by, behind them where they were missing."""
    held, taken = {field for _, field in pairs}, {heading for heading, _ in pairs}
    more = [(_free(FIELDS[field], taken), field) for field in ALWAYS if field not in held]
    return [*pairs, *more]


def layouts(session: Session, actor: Actor) -> list[Layout]:
    """Those that the actor may export in, by company and name."""
    query = visible(select(Layout), actor).join(Layout.unit).order_by(Unit.path, Layout.name)
    return list(session.scalars(query.limit(500)))


def layout_of(session: Session, actor: Actor, layout_id: int, action: str = READ) -> Layout:
    """One of them; NotFound where it is out of reach, NotAllowed where one may not do `action` with it."""
    found = session.scalar(visible(select(Layout), actor).where(Layout.id == layout_id))
    if found is None:
        raise NotFound
    if not can(actor, action, found):
        raise NotAllowed
    return found


def keep(
    session: Session, unit: Unit, name: str, columns: Columns, *, by: Actor, layout: Layout | None = None,
    batch: Batch | None = None,
) -> Layout:
    """Keep a new layout of a company or group, or `layout` as it is to be from now on; what its headings mean is
    remembered for the ledgers that come back. NoLayout: no name, a name twice, no or too many columns, a heading
    empty, too long or twice, a field that there is none of."""
    found = layout or Layout(unit=unit, unit_id=unit.id, unit_path=unit.path, group_id=unit.group_id,
                             batch_id=batch.id if batch else None)
    if not can(by, EDIT, found):
        raise NotAllowed
    name, pairs = " ".join(name.split()), [(" ".join(heading.split()), field) for heading, field in columns]
    problems = {**_name_problems(session, found, name), **_column_problems(pairs)}
    if problems:
        raise NoLayout(problems)
    found.name, found.columns = name, [list(pair) for pair in pairs]
    found.at, found.by_id, found.by_name = clock.now(), by.id, by.name
    session.add(found)
    session.flush()
    _remember(session, found, by)
    record(session, "layout.kept", ("unit", found.unit_id), by=by, group_id=found.group_id,
           after={"layout": found.id, "columns": len(pairs)})
    return found


def drop(session: Session, layout: Layout, *, by: Actor) -> None:
    """The layout is no longer offered; what its headings mean stays known."""
    if not can(by, EDIT, layout):
        raise NotAllowed
    record(session, "layout.dropped", ("unit", layout.unit_id), by=by, group_id=layout.group_id,
           before={"layout": layout.id})
    session.delete(layout)
    session.flush()


def learned_from(batch: Batch, table: int) -> list[tuple[str, str]]:
    """The columns of a table as it came in, with what each meant; NotFound for a table that there is none of."""
    tables, mappings = batch.told.get("tables", []), mappings_of(batch)
    if not 0 <= table < min(len(tables), len(mappings)):
        raise NotFound
    taken: set[str] = set()
    return [
        (_free(column["heading"] or f"列{place}", taken), mapped.field)
        for place, (column, mapped) in enumerate(
            zip(tables[table]["columns"], mappings[table].columns, strict=False), 1)
    ][:MOST_COLUMNS]


def _free(heading: str, taken: set[str]) -> str:
    """The heading, told apart from those before it; it is taken from now on."""
    plain = " ".join(heading.split())[:LONGEST_HEADING - 4]
    tried, number = plain, 1
    while tried in taken:
        number += 1
        tried = f"{plain}（{number}）"
    taken.add(tried)
    return tried


def _remember(session: Session, layout: Layout, by: Actor) -> None:
    """A ledger with exactly these headings means exactly this."""
    mapping = Mapping(columns=[Column(field=field) for _, field in layout.whole])
    signature = "|".join(heading for heading, _ in layout.whole)
    remember(session, layout.unit, "table", signature, msgspec.json.encode(mapping).decode(), by=by)


def _name_problems(session: Session, layout: Layout, name: str) -> dict[str, list[Problem]]:
    if not name or len(name) > LONGEST_NAME:
        return {"name": [Problem("请填写名称，不超过 {most} 个字。", {"most": LONGEST_NAME})]}
    others = select(func.count()).where(Layout.unit_id == layout.unit_id)
    if layout.id is not None:
        others = others.where(Layout.id != layout.id)
    if session.scalar(others.where(Layout.name == name)):
        return {"name": [Problem("这个单位已有名为“{name}”的导出格式。", {"name": name})]}
    if (session.scalar(others) or 0) >= MOST_LAYOUTS:
        return {"name": [Problem("每个单位最多保存 {most} 个导出格式，请先删去不用的。", {"most": MOST_LAYOUTS})]}
    return {}


def _column_problems(pairs: Columns) -> dict[str, list[Problem]]:
    if not pairs:
        return {"columns": [Problem("请至少保留一列。")]}
    if len(pairs) > MOST_COLUMNS:
        return {"columns": [Problem("最多 {most} 列。", {"most": MOST_COLUMNS})]}
    problems: dict[str, list[Problem]] = {}
    headings = [heading for heading, _ in pairs]
    for place, (heading, field) in enumerate(pairs):
        if not heading or len(heading) > LONGEST_HEADING or "|" in heading:
            problems[f"heading{place}"] = [
                Problem("请填写列名，不超过 {most} 个字，不含竖线。", {"most": LONGEST_HEADING})]
        elif headings.index(heading) != place:
            problems[f"heading{place}"] = [Problem("列名“{name}”重复了。", {"name": heading})]
        if field not in FIELDS:
            problems[f"field{place}"] = [Problem("请选择这一列的内容。")]
    return problems


def moved(pairs: Iterable[tuple[str, str]], place: int, by: int) -> list[tuple[str, str]]:
    """The same columns with the one at `place` moved by so many places, as far as there is room."""
    found: list[Any] = list(pairs)
    if 0 <= place < len(found):
        column = found.pop(place)
        found.insert(max(0, min(len(found), place + by)), column)
    return found
