"""What stands in the way of a change or a cancellation: said by name, with where it is and the way out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Instance
from ledger import clock
from registry.certificates.codes import WITHDRAWN
from registry.certificates.models import Certificate
from registry.custody import loans
from registry.people.tenure import Assignment
from registry.people.units import Unit
from registry.rules.dependence import Consequence, when_gone
from workflows.requests import Request

SHOWN = 30
RELIES: dict[str, tuple[str, ...]] = {
    "project_manager": ("P04", "P06", "P07"), "safety_officer": ("P05",), "special_worker": ("P01", "P02"),
    "legal_representative": ("P03",), "principal": ("P03",), "safety_staff": ("P05",),
}
"""The types of certificates that a post is held by."""
WAYS: dict[str, str] = {"rule": "先补齐所缺的条件"}
LENT: dict[str, str] = {
    "original": "正本借出未还：{person}应于 {day} 归还", "duplicate": "副本借出未还：{person}应于 {day} 归还",
    "working": "使用件借出未还：{person}应于 {day} 归还", "electronic": "电子证照介质借出未还：{person}应于 {day} 归还",
    "seal": "印章借出未还：{person}应于 {day} 归还",
}
HELD_BY: dict[str, str] = {
    "project_manager": "{unit}的项目经理凭本证任职", "safety_officer": "{unit}的专职安全员凭本证任职",
    "special_worker": "{unit}的特种作业人员凭本证上岗", "legal_representative": "{unit}的法定代表人凭本证任职",
    "principal": "{unit}的主要负责人凭本证任职", "safety_staff": "{unit}的安全管理机构人员凭本证任职",
}


@dataclass(frozen=True)
class Hindrance:
    """`kind` is request, loan, post, dependant, rule or guard; `text` and `way` are msgids that `params` fill; `link`
    is ("request", id), ("loan", id), ("certificate", id) or ("matters", certificate id): where the way begins."""

    key: str
    kind: str
    text: str
    way: str
    params: Mapping[str, Any] = field(default_factory=dict)
    link: tuple[str, int] | None = None
    waivable: bool = True

    def as_json(self) -> dict[str, Any]:
        """The form in which a request keeps it among its problems."""
        return {"field": "", "key": self.key, "kind": self.kind, "text": self.text, "way": self.way,
                "params": dict(self.params), "link": list(self.link) if self.link else None, "waivable": self.waivable}


Weigh = Callable[[Session, Request], Iterable[Hindrance]]
WEIGH: dict[str, Weigh] = {}
"""What each process that calls this one looks at, by process id; the processes enter themselves."""


def subject(session: Session, request: Request) -> Certificate | None:
    """The certificate that a request is about."""
    return session.get(Certificate, request.certificate_id) if request.certificate_id else None


def open_requests(session: Session, request: Request) -> list[Hindrance]:
    """Other requests about the same certificate that have not ended; those of the same family tree do not count."""
    found = session.scalars(select(Request).join(Instance, Request.instance_id == Instance.id).where(
        Request.certificate_id == request.certificate_id, Request.id.not_in({request.id, request.parent_id or 0}),
        Instance.ended_at.is_(None)).order_by(Request.id).limit(SHOWN))
    return [
        Hindrance(f"request:{each.id}", "request", "办理中的申请 {number}：{title}", "先办完或撤回这份申请",
                  {"number": each.number, "title": each.title}, ("request", each.id))
        for each in found if each.parent_id != request.id
    ]


def open_loans(session: Session, certificate: Certificate) -> list[Hindrance]:
    """Originals that are out: they come back first."""
    return [
        Hindrance(f"loan:{loan.id}", "loan", LENT[loan.original.kind], "先归还原件",
                  {"person": loan.person.name, "day": loan.due_on.isoformat()}, ("loan", loan.id))
        for loan in loans.open_loans(session, certificate=certificate.id)
    ]


def live_posts(session: Session, certificate: Certificate) -> list[Hindrance]:
    """Posts that the holder has today by this certificate: somebody else must take them over first."""
    if certificate.holder_person_id is None:
        return []
    posts = [post for post, types in RELIES.items() if certificate.type_code in types]
    rows = session.scalars(select(Assignment).where(
        Assignment.person_id == certificate.holder_person_id, Assignment.post.in_(posts),
        Assignment.holding(clock.today(), clock.now())).order_by(Assignment.id).limit(SHOWN))
    return [
        Hindrance(f"post:{row.unit_id}:{row.post}", "post", HELD_BY[row.post], "先换人接任，或免去这个岗位",
                  {"unit": row.unit.name}, _permit_of(session, row.unit))
        for row in rows
    ]


def _permit_of(session: Session, unit: Unit) -> tuple[str, int] | None:
    """Where a manager is replaced: the matters of the project's construction permit."""
    found = session.scalar(select(Certificate.id).where(
        Certificate.holder_unit_id == unit.id, Certificate.type_code == "J03", Certificate.state != WITHDRAWN
    ).order_by(Certificate.id.desc()).limit(1))
    return ("matters", found) if found else None


def dependants(session: Session, certificate: Certificate) -> list[Hindrance]:
    """Certificates that rest on this one, and what projects and companies would newly lack without it."""
    found = when_gone(session, certificate)
    listed = [_dependant(each) for each in found.certificates[:SHOWN]]
    if len(found.certificates) > SHOWN:
        listed.append(Hindrance("dependants", "dependant", "另有 {n} 张证件依赖本证", "逐张变更或注销",
                                {"n": len(found.certificates) - SHOWN}, ("certificate", certificate.id)))
    listed += [
        Hindrance(f"rule:{unit.id}:{line.decision}:{line.lack}:{line.about.kind}{line.about.id}", "rule",
                  "{unit}将不再符合规则 {rule}", line.cure or WAYS["rule"], {"unit": unit.name, "rule": line.rule})
        for unit, line in found.lines[:SHOWN] if line.severity == "block"
    ]
    return listed


def _dependant(each: Consequence) -> Hindrance:
    other = each.certificate
    return Hindrance(f"dependant:{other.id}", "dependant", "{code}（{holder}）依赖本证", "先变更或注销这张证件",
                     {"code": other.code, "holder": other.holder_name}, ("matters", other.id))
