"""What an instance was given from outside, beside the answers of its tasks and its timers, which have their own rows.

With it a finished instance can be played again, also by another drawing (playing.py): what it was begun with, what its
steps returned (or which error they ended with), the messages and signals it received. Written in the transaction of
the act, packed as variables are, so that a date comes back as a date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Table, insert
from sqlalchemy.orm import Mapped, mapped_column

from engine.dialect.nodes import Token
from engine.packing import freeze, pack
from ledger.db import Base, BigId, Id, Instant

if TYPE_CHECKING:
    from engine.run import Act

LARGEST = 64 * 1024
"""Bytes of what is kept of one giving; beyond, the row says that there was something and not what."""


class Given(Base):
    """One thing given: `kind` is start, step, error, message or signal; `token` 0 for what it was begun with.

    `name` is the step's type, the error's code, the name of the message. `body` is [variables, payload] of a start,
    else the values; None where there were none, or too many to keep (`lost`).
    """

    __tablename__ = "given"
    __table_args__ = (Index("ix_given_instance", "instance_id", "token"),)

    id: Mapped[Id]
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), type_=BigId)
    token: Mapped[int]
    element_id: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str | None] = mapped_column(String(120))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    lost: Mapped[bool] = mapped_column(default=False)


ADD = insert(cast(Table, Given.__table__))


def begun(act: Act, at: str | None, variables: Mapping[str, Any], payload: Mapping[str, Any] | None) -> None:
    """With what an instance is begun; `at` names the start event that was triggered."""
    act.given.append(_row(act, 0, at or "", "start", None, [freeze(variables), freeze(payload or {})]))


def note(act: Act, token: Token, kind: str, name: str | None, values: Mapping[str, Any] | None,
         element_id: str | None = None) -> None:
    """A token is given something in this act; `element_id` where the event is not the token's own element."""
    if act.dry:
        return
    named = None if name is None else name[:120]
    act.given.append(_row(act, token.thread_id, element_id or token.task_spec.bpmn_id, kind, named,
                          freeze(values) if values else None))


def _row(act: Act, token: int, element_id: str, kind: str, name: str | None, body: Any) -> dict[str, Any]:
    packed = None if body is None else pack(body)
    lost = packed is not None and len(packed) > LARGEST
    return {"instance_id": act.instance.id, "token": token, "element_id": element_id, "kind": kind, "name": name,
            "at": act.now, "body": None if lost else packed, "lost": lost}


def write(act: Act) -> None:
    """Write what was given in this act."""
    if act.given:
        act.connection.execute(ADD, act.given)
        act.given = []


__all__ = ["Given", "begun", "note", "write"]
