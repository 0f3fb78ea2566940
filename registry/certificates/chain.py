"""The next version of a certificate: who may put one behind the last, from which day, and what goes along with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.db import ring_after_commit
from ledger.errors import Conflict, NotFound, Problem
from ledger.facts import record
from ledger.files import File
from ledger.workdays import calendar
from registry.certificates import codes, drafting, windows
from registry.certificates.catalogue import in_force_of
from registry.certificates.drafting import Number, NumberTaken, Paper, Term
from registry.certificates.kinds import CertificateType
from registry.certificates.models import Certificate, CertificateTimer, Scan, Version


class Ended(Conflict):
    """证件 {code} 已是“{state}”，不能再办理。"""


class HeldBack(Conflict):
    """证件 {code} 处于“{state}”，请先办理发还或取消转出。"""


def follow(
    session: Session, certificate: Certificate, *, operation: str, state: str, fact: str, by: Actor,
    holds_from: dt.date | None = None, term: Term | None = None, paper: Paper | None = None, note: str = "",
    number: Number | None = None, suspended_until: dt.date | None = None, duty_on: dt.date | None = None,
    request_id: int | None = None, told: Mapping[str, Any] | None = None,
) -> Version:
    """Put a version behind the last one: its term, paper and number are carried over unless given; timers follow.

    `told` goes into the fact beside version, state and end: ids, dates and codes only.
    """
    last, _ = certificate.latest, certificate.timers  # read before anything is written: one flush is enough
    before = brief(last)
    term = term or term_of(last)
    paper = paper or Paper(last.issuer, last.full_fields, last.licence_mark, last.qr, note)
    kind = in_force_of(certificate.type_code, clock.today(), certificate.unit.province)
    drafting.repeat(certificate, kind, term, state)
    version = drafting.new_version(
        certificate, operation, term, paper, holds_from=holds_from, raw=number.raw if number else last.number_raw,
        request_id=request_id, by=(by.id, by.name))
    version.suspended_until, version.duty_on = suspended_until, duty_on or last.duty_on
    if number:
        version.previous_number = certificate.number
        drafting.renumber(certificate, number)
    session.add(version)
    set_timers(session, certificate, version)
    note_down(session, fact, version, by, before, told)
    return version


def term_of(version: Version) -> Term:
    """The dates of a version, to be carried over."""
    return Term(version.term, version.valid_from, version.valid_until, version.issued_on, version.review_on)


def held(session: Session, certificate: Certificate) -> Certificate:
    """The certificate as it stands, locked: whoever changes it at the same time waits, and then sees our version."""
    session.refresh(certificate, with_for_update=True)
    return certificate


def require_live(certificate: Certificate) -> None:
    """Ended unless the certificate is 有效, 暂扣 or 办理转出."""
    if certificate.state not in codes.LIVE:
        raise Ended(code=certificate.code, state=codes.STATES[certificate.state])


def require_valid(certificate: Certificate, *also: str) -> None:
    """Ended, or HeldBack while 暂扣 or 办理转出 (states in `also` are let through)."""
    require_live(certificate)
    if certificate.state not in (codes.VALID, *also):
        raise HeldBack(code=certificate.code, state=codes.STATES[certificate.state])


def ran_out(certificate: Certificate) -> bool:
    """Whether it is over only because its day passed (过期失效): what was in time but learnt late takes that back."""
    return certificate.state == codes.LAPSED and certificate.latest.operation == codes.EXPIRED


def require_free(session: Session, certificate: Certificate, key: str | None = None) -> None:
    """NumberTaken when another live certificate carries the number (`key`: the one to be given)."""
    other = session.scalar(select(Certificate).where(
        Certificate.type_code == certificate.type_code, Certificate.number_key == (key or certificate.number_key),
        Certificate.item == certificate.item, Certificate.state.in_(codes.LIVE), Certificate.id != certificate.id))
    if other is not None:
        raise taken(other.code)


def taken(code: str) -> NumberTaken:
    """The refusal of a number that a live certificate carries."""
    return NumberTaken({"number": [Problem("该编号已登记为 {code}，请核对是否重复。", {"code": code})]})


def turned_on(certificate: Certificate) -> dt.date:
    """The last day up to today on which state or term turned; nothing later may reach back behind it, or it would
    hide what held in between (a suspension that was over, the end of an earlier term)."""
    turned, before = dt.date.min, None
    for version in certificate.versions:
        now = (version.state, term_of(version))
        # a lapse by the clock is taken back as a whole, with the day it fell on
        if now != before and version.operation != codes.EXPIRED and version.holds_from <= clock.today():
            turned = max(turned, version.holds_from)
        before = now
    return turned


def from_day(certificate: Certificate, day: dt.date, field: str = "since") -> dt.date:
    """A day from which something may be written: not in the future, not before the certificate began, not before the
    last turn. WrongTerm at `field`."""
    not_future(day, field)
    first, turned = certificate.versions[0].holds_from, turned_on(certificate)
    if clock.today() < first:
        early = Problem("证件自 {day} 起才生效，此前不能办理。", {"day": first})
        raise drafting.WrongTerm({field: [early]})
    if day < turned:
        raise drafting.WrongTerm({field: [Problem("日期不能早于上一次办理生效的 {day}。", {"day": turned})]})
    return day


def not_future(day: dt.date, field: str = "since") -> dt.date:
    """The day; WrongTerm when it lies ahead."""
    if day > clock.today():
        raise drafting.WrongTerm({field: [Problem("日期不能晚于今天。")]})
    return day


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
    """Replace what was waiting by the steps of this version's term; what was told of the same end is not told again."""
    cancel_timers(certificate)
    if certificate.state in codes.LIVE:
        with session.no_autoflush:
            steps = _steps(session, certificate, version)
        done = told(certificate, version, steps)
        for step in steps:
            if step.kind not in done:
                session.add(CertificateTimer(certificate=certificate, version=version, kind=step.kind, due_on=step.on,
                                             due_at=step.at, confirmed=step.confirmed))
                ring_after_commit(session, "timers")
    session.flush()


def _steps(session: Session, certificate: Certificate, version: Version) -> list[windows.Step]:
    kind = in_force_of(certificate.type_code, clock.today(), certificate.unit.province)
    steps = windows.steps(kind, certificate.ends_on, calendar(session)) if certificate.ends_on else []
    if (duty := duty_of(kind, version)) and (
            step := windows.duty_step(kind, duty, certificate.ends_on, calendar(session))):
        steps.append(step)
    if version.suspended_until:
        day = version.suspended_until
        steps.append(windows.Step("susp_end", day, clock.start_of_day(day)))
    return steps


def told(certificate: Certificate, version: Version, steps: Iterable[windows.Step]) -> set[str]:
    """Which steps of a version came already, in whichever version of the same end: nobody is told of them again."""
    fired = [timer for timer in certificate.timers if timer.fired_at]
    return {step.kind for step in steps for timer in fired
            if timer.kind == step.kind and (timer.version is version or _same_end(timer, version, step))}


def duty_of(kind: CertificateType, version: Version) -> dt.date | None:
    """The day of the next review that a certificate owes; None for a type without reviews, or without a beginning."""
    begun = version.valid_from or version.issued_on
    return windows.next_duty(kind, begun, version.duty_on, clock.today()) if begun else version.duty_on


def _same_end(timer: CertificateTimer, version: Version, step: windows.Step) -> bool:
    if timer.kind == "duty":
        return timer.due_on == step.on
    if timer.kind == "susp_end":
        return timer.version.suspended_until == version.suspended_until
    ends = windows.end_of_term(timer.version.valid_until, timer.version.review_on)
    return timer.kind != "lapses" and ends == windows.end_of_term(version.valid_until, version.review_on)


def cancel_timers(certificate: Certificate) -> None:
    """Stop everything that still waits."""
    for timer in certificate.timers:
        if timer.fired_at is None and timer.cancelled_at is None:
            timer.cancelled_at = clock.now()


def brief(version: Version) -> dict[str, Any]:
    """What a fact says of a version."""
    until = version.valid_until
    return {"version": version.no, "state": version.state, "until": until.isoformat() if until else None}


def note_down(
    session: Session, kind: str, version: Version, by: Actor, before: Mapping[str, Any] | None = None,
    told: Mapping[str, Any] | None = None,
) -> None:
    """Record the fact of a version, in the stories of certificate, unit, person and request."""
    certificate = version.certificate
    about = certificate.concerned
    if version.request_id:
        about.append(("request", version.request_id))
    record(session, kind, ("certificate", certificate.id), by=by, group_id=certificate.group_id, about=about,
           before=before, after={**brief(version), "type": certificate.type_code, "code": certificate.code,
                                 **(told or {})})
