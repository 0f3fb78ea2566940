"""A certificate enters the register: newly granted, or brought in from another province."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.errors import Conflict
from ledger.files import File
from ledger.workdays import calendar
from registry.certificates import codes, drafting, specialities
from registry.certificates.catalogue import in_force_of
from registry.certificates.chain import add_scans, note_down, set_timers, taken
from registry.certificates.drafting import Paper
from registry.certificates.endings import lapse
from registry.certificates.models import Certificate, CertificateCount, Holder
from registry.certificates.retiming import refit
from registry.people.machines import RELOCATED, Machine
from registry.people.persons import MOVED, Person
from registry.people.units import Unit

PER_FIRM = "P03"


class HeldThere(Conflict):
    """持证人已持有有效的同岗位证件 {code}，不能再转入一张。"""


def grant(
    session: Session, type_code: str, holder: Holder, *, number: str, issued_on: dt.date | None, issuer: str, by: Actor,
    valid_from: dt.date | None = None, valid_until: dt.date | None = None, review_on: dt.date | None = None,
    undated: bool = False, item: str | None = None, fields: Mapping[str, Any] | None = None, licence_mark: str = "",
    qr: str = "", scans: Iterable[int | File] = (), request_id: int | None = None,
) -> Certificate:
    """Enter a certificate with version 001, its scans (file ids) and its timers; the fact is certificate.granted.

    WrongNumber, WrongTerm, WrongHolder or NumberTaken, each a BadAnswer with the reason at the field. A live
    certificate of the same number that ran out before this one begins is ended first, not a duplicate. Specialities
    among the fields get rows of their own.
    """
    return _enter(session, type_code, holder, number=number, issued_on=issued_on, issuer=issuer, by=by,
                  valid_from=valid_from, valid_until=valid_until, review_on=review_on, undated=undated, item=item,
                  fields=fields, licence_mark=licence_mark, qr=qr, scans=scans, request_id=request_id)


def bring_in(
    session: Session, type_code: str, holder: Holder, *, old_number: str, old_mark: str, by: Actor, **given: Any
) -> Certificate:
    """转入: enter a certificate that another province sent out, with its number and 证照标识 there; else as grant.

    The fact is certificate.brought_in. WrongNumber when the old number is missing; HeldThere when the holder has a
    valid one for the same post already (facts 4.4 h).
    """
    if not old_number.strip():
        raise drafting.missing_number("old_number")
    return _enter(session, type_code, holder, by=by, operation=codes.BROUGHT_IN, old_number=old_number.strip()[:200],
                  old_mark=old_mark.strip(), **given)


def same_post(
    session: Session, type_code: str, person: Person, item: str, *, but: int | None = None
) -> Certificate | None:
    """A valid certificate of this person for the same post: type and trade; `but` is the one that is moved itself.

    An A certificate is held once for each firm (R04): one more is no hindrance.
    """
    if type_code == PER_FIRM:
        return None
    return session.scalar(select(Certificate).where(
        Certificate.holder_person_id == person.id, Certificate.type_code == type_code, Certificate.item == item,
        Certificate.state == codes.VALID, Certificate.id != (but or 0),
        or_(Certificate.ends_on.is_(None), Certificate.ends_on >= clock.today())).order_by(Certificate.id).limit(1))


def _enter(
    session: Session, type_code: str, holder: Holder, *, number: str, issued_on: dt.date | None, issuer: str, by: Actor,
    valid_from: dt.date | None = None, valid_until: dt.date | None = None, review_on: dt.date | None = None,
    undated: bool = False, item: str | None = None, fields: Mapping[str, Any] | None = None, licence_mark: str = "",
    qr: str = "", scans: Iterable[int | File] = (), request_id: int | None = None,
    operation: str = codes.ISSUED, old_number: str = "", old_mark: str = "",
) -> Certificate:
    unit = holder if isinstance(holder, Unit) else holder.unit
    kind = in_force_of(type_code, issued_on or clock.today(), unit.province)
    if operation == codes.ISSUED:
        drafting.require_open(kind, issued_on or clock.today())
    drafting.checked_holder(kind, holder)
    term = drafting.checked_term(kind, valid_from=valid_from, valid_until=valid_until, issued_on=issued_on,
                                 review_on=review_on, undated=undated, begun=_begun(holder))
    checked = drafting.checked_number(kind, number, holder, issued_on)
    item = drafting.item_of(kind, fields or {}) if item is None else item
    if operation == codes.BROUGHT_IN and isinstance(holder, Person) and (
            other := same_post(session, type_code, holder, item)):
        raise HeldThere(code=other.code)
    _make_way(session, type_code, checked.key, item, term.holds_from)
    certificate = drafting.new_certificate(kind, holder, checked, term, next_code(session, type_code), item)
    paper = Paper(issuer, fields or {}, licence_mark, qr)
    version = drafting.new_version(certificate, operation, term, paper, raw=checked.raw, request_id=request_id,
                                   by=(by.id, by.name), previous_mark=old_mark, previous_number=old_number)
    save_first(session, certificate)
    add_scans(session, version, scans, by=by)
    specialities.take_over(session, version, fields or {}, by=by)
    set_timers(session, certificate, version)
    note_down(session, "certificate.granted" if operation == codes.ISSUED else "certificate.brought_in", version, by)
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
        raise taken(other.code)
    if lapse(session, other) is None:  # it still runs today, the new one begins later
        raise taken(other.code)
    session.flush()


def save_first(session: Session, certificate: Certificate) -> None:
    """Two people registering one number at once: the database lets one through, the other reads why."""
    try:
        with session.begin_nested():
            session.add(certificate)
    except IntegrityError as error:
        if "live_number" not in str(error.orig) and "number_key" not in str(error.orig):
            raise
        raise taken("…") from error


def next_code(session: Session, type_code: str, count: int = 1) -> str:
    """Our own code, LC-J03-000001, for a new certificate (the first of `count`); the counter is held until commit."""
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    counted = insert(CertificateCount).values(type_code=type_code, last=count)
    last = session.scalar(
        counted.on_conflict_do_update(index_elements=["type_code"], set_={"last": CertificateCount.last + count})
        .returning(CertificateCount.last))
    assert last is not None
    return f"LC-{type_code}-{last - count + 1:06d}"


def _go_along(session: Session, holder: Person | Machine) -> None:
    """A holder's certificates are seen where the person works or the machine stands; in another province the window
    of a type may open on another day."""
    mine = Certificate.holder_person_id if isinstance(holder, Person) else Certificate.holder_machine_id
    standing = select(Certificate).where(mine == holder.id, Certificate.state != codes.WITHDRAWN)
    for certificate in session.scalars(standing).all():
        before = certificate.unit.province
        certificate.unit, certificate.unit_path, certificate.group_id = holder.unit, holder.unit_path, holder.group_id
        if holder.unit.province != before:
            refit(session, certificate, calendar(session))


MOVED.append(_go_along)
RELOCATED.append(_go_along)
