"""Messages and signals that leave an instance, or come from outside: a row for each receiver, delivered afterwards.

A signal goes to everybody who waits for it at that moment, a message to one receiver; a message that nobody waits for
yet is kept for a day (see deliveries.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from engine.messaging.start_events import starts
from engine.model import Delivery, Instance, Subscription
from engine.packing import plain
from ledger import clock
from ledger.db import ring_after_commit

if TYPE_CHECKING:
    from engine.run import Act

KEPT = dt.timedelta(days=1)


@dataclass(frozen=True)
class Sent:
    """Something thrown in an act: kind message or signal, its name, correlation key and variables."""

    kind: str
    name: str
    key: str | None
    payload: Mapping[str, Any]


def post(act: Act) -> None:
    """Write what an act has thrown."""
    for sent in act.sent:
        dispatch(act.session, sent, group_id=act.instance.group_id, from_instance=act.instance.id)


def dispatch(session: Session, sent: Sent, *, group_id: int, from_instance: int | None = None) -> list[Delivery]:
    """The rows for one message or signal: a signal has one for each receiver, a message exactly one."""
    now = clock.now()
    common = {
        "kind": sent.kind, "name": sent.name, "key": sent.key, "payload": plain(dict(sent.payload)),
        "from_instance_id": from_instance, "group_id": group_id, "sent_at": now, "next_try_at": now,
    }
    if sent.kind == "message":
        made = [Delivery(**common, expires_at=now + KEPT)]
    else:
        waiting = select(Subscription).where(Subscription.kind == "signal", Subscription.name == sent.name)
        others = true() if from_instance is None else Subscription.instance_id != from_instance
        made = [Delivery(**common, instance_id=each.instance_id, token=each.token)
                for each in session.scalars(waiting.where(others).order_by(Subscription.id))]
        begun = starts(session, "signal", sent.name, _places(session, from_instance, group_id))
        made += [Delivery(**common, start_trigger_id=each.id) for each in begun]
    session.add_all(made)
    session.flush()
    if made:
        ring_after_commit(session, "timers")
    return made


def places(session: Session, row: Delivery) -> list[int]:
    """Where what a message or signal starts belongs: where its sender does; the root for one from outside."""
    return _places(session, row.from_instance_id, row.group_id)


def _places(session: Session, from_instance: int | None, group_id: int) -> list[int]:
    sender = session.get(Instance, from_instance) if from_instance is not None else None
    return list(sender.places) if sender is not None and sender.places else [group_id]
