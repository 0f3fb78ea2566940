"""Delivery of facts: at least once, in order of writing, one transaction for each fact and its effects."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable

from sqlalchemy import Engine, Select, or_, select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.db import Bell, reading, unit
from ledger.facts import Fact
from ledger.failpoints import fp

log = logging.getLogger("licet.outbox")
Handler = Callable[[Session, Fact], None]
LADDER = (1, 5, 30, 120, 600)  # minutes between tries


def deliver(
    engine: Engine, handlers: Iterable[tuple[str, Handler]], *, limit: int = 200, bell: Bell | None = None
) -> int:
    """Hand each waiting fact to the handlers of its prefix ("certificate.", "task.completed"); how many went out.

    A handler works in the fact's own transaction, so what it writes happens exactly once. A handler that raises
    leaves the fact waiting, to be tried again after 1, 5, 30, ... minutes; the others go on.
    """
    with reading(engine) as session:
        if session.scalars(_waiting(lock=False)).first() is None:
            return 0
    handlers = list(handlers)
    done = 0
    for _ in range(limit):
        outcome = _deliver_one(engine, handlers, bell)
        if outcome is None:
            break
        done += outcome
    return done


def _deliver_one(engine: Engine, handlers: list[tuple[str, Handler]], bell: Bell | None) -> bool | None:
    fact_id = None
    try:
        with unit(engine, bell) as session:
            fact = session.scalars(_waiting()).first()
            if fact is None:
                return None
            fact_id = fact.id
            for prefix, handler in handlers:
                if fact.kind.startswith(prefix):
                    handler(session, fact)
            fact.delivered_at = clock.now()
            fact.attempts += 1
            session.flush()
            fp("outbox.before_commit")
        fp("outbox.after_commit")
        return True
    except Exception as error:
        if fact_id is None:
            raise
        log.exception("fact %s could not be delivered", fact_id)
        _put_off(engine, fact_id, error)
        return False


def _waiting(*, lock: bool = True) -> Select[Fact]:
    query = (
        select(Fact)
        .where(Fact.delivered_at.is_(None), or_(Fact.next_try_at.is_(None), Fact.next_try_at <= clock.now()))
        .order_by(Fact.id).limit(1)
    )
    return query.with_for_update(skip_locked=True, of=Fact) if lock else query


def _put_off(engine: Engine, fact_id: int, error: Exception) -> None:
    with unit(engine) as session:
        fact = session.get_one(Fact, fact_id, with_for_update=True)
        if fact.delivered_at is None:
            wait = LADDER[min(fact.attempts, len(LADDER) - 1)]
            fact.attempts += 1
            fact.next_try_at = clock.now() + dt.timedelta(minutes=wait)
            fact.last_error = type(error).__name__
