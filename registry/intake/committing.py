"""The commit: everything that a batch brings enters in one transaction, or nothing does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import bulk, clock
from ledger.actor import Actor
from ledger.db import Bell, reading, ring_after_commit, unit
from ledger.errors import Conflict, NotAllowed
from ledger.facts import Fact, record
from ledger.failpoints import fp
from registry.access.rules import can
from registry.certificates.granting import next_code
from registry.certificates.models import Version
from registry.intake import entering, old_papers, staging
from registry.intake.batches import STATES, Batch, Flaw, Row
from registry.intake.cells import opened
from registry.intake.entering import Codes, Entry, earlier_certificates
from registry.intake.group_lock import patience
from registry.intake.judged import Judged
from registry.intake.known_units import gather
from registry.intake.matching import Matched, match
from registry.intake.progress import Teller
from registry.intake.receiving import BELL
from registry.intake.whose import allowed_for

TRIES = 4
ENTERING = ("new", "changed", "same", "repeated")


class NotReady(Conflict):
    """这个导入批次现在是“{state}”，不能入库。"""


class StillBusy(Conflict):
    """还有批量处理没有完成，请稍候再入库。"""


class Moved(Exception):
    """Somebody else changed what we had matched; match again."""


@dataclass
class Prepared:
    """Rows matched, with the ids of their Rows and the register's mark when they were."""

    ids: list[int]
    outcomes: list[str]
    matched: Matched
    mark: tuple[Any, ...]


def ask(session: Session, batch: Batch, *, by: Actor) -> None:
    """A person wants it in the register: the worker commits it in one transaction. NotReady; StillBusy."""
    if not can(by, "import.make", batch):
        raise NotAllowed
    session.refresh(batch, with_for_update={"of": Batch})
    if batch.state != "ready":
        raise NotReady(state=STATES[batch.state])
    if batch.errands:
        raise StillBusy
    batch.state, batch.committed_by, batch.problem = "committing", by.id, None
    session.flush()
    ring_after_commit(session, BELL)


def commit(engine: Engine, batch_id: int, teller: Teller, *, bell: Bell | None = None) -> None:
    """Do it, in the worker: prepared outside, checked again inside. Two batches with the same certificates end with one
    version each: the second finds the first's. A clash with somebody's own entry at the same moment begins anew."""
    teller.phase("preparing")
    for trying in range(TRIES):
        with reading(engine) as session:
            prepared = prepare(session, session.get_one(Batch, batch_id))
        codes = _draw_codes(engine, prepared.matched)
        try:
            with unit(engine, bell) as session:
                _commit(session, batch_id, prepared, codes, teller)
                fp("intake.commit.before_commit")
            fp("intake.commit.after_commit")
            return
        except (IntegrityError, Moved):
            if trying == TRIES - 1:
                raise


def _commit(session: Session, batch_id: int, prepared: Prepared, codes: Codes, teller: Teller) -> None:
    batch = session.scalar(select(Batch).where(Batch.id == batch_id).with_for_update(of=Batch))
    if batch is None or batch.state != "committing":
        return
    by = allowed_for(session, batch, batch.committed_by)
    with patience(session, batch.group_id):
        if mark_of(session) != prepared.mark:
            prepared = prepare(session, batch)
        refuse_moved(session, prepared.matched)
        fp("intake.commit.entering")
        teller.phase("committing", len(prepared.matched.chains))
        entry = entering.certificates(session, batch, prepared.matched, codes, by=by, step=teller.step)
        old_papers.enter(session, batch, prepared.matched, entry, by=by)
        write_links(session, batch, prepared, entry)
        _over(session, batch, entry, by)


def prepare(session: Session, batch: Batch) -> Prepared:
    """Everything that is to enter, matched against the register as it stands now."""
    mark = mark_of(session)
    ids, outcomes, rows = [], [], []
    for number, outcome, judged in rows_of(session, batch):
        ids.append(number)
        outcomes.append(outcome)
        rows.append(judged)
    known = gather(session, batch.unit)
    matched = match(session, batch.group_id, known, rows, staging.places(batch, known))
    for said, _ in matched.holders.new.people.values():
        matched.holders.spelt("".join(said.name.split())[:60])  # looked up before anybody has to wait for us
    return Prepared(ids, outcomes, matched, mark)


def rows_of(session: Session, batch: Batch) -> Iterator[tuple[int, str, Judged]]:
    """The rows that may enter, in the file's order: (id, outcome, what was judged)."""
    last = -1
    while True:
        some = session.execute(
            select(Row.id, Row.ordinal, Row.outcome, Row.content)
            .where(Row.batch_id == batch.id, Row.ordinal > last, Row.outcome.in_(ENTERING))
            .order_by(Row.ordinal).limit(staging.SLICE)).all()
        if not some:
            return
        last = some[-1].ordinal
        for number, _, outcome, content in some:
            judged = opened(content).judged
            judged.findings = []
            yield number, outcome, judged


def _draw_codes(engine: Engine, matched: Matched) -> Codes:
    """Our own codes for what is new, drawn before: the counters are held until a commit, and others need them."""
    fresh = Counter(matched.rows[places[0]].type_code for places in matched.chains.values()
                    if matched.matches[places[0]].there is None)
    with unit(engine) as session:
        firsts = {code: next_code(session, code, count) for code, count in sorted(fresh.items())}
        fp("intake.codes.before_commit")
    fp("intake.codes.after_commit")
    return {code: _series(first, fresh[code]) for code, first in firsts.items()}


def _series(first: str, count: int) -> Iterator[str]:
    head, _, serial = first.rpartition("-")
    return (f"{head}-{int(serial) + step:06d}" for step in range(count))


def mark_of(session: Session) -> tuple[Any, ...]:
    """What moves when anything is written to the register. On SQLite exact (one writer at a time, each act a fact); on
    PostgreSQL others write beside us, so nothing counts as unmoved."""
    if session.get_bind().dialect.name != "sqlite":
        return (object(),)
    return tuple(session.scalar(select(func.max(model.id))) for model in (Fact, Version))


def refuse_moved(session: Session, matched: Matched) -> None:
    """Moved when a certificate that we change is not as we matched it; from here on it is locked."""
    ours = {there.id: there.revision for places in matched.chains.values()
            if (there := matched.matches[places[0]].there) is not None}
    if earlier_certificates(session, sorted(ours)) != ours:
        raise Moved


def write_links(session: Session, batch: Batch, prepared: Prepared, entry: Entry) -> None:
    """Each row learns what it has become; what had to wait after all is told as a finding."""
    rows, waiting = [], []
    for place, (number, match_) in enumerate(zip(prepared.ids, prepared.matched.matches, strict=True)):
        certificate, version = entry.links.get(place, (None, None))
        rows.append({"id": number, "outcome": match_.outcome, "certificate_id": certificate, "version_id": version})
        if match_.outcome == "stopped" and prepared.outcomes[place] != "stopped":
            waiting += [(number, prepared.matched.rows[place], finding) for finding in match_.findings]
    bulk.change(session, Row, rows)
    bulk.write(session, Flaw, (staging.flaw_row(batch, number, judged, finding, prepared.matched.holders.known)
                               for number, judged, finding in waiting))
    session.execute(text(
        "UPDATE intake_flaw SET certificate_id = (SELECT certificate_id FROM intake_row WHERE intake_row.id = row_id)"
        " WHERE batch_id = :batch"), {"batch": batch.id})


def _over(session: Session, batch: Batch, entry: Entry, by: Actor) -> None:
    now = clock.now()
    batch.state, batch.committed_at = "committed", now
    counts = staging.counted(session, batch)
    batch.counts = {**batch.counts, **counts, **{name: entry.counts[name] for name in (
        "people", "machines", "units", "certificates", "changed", "versions", "originals", "loans")}}
    session.flush()
    record(session, "intake.committed", ("intake", batch.id), by=by, group_id=batch.group_id,
           about=[("unit", batch.unit_id)], after={key: entry.counts[key] for key in sorted(entry.counts)})
