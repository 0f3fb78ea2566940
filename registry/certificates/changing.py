"""What is written on a certificate changes, its state and term do not: change, re-issue, review."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.errors import Problem
from registry.certificates import codes, drafting, specialities
from registry.certificates.catalogue import in_force_of
from registry.certificates.chain import (
    follow,
    from_day,
    held,
    not_future,
    ran_out,
    require_free,
    require_valid,
    turned_on,
)
from registry.certificates.drafting import Number, Paper, Term, WrongTerm
from registry.certificates.models import Certificate, Version


def change(
    session: Session, certificate: Certificate, *, since: dt.date, by: Actor, fields: Mapping[str, Any] | None = None,
    issuer: str | None = None, licence_mark: str = "", issued_on: dt.date | None = None, number: str | None = None,
    note: str = "", request_id: int | None = None,
) -> Version:
    """变更: other particulars from a day on; state and end of the term stay (153号令; facts 4.4: 有效期不变).

    `fields` are laid over those there are; the new paper's mark is `licence_mark`, the previous one is kept beside it.
    `number` re-numbers (安管 C to C3): the old one stays in the chain and in the search. The holder's name is read
    again. Ended; HeldBack while 办理转出; WrongNumber, NumberTaken or WrongTerm at the field.
    """
    require_valid(held(session, certificate), codes.SUSPENDED)
    day = from_day(certificate, since)
    last = certificate.latest
    given = _checked_number(session, certificate, number, issued_on) if number is not None else None
    term = Term(last.term, last.valid_from, last.valid_until, _issued(issued_on, last), last.review_on)
    paper = Paper(issuer if issuer is not None else last.issuer, {**last.full_fields, **(fields or {})}, licence_mark,
                  last.qr, note.strip()[:200])
    drafting.name_again(certificate)
    version = follow(session, certificate, operation=codes.CHANGED, state=certificate.state, by=by, holds_from=day,
                     fact="certificate.changed", term=term, paper=paper, number=given, request_id=request_id,
                     suspended_until=last.suspended_until, told={"renumbered": True} if given else None)
    specialities.take_over(session, version, fields or {}, by=by)
    return version


def _issued(issued_on: dt.date | None, last: Version) -> dt.date | None:
    return not_future(issued_on, "issued_on") if issued_on else last.issued_on


def _checked_number(
    session: Session, certificate: Certificate, number: str, issued_on: dt.date | None
) -> Number | None:
    """The new number; None when it is the one there is."""
    kind = in_force_of(certificate.type_code, issued_on or clock.today(), certificate.unit.province)
    given = drafting.checked_number(kind, number, certificate.holder, issued_on)
    if given.key == certificate.number_key:
        return None
    require_free(session, certificate, given.key)
    return given


def reissue(
    session: Session, certificate: Certificate, *, issued_on: dt.date, reason: str, by: Actor, licence_mark: str = "",
    issuer: str | None = None, request_id: int | None = None,
) -> Version:
    """补发: a new original for a lost or spoilt one, with the same number and term; the remark says why (facts 4.8).

    Ended; HeldBack while 暂扣 or 办理转出; WrongTerm for a day in the future or before what stands.
    """
    require_valid(held(session, certificate))
    last, day = certificate.latest, from_day(certificate, issued_on, "issued_on")
    paper = Paper(issuer if issuer is not None else last.issuer, last.full_fields, licence_mark or last.licence_mark,
                  last.qr, f"补发：{reason.strip()}"[:200])
    term = Term(last.term, last.valid_from, last.valid_until, issued_on, last.review_on)
    return follow(session, certificate, operation=codes.OTHER_ACT, state=certificate.state, by=by, holds_from=day,
                  fact="certificate.reissued", term=term, paper=paper, request_id=request_id)


def reviewed(
    session: Session, certificate: Certificate, *, on: dt.date, next_review_on: dt.date | None, by: Actor,
    fields: Mapping[str, Any] | None = None, request_id: int | None = None,
) -> Version:
    """复审合格 on a day: same number, same end of the term, the next review day (facts 4.6).

    Where missing a review ends the certificate (P01), the next day counts as an end, none if it lies behind the term;
    else it is kept as a duty (`duty_on`). A review in time that is learnt after the day ran out takes the lapse back.
    Ended; HeldBack while 暂扣 or 办理转出; WrongTerm for a review after its day, or a next day not after it.
    """
    if ran_out(held(session, certificate)) and certificate.versions[-2].state == codes.VALID:
        require_free(session, certificate)
    else:
        require_valid(certificate)
    last, review = certificate.latest, certificate.type.review
    day = max(not_future(on, "on"), turned_on(certificate))
    _check_review(certificate, on, next_review_on)
    lapses = review is not None and review.lapses
    fits = next_review_on is None or last.valid_until is None or next_review_on <= last.valid_until
    term = Term(last.term, last.valid_from, last.valid_until, last.issued_on,
                (next_review_on if fits else None) if lapses else last.review_on)
    note = f"复审合格，实际复审日期 {on.isoformat()}"
    paper = Paper(last.issuer, {**last.full_fields, **(fields or {})}, last.licence_mark, last.qr, note)
    following = next_review_on.isoformat() if next_review_on else None
    return follow(session, certificate, operation=codes.OTHER_ACT, state=codes.VALID, by=by, holds_from=day, term=term,
                  fact="certificate.reviewed", paper=paper, request_id=request_id,
                  duty_on=None if lapses else next_review_on, told={"on": on.isoformat(), "next": following})


def _check_review(certificate: Certificate, on: dt.date, next_review_on: dt.date | None) -> None:
    first = certificate.versions[0].holds_from
    if on < first:
        early = Problem("证件自 {day} 起才生效，此前不能办理。", {"day": first})
        raise WrongTerm({"on": [early]})
    if certificate.ends_on is not None and on > certificate.ends_on:
        late = Problem("复审日期晚于最后有效日 {day}，逾期未复审的不能再复审。", {"day": certificate.ends_on})
        raise WrongTerm({"on": [late]})
    if next_review_on is not None and next_review_on <= on:
        raise WrongTerm({"next_review_on": [Problem("下次复审日期应晚于本次复审日期 {day}。", {"day": on})]})
