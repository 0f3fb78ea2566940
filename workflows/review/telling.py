"""Who is told what of a review."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ledger.facts import Fact
from ledger.outbox import Handler
from registry.access.grants import holders
from registry.alerts.notices import notify
from registry.certificates.models import Certificate
from registry.people.units import places
from workflows.requests import Request

TEXTS: dict[str, str] = {
    "review.refused": "{holder}：复审不予通过，证件已停用，请在 1 个工作日内调整岗位。",
    "review.lapsed": "{holder}：逾期未复审，证件失效。请安全和法务处理。",
    "review.overdue": "{holder}：逾期没有复审结果，证件可能被暂停或撤销。请安全和法务处理。",
}
ROLES: dict[str, tuple[str, ...]] = {
    "review.refused": ("safety", "project_manager"), "review.lapsed": ("safety", "legal", "project_manager"),
    "review.overdue": ("safety", "legal"),
}


def bad_news(session: Session, fact: Fact) -> None:
    """不予通过, 逾期: safety, the project where the holder is, legal; the holder too."""
    request = session.get(Request, fact.subject_id)
    certificate = session.get(Certificate, (fact.after or {}).get("certificate", 0))
    if request is None or certificate is None:
        return
    groups = [f"{role}@{place}" for role in ROLES[fact.kind] for place in places(certificate.unit)]
    people = {*holders(session, groups), *filter(None, [certificate.holder_person_id])}
    notify(session, sorted(people), fact, TEXTS[fact.kind], {"holder": certificate.holder_name})


REACTS: tuple[tuple[str, Handler], ...] = tuple((kind, bad_news) for kind in TEXTS)
