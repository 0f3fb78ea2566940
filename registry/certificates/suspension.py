"""暂扣 and 暂扣发还: an authority holds a certificate back, with or without an end, and gives it back."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from ledger.actor import Actor
from ledger.errors import Conflict, Problem
from registry.certificates import codes
from registry.certificates.chain import follow, from_day, held, require_live
from registry.certificates.drafting import WrongTerm
from registry.certificates.models import Certificate, Version


class NotSuspended(Conflict):
    """证件 {code} 没有被暂扣。"""


class Suspended(Conflict):
    """证件 {code} 已被暂扣。"""


def suspend(
    session: Session, certificate: Certificate, *, since: dt.date, reason: str, by: Actor,
    until: dt.date | None = None, request_id: int | None = None,
) -> Version:
    """暂扣: held back by the authority from a day (not in the future) until given back.

    `until` is the last day the authority named: on that day the fact certificate.suspension_ends is recorded, nothing
    else; only the authority gives back. Ended, Suspended; WrongTerm at the field.
    """
    require_live(held(session, certificate))
    if certificate.state == codes.SUSPENDED:
        raise Suspended(code=certificate.code)
    day = from_day(certificate, since)
    if until is not None and until < since:
        raise WrongTerm({"until": [Problem("暂扣截止日期不能早于暂扣日期 {day}。", {"day": since})]})
    return follow(session, certificate, operation=codes.SUSPEND, state=codes.SUSPENDED, fact="certificate.suspended",
                  by=by, note=reason.strip()[:200], holds_from=day, suspended_until=until, request_id=request_id,
                  told={"until_day": until.isoformat()} if until else None)


def give_back(
    session: Session, certificate: Certificate, *, since: dt.date, by: Actor, request_id: int | None = None
) -> Version:
    """暂扣发还: it stands again as before it was held back; NotSuspended when it was not."""
    if held(session, certificate).state != codes.SUSPENDED:
        raise NotSuspended(code=certificate.code)
    return follow(session, certificate, operation=codes.RETURNED, state=_state_before(certificate), by=by,
                  fact="certificate.given_back", holds_from=from_day(certificate, since), request_id=request_id)


def _state_before(certificate: Certificate) -> str:
    """有效, or 办理转出 if it was held back while being sent out."""
    states = (version.state for version in reversed(certificate.versions))
    return next((state for state in states if state != codes.SUSPENDED), codes.VALID)
