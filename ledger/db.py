"""One database, one transaction per act: SQLite (WAL) for a laptop, PostgreSQL 15+ for a group."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Engine, Integer, MetaData, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from ledger.failpoints import fp

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
READ_ONLY = "licet_read"
HURRIED = "licet_hurried"
"""The options of a connection whose transaction only reads; which would rather fail at once than wait to write."""
PATIENCE = 45
"""Seconds that a writer waits for another on SQLite: a ledger of 120,000 rows, which is one transaction, keeps others
waiting for half of that; they are late then, not refused."""


class Instant(TypeDecorator[dt.datetime]):
    """A moment, timezone-aware and in UTC, on both databases; a naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(dt.UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Json(TypeDecorator[Any]):
    """JSON as text: key order is kept on both databases (JSONB would lose it)."""

    impl = JSON
    cache_ok = True


BigId = BigInteger().with_variant(Integer, "sqlite")
Id = Annotated[int, mapped_column(BigId, primary_key=True)]
Ref = Annotated[int, mapped_column(BigId)]


class Base(DeclarativeBase):
    """Every table of the house hangs on this metadata."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {dt.datetime: Instant}


def engine_options(url: str) -> dict[str, Any]:
    """Keyword arguments of create_engine for `url` (Flask-SQLAlchemy takes the same). What is written stands in no
    message of an error: those end up in logs, and names and numbers of people must not."""
    if url.startswith("sqlite"):
        return {"hide_parameters": True, "connect_args": {"timeout": PATIENCE, "check_same_thread": False}}
    waits = "-c lock_timeout=5000 -c statement_timeout=60000 -c idle_in_transaction_session_timeout=60000"
    return {"hide_parameters": True, "pool_pre_ping": True, "pool_size": 10, "max_overflow": 10,
            "connect_args": {"options": waits}}


def open_database(url: str, **options: Any) -> Engine:
    """An engine with the house's settings. `url` is sqlite:///file or postgresql+psycopg://..."""
    return prepare(create_engine(url, **{**engine_options(url), **options}))


def prepare(engine: Engine) -> Engine:
    """Put the house's settings on an engine made elsewhere (Flask-SQLAlchemy's)."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_connect(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late
    cursor = connection.cursor()
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={PATIENCE * 1000}"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(HURRIED):
        connection.exec_driver_sql("BEGIN" if options.get(READ_ONLY) else "BEGIN IMMEDIATE")
        return
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={PATIENCE * 1000}")


Bell = Callable[[str], None]
_BELLS = "licet_bells"


def ring_after_commit(session: Session, what: str) -> None:
    """Ask for a wake-up (`what` is "outbox" or "timers") once this transaction has committed."""
    session.info.setdefault(_BELLS, set()).add(what)


def take_bells(session: Session) -> set[str]:
    """The wake-ups asked for since the last call; the committer rings them."""
    bells: set[str] = session.info.pop(_BELLS, set())
    return bells


@contextmanager
def unit(engine: Engine, bell: Bell | None = None) -> Iterator[Session]:
    """One transaction: returning commits, raising rolls back; the bell rings after the commit."""
    with Session(engine) as session:
        try:
            yield session
            fp("db.before_commit")
            session.commit()
        except BaseException:
            session.rollback()
            raise
        fp("db.after_commit")
        bells = take_bells(session)
    if bell:
        for what in sorted(bells):
            bell(what)


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that only reads: it takes no write lock and leaves nothing behind."""
    with Session(engine) as session:
        session.connection(execution_options={READ_ONLY: True})
        try:
            yield session
        finally:
            session.rollback()
