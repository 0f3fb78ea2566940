"""What was built upon a batch, so that it cannot be undone: each with what it is and where it is to be found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from ledger.facts import Fact, Subject
from registry.access.accounts import Account
from registry.access.grants import RoleGrant
from registry.certificates import codes
from registry.certificates.models import Certificate, Scan, Speciality, Version
from registry.custody.copies import Copy
from registry.custody.loans import Loan
from registry.custody.originals import Absence, Original
from registry.custody.reservations import Reservation
from registry.intake.batch.models import Batch, Made, Row
from registry.people.machines import Installation, Machine
from registry.people.persons import Person
from registry.people.tenure import Assignment, Employment
from registry.people.units import Project, Unit
from registry.people.works import Qualification, Works

MOST = 20
"""So many of each sort are named."""
KINDS: dict[str, str] = {
    "version": "证件后来的版本", "scan": "证件的扫描件", "original": "后来登记的原件", "loan": "借用记录",
    "reservation": "借用预约", "copy": "制作的副本", "absence": "原件去向", "batch": "其他导入批次",
    "certificate": "后来登记的证件", "account": "人员账号", "role": "人员角色", "employment": "劳动关系",
    "assignment": "任职", "installation": "设备安装", "person": "单位中的人员", "machine": "单位中的设备",
    "unit": "下级单位", "works": "项目信息", "request": "业务申请", "speciality": "后来登记的专业",
    "moved": "人员、设备或项目后来的变动",
}


@dataclass(frozen=True)
class Upon:
    """`kind` is a key of KINDS, `label` its words (a msgid), `subject` what to look at, `code` what it is called there
    (a certificate's code, a batch's file)."""

    kind: str
    subject: Subject
    label: str
    code: str = ""


MOVED = ("person.moved", "person.left", "machine.relocated", "machine.scrapped", "project.won")
"""What people write down of somebody or something; nothing of it is written by a ledger."""
Look = Callable[[Session, Batch, "Ours"], Iterator[Upon]]
MORE: list[Look] = []
"""What rooms above look for; each adds itself (workflows: requests)."""


@dataclass(frozen=True)
class Ours:
    """What the batch made or touched, as conditions to be asked within queries."""

    touched: Select[int]
    """Certificates that it made or changed."""
    made: Select[int]
    """Certificates that it made."""
    versions: Any
    """Versions that it put behind them, those of later corrections too."""
    people: Select[int]
    machines: Select[int]
    units: Select[int]
    originals: Select[int]
    loans: Select[int]


def ours(batch: Batch) -> Ours:
    """The conditions of a batch."""
    mine = (Row.batch_id == batch.id, Row.version_id.is_not(None))

    def made(kind: str) -> Select[int]:
        return select(Made.subject_id).where(Made.batch_id == batch.id, Made.kind == kind)

    versions: Any = union_all(select(Row.version_id).where(*mine), made("version"))
    first = select(Version.certificate_id).where(Version.no == 1, Version.id.in_(versions))

    touched: Select[Any] = select(Row.certificate_id).where(*mine)
    return Ours(touched, first, versions, made("person"), made("machine"), made("unit"), made("original"),
                made("loan"))


def built_upon(session: Session, batch: Batch) -> list[Upon]:
    """Everything that would lose its ground if the batch were undone, at most twenty of each sort; [] if nothing."""
    if batch.committed_at is None:
        return []
    mine, found = ours(batch), list[Upon]()
    for look in (_versions, _specialities, _papers, _batches, _certificates, _of_people, _of_places, _moved, *MORE):
        found += look(session, batch, mine)
    return found


def _say(kind: str, subject: Subject, code: str | None = "") -> Upon:
    return Upon(kind, subject, KINDS[kind], code or "")


def _versions(session: Session, batch: Batch, mine: Ours) -> Iterator[Upon]:
    """Versions behind ours, but for what the clock alone has ended; and scans."""
    own = aliased(Version)
    told = select(own.known_from).where(own.id.in_(mine.versions), own.certificate_id == Version.certificate_id)
    later = (
        select(Certificate.id, Certificate.code).join(Version, Version.certificate_id == Certificate.id)
        .where(Certificate.id.in_(mine.touched), Version.known_from > batch.committed_at,
               Version.operation != codes.EXPIRED, Version.known_from.not_in(told)).distinct().limit(MOST))
    for number, code in session.execute(later):
        yield _say("version", ("certificate", number), code)
    scanned = (
        select(Certificate.id, Certificate.code).join(Version, Version.certificate_id == Certificate.id)
        .join(Scan, Scan.version_id == Version.id)
        .where(Version.id.in_(mine.versions)).distinct().limit(MOST))
    for number, code in session.execute(scanned):
        yield _say("scan", ("certificate", number), code)


def _specialities(session: Session, batch: Batch, mine: Ours) -> Iterator[Upon]:
    """专业 entered on certificates that we made; those of a row put right later come with a version of ours."""
    again = select(Version.certificate_id).where(Version.id.in_(mine.versions), Version.known_from > batch.committed_at)
    query = (
        select(Certificate.id, Certificate.code).join(Speciality, Speciality.certificate_id == Certificate.id)
        .where(Certificate.id.in_(mine.made), Certificate.id.not_in(again),
               or_(Speciality.known_from > batch.committed_at, Speciality.known_until > batch.committed_at))
        .distinct().limit(MOST))
    for number, code in session.execute(query):
        yield _say("speciality", ("certificate", number), code)


def _moved(session: Session, batch: Batch, mine: Ours) -> Iterator[Upon]:
    """People, machines and projects of ours that somebody has moved, or let go, since."""
    ours_: Any = or_(*((Fact.subject_kind == kind) & Fact.subject_id.in_(which) for kind, which in (
        ("person", mine.people), ("machine", mine.machines), ("unit", mine.units))))
    query = select(Fact.subject_kind, Fact.subject_id).where(Fact.kind.in_(MOVED), Fact.at > batch.committed_at, ours_)
    for kind, number in session.execute(query.distinct().limit(MOST)):
        yield _say("moved", (kind, number), f"{number}")


def _papers(session: Session, batch: Batch, mine: Ours) -> Iterator[Upon]:
    """What befell papers: of certificates that we made any, of others those that we entered."""
    concerned = or_(Original.certificate_id.in_(mine.made), Original.id.in_(mine.originals))
    queries: dict[str, Any] = {
        "original": select(Original.id).where(
            Original.certificate_id.in_(mine.made), Original.id.not_in(mine.originals)),
        "loan": select(Loan.id).join(Loan.original).where(concerned, Loan.id.not_in(mine.loans)),
        "reservation": select(Reservation.id).join(Reservation.original).where(
            concerned, Reservation.cancelled_at.is_(None)),
        "absence": select(Absence.id).join(Absence.original).where(concerned),
        "copy": select(Copy.id).where(Copy.certificate_id.in_(mine.made)),
    }
    for kind, query in queries.items():
        for number in session.scalars(query.limit(MOST)):
            yield _say(kind, ("original" if kind == "absence" else kind, number), f"{number}")
    back = select(Loan.id).where(Loan.id.in_(mine.loans), Loan.returned_at > batch.committed_at)
    for number in session.scalars(back.limit(MOST)):
        yield _say("loan", ("loan", number), f"{number}")


def _batches(session: Session, batch: Batch, mine: Ours) -> Iterator[Upon]:
    """Other batches that rely on our certificates: what they said was there already would be gone."""
    others = (
        select(Batch.id, Batch.name).join(Row, Row.batch_id == Batch.id)
        .where(Row.certificate_id.in_(mine.made), Batch.id != batch.id, Batch.state == "committed")
        .distinct().limit(MOST))
    for number, name in session.execute(others):
        yield _say("batch", ("intake", number), name)


def _certificates(session: Session, _batch: Batch, mine: Ours) -> Iterator[Upon]:
    """Certificates that somebody else gave to people, machines and projects that we made."""
    held = or_(Certificate.holder_person_id.in_(mine.people), Certificate.holder_machine_id.in_(mine.machines),
               Certificate.holder_unit_id.in_(mine.units), Certificate.unit_id.in_(mine.units))
    query = select(Certificate.id, Certificate.code).where(
        held, Certificate.id.not_in(mine.made), Certificate.state != codes.WITHDRAWN)
    for number, code in session.execute(query.limit(MOST)):
        yield _say("certificate", ("certificate", number), code)


def _of_people(session: Session, _batch: Batch, mine: Ours) -> Iterator[Upon]:
    queries: dict[str, Any] = {
        "account": select(Account.person_id).where(Account.person_id.in_(mine.people)),
        "role": select(RoleGrant.person_id).where(RoleGrant.person_id.in_(mine.people), RoleGrant.revoked_at.is_(None)),
        "employment": select(Employment.person_id).where(Employment.person_id.in_(mine.people)),
        "assignment": select(Assignment.person_id).where(Assignment.person_id.in_(mine.people)),
        "loan": select(Loan.person_id).where(
            or_(Loan.person_id.in_(mine.people), Loan.carrier_id.in_(mine.people)), Loan.id.not_in(mine.loans)),
        "works": select(Project.manager_id).where(Project.manager_id.in_(mine.people)),
    }
    for kind, query in queries.items():
        named = select(Person.id, Person.name).where(Person.id.in_(query)).limit(MOST)
        for number, name in session.execute(named):
            yield _say(kind, ("person", number), name)


def _of_places(session: Session, _batch: Batch, mine: Ours) -> Iterator[Upon]:
    standing = select(Machine.id, Machine.name).where(Machine.id.in_(
        select(Installation.machine_id).where(Installation.machine_id.in_(mine.machines)))).limit(MOST)
    for number, name in session.execute(standing):
        yield _say("installation", ("machine", number), name)
    at_units: Any = union_all(
        select(Person.unit_id).where(Person.unit_id.in_(mine.units), Person.id.not_in(mine.people)),
        select(Machine.unit_id).where(Machine.unit_id.in_(mine.units), Machine.id.not_in(mine.machines)),
        select(Unit.parent_id).where(Unit.parent_id.in_(mine.units)),
        select(Works.unit_id).where(Works.unit_id.in_(mine.units)),
        select(Qualification.company_id).where(Qualification.company_id.in_(mine.units)),
        select(RoleGrant.unit_id).where(RoleGrant.unit_id.in_(mine.units)),
        select(Assignment.unit_id).where(Assignment.unit_id.in_(mine.units)),
        select(Batch.unit_id).where(Batch.unit_id.in_(mine.units)))
    for number, name in session.execute(
            select(Unit.id, Unit.name).where(Unit.id.in_(at_units)).limit(MOST)):
        yield _say("unit", ("unit", number), name)
