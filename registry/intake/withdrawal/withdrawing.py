"""What a batch brought is withdrawn: behind each certificate's versions stands one that says so, and nobody meets it
any more. Nothing is deleted; rows are moved out of every scope, and their numbers are free again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, Integer, String, cast, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.db import Instant, Json, ring_after_commit
from ledger.facts import Fact, FactAbout, record
from registry.certificates import codes
from registry.certificates.models import Certificate, CertificateTimer, Speciality, Version
from registry.custody.days import TakenDay
from registry.custody.loans import Loan
from registry.custody.originals import Original
from registry.intake.batch.group_lock import turn
from registry.intake.batch.models import Batch, Flaw
from registry.intake.preview.receiving import BELL
from registry.intake.withdrawal import restoring
from registry.intake.withdrawal.upon import Ours, ours
from registry.people.machines import Machine
from registry.people.persons import Person
from registry.people.scope import WITHDRAWN
from registry.people.units import Unit

NOTE = "导入批次已撤销"
FACT = "certificate.withdrawn"


def ask(session: Session, batch: Batch) -> None:
    """Let the worker do it."""
    batch.state = "undoing"
    session.flush()
    ring_after_commit(session, BELL)


def withdraw(session: Session, batch: Batch, *, by: Actor) -> None:
    """Do it, in this transaction; the caller has seen that nothing was built upon the batch."""
    turn(session, batch.group_id)
    mine, path = ours(batch), f"{WITHDRAWN}{batch.id}/"
    restored = restoring.restore(session, batch, mine, by=by)
    count = _certificates(session, batch, mine, path, by)
    _papers(session, mine, path)
    _holders(session, batch, mine, path)
    _flaws(session, batch, by)
    batch.state, batch.undone_at, batch.undone_by = "undone", clock.now(), by.id
    session.flush()
    session.expire_all()
    record(session, "intake.undone", ("intake", batch.id), by=by, group_id=batch.group_id,
           about=[("unit", batch.unit_id)], after={"certificates": count, "restored": restored})


def _do(session: Session, statement: Any) -> int:
    done: Any = session.execute(statement.execution_options(synchronize_session=False))
    return int(done.rowcount)


def _certificates(session: Session, batch: Batch, mine: Ours, path: str, by: Actor) -> int:
    """A last version for each certificate that we made; its columns repeat it, and its days are cancelled."""
    made, now = Certificate.id.in_(mine.made), clock.now()
    last = Version.no == Certificate.version_no
    _do(session, insert(Version).from_select(
        ["certificate_id", "no", "previous_id", "operation", "state", "note", "term", "valid_from", "valid_until",
         "review_on", "holds_from", "known_from", "issued_on", "issuer", "number_raw", "licence_mark",
         "previous_mark", "previous_number", "qr", "fields", "fields_sealed", "by_id", "by_name"],
        select(Certificate.id, Version.no + 1, Version.id, literal(codes.OTHER_ACT), literal(codes.WITHDRAWN),
               literal(NOTE), Version.term, Version.valid_from, Version.valid_until, Version.review_on, _begun(),
               literal(now, Instant), Version.issued_on, Version.issuer, Version.number_raw, Version.licence_mark,
               Version.previous_mark, Version.previous_number, Version.qr, Version.fields, Version.fields_sealed,
               cast(literal(by.id), Integer), literal(by.name))
        .join(Version, (Version.certificate_id == Certificate.id) & last).where(made)))
    waiting = (CertificateTimer.fired_at.is_(None), CertificateTimer.cancelled_at.is_(None))
    _do(session, update(CertificateTimer).where(CertificateTimer.certificate_id.in_(mine.made), *waiting)
        .values(cancelled_at=now))
    _do(session, update(Speciality).where(Speciality.certificate_id.in_(mine.made), Speciality.known_until.is_(None))
        .values(known_until=now))
    _tell(session, batch, mine, by)
    return _do(session, update(Certificate).where(made).values(
        state=codes.WITHDRAWN, version_no=Certificate.version_no + 1, revision=Certificate.revision + 1,
        unit_path=path, ends_on=None, due_from=None))


def _begun() -> Any:
    """The first day of the chain: from there on it does not hold."""
    first = Version.__table__.alias("first")
    return select(func.min(first.c.holds_from)).where(
        first.c.certificate_id == Certificate.id).correlate(Certificate.__table__).scalar_subquery()


def _tell(session: Session, batch: Batch, mine: Ours, by: Actor) -> None:
    """A fact for each, delivered with its writing as its import was."""
    now, before = clock.now(), session.scalar(select(func.max(Fact.id))) or 0
    _do(session, insert(Fact).from_select(
        ["at", "kind", "subject_kind", "subject_id", "actor_id", "actor_name", "group_id", "delivered_at", "attempts",
         "after"],
        select(literal(now, Instant), literal(FACT), literal("certificate"), Certificate.id,
               cast(literal(by.id), Integer), literal(by.name), Certificate.group_id, literal(now, Instant),
               literal(0), literal({"batch": batch.id}, Json)).where(Certificate.id.in_(mine.made))))
    # the facts just written say which: asked again by the rows, PostgreSQL without statistics looks for minutes
    told = (Fact.id > before, Fact.kind == FACT, Fact.at == now)
    for kind, subject in (("certificate", Certificate.id), ("unit", Certificate.unit_id),
                          ("person", Certificate.holder_person_id)):
        _do(session, insert(FactAbout).from_select(
            ["kind", "subject_id", "fact_id"],
            select(literal(kind), subject, Fact.id).join(Certificate, Certificate.id == Fact.subject_id)
            .where(*told, subject.is_not(None))))


def _papers(session: Session, mine: Ours, path: str) -> None:
    """Originals leave with their certificates; loans of theirs are void, their days free."""
    now = clock.now()
    gone = select(Original.id).where(Original.certificate_id.in_(mine.made))
    mine_too = Original.id.in_(mine.originals) | Original.certificate_id.in_(mine.made)
    lent = Loan.id.in_(mine.loans) | Loan.original_id.in_(gone)
    _do(session, delete(TakenDay).where(TakenDay.loan_id.in_(select(Loan.id).where(lent))))
    _do(session, update(Loan).where(lent, Loan.returned_at.is_(None), Loan.voided_at.is_(None)).values(voided_at=now))
    _do(session, update(Loan).where(lent).values(unit_path=path))
    # the serial makes room: the same paper may be entered again, for a certificate that stays
    _do(session, update(Original).where(mine_too).values(
        unit_path=path, serial=func.substr(literal("~") + cast(Original.id, String), 1, 40)))


def _holders(session: Session, batch: Batch, mine: Ours, path: str) -> None:
    """People, machines and projects that we made: out of every scope, their numbers free."""
    yesterday = clock.today() - dt.timedelta(days=1)
    _do(session, update(Person).where(Person.id.in_(mine.people)).values(
        unit_path=path, id_index=None, phone_index=None, left_on=yesterday))
    _do(session, update(Machine).where(Machine.id.in_(mine.machines)).values(
        unit_path=path, scrapped_on=yesterday, serial=_freed(Machine.id)))
    _do(session, update(Unit).where(Unit.id.in_(mine.units)).values(
        path=literal(path) + cast(Unit.id, String) + "/", code=_freed(Unit.id), closed_on=yesterday, parent_id=None))


def _freed(number: ColumnElement[int] | Any) -> Any:
    return literal("~") + cast(number, String)


def _flaws(session: Session, batch: Batch, by: Actor) -> None:
    _do(session, update(Flaw).where(Flaw.batch_id == batch.id, Flaw.state == "open").values(
        state="moot", settled_at=clock.now(), settled_by=by.id))
