"""Who is told what about a loan: the borrower and the carrier first, then heads and custodians."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ledger.facts import Fact
from registry.access.grants import holders
from registry.alerts.book import book
from registry.alerts.model import LOAN
from registry.alerts.notices import notify
from registry.custody.copies import Copy
from registry.custody.loans import Loan
from registry.custody.reservations import Reservation
from registry.people.units import Unit, places
from workflows.requests import Request


def late(session: Session, fact: Fact) -> None:
    """Reminded, late, blocked, suspected: each wider than the one before (domain facts 4.7). Where somebody set a rule
    of alerts for returns, that rule reminds; what follows from being late is told all the same."""
    loan = session.get(Loan, (fact.after or {}).get("loan", 0))
    if loan is None:
        return
    certificate = loan.original.certificate
    if fact.kind in ("borrowing.reminded", "borrowing.late") and book(session).holding(
            LOAN, certificate.unit_path, certificate.type_code):
        return
    params = {"title": f"{certificate.holder_name} · {certificate.type.name}", "day": loan.due_on.isoformat(),
              "name": loan.person.name}
    mine, subject = {loan.person_id, loan.carrier_id}, ("loan", loan.id)
    heads = _holding(session, "approver", loan.person.unit)
    keepers = _holding(session, "custodian", certificate.unit)
    if fact.kind == "borrowing.reminded":
        notify(session, mine, fact, "{title}的原件应于 {day} 归还，请按时交还证照管理员。", params, subject=subject)
    elif fact.kind == "borrowing.late":
        notify(session, mine | heads, fact, "{name}借用的{title}原件应于 {day} 归还，现已逾期。", params,
               subject=subject)
    elif fact.kind == "borrowing.blocked":
        notify(session, mine | keepers, fact, "{title}的原件逾期三天未还，{name}归还前不能再借。", params,
               subject=subject)
    else:
        notify(session, mine | heads | keepers, fact, "{title}的原件逾期七天未还，已按疑似遗失办理。", params,
               subject=subject)


def following(session: Session, fact: Fact) -> None:
    """The original is back: whoever is next hears of it."""
    waiting = session.get(Reservation, (fact.after or {}).get("reservation", 0))
    if waiting is None or not waiting.open:
        return
    certificate = waiting.original.certificate
    notify(session, [waiting.person_id], fact, "您预约的{title}原件已在库，{day}起可以领取。", {
        "title": f"{certificate.holder_name} · {certificate.type.name}", "day": waiting.from_on.isoformat()})


def copied(session: Session, fact: Fact) -> None:
    """A copy that was applied for is there."""
    copy = session.get(Copy, fact.subject_id)
    request = session.get(Request, copy.request_id) if copy and copy.request_id else None
    if copy and request and request.applicant_id:
        notify(session, [request.applicant_id], fact, "{title}的副本已制作，可以下载，{day}前使用。", {
            "title": request.title, "day": copy.until_on.isoformat()})


def _holding(session: Session, role: str, unit: Unit) -> set[int]:
    return set(holders(session, [f"{role}@{place}" for place in places(unit)]))


REACTS = (
    ("borrowing.reminded", late), ("borrowing.late", late), ("borrowing.blocked", late), ("borrowing.suspected", late),
    ("borrowing.next", following), ("copy.made", copied),
)
