"""Many rows at once: what a register of a hundred thousand certificates is loaded by.

Rows are dicts of plain values. They go to the driver as tuples (PostgreSQL: COPY; SQLite: one prepared statement), past
the objects of the session and past the compiler: both take many times as long as the database itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Column, Date, Dialect, Table, func, select, text
from sqlalchemy.orm import Session

from ledger import deeds
from ledger.db import Base, Instant, Json

Row = Mapping[str, Any]
MANY = 1000
_MISSING = object()


def reserve(session: Session, model: type[Base], count: int) -> list[int]:
    """So many ids of a table with a counted `id`, ascending, that nobody else gets: rows may name one another before
    they are written. On SQLite the transaction must be one that writes; it holds the only write lock there is."""
    if count <= 0:
        return []
    table = model.__table__
    if session.get_bind().dialect.name == "sqlite":
        first = (session.scalar(select(func.max(table.c.id))) or 0) + 1
        return list(range(first, first + count))
    drawn = text("select nextval(pg_get_serial_sequence(:name, 'id')) from generate_series(1, :count)")
    return sorted(session.scalars(drawn, {"name": model.__tablename__, "count": count}))


def write(session: Session, model: type[Base], rows: Iterable[Row]) -> int:
    """Insert rows, each with the same keys as the first; what they leave out gets the model's default, else NULL. How
    many. The session's pending objects are flushed before."""
    stream = iter(rows)
    first = next(stream, None)
    if first is None:
        return 0
    session.flush()
    table = model.__table__
    assert isinstance(table, Table)
    connection = session.connection()
    given = [column for column in table.columns if column.name in first]
    added = [column for column in table.columns if column.name not in first and _default(column) is not _MISSING]
    tuples = _Tuples(iter(deeds.passing(session, table, chain([first], stream))), given, added, connection.dialect)
    names = ", ".join(f'"{column.name}"' for column in (*given, *added))
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * (len(given) + len(added)))
        driver.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', tuples)
    else:
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
            for each in tuples:
                copy.write_row(each)
    return tuples.count


def change(session: Session, model: type[Base], rows: Sequence[Row], by: str = "id") -> None:
    """Update rows of a table: each dict holds the column `by` that finds it, and the columns to set, all the same."""
    if not rows:
        return
    session.flush()
    table = model.__table__
    assert isinstance(table, Table)
    connection = session.connection()
    for row in rows:
        deeds.touch(session, table.name, row[by])
    names = [name for name in rows[0] if name != by]
    values = _Tuples(iter(rows), [table.c[name] for name in (*names, by)], [], connection.dialect)
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        sets = ", ".join(f'"{name}" = ?' for name in names)
        driver.executemany(f'UPDATE "{table.name}" SET {sets} WHERE "{by}" = ?', values)
        return
    shape = ", ".join(f'"{name}"' for name in (*names, by))
    with driver.cursor() as cursor:  # one statement over a table of our own: a tenth of the time of one for each row
        cursor.execute(f'CREATE TEMP TABLE bulk_change ON COMMIT DROP AS SELECT {shape} FROM "{table.name}" LIMIT 0')
        with cursor.copy(f"COPY bulk_change ({shape}) FROM STDIN") as copy:
            for each in values:
                copy.write_row(each)
        sets = ", ".join(f'"{name}" = bulk_change."{name}"' for name in names)
        cursor.execute(f'UPDATE "{table.name}" SET {sets} FROM bulk_change '
                       f'WHERE "{table.name}"."{by}" = bulk_change."{by}"')
        cursor.execute("DROP TABLE bulk_change")


def look_over(session: Session, count: int, *models: type[Base]) -> None:
    """Let PostgreSQL look at tables into which `count` rows just went: until it does by itself, later, it takes
    them for empty, and reads each row of one for each row of another."""
    if count >= MANY and session.get_bind().dialect.name == "postgresql":
        session.flush()
        session.execute(text("ANALYZE " + ", ".join(f'"{model.__tablename__}"' for model in models)))


class _Tuples:
    """Rows as the driver takes them, counted as they go by: the columns that are given, then those with a default."""

    def __init__(
        self, rows: Iterator[Row], given: Sequence[Column[Any]], added: Sequence[Column[Any]], dialect: Dialect
    ) -> None:
        self.rows, self.count = rows, 0
        self.take = itemgetter(*(column.name for column in given))
        self.processes = [(place, process) for place, column in enumerate(given)
                          if (process := _process(column, dialect)) is not None]
        self.defaults = [_made(column, dialect) for column in added]

    def __iter__(self) -> Iterator[list[Any]]:
        take, processes, defaults = self.take, self.processes, self.defaults
        for row in self.rows:
            self.count += 1
            values = list(take(row))
            for place, process in processes:
                if values[place] is not None:
                    values[place] = process(values[place])
            values += [default() for default in defaults]
            yield values


def _made(column: Column[Any], dialect: Dialect) -> Callable[[], Any]:
    """A column's default, as the driver wants it."""
    default, process = _default(column), _process(column, dialect)
    if callable(default):
        return (lambda: default(None)) if process is None else lambda: process(default(None))
    fixed = default if process is None or default is None else process(default)
    return lambda: fixed


def _process(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(column.type, Json):
        encode = msgspec.json.encode
        return lambda value: encode(value).decode()
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    return process if process is None or not isinstance(column.type, Date | Instant) else _remembering(process)


def _remembering(process: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Days and moments are few among many rows."""
    known: dict[Any, Any] = {}

    def remembered(value: Any) -> Any:
        if value not in known:
            known[value] = process(value)
        return known[value]

    return remembered


def _default(column: Column[Any]) -> Any:
    """The model's own default (a value, or a function of a context), None for a column that may be empty."""
    if column.default is not None:
        return column.default.arg  # type: ignore[attr-defined]
    return None if column.nullable else _MISSING
