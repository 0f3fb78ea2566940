"""What a new edition of a type moves: the waiting days of its certificates and the day from which their end is near.

Worked off by the worker in small transactions once the edition has taken effect, each moved day a fact; a day that
already came stays as it was told. The same arithmetic, without writing, is the preview before publishing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session, selectinload

from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import Bell, reading, ring_after_commit, unit
from ledger.facts import record
from ledger.workdays import Calendar, calendar
from registry.certificates import codes, windows
from registry.certificates.catalogue import as_of, current, in_force_of
from registry.certificates.chain import told
from registry.certificates.editions import TypeEdition
from registry.certificates.kinds import CertificateType
from registry.certificates.models import Certificate, CertificateTimer, Version
from registry.people.units import Unit

BATCH = 200
"""Certificates of one transaction."""
REST = dt.timedelta(days=15)
"""No run of rest days is longer: a day of January rolled back to the year before lies within."""
OURS = frozenset({"opens", "hand_in", "target", "closes", "lapses"})
"""The days that follow from a type's window; others (the end of a suspension) stay as they are."""


@dataclass(frozen=True)
class Effect:
    """What an edition would move: certificates that stand in the register, waiting days of theirs, those that move."""

    certificates: int
    waiting: int
    moved: int


def sweep(engine: Engine, *, limit: int = 10, bell: Bell | None = None) -> int:
    """Work off editions that have taken effect, at most `limit` batches; how many certificates were looked at."""
    looked = 0
    for _ in range(limit):
        with reading(engine) as session:
            if session.scalar(_due()) is None:
                return looked
        with unit(engine, bell) as session:
            edition = session.scalar(_due().with_for_update(skip_locked=True, of=TypeEdition))
            if edition is None:
                return looked
            looked += max(1, _apply(session, edition))
    return looked


def _due() -> Select[TypeEdition]:
    return (
        select(TypeEdition)
        .where(TypeEdition.applied_at.is_(None), TypeEdition.withdrawn_at.is_(None),
               TypeEdition.effective_from <= clock.today())
        .order_by(TypeEdition.effective_from, TypeEdition.id).limit(1)
    )


def _apply(session: Session, edition: TypeEdition) -> int:
    """The next batch of one edition; how many certificates it held."""
    cal = calendar(session)
    batch = session.scalars(
        _batch().join(Unit, Unit.id == Certificate.unit_id)
        .where(Certificate.type_code == edition.code, Certificate.id > edition.applied_to,
               Certificate.state.in_(codes.LIVE),
               *([Unit.province == edition.province] if edition.province else []))).all()
    edition.moved += sum(refit(session, certificate, cal) for certificate in batch)
    if batch:
        edition.applied_to = batch[-1].id
    if len(batch) < BATCH:
        edition.applied_at = clock.now()
        record(session, "type.applied", ("type_edition", edition.id), by=SYSTEM,
               after={"type": edition.code, "no": edition.no, "moved": edition.moved})
    ring_after_commit(session, "timers")
    return len(batch)


def _batch() -> Select[Certificate]:
    """Certificates, locked, in order; their days, the ends of their versions and their units come along."""
    ends = (Version.certificate_id, Version.no, Version.valid_until, Version.review_on)
    return (
        select(Certificate)
        .options(selectinload(Certificate.timers), selectinload(Certificate.unit),
                 selectinload(Certificate.versions).load_only(*ends))
        .order_by(Certificate.id).limit(BATCH).with_for_update(of=Certificate)
        .execution_options(populate_existing=True)
    )


def refit(session: Session, certificate: Certificate, cal: Calendar) -> int:
    """Fit a certificate's waiting days to its type as it stands today; how many days moved, came or went."""
    if certificate.ends_on is None or certificate.state not in codes.LIVE:
        return 0
    kind = in_force_of(certificate.type_code, clock.today(), certificate.unit.province)
    near = windows.near_from(kind, certificate.ends_on)
    if certificate.due_from != near:
        certificate.due_from = near
    moved, version = 0, certificate.latest
    held = {timer.kind: timer for timer in certificate.timers
            if timer.version is version and timer.kind in OURS and timer.fired_at is None}
    due = windows.steps(kind, certificate.ends_on, cal)
    done = told(certificate, version, due)
    steps = {step.kind: step for step in due if step.kind not in done}
    for name in sorted({*held, *steps}):
        timer, step = held.get(name), steps.get(name)
        before = timer.due_on if timer is not None and timer.cancelled_at is None else None
        if step is None:
            if timer is not None and timer.cancelled_at is None:
                timer.cancelled_at = clock.now()
        elif timer is None:
            session.add(CertificateTimer(certificate=certificate, version=version, kind=name, due_on=step.on,
                                         due_at=step.at, confirmed=step.confirmed))
        else:
            timer.due_on, timer.due_at, timer.confirmed = step.on, step.at, step.confirmed
            timer.cancelled_at = None
        moved += _tell(session, certificate, name, before, step.on if step else None)
    return moved


def retime(session: Session, year: int, after: int = 0) -> int | None:
    """Compute the waiting days of a year again whose working days were announced or corrected: of one batch of
    certificates, those behind the id `after`. The last one's id, None when no more are left; each move is a fact."""
    first, last = dt.date(year, 1, 1) - REST, dt.date(year, 12, 31)
    waiting = (
        select(CertificateTimer.id)
        .where(CertificateTimer.certificate_id == Certificate.id, CertificateTimer.fired_at.is_(None),
               CertificateTimer.cancelled_at.is_(None), CertificateTimer.due_on.between(first, last)))
    batch = session.scalars(_batch().where(Certificate.id > after, waiting.exists())).all()
    cal = calendar(session)
    for certificate in batch:
        refit(session, certificate, cal)
    ring_after_commit(session, "timers")
    return batch[-1].id if len(batch) == BATCH else None


def _tell(session: Session, certificate: Certificate, step: str, before: dt.date | None, after: dt.date | None) -> bool:
    if before == after:
        return False
    record(session, "certificate.retimed", ("certificate", certificate.id), by=SYSTEM, group_id=certificate.group_id,
           before={"due": before.isoformat() if before else None},
           after={"step": step, "due": after.isoformat() if after else None})
    return True


def preview(session: Session, each: CertificateType, on: dt.date, province: str = "") -> Effect:
    """What publishing would move, by the register of today: terms are counted, not certificates walked through.

    A province with an edition of its own is left alone by a general one.
    """
    cal, count, waiting, moved = calendar(session), 0, 0, 0
    for place, _ends_on, number in session.execute(_terms(each.code)):
        if _concerned(each, place, on, province):
            count += number
    for place, ends_on, name, due_on, number in session.execute(_days(each.code)):
        if ends_on is None or not _concerned(each, place, on, province):
            continue
        kind = _standing(each, place, on)
        after = next((step.on for step in windows.steps(kind, ends_on, cal) if step.kind == name), None)
        waiting += number
        moved += number if after != due_on else 0
    moved += sum(_new_days(session, each, on, province, cal))
    return Effect(count, waiting, moved)


def _new_days(
    session: Session, each: CertificateType, on: dt.date, province: str, cal: Calendar
) -> Iterator[int]:
    """Certificates that get a step they did not have."""
    for place, ends_on, number in session.execute(_terms(each.code)):
        if ends_on is None or not _concerned(each, place, on, province):
            continue
        present = in_force_of(each.code, clock.today(), place) if each.code in _codes() else each
        names = {step.kind for step in windows.steps(present, ends_on, cal)}
        yield number * len({s.kind for s in windows.steps(_standing(each, place, on), ends_on, cal)} - names)


def _codes() -> set[str]:
    return {code for code, _ in current().lines}


def _standing(each: CertificateType, place: str, on: dt.date) -> CertificateType:
    return as_of(each, on, place) or each


def _concerned(each: CertificateType, place: str, on: dt.date, province: str) -> bool:
    if province:
        return place == province
    said = current().lines.get((each.code, place)) if place else None
    return not (said and said[0].effective_from <= on)


def _terms(code: str) -> Select[str, dt.date | None, int]:
    return (
        select(Unit.province, Certificate.ends_on, func.count()).join(Unit, Unit.id == Certificate.unit_id)
        .where(Certificate.type_code == code, Certificate.state.in_(codes.LIVE))
        .group_by(Unit.province, Certificate.ends_on)
    )


def _days(code: str) -> Select[str, dt.date | None, str, dt.date, int]:
    return (
        select(Unit.province, Certificate.ends_on, CertificateTimer.kind, CertificateTimer.due_on, func.count())
        .join(Certificate, Certificate.id == CertificateTimer.certificate_id)
        .join(Unit, Unit.id == Certificate.unit_id)
        .where(Certificate.type_code == code, CertificateTimer.fired_at.is_(None),
               CertificateTimer.cancelled_at.is_(None))
        .group_by(Unit.province, Certificate.ends_on, CertificateTimer.kind, CertificateTimer.due_on)
    )
