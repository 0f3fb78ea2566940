"""A new term for a certificate, and the start of works that ends a permit's waiting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.errors import Conflict, Problem
from ledger.files import File
from ledger.workdays import months_before
from registry.certificates import codes, drafting, specialities
from registry.certificates.catalogue import in_force_of
from registry.certificates.chain import (
    HeldBack,
    add_scans,
    follow,
    held,
    not_future,
    ran_out,
    require_free,
    require_live,
    require_valid,
    turned_on,
)
from registry.certificates.drafting import Paper, Term, WrongTerm
from registry.certificates.kinds import CertificateType
from registry.certificates.models import Certificate, Version

PRESUMED = "推定延续：有效期届满前未答复，视为准予延续（行政许可法50）"


class AlreadyRenewed(Conflict):
    """证件 {code} 已延续至 {until}，同一有效期不能再次延续。"""


class TooManyExtensions(Conflict):
    """证件 {code} 已延期 {times} 次，不能再延期。"""


def renew(
    session: Session, certificate: Certificate, *, valid_from: dt.date, valid_until: dt.date, issued_on: dt.date,
    issuer: str, by: Actor, review_on: dt.date | None = None, fields: Mapping[str, Any] | None = None,
    licence_mark: str = "", scans: Iterable[int | File] = (), presumed: bool = False, request_id: int | None = None,
) -> Version:
    """Give the certificate a new term (延续) under the same number, once for each term.

    `presumed`: no answer by the end of the term counts as renewed (行政许可法 50); the scans are kept as the evidence.
    What ran out meanwhile can still be renewed without a gap if it was asked for in time (presumed, or a request).
    Ended; HeldBack while 暂扣 or 办理转出; AlreadyRenewed for a term that has its renewal; TooManyExtensions where the
    type counts them (建筑法 9); WrongTerm when nothing is lengthened or a gap would be left.
    """
    held(session, certificate)
    if ran_out(certificate) and (presumed or request_id is not None):
        before = certificate.versions[-2].state
        if before != codes.VALID:
            raise HeldBack(code=certificate.code, state=codes.STATES[before])
        require_free(session, certificate)
    else:
        require_valid(certificate)
    kind = in_force_of(certificate.type_code, issued_on, certificate.unit.province)
    term = drafting.checked_term(kind, valid_from=valid_from, valid_until=valid_until, issued_on=issued_on,
                                 review_on=review_on)
    _require_next(certificate, valid_from)
    _require_longer(certificate, valid_from, valid_until)
    _require_extension(certificate, kind, valid_until)
    last = certificate.latest
    paper = Paper(issuer, {**last.full_fields, **(fields or {})}, licence_mark, last.qr, PRESUMED if presumed else "")
    version = follow(session, certificate, operation=codes.RENEWED, state=codes.VALID, fact="certificate.renewed",
                     by=by, term=term, paper=paper, request_id=request_id,
                     holds_from=max(valid_from, turned_on(certificate)), told={"presumed": True} if presumed else None)
    add_scans(session, version, scans, by=by, kind="evidence" if presumed else "scan")
    specialities.take_over(session, version, fields or {}, by=by)
    return version


def renewals(certificate: Certificate) -> int:
    """How often it was renewed (延续) or extended (延期)."""
    return sum(version.operation == codes.RENEWED for version in certificate.versions)


def _require_next(certificate: Certificate, valid_from: dt.date) -> None:
    begun = certificate.valid_from
    if begun is None:
        return
    if begun > clock.today() and certificate.version_no > 1:
        raise AlreadyRenewed(code=certificate.code, until=certificate.valid_until)
    if begun > clock.today():
        early = Problem("证件自 {day} 起才生效，此前不能办理。", {"day": begun})
        raise WrongTerm({"valid_from": [early]})
    if valid_from <= begun:
        same = Problem("新的有效期起应晚于原有效期起 {day}。", {"day": begun})
        raise WrongTerm({"valid_from": [same]})


def _require_longer(certificate: Certificate, valid_from: dt.date, valid_until: dt.date) -> None:
    if certificate.term == codes.LONG:
        raise WrongTerm({"valid_until": [Problem("长期有效的证件不需要延续。")]})
    if certificate.valid_until is None:
        if valid_from > clock.today():
            raise WrongTerm({"valid_from": [Problem("原有效期不明，新的有效期起不能晚于今天。")]})
        return
    if valid_until <= certificate.valid_until:
        late = Problem("新的有效期至应晚于原有效期至 {day}。", {"day": certificate.valid_until})
        raise WrongTerm({"valid_until": [late]})
    assert certificate.ends_on is not None
    follows = certificate.ends_on + dt.timedelta(days=1)
    if valid_from > follows:
        gap = Problem("新的有效期起应不晚于 {day}，中间不能间断。", {"day": follows})
        raise WrongTerm({"valid_from": [gap]})


def _require_extension(certificate: Certificate, kind: CertificateType, valid_until: dt.date) -> None:
    """The type's limit: so many extensions, each of so many months at most (J03: two of three months)."""
    if kind.extension is None or certificate.ends_on is None:
        return
    if renewals(certificate) >= kind.extension.times:
        raise TooManyExtensions(code=certificate.code, times=kind.extension.times)
    latest = months_before(certificate.ends_on, -kind.extension.months)
    if valid_until > latest:
        far = Problem("每次延期不超过 {months} 个月，最晚至 {day}。", {"months": kind.extension.months, "day": latest})
        raise WrongTerm({"valid_until": [far]})


def start_work(session: Session, certificate: Certificate, *, on: dt.date, by: Actor) -> Version:
    """The works of a permit have begun (建筑法 9): it no longer lapses for want of a start.

    A start in time that is learnt after the permit ran out takes the lapse back. WrongTerm after its day.
    """
    if ran_out(held(session, certificate)):
        require_free(session, certificate)
    else:
        require_live(certificate)
    if certificate.ends_on is not None and on > certificate.ends_on:
        late = Problem("开工日期晚于许可证的最后开工日 {day}。", {"day": certificate.ends_on})
        raise WrongTerm({"on": [late]})
    project = certificate.holder_unit.project if certificate.holder_unit else None
    if project is None or certificate.type.validity.kind != "start_within":
        raise drafting.WrongHolder({"holder": [Problem("这种证件不需要登记开工。")]})
    project.started_on = not_future(on, "on")
    last = _before_lapse(certificate)
    return follow(session, certificate, operation=codes.OTHER_ACT, state=last.state, by=by, note="已开工",
                  term=Term(codes.LONG, last.valid_from, None, last.issued_on), fact="certificate.work_started",
                  suspended_until=last.suspended_until, holds_from=max(on, turned_on(certificate)))


def _before_lapse(certificate: Certificate) -> Version:
    last = certificate.latest
    return certificate.versions[-2] if last.operation == codes.EXPIRED else last
