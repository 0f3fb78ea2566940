"""What people say about a batch's columns, and that a cancelled batch goes on. What is said is remembered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.db import ring_after_commit
from ledger.errors import BadAnswer, Conflict, NotAllowed, Problem
from ledger.facts import record
from registry.access.rules import can
from registry.intake.batch.known_units import teaches
from registry.intake.batch.models import LONGEST_WORDS, STATES, Batch, Learning
from registry.intake.batch.reach import Reach
from registry.intake.mapping import FIELDS, Mapping
from registry.intake.meaning import fold, signature
from registry.intake.preview.receiving import BELL
from registry.intake.records import Column, Table
from registry.people.units import Unit

LONGEST_MEANING = 20_000


class NotMapping(Conflict):
    """这个导入批次现在是“{state}”，不能确认列含义。"""


class NotCancelled(Conflict):
    """这个导入批次没有取消，不需要恢复。"""


def mappings_of(batch: Batch) -> list[Mapping]:
    """How each table of a batch is understood, as proposed or as confirmed."""
    made: dict[int, Mapping] = {}
    for each in batch.mappings:
        if id(each) not in made:
            made[id(each)] = msgspec.convert(each, Mapping)
    return [msgspec.structs.replace(one, columns=[*one.columns], types=dict(one.types))
            for one in (made[id(each)] for each in batch.mappings)]


def confirm(session: Session, batch: Batch, mappings: Sequence[Mapping], *, by: Actor) -> None:
    """A person says what the columns mean: the worker judges the rows by that. May be said again until the commit.

    Columns, types and tables that were put right are learned for the company. BadAnswer: another number of tables or
    columns than the file has, or an unknown field; NotMapping in a state that no longer asks.
    """
    _require(by, batch)
    session.refresh(batch, with_for_update={"of": Batch})
    if batch.state not in ("mapping", "ready"):
        raise NotMapping(state=STATES[batch.state])
    tables = batch.told.get("tables", [])
    _check(tables, mappings)
    _check_units(session, batch, mappings, by)
    learn(session, batch, mappings, by=by)
    batch.mappings = _plain(mappings)
    batch.told = batch.told | {"by": by.id}
    batch.state, batch.confirmed, batch.rows_done, batch.problem = "judging", True, 0, None
    batch.errands = []
    session.flush()
    record(session, "intake.confirmed", ("intake", batch.id), by=by, group_id=batch.group_id,
           after={"tables": len(tables), "ignored": sum(each.content == "ignored" for each in mappings)})
    ring_after_commit(session, BELL)


def say(session: Session, batch: Batch, mappings: Sequence[Mapping], *, by: Actor) -> None:
    """What a person says of some of the tables of a large file is kept; they go on with the others, and `confirm` the
    whole, which is the act. The same errors."""
    _require(by, batch)
    session.refresh(batch, with_for_update={"of": Batch})
    if batch.state not in ("mapping", "ready"):
        raise NotMapping(state=STATES[batch.state])
    _check(batch.told.get("tables", []), mappings)
    _check_units(session, batch, mappings, by)
    learn(session, batch, mappings, by=by)
    batch.mappings, batch.state, batch.confirmed = _plain(mappings), "mapping", False
    session.flush()


def _plain(mappings: Sequence[Mapping]) -> list[dict[str, object]]:
    """As plain JSON; what several tables share stays one."""
    made: dict[int, dict[str, object]] = {}
    for each in mappings:
        if id(each) not in made:
            made[id(each)] = msgspec.to_builtins(each)
    return [made[id(each)] for each in mappings]


def resume(session: Session, batch: Batch, *, by: Actor) -> None:
    """A cancelled batch goes on where it stopped: rows that were stored are kept. NotCancelled."""
    _require(by, batch)
    session.refresh(batch, with_for_update={"of": Batch})
    if batch.state != "cancelled":
        raise NotCancelled
    if not batch.confirmed:
        batch.state = "mapping" if batch.mappings else "received"
    else:
        batch.state = "ready" if batch.rows_total and batch.rows_done == batch.rows_total else "judging"
    session.flush()
    record(session, "intake.resumed", ("intake", batch.id), by=by, group_id=batch.group_id,
           after={"rows": batch.rows_done})
    ring_after_commit(session, BELL)


def _require(by: Actor, batch: Batch) -> None:
    if not can(by, "import.make", batch):
        raise NotAllowed


def _check(tables: Sequence[dict[str, object]], mappings: Sequence[Mapping]) -> None:
    if len(mappings) != len(tables):
        raise BadAnswer({"mappings": [Problem("文件有 {tables} 张表，请逐张说明。", {"tables": len(tables)})]})
    for table, mapping in zip(tables, mappings, strict=True):
        columns = table["columns"]
        assert isinstance(columns, list)
        if len(mapping.columns) != len(columns) or any(each.field not in FIELDS for each in mapping.columns):
            raise BadAnswer({"mappings": [Problem("“{name}”的列与文件不一致，请重新确认。", {"name": table["name"]})]})


def _check_units(session: Session, batch: Batch, mappings: Sequence[Mapping], by: Actor) -> None:
    """The units that hold, or get, what a table tells of: of this group, and where the person may bring ledgers in."""
    reach = Reach(by)
    wanted = {number for each in mappings if each.content != "ignored" for number in (each.unit, each.holder_unit)
              if number is not None}
    there = [unit for unit in session.scalars(select(Unit).where(Unit.id.in_(wanted), Unit.group_id == batch.group_id))
             if reach.holds(unit.path)]
    if len(there) != len(wanted):
        raise BadAnswer({"mappings": [Problem("选的单位不在你可以导入的范围内，请重新选择。")]})


def learn(session: Session, batch: Batch, mappings: Sequence[Mapping], *, by: Actor) -> None:
    """Remember what a person put right, for the company whose ledger it is, by the words as folded."""
    seen = set()
    for table, before, mapping in zip(batch.told["tables"], mappings_of(batch), mappings, strict=True):
        key = (tuple(column["heading"] for column in table["columns"]), id(mapping))
        if key in seen:  # sheets alike, of which one thing was said
            continue
        seen.add(key)
        for kind, words, meaning in _lessons(table, before, mapping):
            remember(session, batch.unit, kind, words, meaning, by=by)


def _lessons(table: dict[str, list[dict[str, str]]], before: Mapping, now: Mapping) -> Iterator[tuple[str, str, str]]:
    headings = [column["heading"] for column in table["columns"]]
    for heading, was, said in zip(headings, before.columns, now.columns, strict=True):
        if heading and said.field != was.field:
            yield "column", fold(heading), said.field
    for words, code in now.types.items():
        if before.types.get(words) != code:
            yield "type", fold(words), code
    columns = [Column(place, heading) for place, heading in enumerate(headings)]
    yield "table", signature(Table(0, 0, "", "rows", columns, [])), msgspec.json.encode(now).decode()


def remember(session: Session, unit: Unit, kind: str, words: str, meaning: str, *, by: Actor) -> None:
    """One thing learned from a ledger of a unit, for its company; what was learned of the same words before gives way.
    What is too long is not learned."""
    if not words or len(words) > LONGEST_WORDS or len(meaning) > LONGEST_MEANING:
        return
    known = session.scalar(select(Learning).where(
        Learning.unit_id == teaches(unit), Learning.kind == kind, Learning.words == words))
    if known is None:
        session.add(Learning(group_id=unit.group_id, unit_id=teaches(unit), kind=kind, words=words, meaning=meaning,
                             by_id=by.id))
    elif known.meaning != meaning:
        known.meaning, known.at, known.by_id = meaning, clock.now(), by.id
    session.flush()
