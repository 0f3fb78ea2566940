"""A certificate ends: cancelled in one of its kinds, or lapsed by the clock; a wrong ending is taken back."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.errors import BadAnswer, Conflict, Problem
from registry.certificates import codes
from registry.certificates.chain import follow, held, not_future, require_free, require_live, turned_on
from registry.certificates.drafting import WrongTerm
from registry.certificates.models import Certificate, Version

ENDINGS = {
    "注销": codes.CANCELLED, "撤销": codes.ANNULLED, "吊销": codes.REVOKED,
    "撤回": codes.CANCELLED, "废止": codes.LAPSED,
}
"""The kinds of ending (行政许可法 69, 70) and the national state they lead to; the kind stays readable in `note`."""
NEVER_STARTED = "废止：到期未开工"
"""A construction permit annuls itself when works have not begun in time (建筑法 9)."""


class NotEnded(Conflict):
    """证件 {code} 没有登记过终止，不需要恢复。"""


class NotRestored(Conflict):
    """“{type}”终止后不能恢复，请重新申领。"""


def cancel(
    session: Session, certificate: Certificate, *, kind: str, since: dt.date, reason: str, by: Actor,
    request_id: int | None = None,
) -> Version:
    """End it for good: `kind` is one of 注销 撤销 吊销 撤回 废止 (行政许可法 69, 70).

    What ran out by the clock may still be 注销 (行政许可法 70 (1)): the formal removal that follows 失效.
    """
    lapsed = held(session, certificate).state == codes.LAPSED and certificate.latest.operation != codes.ENDED
    if not (lapsed and kind == "注销"):
        require_live(certificate)
    if kind not in ENDINGS:
        raise BadAnswer({"kind": [Problem("没有“{kind}”这种终止方式。", {"kind": kind})]})
    return follow(session, certificate, operation=codes.ENDED, state=ENDINGS[kind], fact="certificate.cancelled", by=by,
                  note=f"{kind}：{reason.strip()}"[:200], holds_from=not_future(since), request_id=request_id,
                  told={"kind": kind})


def lapse(session: Session, certificate: Certificate, *, by: Actor = SYSTEM) -> Version | None:
    """过期失效: the term ran out without a new one. None when it already ended or its term runs on.

    A permit whose works never began annuls itself (自行废止, 建筑法 9); the note says so.
    """
    if certificate.state not in codes.LIVE or certificate.ends_on is None or certificate.ends_on >= clock.today():
        return None
    ending = certificate.type.ending
    note = NEVER_STARTED if ending is not None and ending.annuls else ""
    return follow(session, certificate, operation=codes.EXPIRED, state=codes.LAPSED, fact="certificate.lapsed", by=by,
                  note=note, holds_from=certificate.ends_on + dt.timedelta(days=1))


def restore(
    session: Session, certificate: Certificate, *, since: dt.date, reason: str, by: Actor,
    request_id: int | None = None,
) -> Version:
    """Take back an ending that was entered wrongly: from `since` on it stands as it did before the ending.

    NotEnded unless it was ended by cancel or sent_out (what ran out by the clock is renewed or applied for anew);
    NotRestored where the type says an ending is final (E03); NumberTaken when the number was given again meanwhile;
    WrongTerm for a day before the ending or in the future.
    """
    ending = held(session, certificate).latest
    if ending.operation != codes.ENDED:
        raise NotEnded(code=certificate.code)
    if certificate.type.final is not None:
        raise NotRestored(type=certificate.type.name)
    if since < ending.holds_from:
        early = Problem("日期不能早于终止日期 {day}。", {"day": ending.holds_from})
        raise WrongTerm({"since": [early]})
    first = certificate.versions[0].holds_from
    if clock.today() < first:
        raise WrongTerm({"since": [Problem("证件自 {day} 起才生效，此前不能办理。", {"day": first})]})
    require_free(session, certificate)
    before, day = certificate.versions[-2], max(not_future(since), turned_on(certificate))
    return follow(session, certificate, operation=codes.OTHER_ACT, state=before.state, fact="certificate.restored",
                  by=by, note=f"恢复：{reason.strip()}"[:200], holds_from=day,
                  suspended_until=before.suspended_until, request_id=request_id)
