"""What instances wait for: timers due, overdue and held back, messages and signals, and messages nobody has taken."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.orm import Session

from engine.model import Delivery, Instance, Subscription, Timer
from engine.operations import undelivered
from ledger import clock
from ledger.actor import Actor
from ledger.errors import NotAllowed, NotFound
from registry.access.rules import Thing, can
from workflows.cockpit import reach

TABS = ("due", "overdue", "held", "messages", "kept")
SIZE = 25
WAITING = text("timer.state = 'waiting'")
HELD = text("timer.state IN ('suspended', 'failed')")
"""Written out, not bound: the indexes are partial."""


def timers(session: Session, actor: Actor, tab: str, *, process_id: str = "", skip: int = 0,
           size: int = SIZE) -> Sequence[tuple[Timer, Instance]]:
    """One page of timers, the soonest first: those to come ("due"), past their moment ("overdue"), or held back."""
    wanted = select(Timer, Instance).join(Instance, Instance.id == Timer.instance_id)
    wanted = wanted.where(_seen(actor, process_id), Instance.state.in_(("active", "suspended")))
    if tab == "held":
        wanted = wanted.where(HELD).order_by(Timer.due_at, Timer.id)
    elif tab == "overdue":
        wanted = wanted.where(WAITING, Timer.next_try_at <= clock.now()).order_by(Timer.next_try_at, Timer.id)
    else:
        wanted = wanted.where(WAITING, Timer.next_try_at > clock.now()).order_by(Timer.next_try_at, Timer.id)
    return session.execute(wanted.offset(skip).limit(size)).all()


def messages(session: Session, actor: Actor, *, process_id: str = "", words: str = "", skip: int = 0,
             size: int = SIZE) -> Sequence[tuple[Subscription, Instance]]:
    """One page of what instances wait to hear, the newest first; `words` is a name, or a key that it comes with."""
    whose = select(Instance.id).where(Instance.id == Subscription.instance_id, _seen(actor, process_id))
    wanted = select(Subscription.id).where(whose.correlate(Subscription).exists())
    if words:
        wanted = wanted.where((Subscription.name == words) | (Subscription.key == words))
    page = session.scalars(wanted.order_by(Subscription.id.desc()).offset(skip).limit(size)).all()
    rows = select(Subscription, Instance).join(Instance, Instance.id == Subscription.instance_id)
    return session.execute(rows.where(Subscription.id.in_(page)).order_by(Subscription.id.desc())).all()


def kept(session: Session, actor: Actor, *, skip: int = 0, size: int = SIZE) -> Sequence[Delivery]:
    """One page of messages that nobody has taken yet, or that failed: the oldest first."""
    wanted = select(Delivery).where(Delivery.state.in_(undelivered.PENDING), reach.seen(actor, model=reach.Kept))
    return session.scalars(wanted.order_by(Delivery.id).offset(skip).limit(size)).all()


def delivery(session: Session, actor: Actor, delivery_id: int) -> Delivery:
    """A message, for a deed. NotFound where the actor may not look at those of its group, NotAllowed to look only."""
    found = session.get(Delivery, delivery_id)
    if found is None or not can(actor, reach.READ, Thing(f"/{found.group_id}/")):
        raise NotFound
    if not can(actor, reach.ACT, Thing(f"/{found.group_id}/")):
        raise NotAllowed
    return found


def _seen(actor: Actor, process_id: str) -> ColumnElement[bool]:
    """The condition on the instances: those the actor may look at, of one process if one is named."""
    found = reach.seen(actor)
    return found & (Instance.process_id == process_id) if process_id else found
