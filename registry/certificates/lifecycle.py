"""What happens to a certificate: granted, renewed, suspended, given back, cancelled, lapsed. Each is a new version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.db import ring_after_commit
from ledger.errors import BadAnswer, Conflict, NotFound, Problem
from ledger.facts import Subject, record
from ledger.files import File
from ledger.workdays import calendar
from registry.certificates import codes, drafting, windows
from registry.certificates.catalogue import in_force_of
from registry.certificates.drafting import NumberTaken, Paper, Term
from registry.certificates.models import Certificate, CertificateCount, CertificateTimer, Holder, Scan, Version
from registry.people.machines import RELOCATED, Machine
from registry.people.persons import MOVED, Person
from registry.people.units import Unit

ENDINGS = {
    "注销": codes.CANCELLED, "撤销": codes.ANNULLED, "吊销": codes.REVOKED,
    "撤回": codes.CANCELLED, "废止": codes.LAPSED,
}
"""The kinds of ending (行政许可法 69, 70) and the national state they lead to; the kind stays readable in `note`."""


class Ended(Conflict):
    """证件 {code} 已是“{state}”，不能再办理。"""


class HeldBack(Conflict):
    """证件 {code} 处于“{state}”，不能延续，请先办理发还或取消转出。"""


class NotSuspended(Conflict):
    """证件 {code} 没有被暂扣。"""


def grant(
    session: Session, type_code: str, holder: Holder, *, number: str, issued_on: dt.date | None, issuer: str, by: Actor,
    valid_from: dt.date | None = None, valid_until: dt.date | None = None, review_on: dt.date | None = None,
    undated: bool = False, item: str | None = None, fields: Mapping[str, Any] | None = None, licence_mark: str = "",
    qr: str = "", scans: Iterable[int | File] = (), request_id: int | None = None,
) -> Certificate:
    """Enter a certificate with version 001, its scans (file ids) and its timers; the fact is certificate.granted.

    WrongNumber, WrongTerm, WrongHolder or NumberTaken, each a BadAnswer with the reason at the field. A live
    certificate of the same number that ran out before this one begins is ended first, not a duplicate.
    """
    unit = holder if isinstance(holder, Unit) else holder.unit
    kind = in_force_of(type_code, issued_on or clock.today(), unit.province)
    drafting.checked_holder(kind, holder)
    term = drafting.checked_term(kind, valid_from=valid_from, valid_until=valid_until, issued_on=issued_on,
                                 review_on=review_on, undated=undated, begun=_begun(holder))
    checked = drafting.checked_number(kind, number, holder, issued_on)
    item = drafting.item_of(kind, fields or {}) if item is None else item
    _make_way(session, type_code, checked.key, item, term.holds_from)
    certificate = drafting.new_certificate(kind, holder, checked, term, next_code(session, type_code), item)
    paper = Paper(issuer, fields or {}, licence_mark, qr)
    version = drafting.new_version(certificate, codes.ISSUED, term, paper, raw=checked.raw, request_id=request_id,
                                   by=(by.id, by.name))
    _save_first(session, certificate)
    add_scans(session, version, scans, by=by)
    set_timers(session, certificate, version)
    _note(session, "certificate.granted", version, by)
    return certificate


def _begun(holder: Holder) -> bool:
    return isinstance(holder, Unit) and holder.project is not None and holder.project.started_on is not None


def _make_way(session: Session, type_code: str, key: str, item: str, begins: dt.date) -> None:
    other = session.scalar(select(Certificate).where(
        Certificate.type_code == type_code, Certificate.number_key == key, Certificate.item == item,
        Certificate.state.in_(codes.LIVE)).with_for_update())
    if other is None:
        return
    if other.ends_on is None or other.ends_on >= begins:
        raise _taken(other.code)
    lapse(session, other)
    session.flush()


def _taken(code: str) -> NumberTaken:
    return NumberTaken({"number": [Problem("该编号已登记为 {code}，请核对是否重复。", {"code": code})]})


def _save_first(session: Session, certificate: Certificate) -> None:
    """Two people registering one number at once: the database lets one through, the other reads why."""
    try:
        with session.begin_nested():
            session.add(certificate)
    except IntegrityError as error:
        if "live_number" not in str(error.orig) and "number_key" not in str(error.orig):
            raise
        raise _taken("…") from error


def next_code(session: Session, type_code: str, count: int = 1) -> str:
    """Our own code, LC-J03-000001, for a new certificate (the first of `count`); the counter is held until commit."""
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    counted = insert(CertificateCount).values(type_code=type_code, last=count)
    last = session.scalar(
        counted.on_conflict_do_update(index_elements=["type_code"], set_={"last": CertificateCount.last + count})
        .returning(CertificateCount.last))
    assert last is not None
    return f"LC-{type_code}-{last - count + 1:06d}"


def add_scans(
    session: Session, version: Version, files: Iterable[int | File], *, by: Actor, kind: str = "scan"
) -> list[Scan]:
    """Attach uploaded files (ids or rows) to a version; NotFound for a file of another group."""
    added = []
    for each in files:
        file = each if isinstance(each, File) else session.get(File, each)
        if file is None or file.group_id not in (None, version.certificate.group_id):
            raise NotFound
        added.append(Scan(version=version, file=file, kind=kind, by_id=by.id))
    session.add_all(added)
    return added


def set_timers(session: Session, certificate: Certificate, version: Version) -> None:
    """Replace what was waiting by the steps of this version's term."""
    cancel_timers(certificate)
    if certificate.state in codes.LIVE and certificate.ends_on:
        kind = in_force_of(certificate.type_code, clock.today(), certificate.unit.province)
        for step in windows.steps(kind, certificate.ends_on, calendar(session)):
            session.add(CertificateTimer(certificate=certificate, version=version, kind=step.kind, due_on=step.on,
                                         due_at=step.at, confirmed=step.confirmed))
        ring_after_commit(session, "timers")
    session.flush()


def cancel_timers(certificate: Certificate) -> None:
    """Stop everything that still waits."""
    for timer in certificate.timers:
        if timer.fired_at is None and timer.cancelled_at is None:
            timer.cancelled_at = clock.now()


def follow(
    session: Session, certificate: Certificate, *, operation: str, state: str, fact: str, by: Actor,
    term: Term | None = None, paper: Paper | None = None, note: str = "", holds_from: dt.date | None = None,
    request_id: int | None = None,
) -> Version:
    """Put a version behind the last one: its term and paper are carried over unless given; timers follow."""
    last = certificate.latest
    before = _brief(last)
    term = term or Term(last.term, last.valid_from, last.valid_until, last.issued_on, last.review_on)
    paper = paper or Paper(last.issuer, last.full_fields, last.licence_mark, last.qr, note)
    kind = in_force_of(certificate.type_code, clock.today(), certificate.unit.province)
    drafting.repeat(certificate, kind, term, state)
    version = drafting.new_version(certificate, operation, term, paper, holds_from=holds_from, raw=last.number_raw,
                                   request_id=request_id, by=(by.id, by.name))
    session.add(version)
    session.flush()
    set_timers(session, certificate, version)
    _note(session, fact, version, by, before)
    return version


def renew(
    session: Session, certificate: Certificate, *, valid_from: dt.date, valid_until: dt.date, issued_on: dt.date,
    issuer: str, by: Actor, review_on: dt.date | None = None, fields: Mapping[str, Any] | None = None,
    licence_mark: str = "", request_id: int | None = None,
) -> Version:
    """Give the certificate a new term (延续) under the same number.

    Ended; HeldBack while 暂扣 or 办理转出; WrongTerm when nothing is lengthened or a gap would be left.
    """
    require_live(held(session, certificate))
    if certificate.state != codes.VALID:
        raise HeldBack(code=certificate.code, state=codes.STATES[certificate.state])
    kind = in_force_of(certificate.type_code, issued_on, certificate.unit.province)
    term = drafting.checked_term(kind, valid_from=valid_from, valid_until=valid_until, issued_on=issued_on,
                                 review_on=review_on)
    _require_longer(certificate, valid_from, valid_until)
    last = certificate.latest
    paper = Paper(issuer, {**last.full_fields, **(fields or {})}, licence_mark, last.qr)
    return follow(session, certificate, operation=codes.RENEWED, state=codes.VALID, fact="certificate.renewed", by=by,
                  term=term, paper=paper, request_id=request_id)


def _require_longer(certificate: Certificate, valid_from: dt.date, valid_until: dt.date) -> None:
    if certificate.ends_on is None or certificate.valid_until is None:
        return
    if valid_until <= certificate.valid_until:
        late = Problem("新的有效期至应晚于原有效期至 {day}。", {"day": certificate.valid_until})
        raise drafting.WrongTerm({"valid_until": [late]})
    follows = certificate.ends_on + dt.timedelta(days=1)
    if valid_from > follows:
        gap = Problem("新的有效期起应不晚于 {day}，中间不能间断。", {"day": follows})
        raise drafting.WrongTerm({"valid_from": [gap]})


def start_work(session: Session, certificate: Certificate, *, on: dt.date, by: Actor) -> Version:
    """The works of a permit have begun (建筑法 9): it no longer lapses for want of a start. WrongTerm after its day."""
    require_live(held(session, certificate))
    if certificate.ends_on is not None and on > certificate.ends_on:
        late = Problem("开工日期晚于许可证的最后开工日 {day}。", {"day": certificate.ends_on})
        raise drafting.WrongTerm({"on": [late]})
    project = certificate.holder_unit.project if certificate.holder_unit else None
    if project is None:
        raise drafting.WrongHolder({"holder": [Problem("只有项目的证件可以登记开工。")]})
    project.started_on = _not_future(on)
    last = certificate.latest
    term = Term(codes.LONG, last.valid_from, None, last.issued_on)
    return follow(session, certificate, operation=codes.OTHER_ACT, state=certificate.state, by=by, term=term,
                  fact="certificate.work_started", note="已开工", holds_from=on)


def suspend(session: Session, certificate: Certificate, *, since: dt.date, reason: str, by: Actor) -> Version:
    """暂扣: held back by the authority from a day (not in the future) until given back."""
    require_live(held(session, certificate))
    return follow(session, certificate, operation=codes.SUSPEND, state=codes.SUSPENDED, fact="certificate.suspended",
                  by=by, note=reason.strip()[:200], holds_from=_not_future(since))


def give_back(session: Session, certificate: Certificate, *, since: dt.date, by: Actor) -> Version:
    """暂扣发还: valid again from a day; NotSuspended when it was not held back."""
    if held(session, certificate).state != codes.SUSPENDED:
        raise NotSuspended(code=certificate.code)
    return follow(session, certificate, operation=codes.RETURNED, state=codes.VALID, fact="certificate.given_back",
                  by=by, holds_from=_not_future(since))


def cancel(
    session: Session, certificate: Certificate, *, kind: str, since: dt.date, reason: str, by: Actor,
    request_id: int | None = None,
) -> Version:
    """End it for good: `kind` is one of 注销 撤销 吊销 撤回 废止 (行政许可法 69, 70)."""
    require_live(held(session, certificate))
    if kind not in ENDINGS:
        raise BadAnswer({"kind": [Problem("没有“{kind}”这种终止方式。", {"kind": kind})]})
    return follow(session, certificate, operation=codes.ENDED, state=ENDINGS[kind], fact="certificate.cancelled", by=by,
                  note=f"{kind}：{reason.strip()}"[:200], holds_from=_not_future(since), request_id=request_id)


def lapse(session: Session, certificate: Certificate, *, by: Actor = SYSTEM) -> Version | None:
    """过期失效: the term ran out without a new one. None when it already ended or its term runs on."""
    if certificate.state not in codes.LIVE or certificate.ends_on is None or certificate.ends_on >= clock.today():
        return None
    return follow(session, certificate, operation=codes.EXPIRED, state=codes.LAPSED, fact="certificate.lapsed", by=by,
                  holds_from=certificate.ends_on + dt.timedelta(days=1))


def held(session: Session, certificate: Certificate) -> Certificate:
    """The certificate as it stands, locked: whoever changes it at the same time waits, and then sees our version."""
    session.refresh(certificate, with_for_update=True)
    return certificate


def require_live(certificate: Certificate) -> None:
    """Ended unless the certificate is 有效, 暂扣 or 办理转出."""
    if certificate.state not in codes.LIVE:
        raise Ended(code=certificate.code, state=codes.STATES[certificate.state])


def _not_future(day: dt.date) -> dt.date:
    if day > clock.today():
        raise drafting.WrongTerm({"since": [Problem("日期不能晚于今天。")]})
    return day


def _brief(version: Version) -> dict[str, Any]:
    until = version.valid_until
    return {"version": version.no, "state": version.state, "until": until.isoformat() if until else None}


def _note(
    session: Session, kind: str, version: Version, by: Actor, before: Mapping[str, Any] | None = None
) -> None:
    certificate = version.certificate
    about: list[Subject] = [("unit", certificate.unit_id)]
    if certificate.holder_person_id:
        about.append(("person", certificate.holder_person_id))
    if version.request_id:
        about.append(("request", version.request_id))
    record(session, kind, ("certificate", certificate.id), by=by, group_id=certificate.group_id, about=about,
           before=before, after={**_brief(version), "type": certificate.type_code, "code": certificate.code})


def _go_along(session: Session, person: Person) -> None:
    """A person's certificates are seen where the person works."""
    for certificate in session.scalars(select(Certificate).where(Certificate.holder_person_id == person.id)):
        certificate.unit, certificate.unit_path, certificate.group_id = person.unit, person.unit_path, person.group_id


def _stand_along(session: Session, machine: Machine) -> None:
    """A machine's certificates are seen where the machine stands."""
    for certificate in session.scalars(select(Certificate).where(Certificate.holder_machine_id == machine.id)):
        certificate.unit, certificate.unit_path = machine.unit, machine.unit_path
        certificate.group_id = machine.group_id


MOVED.append(_go_along)
RELOCATED.append(_stand_along)
