"""What one transaction did: the facts it recorded, and an imprint of every row of weight that it wrote.

A deed is written as the last thing before the commit, by the session itself: no call site knows of it. It carries the
writer's code (an HMAC), whose key is not in the database: what an administrator of the database adds by hand has none,
and the sealer (registry/evidence/sealer.py) leaves it outside and says so.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    Delete,
    Index,
    Insert,
    LargeBinary,
    String,
    Table,
    Update,
    event,
    func,
    insert,
    inspect,
    select,
    text,
    tuple_,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, SessionTransaction, UOWTransaction, mapped_column

from ledger import clock, weighty
from ledger.canonical import OPENED, Shape, canonical, fact_leaf, instant, label, row_label, salt_of
from ledger.db import Base, BigId, Id, Instant, Json

MOST = 1000  # facts, or rows, in one deed; a ledger that comes in has many deeds
AT_ONCE = 400  # rows read by one statement
_DOING = "licet_doing"
About = list[tuple[str, int]]


class Deed(Base):
    """What one transaction left behind, as its writer vouches for it."""

    __tablename__ = "deed"
    __table_args__ = (
        Index("ix_deed_unsealed", "id", postgresql_where=text("first IS NULL"), sqlite_where=text("first IS NULL")),
    )

    id: Mapped[Id]
    at: Mapped[dt.datetime] = mapped_column(Instant)
    facts: Mapped[list[int]] = mapped_column(Json)
    rows: Mapped[list[list[Any]]] = mapped_column(Json)
    salts: Mapped[dict[str, str]] = mapped_column(Json)
    erased: Mapped[dict[str, str] | None] = mapped_column(Json)
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))
    first: Mapped[int | None] = mapped_column(BigId)
    refused: Mapped[str | None] = mapped_column(String(40))


_WRITE = insert(Deed.__table__).inline()  # type: ignore[arg-type]
_key = b""


def set_key(key: bytes) -> None:
    """The writer's key of this process; without one it writes deeds that no sealer takes."""
    global _key
    _key = key


def code(at: dt.datetime, leaves: Iterable[bytes], rows: Sequence[Any], salts: Mapping[str, str]) -> bytes:
    """What only a writer can say of these facts and imprints; empty without a key."""
    if not _key:
        return b""
    content = canonical([instant(at), rows, salts])
    return hmac.digest(_key, b"\n".join([content, *leaves]), "sha256")


@cache
def shape(name: str) -> Shape:
    """How rows of a table are imprinted by this version of the house."""
    return Shape(Base.metadata.tables[name], weighty.TABLES[name])


@dataclass
class Doing:
    """What a session has done since its transaction began."""

    facts: dict[int, tuple[Mapping[str, Any], About] | None] = field(default_factory=dict)  # None: to be read
    rows: dict[tuple[str, tuple[Any, ...]], Mapping[str, Any] | None] = field(default_factory=dict)  # None: to be read
    fresh: dict[str, int] = field(default_factory=dict)  # the last id of a table before rows of unknown ids came
    torn: bool = False  # a part of it was rolled back


def _doing(session: Session) -> Doing:
    found: Doing | None = session.info.get(_DOING)
    if found is None:
        found = session.info[_DOING] = Doing()
    return found


def note(session: Session, fact: Mapping[str, Any], about: About) -> None:
    """A fact was written (ledger.facts.record)."""
    _doing(session).facts[fact["id"]] = fact, about


def touch(session: Session, table: str, *key: Any) -> None:
    """A row was written past the objects of the session; what is not of weight is not noted."""
    if table in weighty.TABLES:
        _doing(session).rows[table, key] = None


def wrote(session: Session, table: str, row: Mapping[str, Any]) -> None:
    """A whole row was put in past the objects of the session, as given: it need not be read again."""
    _doing(session).rows[table, tuple(row[key] for key in shape(table).keys)] = row


def passing(session: Session, table: Table, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The same rows, noted on their way into the table (ledger.bulk)."""
    if table.name == "fact":
        for row in rows:
            _doing(session).facts[row["id"]] = None
            yield row
        return
    if table.name not in weighty.TABLES:
        yield from rows
        return
    keys = [column.name for column in table.primary_key]
    for row in rows:
        if keys[0] in row:
            touch(session, table.name, *(row[name] for name in keys))
        else:
            _last(session, table)
        yield row


def _last(session: Session, table: Table) -> None:
    """Rows come whose ids the database gives."""
    if table.name not in (fresh := _doing(session).fresh):
        fresh[table.name] = session.connection().scalar(select(func.max(table.c.id))) or 0


def _flushed(session: Session, _flush: UOWTransaction) -> None:
    for row in (*session.new, *session.dirty, *session.deleted):
        state: Any = inspect(row)
        name = state.mapper.local_table.name
        if name in weighty.TABLES:
            touch(session, name, *state.mapper.primary_key_from_instance(row))


def _executed(state: ORMExecuteState) -> None:
    """Statements over many rows, by the models: `session.execute(update(Loan)...)`."""
    statement = state.statement
    if not isinstance(statement, Insert | Update | Delete) or statement.table.name not in weighty.TABLES:  # type: ignore[union-attr]
        return
    table = cast(Table, statement.table)
    keys = list(table.primary_key)
    if isinstance(statement, Insert):
        if [column.name for column in keys] == ["id"]:
            _last(state.session, table)
        else:
            for row in _inserted(statement, state.parameters):
                touch(state.session, table.name, *(row[column.name] for column in keys))
        return
    given = state.parameters if isinstance(state.parameters, list) else []
    if given and statement.whereclause is None:
        found: Iterable[Any] = [[each[column.name] for column in keys] for each in given]
    else:
        query = select(*keys)
        if statement.whereclause is not None:
            query = query.where(statement.whereclause)
        found = state.session.connection().execute(query, state.parameters or {}).all()
    for key in found:
        touch(state.session, table.name, *key)


def _inserted(statement: Insert, parameters: Any) -> Iterator[Mapping[str, Any]]:
    """The rows of an insert into a table whose keys are given."""
    if parameters:
        yield from parameters if isinstance(parameters, list) else [parameters]
    elif statement._multi_values:
        for rows in cast(Iterable[Iterable[Mapping[Any, Any]]], statement._multi_values):
            yield from ({getattr(column, "name", column): value for column, value in row.items()} for row in rows)
    else:
        given = cast(Mapping[Any, Any], statement._values or {})
        yield {getattr(column, "name", column): value.value for column, value in given.items()}


def _rolled_back(session: Session, before: SessionTransaction) -> None:
    if not before.nested:
        session.info.pop(_DOING, None)
    elif _DOING in session.info:
        session.info[_DOING].torn = True


def _committing(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    doing: Doing | None = session.info.pop(_DOING, None)
    if doing is not None:
        write(session.connection(), doing)


def write(connection: Connection, doing: Doing) -> None:
    """Put the deeds of a transaction down."""
    at, facts = clock.now(), list(_facts(connection, doing))
    imprinted = list(_rows(connection, doing))
    deeds = []
    for begin in range(0, max(len(facts), len(imprinted)), MOST):
        salts = {"": secrets.token_hex(16)}
        some, rows = facts[begin:begin + MOST], imprinted[begin:begin + MOST]
        leaves = [fact_leaf(fact, about, salts) for fact, about in some]
        marks = [of.imprint(row, salts) if row else [of.table, key, of.name, None] for of, key, row in rows]
        deeds.append({"at": at, "facts": [fact["id"] for fact, _ in some], "rows": marks, "salts": salts,
                      "erased": None, "mac": code(at, leaves, marks, salts) or secrets.token_bytes(32)})
    if deeds:
        connection.execute(_WRITE, deeds[0] if len(deeds) == 1 else deeds)  # one is compiled once and for all


def _facts(connection: Connection, doing: Doing) -> Iterator[tuple[Mapping[str, Any], About]]:
    numbers = sorted(doing.facts)
    unread = numbers if doing.torn else [number for number in numbers if doing.facts[number] is None]
    read = dict(read_facts(connection, unread)) if unread else {}
    for number in numbers:
        found = read.get(number) if number in read or doing.torn else doing.facts[number]
        if found is not None:
            yield found


def read_facts(connection: Connection, numbers: Sequence[int]) -> Iterator[tuple[int, tuple[Mapping[str, Any], About]]]:
    """Facts as they are in the database, each with what it is about."""
    tables = Base.metadata.tables
    fact, told = tables["fact"], tables["fact_about"]
    for begin in range(0, len(numbers), AT_ONCE):
        some = numbers[begin:begin + AT_ONCE]
        about: dict[int, About] = defaultdict(list)
        for row in connection.execute(select(told).where(told.c.fact_id.in_(some))):
            about[row.fact_id].append((row.kind, row.subject_id))
        for found in connection.execute(select(fact).where(fact.c.id.in_(some))).mappings():
            yield found["id"], (dict(found), about[found["id"]])


def _rows(connection: Connection, doing: Doing) -> Iterator[tuple[Shape, str, Mapping[str, Any] | None]]:
    """Each row as it is in the database now, None for one that is gone."""
    keys: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for (name, key), row in doing.rows.items():
        if row is None or doing.torn:
            keys[name].append(key)
        else:
            yield shape(name), "/".join(map(str, key)), row
    for name, last in doing.fresh.items():
        table = Base.metadata.tables[name]
        after = connection.scalars(select(table.c.id).where(table.c.id > last))
        keys[name] = list(dict.fromkeys([*keys[name], *((number,) for number in after)]))
    for name, wanted in keys.items():
        of = shape(name)
        for begin in range(0, len(wanted), AT_ONCE):
            some = wanted[begin:begin + AT_ONCE]
            found = {of.key(dict(row)): dict(row) for row in connection.execute(_reading(name, some)).mappings()}
            for each in some:
                yield of, (at := "/".join(map(str, each))), found.get(at)


def _reading(name: str, keys: Sequence[tuple[Any, ...]]) -> Any:
    table = Base.metadata.tables[name]
    columns = list(table.primary_key)
    if len(columns) == 1:
        return select(table).where(columns[0].in_([key for key, in keys]))
    return select(table).where(tuple_(*columns).in_(keys))


def without(
    salts: Mapping[str, str], facts: Sequence[int], rows: Sequence[Sequence[Any]], labels: Sequence[str],
    leaves: Mapping[str, str] | None = None,
) -> tuple[dict[str, str], dict[str, str]]:
    """The salts of a deed and what stands for the erased, once the salts of `labels` are gone: their commitments stay
    (those of a fact's columns are given in `leaves`), so that the log can still be hashed, but say nothing any more."""
    names = [label(number, column) for number in facts for column in OPENED]
    names += [row_label(mark[0], mark[1]) for mark in rows]
    marks = {row_label(mark[0], mark[1]): mark[3] for mark in rows}
    kept = {name: salt_of(salts, name).hex() for name in names if name not in labels and ("" in salts or name in salts)}
    return kept, {name: (leaves or {}).get(name) or marks[name] for name in labels}


event.listen(Session, "after_flush", _flushed)
event.listen(Session, "do_orm_execute", _executed)
event.listen(Session, "after_soft_rollback", _rolled_back)
event.listen(Session, "before_commit", _committing)
