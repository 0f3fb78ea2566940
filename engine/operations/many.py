"""One verb on many instances: small transactions, a result for each, and none stops the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from engine.causes import plain
from engine.model import Instance
from ledger.db import unit
from ledger.errors import Refused

AT_ONCE = 10


@dataclass(frozen=True)
class Outcome:
    """What became of one instance: done, or why not: `refused`, or in plain Chinese and English, an `error`."""

    instance_id: int
    refused: Refused | None = None
    error: tuple[str, str] | None = None

    @property
    def done(self) -> bool:
        """Whether it was done and committed."""
        return self.refused is None and self.error is None


def chosen(session: Session, *, process_id: str | None = None, definition_id: int | None = None,
           states: Iterable[str] = ("active",), after: int = 0, limit: int = 1000) -> list[int]:
    """The ids of a process's or a definition's instances in these states, from the one `after` on."""
    wanted = select(Instance.id).where(Instance.state.in_(list(states)), Instance.id > after)
    if process_id is not None:
        wanted = wanted.where(Instance.process_id == process_id)
    if definition_id is not None:
        wanted = wanted.where(Instance.definition_id == definition_id)
    return list(session.scalars(wanted.order_by(Instance.id).limit(limit)))


def each(engine: Engine, instance_ids: Iterable[int], do: Callable[[Session, int], object], *,
         at_once: int = AT_ONCE) -> list[Outcome]:
    """Do it to every instance, `at_once` in a transaction, each behind a savepoint; the outcomes by instance id.

    `each(engine, ids, lambda session, id: instances.suspend(session, id, by=by, reason=reason))`
    When a transaction as a whole fails, its instances are tried once more one by one.
    """
    wanted = sorted(set(instance_ids))
    found: list[Outcome] = []
    for batch in (wanted[place:place + at_once] for place in range(0, len(wanted), at_once)):
        found += _together(engine, batch, do)
    return found


def _together(engine: Engine, batch: list[int], do: Callable[[Session, int], object]) -> Iterator[Outcome]:
    try:
        with unit(engine) as session:
            outcomes = [_one(session, number, do) for number in batch]
    except Exception as error:
        if len(batch) == 1:
            yield Outcome(batch[0], error=plain(error))
            return
        for number in batch:
            yield from _together(engine, [number], do)
        return
    yield from outcomes


def _one(session: Session, number: int, do: Callable[[Session, int], object]) -> Outcome:
    try:
        with session.begin_nested():
            do(session, number)
    except Refused as refused:
        return Outcome(number, refused=refused)
    except OperationalError:
        raise  # the database itself: the transaction is lost for everybody in it
    except Exception as error:
        return Outcome(number, error=plain(error))
    return Outcome(number)
