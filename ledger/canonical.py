"""What is hashed, byte for byte (docs/decisions/0026-evidence.md). Once written down it never changes: a new way gets a
new version number, and the old one stays.

Canonical JSON: keys sorted, no blank, everything beyond ASCII escaped. A value that may tell of a person is not in it;
in its place stands a salted commitment: SHA-256(HMAC-SHA256(salt, label) || canonical value). Who is given the salt of
a label can check the value behind it; without the salt nobody can guess it, and the log stays whole.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Float, Integer, LargeBinary, Numeric, String, Table

from ledger.db import Instant, Json

VERSION = 1
OPENED = ("actor_name", "before", "after")
"""The columns of a fact that stand in its leaf as commitments."""
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def canonical(value: Any) -> bytes:
    """The one text of a value made of None, bool, int, float, str, lists and dicts with keys of text."""
    return _encode(value).encode()


def instant(moment: dt.datetime) -> str:
    """2026-11-22T02:00:00.000000Z"""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def label(fact_id: int, column: str) -> str:
    """What the salt of a fact's column is derived by."""
    return f"fact/{fact_id}/{column}"


def row_label(table: str, key: str) -> str:
    """What the salt of a row's imprint is derived by."""
    return f"row/{table}/{key}"


def salt_of(salts: Mapping[str, str], name: str) -> bytes:
    """The salt of one label: derived from the deed's, or, since something of the deed was erased, kept by itself."""
    if master := salts.get(""):
        return hmac.digest(bytes.fromhex(master), name.encode(), "sha256")
    return bytes.fromhex(salts[name])


def commitment(salt: bytes, content: bytes) -> str:
    return hashlib.sha256(salt + content).hexdigest()


def fact_leaf(
    fact: Mapping[str, Any], about: Sequence[tuple[str, int]], salts: Mapping[str, str],
    erased: Mapping[str, str] | None = None,
) -> bytes:
    """The leaf of a fact: ids, codes and times as they are, the rest as commitments."""
    number, hidden = fact["id"], dict[str, str | None]()
    for column in OPENED:
        name = label(number, column)
        if erased and name in erased:
            hidden[column] = erased[name]
        elif fact[column] is None:
            hidden[column] = None
        else:
            hidden[column] = commitment(salt_of(salts, name), canonical(fact[column]))
    return canonical({
        "v": VERSION, "fact": number, "at": instant(fact["at"]), "kind": fact["kind"],
        "subject": [fact["subject_kind"], fact["subject_id"]], "about": sorted([list(each) for each in about]),
        "actor": fact["actor_id"], "group": fact["group_id"], "key": fact["key"], **hidden,
    })


def row_leaf(deed_id: int, at: dt.datetime, mark: Sequence[Any]) -> bytes:
    """The leaf of a row that a transaction wrote; it comes behind those of its facts."""
    return canonical({"v": VERSION, "deed": deed_id, "at": instant(at), "row": list(mark)})


class Shape:
    """Which columns of a table are imprinted, and what they hold. Its name goes into every imprint, so that imprints
    of last year are still understood when the table has got another column."""

    def __init__(self, table: Table, without: frozenset[str]) -> None:
        self.table = table.name
        self.keys = [column.name for column in table.primary_key]
        held = [column for column in table.columns if column.name not in without]
        self.columns = sorted([column.name, _kind(column)] for column in held)
        self.name = hashlib.sha256(canonical([self.table, self.keys, self.columns])).hexdigest()[:16]
        self._plain = [(name, _PLAIN[kind]) for name, kind in self.columns]

    def key(self, row: Mapping[str, Any]) -> str:
        return "/".join(str(row[name]) for name in self.keys)

    def imprint(self, row: Mapping[str, Any], salts: Mapping[str, str]) -> list[Any]:
        """[table, key, shape, commitment] of a row."""
        key = self.key(row)
        held = {name: None if row[name] is None else plain(row[name]) for name, plain in self._plain}
        content = canonical({"table": self.table, "key": key, "shape": self.name, "row": held})
        return [self.table, key, self.name, commitment(salt_of(salts, row_label(self.table, key)), content)]


def _same(value: Any) -> Any:
    return value


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "int": _same, "bool": bool, "text": _same, "json": _same, "float": _same, "number": str,
    "day": dt.date.isoformat, "instant": instant, "bytes": lambda value: bytes(value).hex(),
}
_KINDS: tuple[tuple[Any, str], ...] = (
    (Boolean, "bool"), (Integer, "int"), ((Json, JSON), "json"), (Instant, "instant"), (Date, "day"),
    (LargeBinary, "bytes"), (Float, "float"), (Numeric, "number"), (String, "text"),
)


def _kind(column: Column[Any]) -> str:
    for types, kind in _KINDS:
        if isinstance(column.type, types):
            return kind
    raise TypeError(f"what {column} holds has no canonical form")
