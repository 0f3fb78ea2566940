"""How a renewal begins: when the window of a certificate's own type opens, by hand, or for a whole list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from ledger.actor import SYSTEM, Actor
from ledger.clock import day_of
from ledger.errors import NotFound
from ledger.facts import Fact
from registry.access.rules import can, visible
from registry.certificates import codes
from registry.certificates.lifecycle import renewals
from registry.certificates.models import Certificate
from registry.certificates.windows import end_of_term
from workflows.applying import beginning
from workflows.process import Choice
from workflows.renewal.conditions import WHY
from workflows.renewal.terms import days_of, kind_of
from workflows.requests import Request

PROCESS = "renewal"
NAME = "续期、延期、延续"
ABOUT = "按证件类型的办理窗口核对条件、补齐缺口、审核、审批、申报、登记新的有效期"
INSPECTED = frozenset({"Q02"})
"""Reports that no authority lengthens: a new inspection takes their place (process "review")."""


def key_of(certificate: Certificate) -> str:
    """What may be begun only once by itself: the renewal of this certificate for this end of its term."""
    return f"renewal:{certificate.id}:{certificate.ends_on}"


def is_review(certificate: Certificate) -> bool:
    """Whether what comes next is a review inside the term (facts 4.6), not a new term."""
    review, until = certificate.review_on, certificate.valid_until
    return certificate.type_code in INSPECTED or (review is not None and (until is None or review < until))


def start(session: Session, certificate: Certificate, *, by: Actor) -> Request:
    """The renewal of the present term: one that is open is given back; what the system begins, it begins once.

    A person may begin it again where the first one ended without a new term.
    """
    days = days_of(session, certificate).variables()
    again = by.kind == "person" and _over(session, certificate)
    return beginning.about(
        session, PROCESS, certificate, by=by, details=days, once_key=None if again else key_of(certificate),
        variables={**days, "holder_person_id": certificate.holder_person_id, "gaps": [], "hopeless": False,
                   "full_materials": False, "accident": None, "granted": False, "in_time": False, "accepted": False,
                   "filed": False, "ending": ""})


def _over(session: Session, certificate: Certificate) -> bool:
    return session.scalar(select(Request.id).where(Request.once_key == key_of(certificate))) is not None


def opened(session: Session, fact: Fact) -> None:
    """A window has opened: begin the renewal of that term, unless it has been renewed since or is past history."""
    certificate = session.get(Certificate, fact.subject_id)
    if certificate is None or certificate.ends_on is None or is_review(certificate):
        return
    if (fact.after or {}).get("ends") == certificate.ends_on.isoformat() and not entered_late(certificate):
        start(session, certificate, by=SYSTEM)


def entered_late(certificate: Certificate) -> bool:
    """Whether the term was over when we learnt of it: a paper of the past, with nothing to renew."""
    dated = [version for version in certificate.versions if version.operation != codes.EXPIRED]
    known = dated[-1]
    ends = end_of_term(known.valid_until, known.review_on)
    return ends is not None and day_of(known.known_from) > ends


def choices(session: Session, actor: Actor, certificate: Certificate) -> Sequence[Choice]:
    """Renewal, for whoever may start requests here or keeps the certificates; or why not now."""
    return tuple(offered(session, actor, [certificate]).values())


def offered(session: Session, actor: Actor, certificates: Iterable[Certificate]) -> dict[int, Choice]:
    """The same for a list, by the ids of the certificates it is offered for, in their order; two queries in all."""
    able = [one for one in certificates if one.ends_on is not None and not is_review(one) and _may(actor, one)]
    counted = [one.id for one in able if kind_of(one).extension is not None]
    session.scalars(select(Certificate).where(Certificate.id.in_(counted)).options(
        selectinload(Certificate.versions))).all()
    open_ = beginning.all_unfinished(session, PROCESS, [one.id for one in able])
    return {one.id: _choice(one, open_.get(one.id)) for one in able}


def _choice(certificate: Certificate, open_: Request | None) -> Choice:
    why, params = why_not(certificate)
    return Choice(PROCESS, NAME, about=ABOUT, why_not=why, params=params, open=open_)


def _may(actor: Actor, certificate: Certificate) -> bool:
    return can(actor, "request.start", certificate) or can(actor, "certificate.register", certificate)


def why_not(certificate: Certificate) -> tuple[str, dict[str, str]]:
    """Why a renewal cannot be begun (a msgid and its values), ("", {}) where it can."""
    if certificate.state not in codes.LIVE:
        return REASONS["ended"], {"state": codes.STATES[certificate.state]}
    limit = kind_of(certificate).extension
    if limit is not None and renewals(certificate) >= limit.times:
        return WHY["extensions"], {}
    return "", {}


REASONS: dict[str, str] = {"ended": "证件已是“{state}”，不能续期；需要时请重新申领。"}


def begin(session: Session, actor: Actor, certificate: Certificate, _subtype: str) -> Request:
    """What `choices` offers."""
    return start(session, certificate, by=actor)


@dataclass(frozen=True)
class Batched:
    """What became of one certificate of a list: its request, whether it was open before, or why not (a msgid)."""

    certificate: Certificate
    request: Request | None = None
    before: bool = False
    why_not: str = ""
    params: dict[str, str] | None = None


def batch(session: Session, actor: Actor, certificate_ids: Iterable[int]) -> list[Batched]:
    """One renewal for each certificate of a list that the actor may see; NotFound for any other."""
    wanted = list(dict.fromkeys(certificate_ids))
    found = {one.id: one for one in session.scalars(
        visible(select(Certificate), actor).where(Certificate.id.in_(wanted)))}
    if len(found) != len(wanted):
        raise NotFound
    return [_one(session, actor, found[number]) for number in wanted]


def _one(session: Session, actor: Actor, certificate: Certificate) -> Batched:
    choice = offered(session, actor, [certificate]).get(certificate.id)
    if choice is None:
        return Batched(certificate, why_not=NOT_OFFERED["text"])
    if choice.open is not None:
        return Batched(certificate, choice.open, before=True)
    if choice.why_not:
        return Batched(certificate, why_not=choice.why_not, params=dict(choice.params))
    return Batched(certificate, start(session, certificate, by=actor))


NOT_OFFERED: dict[str, str] = {"text": "没有可以续期的有效期，或者您不能为它办理续期。"}
