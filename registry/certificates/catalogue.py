"""The catalogue of certificate types: data, never code (DESIGN D9). The files under types/ are the shipped edition of
each; editions published in the browser (editions.py) follow, each from its day on.

Everybody asks without a session. What a transaction sees is settled once, at its first question: one small query tells
whether editions were added since the last look; if not, answering stays a look into a dict. Code outside any
transaction sees the shipped files.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import Connection, Pool, event, select
from sqlalchemy.orm import Session, SessionTransaction

from ledger import clock
from ledger.errors import NotFound
from registry.certificates.editions import Said, TypeEdition
from registry.certificates.kinds import SECTIONS, CertificateType, Variant
from registry.certificates.type_checks import doubtful, doubts, statements
from registry.certificates.type_files import BrokenType, load, made_of

__all__ = ["BrokenType", "UnknownType", "as_of", "doubtful", "doubts", "in_force", "in_force_of", "load", "shipped",
           "statements", "type_of", "types"]
FOLDER = Path(__file__).parent / "types"
Types = Mapping[str, CertificateType]
MARK = "select count(*), count(withdrawn_at) from type_edition"
"""Both numbers only grow: the same two numbers mean that nothing was published or withdrawn since."""


class UnknownType(NotFound):
    """没有代码为 {code} 的证书种类。"""


class Book:
    """Every edition in force or to come, by type and province; never changed once made."""

    def __init__(self, mark: tuple[int, int], rows: Iterable[tuple[str, str, Said]]) -> None:
        self.mark = mark
        self.lines: dict[tuple[str, str], list[Said]] = {}
        for code, province, said in rows:
            self.lines.setdefault((code, province), []).append(said)
        for code, each in shipped().items():
            self.lines.setdefault((code, ""), []).append(Said(dt.date.min, 0, each))
        for line in self.lines.values():
            line.sort(key=lambda said: said.effective_from)
        self.days: dict[dt.date, Types] = {}

    def said(self, code: str, on: dt.date, province: str = "") -> Said | None:
        """The edition that speaks on a day: the province's own before the general one; None before the first."""
        for place in (province, "") if province else ("",):
            line = self.lines.get((code, place))
            at = bisect_right(line, on, key=lambda said: said.effective_from) if line else 0
            if line and at:
                return line[at - 1]
        return None

    def on(self, day: dt.date) -> Types:
        """The general edition of every type on a day, by code; the last day asked for is kept."""
        known = self.days.get(day)
        if known is None:  # several threads share a book: what is returned is not looked up a second time
            found = {code: said.type for code, place in sorted(self.lines)
                     if not place and (said := self.said(code, day))}
            known = MappingProxyType(found)
            self.days = {day: known}
        return known


class View:
    """What one transaction sees of the catalogue."""

    __slots__ = ("book", "connection", "today", "types")

    def __init__(self, connection: Connection) -> None:
        self.connection, self.types = connection, None  # type: tuple[Connection | None, Types | None]

    def look(self) -> Types:
        """Settle what this transaction sees."""
        connection = self.connection
        known = _books.get(connection.engine.pool) if connection is not None else None
        if connection is not None and not connection.closed:
            mark = tuple(connection.exec_driver_sql(MARK).one())  # of whole numbers
            if known is None or known.mark != mark:
                known = _books[connection.engine.pool] = _read(connection, (mark[0], mark[1]))
        self.book, self.connection = known or _first(), None
        self.today = clock.today()
        self.types = self.book.on(self.today)
        return self.types


_books: WeakKeyDictionary[Pool, Book] = WeakKeyDictionary()
_view: ContextVar[View | None] = ContextVar("licet_types", default=None)


def types() -> Types:
    """Every type by code, as it stands in general today."""
    view = _view.get()
    if view is None:
        return shipped()
    return view.types if view.types is not None else view.look()


def type_of(code: str) -> CertificateType:
    """The type with this code, as it stands in general today; UnknownType otherwise."""
    try:
        return types()[code]
    except KeyError:
        raise UnknownType(code=code) from None


def in_force(on: dt.date, province: str = "") -> Types:
    """The types of which certificates are issued on a day in a province (京, 苏, ...): not yet effective and closed
    ones left out, variants applied.

    A variant without a known first day is taken to be in force; a pending one never is.
    """
    book = current()
    found: dict[str, CertificateType] = {}
    for code in dict.fromkeys(code for code, _ in sorted(book.lines)):
        said = book.said(code, on, province)
        each = as_of(said.type, on, province) if said else None
        if each is not None and (each.closed_from is None or each.closed_from > on):
            found[code] = each
    return MappingProxyType(found)


def in_force_of(code: str, on: dt.date, province: str = "") -> CertificateType:
    """One type as it stands on a day in a province, closed or not; UnknownType when there is none then.

    A type that was entered in the browser speaks for the days before its first edition too: papers are older than
    our knowledge of their type.
    """
    book = current()
    said = book.said(code, on, province)
    if said is None and (line := book.lines.get((code, ""))) and line[0].effective_from <= clock.today():
        said = line[0]
    found = as_of(said.type, on, province) if said else None
    if found is None:
        raise UnknownType(code=code)
    return found


def said_on(code: str, on: dt.date, province: str = "") -> Said | None:
    """The edition that speaks on a day, with its number (0: the shipped file) and first day; None if none does."""
    return current().said(code, on, province)


def current() -> Book:
    """All editions that this transaction sees."""
    view = _view.get()
    if view is None:
        return _first()
    if view.types is None:
        view.look()
    return view.book


def as_of(each: CertificateType, on: dt.date, province: str = "") -> CertificateType | None:
    """A type with the variants of a day and a province, later and provincial ones winning; None before its start."""
    if each.effective_from is not None and each.effective_from > on:
        return None
    applying = [one for one in each.variants if _applies(one, on, province)]
    applying.sort(key=lambda one: (bool(one.province), one.effective_from or dt.date.min))
    changes: dict[str, Any] = {}
    for one in applying:
        changes |= {name: part for name in SECTIONS if (part := getattr(one, name)) is not None}
    return msgspec.structs.replace(each, **changes) if changes else each


@cache
def shipped() -> Types:
    """The files under types/, read once."""
    return MappingProxyType(load(FOLDER))


@cache
def _first() -> Book:
    return Book((0, 0), ())


def _read(connection: Connection, mark: tuple[int, int]) -> Book:
    if mark[0] == mark[1]:
        return _first() if mark == (0, 0) else Book(mark, ())
    table = TypeEdition.__table__.c
    rows = connection.execute(
        select(table.code, table.province, table.effective_from, table.no, table.content)
        .where(table.withdrawn_at.is_(None)))
    return Book(mark, [(code, province, Said(on, no, made_of(content))) for code, province, on, no, content in rows])


def _applies(variant: Variant, on: dt.date, province: str) -> bool:
    if variant.pending or (variant.province and variant.province != province):
        return False
    return variant.effective_from is None or variant.effective_from <= on


def _open_view(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if not transaction.nested:
        _view.set(View(connection))


event.listen(Session, "after_begin", _open_view)
