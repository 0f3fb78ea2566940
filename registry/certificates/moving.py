"""A certificate goes to another province: 办理转出, taken back or done. What comes from there is granting.bring_in."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from ledger.actor import Actor
from ledger.errors import Conflict, Problem
from registry.certificates import codes
from registry.certificates.chain import follow, from_day, held, require_valid
from registry.certificates.drafting import WrongTerm
from registry.certificates.models import Certificate, Version


class NotLeaving(Conflict):
    """证件 {code} 没有在办理转出。"""


def send_out(
    session: Session, certificate: Certificate, *, to: str, since: dt.date, by: Actor, request_id: int | None = None
) -> Version:
    """办理转出: state 06 from a day on, until the transfer is withdrawn or done; `to` is the place it goes to.

    The national table has no operation for the beginning of a transfer (05 is its end, 10 its withdrawal), so it is
    07 其他, with the note. Ended; HeldBack while 暂扣 or leaving already; WrongTerm at the field.
    """
    require_valid(held(session, certificate))
    if not to.strip():
        raise WrongTerm({"to": [Problem("请填写转往的省份或机关。")]})
    return follow(session, certificate, operation=codes.OTHER_ACT, state=codes.LEAVING, by=by,
                  fact="certificate.sending_out", note=f"办理转出：{to.strip()}"[:200],
                  holds_from=from_day(certificate, since), request_id=request_id)


def withdraw_sending(
    session: Session, certificate: Certificate, *, since: dt.date, by: Actor, request_id: int | None = None
) -> Version:
    """取消转出 (10): valid again from a day on; NotLeaving."""
    _require_leaving(held(session, certificate))
    return follow(session, certificate, operation=codes.TRANSFER_WITHDRAWN, state=codes.VALID, by=by,
                  fact="certificate.sending_withdrawn", holds_from=from_day(certificate, since), request_id=request_id)


def sent_out(
    session: Session, certificate: Certificate, *, since: dt.date, by: Actor, request_id: int | None = None
) -> Version:
    """转出 is done: ended here, nothing may follow; NotLeaving.

    Operation 05 of the national table is 注销（撤销、吊销、转出）; of its states only 04 注销 fits: a formal removal
    that is no penalty (07), no fault of the grant (03) and no overdue day (05). The note keeps that it was a transfer.
    """
    _require_leaving(held(session, certificate))
    return follow(session, certificate, operation=codes.ENDED, state=codes.CANCELLED, by=by, note="转出",
                  fact="certificate.sent_out", holds_from=from_day(certificate, since), request_id=request_id)


def _require_leaving(certificate: Certificate) -> None:
    if certificate.state != codes.LEAVING:
        raise NotLeaving(code=certificate.code)
