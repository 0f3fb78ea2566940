"""Who is told what of a renewal: warnings, lapses, what stands in the meantime."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from ledger.facts import Fact
from ledger.outbox import Handler
from registry.access.grants import holders
from registry.alerts.notices import notify
from registry.certificates.catalogue import type_of
from registry.people.units import places, unit_of
from workflows.requests import Request

WARNED: dict[str, str] = {
    "first": "{title}：距法定申请日 {target} 不足 15 个工作日，仍有缺口未补齐。",
    "second": "{title}：距法定申请日 {target} 不足 5 个工作日，仍有缺口未补齐，请分管领导督办。",
}
LAPSED: dict[str, str] = {
    "over": "{title}：有效期已届满，没有在期内受理的续期申请，证件失效。请安全和法务处理。",
    "closed": "{title}：已过受理截止日，机关不再受理续期。请安全和法务处理。",
}
MEANWHILE: dict[str, str] = {
    "renewal.presumed": "{title}：届满前机关未作决定，视为准予延续（行政许可法第50条），证据已保存。",
    "renewal.held_back": "{title}：迟报后有效期届满，批准以前不得承接新工程。",
}
LEADERS = ("approver", "vice_president")


def warned(session: Session, fact: Fact) -> None:
    """N3: the departments in charge, on the second level their leaders too."""
    after, request = fact.after or {}, session.get(Request, fact.subject_id)
    if request is None or not request.type_code:
        return
    second = after.get("level") == 2
    roles = [*type_of(request.type_code).reviewers, *(LEADERS if second else ())]
    notify(session, people(session, request, roles), fact, WARNED["second" if second else "first"],
           {"title": request.title, "target": str(after.get("target"))})


def lapsed(session: Session, fact: Fact) -> None:
    """N9: safety and legal, with whoever is in charge of the type."""
    request = session.get(Request, fact.subject_id)
    if request is not None and request.type_code:
        roles = ["safety", "legal", *type_of(request.type_code).reviewers]
        text = LAPSED["over" if (fact.after or {}).get("over") else "closed"]
        notify(session, people(session, request, roles), fact, text, {"title": request.title})


def meanwhile(session: Session, fact: Fact) -> None:
    """N7: legal and the custodians."""
    request = session.get(Request, fact.subject_id)
    if request is not None:
        notify(session, people(session, request, ["legal", "custodian"]), fact, MEANWHILE[fact.kind],
               {"title": request.title})


def people(session: Session, request: Request, roles: Iterable[str]) -> list[int]:
    """Who holds one of the roles at the request's unit or above it."""
    above = places(unit_of(session, request.unit_id))
    return holders(session, [f"{role}@{place}" for role in dict.fromkeys(roles) for place in above])


REACTS: tuple[tuple[str, Handler], ...] = (
    ("renewal.warned", warned), ("renewal.lapsed", lapsed), ("renewal.presumed", meanwhile),
    ("renewal.held_back", meanwhile),
)
