"""What followed when a certificate went or a person left, kept as rows until it is restored.

The rows repeat `dependence`: they say that a certificate has lost its ground, may have lapsed, must be reviewed or
changed, and what a project or a company may no longer do ("blocked"). A cause is looked at again whenever something
about it may have changed (`reconsider`): rows that no longer follow are closed, new ones are opened. Asked twice, the
second time changes nothing. No row changes a certificate's own standing: the laws' words on that are either
unverified or leave it to the authority.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, Select, String, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, joinedload, mapped_column, relationship

from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import Base, BigId, Id, Instant, Json
from ledger.facts import Subject, record
from registry.certificates.models import Certificate
from registry.certificates.standing import Standing
from registry.certificates.standing import of as standing_of
from registry.people.persons import Person
from registry.people.scope import Path, Visible
from registry.people.units import Unit
from registry.rules.book import employer_on
from registry.rules.dependence import Consequences, may_suffer, same_holder, when_gone, when_left
from registry.rules.lacking import lacking
from registry.rules.lines import Line
from registry.rules.words import LACKS

KINDS: dict[str, str] = {
    "ground": "依据缺失", "lapses": "可能失效，须复核", "review": "须复核", "change": "须变更或注销", "blocked": "受限",
}
_OPEN = text("lifted_at IS NULL")
Cause = Certificate | Person


class Effect(Base):
    """One consequence of one cause, from `since` on, until `lifted_at`.

    Either `certificate` suffers, or `unit` (a project or company) lacks what rule `decision` calls `lack`; `params`
    are the values of its sentence. `family` is that of the certificates it tells about. `key` says the same in one
    word: among the open rows it is there once.
    """

    __tablename__ = "effect"
    __table_args__ = (
        CheckConstraint("kind in ('ground', 'lapses', 'review', 'change', 'blocked')", name="kind"),
        Index("uq_effect_open", "key", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_effect_certificate_id", "certificate_id"), Index("ix_effect_unit_path", "unit_path", "lifted_at"),
        Index("ix_effect_unit_id", "unit_id"),
        Index("ix_effect_cause_certificate_id", "cause_certificate_id"),
        Index("ix_effect_cause_person_id", "cause_person_id"),
    )
    __visible__ = Visible(action="certificate.read", family="family", owner="owner_id")

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    unit_path: Mapped[str] = mapped_column(Path)
    family: Mapped[str] = mapped_column(String(1))
    owner_id: Mapped[int | None] = mapped_column(BigId)
    key: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(8))
    certificate_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("certificate.id"))
    unit_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"))
    decision: Mapped[str] = mapped_column(String(40), default="")
    lack: Mapped[str] = mapped_column(String(40), default="")
    params: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    text: Mapped[str] = mapped_column(String(400), default="")
    basis: Mapped[str] = mapped_column(String(200), default="")
    verified: Mapped[bool] = mapped_column(default=False)
    cause_certificate_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("certificate.id"))
    cause_person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    since: Mapped[dt.date]
    opened_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    lifted_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    certificate: Mapped[Certificate | None] = relationship(foreign_keys=[certificate_id])
    unit: Mapped[Unit | None] = relationship(foreign_keys=[unit_id])
    cause_certificate: Mapped[Certificate | None] = relationship(foreign_keys=[cause_certificate_id])
    cause_person: Mapped[Person | None] = relationship(foreign_keys=[cause_person_id])

    @property
    def sentence(self) -> str:
        """What is wrong: a msgid, for a place to be filled with `params`."""
        return LACKS.get(self.lack, self.lack) if self.lack else self.text

    @property
    def label(self) -> str:
        """The kind as people read it (a msgid)."""
        return KINDS[self.kind]


@dataclass(frozen=True)
class Changed:
    """What looking at a cause again has changed."""

    opened: tuple[Effect, ...] = ()
    lifted: tuple[Effect, ...] = ()


def reconsider(session: Session, cause: Cause) -> Changed:
    """Bring the rows of one cause into line with what follows from it today. The cause stays locked: who looks at it
    at the same time waits, and then finds nothing left to do."""
    session.execute(select(type(cause).id).where(type(cause).id == cause.id).with_for_update())
    wanted = {row.key: row for row in _wanted(session, cause)}
    held = {row.key: row for row in session.scalars(
        select(Effect).where(_of(cause), Effect.lifted_at.is_(None)))}
    opened = [row for key, row in wanted.items() if key not in held]
    lifted = [row for key, row in held.items() if key not in wanted]
    session.add_all(opened)
    for row in lifted:
        row.lifted_at = clock.now()
    session.flush()
    _note(session, cause, "effects.applied", opened)
    _note(session, cause, "effects.lifted", lifted)
    return Changed(tuple(opened), tuple(lifted))


def causes_near(session: Session, certificate: Certificate) -> list[Cause]:
    """The causes of open rows that a change of this certificate may touch: itself, whatever its rows come from, and
    lost certificates of the same holder (a new one may stand in for them)."""
    of_holder = select(Certificate.id).where(same_holder(certificate))
    return _causes(session, or_(Effect.certificate_id == certificate.id, Effect.cause_certificate_id.in_(of_holder)))


def causes_above(session: Session, certificate: Certificate) -> list[Cause]:
    """Lost certificates of the companies above a certificate that is new here: it may rest on one of them."""
    above = [int(part) for part in certificate.unit_path.strip("/").split("/")]
    lost = select(Certificate.id).where(Certificate.holder_unit_id.in_(above))
    found = _causes(session, Effect.cause_certificate_id.in_(lost))
    return [cause for cause in found if isinstance(cause, Certificate)
            and certificate.type_code in may_suffer(cause.type_code)]


def leavers_at(session: Session, unit_ids: Iterable[int], person_id: int | None = None) -> list[Cause]:
    """Who has left and is still the cause of open rows about these projects and companies; and the person named."""
    return _causes(session, Effect.cause_person_id.is_not(None), or_(
        Effect.unit_id.in_(list(unit_ids)), Effect.cause_person_id == (person_id or 0)))


def _causes(session: Session, *which: ColumnElement[bool]) -> list[Cause]:
    """The causes of the open rows, each once, certificates first."""
    def of(column: InstrumentedAttribute[int | None]) -> Select[int | None]:
        return select(column).where(Effect.lifted_at.is_(None), *which)

    lost = select(Certificate).where(Certificate.id.in_(of(Effect.cause_certificate_id))).order_by(Certificate.id)
    gone = select(Person).where(Person.id.in_(of(Effect.cause_person_id))).order_by(Person.id)
    return [*session.scalars(lost), *session.scalars(gone)]


def look_again(session: Session, unit_ids: Iterable[int]) -> list[Effect]:
    """Lift what these projects and companies no longer lack, whoever filled the gap: rows that lost certificates had
    caused. One question a place, not one for all that follows from the cause."""
    rows = session.scalars(select(Effect).where(
        Effect.unit_id.in_(list(unit_ids)), Effect.lifted_at.is_(None), Effect.cause_certificate_id.is_not(None)
    ).options(joinedload(Effect.unit), joinedload(Effect.cause_certificate)).order_by(Effect.id)).all()
    places = {row.unit.id: row.unit for row in rows if row.unit is not None}
    still = {_said(unit, line) for unit in places.values() for line in lacking(session, unit).lines}
    by_cause: dict[int, list[Effect]] = {}
    for row in rows:
        if row.cause_certificate is not None and row.key.partition(">")[2] not in still:
            row.lifted_at = clock.now()
            by_cause.setdefault(row.cause_certificate.id, []).append(row)
    session.flush()
    for _, lifted in sorted(by_cause.items()):
        if (cause := lifted[0].cause_certificate) is not None:
            _note(session, cause, "effects.lifted", lifted)
    return [row for row in rows if row.lifted_at is not None]


def flags(session: Session, certificate_ids: Iterable[int], on: dt.date | None = None) -> Mapping[int, list[Effect]]:
    """The open rows of certificates that hold on a day (today), by certificate: one query for a whole list."""
    ids = list(certificate_ids)
    found: dict[int, list[Effect]] = {}
    if ids:
        rows = session.scalars(select(Effect).where(
            Effect.certificate_id.in_(ids), Effect.lifted_at.is_(None), Effect.since <= (on or clock.today())
        ).order_by(Effect.id))
        for row in rows:
            found.setdefault(row.certificate_id or 0, []).append(row)
    return found


def blocked(session: Session, unit: Unit, on: dt.date | None = None) -> list[Effect]:
    """What a project or a company may not do, or lacks, because something went: open rows that hold on the day."""
    return list(session.scalars(select(Effect).where(
        Effect.unit_id == unit.id, Effect.lifted_at.is_(None), Effect.since <= (on or clock.today())
    ).order_by(Effect.id)))


def barred(session: Session, company: Unit, on: dt.date | None = None) -> bool:
    """R13: whether the company may not bid or take on a new project, because its qualification went."""
    return any(row.lack == "e02_gone" for row in blocked(session, company, on))


def follows_from(session: Session, cause: Cause) -> list[Effect]:
    """The open rows of a cause, those to come too, certificates first."""
    query = select(Effect).where(_of(cause), Effect.lifted_at.is_(None)).options(
        joinedload(Effect.certificate), joinedload(Effect.unit))
    return list(session.scalars(query.order_by(Effect.unit_id.is_not(None), Effect.id)))


def _of(cause: Cause) -> Any:
    if isinstance(cause, Person):
        return Effect.cause_person_id == cause.id
    return Effect.cause_certificate_id == cause.id


def _wanted(session: Session, cause: Cause) -> Iterator[Effect]:
    today = clock.today()
    if isinstance(cause, Person):
        if cause.left_on is None:
            return
        yield from _rows(cause, cause.left_on + dt.timedelta(days=1), after_leaving(session, cause, cause.left_on))
        return
    finding = standing_of(cause)
    if not finding.standing.usable:
        since = next((version.holds_from for version in cause.versions if version.no == finding.version), today)
        if finding.standing is Standing.EXPIRED and finding.ends_on is not None:
            since = finding.ends_on + dt.timedelta(days=1)
        yield from _rows(cause, min(since, today), when_gone(session, cause, whole=True))


def after_leaving(session: Session, person: Person, last: dt.date, *, worse: bool = False) -> Consequences:
    """What follows from somebody's last day and has not been dealt with: certificates still registered here, and what
    places newly lack from the day after; with `worse` also what they lacked already and now lack more of."""
    found = when_left(session, person, on=last, whole=True)
    day = max(clock.today(), found.on + dt.timedelta(days=1))
    mine = {person.company.uscc if person.company else None, ""}
    found.certificates = [
        each for each in found.certificates
        if standing_of(each.certificate, on=max(clock.today(), found.on)).standing.usable
        and employer_on(each.certificate.latest.fields) in mine]
    answers = {unit.id: {(line.decision, line.lack) for line in lacking(session, unit, on=day).lines}
               for unit in {unit.id: unit for unit, _ in found.lines}.values()}
    found.lines = [(unit, line) for unit, line in found.lines
                   if (line.decision, line.lack) in answers[unit.id] and (worse or not _lacked(found, unit, line))]
    return found


def _lacked(found: Consequences, unit: Unit, line: Line) -> bool:
    """Whether the place lacked it before, if perhaps less of it."""
    return line.about.kind == "unit" and (unit.id, line.decision, line.lack) in found.before


def _rows(cause: Cause, since: dt.date, found: Consequences) -> Iterator[Effect]:
    left = isinstance(cause, Person)
    name = f"p{cause.id}" if left else f"c{cause.id}"
    whose = {"cause_person_id": cause.id} if left else {"cause_certificate_id": cause.id}
    for each in found.certificates:
        suffering = each.certificate
        yield Effect(
            group_id=suffering.group_id, unit_path=suffering.unit_path, family=suffering.family,
            owner_id=suffering.holder_person_id, key=f"{name}>c{suffering.id}:{each.effect}", kind=each.effect,
            certificate_id=suffering.id, text=each.text[:400], basis=each.source[:200], verified=each.verified,
            params={}, since=since, **whose)
    seen = set[str]()
    for unit, line in found.lines:
        key = f"{name}>{_said(unit, line)}"
        if line.severity != "unknown" and not _lacked(found, unit, line) and key not in seen:
            seen.add(key)
            yield Effect(
                group_id=unit.group_id, unit_path=unit.path, family=line.family, owner_id=line.about.person, key=key,
                kind="blocked", unit_id=unit.id, decision=line.decision, lack=line.lack,
                params={name: _plain(value) for name, value in line.params.items()}, basis=line.basis[:200],
                verified=line.verified, since=since, **whose)


def _said(unit: Unit, line: Line) -> str:
    """What a place lacks, and of whom, in one word."""
    return f"u{unit.id}:{line.decision}:{line.lack}:{line.about.kind[0]}{line.about.id}"[:100]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value if isinstance(value, int) else str(value)


def _note(session: Session, cause: Cause, kind: str, rows: list[Effect]) -> None:
    if not rows:
        return
    subject: Subject = ("person" if isinstance(cause, Person) else "certificate", cause.id)
    about: list[Subject] = [
        ("certificate", row.certificate_id) if row.certificate_id else ("unit", row.unit_id or 0) for row in rows]
    record(session, kind, subject, by=SYSTEM, group_id=cause.group_id, about=about,
           after={"certificates": sum(row.certificate_id is not None for row in rows),
                  "places": sum(row.unit_id is not None for row in rows)})
