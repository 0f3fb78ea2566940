"""The types that somebody may apply for, as a list to choose from: by family, found by their everyday names too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from registry.certificates.drafting import folded
from registry.certificates.kinds import CertificateType, Option
from workflows.applying.opening import PROCESS, offers
from workflows.requests import Request

FAMILIES: dict[str, str] = {"P": "人员证件", "J": "项目许可", "E": "企业资质和许可", "Q": "设备证件"}
FREQUENT, SINCE = 4, dt.timedelta(days=365)
PART = "kind"
"""The key of a coded field that tells papers of one type apart that are asked for by their own names (P23, Q09)."""


SITE_WORDS = (("塔吊", "塔式起重机"), ("物料机", "物料提升机"))
"""What people on site say for words of the catalogue (facts 1.2)."""


@dataclass(frozen=True)
class Offer:
    """A type, or one kind of it: `field` and `option` are the answer that its form opens with. `alias` was searched."""

    type: CertificateType
    field: str = ""
    option: Option | None = None
    alias: str = ""


@dataclass(frozen=True)
class Choice:
    """What is offered: `frequent` first, then by family (a msgid of FAMILIES by its letter); `total` types in all."""

    total: int
    frequent: list[CertificateType] = field(default_factory=list)
    families: dict[str, list[Offer]] = field(default_factory=dict)


def choice(session: Session, actor: Actor, search: str = "") -> Choice:
    """What this actor may apply for; with `search`, what is called so (name, 代码, 别名, 工种, English name)."""
    known, wanted = offers(session, actor), folded(search)
    found = [offer for kind in known for offer in (_found(kind, wanted) if wanted else [Offer(kind)])]
    families = {letter: [one for one in found if one.type.family == letter] for letter in FAMILIES}
    return Choice(
        len(known), [] if wanted else _frequent(session, actor, known),
        {letter: rows for letter, rows in families.items() if rows})


def parts(kind: CertificateType) -> list[Offer]:
    """The papers that a type stands for under names of their own: 劳动合同, 社保, 体检, 三级安全教育."""
    return [Offer(kind, one.key, option) for one in kind.fields if one.key == PART and PART in kind.number.unique_by
            for option in one.options]


def _found(kind: CertificateType, wanted: str) -> Iterator[Offer]:
    """The type by its own names; else each trade or kind of it that is called so."""
    names = (kind.name, kind.code, kind.name_en)
    alias = next((name for name in kind.aliases if wanted in folded(name)), "")
    if alias or any(wanted in folded(name) for name in names):
        yield Offer(kind, alias=alias)
        return
    for one in kind.fields:
        if one.key in kind.number.unique_by:
            yield from (Offer(kind, one.key, option) for option in one.options
                        if _official(wanted) in folded(option.label) or wanted in folded(option.label_en))


def _official(wanted: str) -> str:
    """The search in the words of the catalogue."""
    for said, written in SITE_WORDS:
        wanted = wanted.replace(said, written)
    return wanted


def _frequent(session: Session, actor: Actor, known: list[CertificateType]) -> list[CertificateType]:
    """What they applied for most in the last year."""
    counted = select(Request.type_code).where(
        Request.applicant_id == actor.id, Request.process_id == PROCESS, Request.opened_at >= clock.now() - SINCE,
    ).group_by(Request.type_code).order_by(func.count().desc(), Request.type_code).limit(FREQUENT)
    by_code = {kind.code: kind for kind in known}
    return [by_code[code] for code in session.scalars(counted) if code in by_code]
