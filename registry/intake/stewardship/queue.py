"""The steward's queue: doubtful fields and quarantined rows of ledgers that came in, similar ones together.

What waits is a row (batches.Flaw) that is open and whose batch is committed: nothing is put into the queue, and
settling a row takes it out. What was put right by itself (weight tidied) is no question to anybody.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal_column, or_, select, update
from sqlalchemy.orm import Session, contains_eager

from ledger import clock
from ledger.actor import Actor
from ledger.errors import Conflict, NotFound
from ledger.facts import record
from registry.access.rules import visible
from registry.intake.batch.models import Batch, Flaw
from registry.people.scope import subtree
from registry.people.units import Unit

OPEN: ColumnElement[str] = literal_column("'open'")
"""Written out, so that both databases see that the partial index of open rows answers."""
TIDIED: ColumnElement[str] = literal_column("'tidied'")
ALONE = ""
"""The case of what is decided one by one."""


class TakenMeanwhile(Conflict):
    """这一条刚刚被别人领取，请刷新后再看。"""


@dataclass(frozen=True)
class Wanted:
    """Which rows: nothing given is everything that waits. `case` None is any case; with `opened` or `settled` it is
    what came into the queue, or left it, on that day, whatever became of it since."""

    kind: str = ""
    case: str | None = None
    unit: Unit | None = None
    type_code: str = ""
    batch_id: int | None = None
    taken_by: int | None = None
    opened: dt.date | None = None
    settled: dt.date | None = None

    @property
    def past(self) -> bool:
        """Whether a day of the queue is asked for, and not what waits now."""
        return self.opened is not None or self.settled is not None


@dataclass(frozen=True)
class Case:
    """What is alike in the queue: how many, since when, how many somebody has taken, whether rows stand still over it
    (`stops`), in how many ledgers, and one of them as an example."""

    kind: str
    case: str
    number: int
    since: dt.datetime
    taken: int
    mine: int
    stops: int
    batches: int
    example_id: int

    @property
    def alike(self) -> bool:
        """Whether one decision settles them all."""
        return self.case != ALONE


def opened_at() -> ColumnElement[dt.datetime]:
    """When a row came into the queue: with the commit of its batch, or later, when it was found."""
    return case((Flaw.since > Batch.committed_at, Flaw.since), else_=Batch.committed_at)


def closed_at() -> ColumnElement[dt.datetime | None]:
    """When it left the queue: settled, or undone with its whole batch."""
    return func.coalesce(Flaw.settled_at, Batch.undone_at, type_=Flaw.settled_at.type)


def ever(query: Any) -> Any:
    """Rows (joined to their Batch) that were in the queue at some time: not those settled before the commit."""
    return query.where(
        Flaw.weight != "tidied", Batch.committed_at.is_not(None),
        or_(Flaw.settled_at.is_(None), Flaw.settled_at >= Batch.committed_at),
    )


def waiting(query: Any, *, by_place: bool = False) -> Any:
    """Rows that wait now. Batches are few: naming them lets the index of open rows by batch answer alone. `by_place`:
    that by unit and type is to answer, as for what is counted in that order."""
    committed = select(Batch.id).where(Batch.state == "committed")
    batch = Flaw.batch_id + 0 if by_place else Flaw.batch_id
    return query.where(Flaw.state == OPEN, Flaw.weight != "tidied", batch.in_(committed))


def rows(actor: Actor, wanted: Wanted) -> Select[Flaw]:
    """What the actor may see of it, in no order yet; joined to the batch where a day is asked for."""
    query = select(Flaw)
    if wanted.past:
        query = ever(query.join(Batch, Batch.id == Flaw.batch_id))
    else:
        query = waiting(query)
    found: Select[Flaw] = visible(query, actor, model=Flaw)
    return found.where(*narrowed(wanted))


def narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    """The filter as conditions."""
    found: list[ColumnElement[bool]] = []
    if wanted.kind:
        found.append(Flaw.kind == wanted.kind)
    if wanted.case is not None:
        found.append(Flaw.case == wanted.case)
    if wanted.unit is not None:
        low, high = subtree(wanted.unit.path)
        found.append(and_(Flaw.unit_path >= low, Flaw.unit_path < high))
    if wanted.type_code:
        found.append(Flaw.type_code == wanted.type_code)
    if wanted.batch_id is not None:
        found.append(Flaw.batch_id == wanted.batch_id)
    if wanted.taken_by is not None:
        found.append(Flaw.taken_by == wanted.taken_by)
    for day, moment in ((wanted.opened, opened_at()), (wanted.settled, closed_at())):
        if day is not None:
            found.append(and_(moment >= clock.start_of_day(day), moment < clock.end_of_day(day)))
    return found


def cases(session: Session, actor: Actor, wanted: Wanted) -> list[Case]:
    """What waits, gathered by kind and case: what keeps rows out of the register first, then the most numerous. All of
    them, in one statement: what a page shows, counts and offers to choose from is told by it."""
    stops, mine = func.count().filter(Flaw.weight == "stop"), func.count().filter(Flaw.taken_by == actor.id)
    query = rows(actor, wanted).with_only_columns(
        Flaw.kind, Flaw.case, Flaw.batch_id, func.count(), func.min(Flaw.since), func.count(Flaw.taken_by), mine, stops,
        func.min(Flaw.id), maintain_column_froms=True,
    )
    found = session.execute(query.group_by(Flaw.batch_id, Flaw.kind, Flaw.case)).all()
    committed: dict[int, dt.datetime | None] = {row.id: row.committed_at for row in session.execute(
        select(Batch.id, Batch.committed_at).where(Batch.committed_at.is_not(None)))}
    together: dict[tuple[str, str], Case] = {}
    for kind, case_, batch_id, number, since, taken, own, stopped, example in found:
        begun = max(since, committed.get(batch_id) or since)
        one = Case(kind, case_, number, begun, taken, own, stopped, 1, example)
        there = together.get((kind, case_))
        together[kind, case_] = _both(there, one) if there else one
    return sorted(together.values(), key=lambda one: (one.stops == 0, -one.number, one.kind, one.case))


def _both(one: Case, other: Case) -> Case:
    """The same case in several ledgers."""
    return Case(
        one.kind, one.case, one.number + other.number, min(one.since, other.since), one.taken + other.taken,
        one.mine + other.mine, one.stops + other.stops, one.batches + other.batches,
        min(one.example_id, other.example_id))


def by_kind(found: Iterable[Case]) -> dict[str, int]:
    """How many wait of each kind, the most numerous first."""
    total: Counter[str] = Counter()
    for one in found:
        total[one.kind] += one.number
    return dict(total.most_common())


def kinds(session: Session, actor: Actor, wanted: Wanted) -> dict[str, int]:
    """How many wait of each kind, the most numerous first: the choices of the filter, which does not narrow them."""
    number = func.count()
    query = rows(actor, wanted).with_only_columns(Flaw.kind, number, maintain_column_froms=True)
    found = session.execute(query.group_by(Flaw.kind).order_by(number.desc(), Flaw.kind))
    return {row[0]: row[1] for row in found}


def count(session: Session, actor: Actor, wanted: Wanted | None = None) -> int:
    """How many rows wait."""
    query = rows(actor, wanted or Wanted()).with_only_columns(func.count(), maintain_column_froms=True)
    return session.scalar(query) or 0


def flaw_of(session: Session, actor: Actor, flaw_id: int) -> Flaw:
    """One row with its batch and its ledger row, of a ledger that is or was in the register; NotFound otherwise."""
    query = ever(visible(select(Flaw).join(Flaw.batch).join(Flaw.row), actor, model=Flaw)).where(Flaw.id == flaw_id)
    found: Flaw | None = session.scalar(query.options(contains_eager(Flaw.batch), contains_eager(Flaw.row)))
    if found is None:
        raise NotFound
    return found


def take(session: Session, flaw: Flaw, *, by: Actor, was: int | None) -> None:
    """The actor has it from now on; `was` is who had it when they decided so. TakenMeanwhile: somebody else since."""
    if flaw.taken_by != was and flaw.taken_by != by.id:
        raise TakenMeanwhile
    _taken(session, [flaw.id], flaw.batch_id, flaw.kind, by, by.id)
    session.refresh(flaw, ["taken_by"])


def give_back(session: Session, flaw: Flaw, *, by: Actor) -> None:
    """Nobody has it any more."""
    _taken(session, [flaw.id], flaw.batch_id, flaw.kind, by, None)
    session.refresh(flaw, ["taken_by"])


def take_all(session: Session, wanted: Wanted, *, by: Actor, most: int = 5000) -> int:
    """Take what waits there and nobody has yet; how many that were."""
    query = visible(rows(by, wanted), by, model=Flaw, action="steward.settle").where(Flaw.taken_by.is_(None))
    found = session.execute(query.with_only_columns(Flaw.id, Flaw.batch_id, maintain_column_froms=True).limit(most))
    by_batch: dict[int, list[int]] = {}
    for flaw_id, batch_id in found:
        by_batch.setdefault(batch_id, []).append(flaw_id)
    for batch_id, ids in by_batch.items():
        _taken(session, ids, batch_id, wanted.kind, by, by.id)
    return sum(map(len, by_batch.values()))


def _taken(session: Session, ids: Sequence[int], batch_id: int, kind: str, by: Actor, owner: int | None) -> None:
    for start in range(0, len(ids), 500):
        part = ids[start:start + 500]
        session.execute(update(Flaw).where(Flaw.id.in_(part), Flaw.state == "open").values(taken_by=owner),
                        execution_options={"synchronize_session": False})
    after = {"kind": kind, "number": len(ids), "taken": owner is not None}
    record(session, "intake.taken", ("intake", batch_id), by=by, after=after)
