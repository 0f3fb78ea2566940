"""The commit: everything that a batch brings enters in one transaction, or nothing does."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, func, or_, select, text
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
from registry.certificates.models import Certificate, CertificateTimer, Version
from registry.intake.batch import decided
from registry.intake.batch.cells import opened
from registry.intake.batch.group_lock import earlier_certificates, turn, unhurried
from registry.intake.batch.known_units import gather
from registry.intake.batch.models import STATES, Batch, Flaw, Made, Row
from registry.intake.batch.progress import Teller
from registry.intake.batch.reach import Reach
from registry.intake.batch.whose import actor_of, allowed_for
from registry.intake.entry import entering, old_papers
from registry.intake.entry.coming import Entry
from registry.intake.entry.entering import Codes
from registry.intake.judged import Judged
from registry.intake.matching.matched import Matched, match
from registry.intake.preview import staging
from registry.intake.preview.receiving import BELL
from registry.people.persons import Person

TRIES = 4
LONGEST = dt.timedelta(minutes=5)
"""No act takes longer: requests and statements are broken off after a minute (ledger.db)."""
TOLD = ("certificate.", "person.", "machine.", "unit.", "project.", "original.", "loan.", "intake.committed",
        "intake.undone")
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
    since: dt.datetime
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
    for trying in range(TRIES):
        teller.phase("preparing")
        with reading(engine) as session:
            ready = [prepare(session, session.get_one(Batch, batch_id))]
        codes = _draw_codes(engine, ready[0].matched)
        try:
            with unit(engine, bell) as session:
                _commit(session, batch_id, ready, codes, teller)
                fp("intake.commit.before_commit")
            fp("intake.commit.after_commit")
            return
        except (IntegrityError, Moved):
            if trying == TRIES - 1:
                raise


def _commit(session: Session, batch_id: int, ready: list[Prepared], codes: Codes, teller: Teller) -> None:
    """`ready` is emptied: two of them, each with every row, would be too much to hold."""
    batch = session.scalar(select(Batch).where(Batch.id == batch_id).with_for_update(of=Batch))
    if batch is None or batch.state != "committing":
        return
    by = allowed_for(session, batch, batch.committed_by)
    unhurried(session)
    turn(session, batch.group_id)
    prepared = ready.pop()
    if mark_of(session, batch, prepared.since) != prepared.mark:
        del prepared
        prepared = prepare(session, batch)
    refuse_moved(session, prepared.matched)
    fp("intake.commit.entering")
    teller.phase("committing", len(prepared.matched.chains))
    entry = entering.certificates(session, batch, prepared.matched, codes, by=by, step=teller.step)
    old_papers.enter(session, batch, prepared.matched, entry, by=by)
    write_links(session, batch, prepared, entry)
    bulk.look_over(session, len(prepared.ids), Certificate, Version, CertificateTimer, Person, Row, Flaw, Made)
    _over(session, batch, entry, by)


def prepare(session: Session, batch: Batch) -> Prepared:
    """Everything that is to enter, matched against the register as it stands now."""
    since = clock.now() - LONGEST
    mark = mark_of(session, batch, since)
    ids, outcomes, rows = [], [], []
    for number, outcome, judged in rows_of(session, batch):
        ids.append(number)
        outcomes.append(outcome)
        rows.append(judged)
    by = actor_of(session, batch.committed_by)
    known, reach = gather(session, batch.unit, by), Reach(by)
    matched = match(session, batch.group_id, known, rows, staging.places(batch, known), reach)
    for said, _ in matched.holders.new.people.values():
        matched.holders.spelt("".join(said.name.split())[:60])  # looked up before anybody has to wait for us
    return Prepared(ids, outcomes, matched, since, mark)


def rows_of(session: Session, batch: Batch) -> Iterator[tuple[int, str, Judged]]:
    """The rows that may enter, in the file's order: (id, outcome, what was judged)."""
    for start in range(0, batch.rows_total, staging.SLICE):
        some = session.execute(
            select(Row.id, Row.outcome, Row.content)
            .where(Row.batch_id == batch.id, Row.ordinal >= start, Row.ordinal < start + staging.SLICE)
            .order_by(Row.ordinal)).all()
        for number, outcome, content in some:
            if outcome not in ENTERING:
                continue
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


def mark_of(session: Session, batch: Batch, since: dt.datetime) -> tuple[Any, ...]:
    """What moves when anything is written to the group's register: each act is a fact. Acts that began before we looked
    and end afterwards are counted too, as long as they take less than `LONGEST`; other batches wait for the lock."""
    told = or_(*(Fact.kind.startswith(prefix) for prefix in TOLD))
    query = select(func.count(), func.max(Fact.id)).where(Fact.at >= since, Fact.group_id == batch.group_id, told)
    return tuple(session.execute(query).one())


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
    known, mappings = prepared.matched.holders.known, batch.mappings  # nothing else can be asked while rows are copied
    bulk.write(session, Flaw, (staging.flaw_row(batch, mappings, number, judged, finding, known)
                               for number, judged, finding in waiting))
    session.execute(text(
        "UPDATE intake_flaw SET certificate_id = (SELECT certificate_id FROM intake_row WHERE intake_row.id = row_id)"
        " WHERE batch_id = :batch"), {"batch": batch.id})


def _over(session: Session, batch: Batch, entry: Entry, by: Actor) -> None:
    now = clock.now()
    batch.state, batch.committed_at = "committed", now
    decided.forget(session, batch.id)
    counts = staging.counted(session, batch)
    batch.counts = {**batch.counts, **counts, **{name: entry.counts[name] for name in (
        "people", "machines", "units", "certificates", "changed", "versions", "originals", "loans")}}
    session.flush()
    record(session, "intake.committed", ("intake", batch.id), by=by, group_id=batch.group_id,
           about=[("unit", batch.unit_id)], after={key: entry.counts[key] for key in sorted(entry.counts)})
