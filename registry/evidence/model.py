"""The log as rows: its leaves, its tiles, its signed heads, and where those went."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Json


class LogHead(Base):
    """The one row that the sealer locks: how far the log goes."""

    __tablename__ = "log_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(String(200))
    algorithm: Mapped[str] = mapped_column(String(10))
    size: Mapped[int] = mapped_column(BigId)
    key: Mapped[str] = mapped_column(String(300))
    begun_at: Mapped[dt.datetime]


class LogLeaf(Base):
    """One leaf: a fact, or the imprint of a row ("certificate/7"). `seal` is the sealer's signature."""

    __tablename__ = "log_leaf"

    seq: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    fact_id: Mapped[int | None] = mapped_column(BigId, unique=True)
    row: Mapped[str | None] = mapped_column(String(300), index=True)
    deed_id: Mapped[int] = mapped_column(BigId, index=True)
    seal: Mapped[bytes] = mapped_column(LargeBinary(64))


class LogDeed(Base):
    """The writers' codes of the deeds that are sealed: none is sealed twice."""

    __tablename__ = "log_deed"

    mac: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    deed_id: Mapped[int] = mapped_column(BigId)


class LogTile(Base):
    """Up to 256 hashes of the tree (ledger/chain.py)."""

    __tablename__ = "log_tile"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class LogShape(Base):
    """Which columns an imprint is made of."""

    __tablename__ = "log_shape"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    of: Mapped[str] = mapped_column(String(63))
    keys: Mapped[list[str]] = mapped_column(Json)
    columns: Mapped[list[list[Any]]] = mapped_column(Json)


class LogCheckpoint(Base):
    """A signed head."""

    __tablename__ = "log_checkpoint"

    size: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime]
    note: Mapped[str] = mapped_column(Text)


class LogReceipt(Base):
    """A head that left the house: where to, and what was given for it."""

    __tablename__ = "log_receipt"

    size: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    place: Mapped[str] = mapped_column(String(60), primary_key=True)
    at: Mapped[dt.datetime]
    receipt: Mapped[bytes] = mapped_column(LargeBinary)
