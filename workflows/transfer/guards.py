"""What forbids a change (domain 4.4, guards), named with the way out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.model import Instance
from ledger import clock
from registry.certificates import lifecycle
from registry.certificates.codes import LAPSED, LEAVING, SUSPENDED, VALID
from registry.certificates.models import Certificate
from registry.people.persons import Person, person_of
from registry.people.units import Unit
from workflows.clearing.hindrance import Hindrance, live_posts, open_loans, open_requests, subject
from workflows.requests import Request
from workflows.transfer.kinds import INWARD, LAST_DAYS, MOST_MOVES, staff

CONSTRUCTORS = ("P06", "P07")
STANDS: dict[str, str] = {
    SUSPENDED: "证件被暂扣，不能变更", LEAVING: "证件正在办理转出，不能变更", LAPSED: "证件已失效，不能变更",
    "": "证件已终止，不能变更",
}


def guards(session: Session, request: Request) -> list[Hindrance]:
    """What stands in the way of this change today; a step of a chain was looked at when the chain began."""
    certificate = subject(session, request)
    if request.subtype == INWARD:
        return list(_same_post(session, request))
    if certificate is None or request.subtype == "step":
        return []
    return [
        *open_requests(session, request), *open_loans(session, certificate), *_state(certificate),
        *_last_days(request, certificate),
        *(_moving(session, request, certificate) if request.subtype == "a" else ()),
        *(_lapsed_constructors(session, certificate) if request.subtype == "b" else ()),
        *(_same_post(session, request) if request.subtype == "h" else ()),
    ]


def _state(certificate: Certificate) -> Iterator[Hindrance]:
    if certificate.state != VALID:
        text = STANDS.get(certificate.state, STANDS[""])
        yield Hindrance(f"state:{certificate.state}", "guard", text, "先办理返还、取消转出或重新申领",
                        link=("matters", certificate.id), waivable=False)


def _last_days(request: Request, certificate: Certificate) -> Iterator[Hindrance]:
    """Beijing takes only cancellations in the last days (BJ1); elsewhere that is unverified and may be waived."""
    ends = certificate.ends_on
    if request.subtype in ("a", "g") and ends and ends - clock.today() <= dt.timedelta(days=LAST_DAYS):
        yield Hindrance("last-days", "guard", "有效期至 {day}，最后 {days} 天内只办理注销",
                        "先延续，或者注销后重新注册", {"day": ends.isoformat(), "days": LAST_DAYS},
                        ("matters", certificate.id), waivable=certificate.unit.province != "京")


def _moving(session: Session, request: Request, certificate: Certificate) -> Iterator[Hindrance]:
    for post in live_posts(session, certificate):
        yield replace(post, kind="guard", waivable=False)
    year = clock.today().year
    moves = session.scalar(select(func.count()).select_from(Request).join(
        Instance, Request.instance_id == Instance.id).where(
        Request.process_id == "transfer", Request.subtype == "a", Request.certificate_id == certificate.id,
        Instance.outcome == "changed", Instance.ended_at >= dt.datetime(year, 1, 1, tzinfo=clock.SHANGHAI)))
    if (moves or 0) >= MOST_MOVES:
        yield Hindrance("moves", "guard", "本年已转注册 {n} 次，一年不超过 {most} 次", "明年再办",
                        {"n": moves, "most": MOST_MOVES}, waivable=certificate.unit.province != "京")
    if certificate.type_code == "P04":
        yield from _constructor_elsewhere(session, request, certificate)


def _constructor_elsewhere(session: Session, request: Request, certificate: Certificate) -> Iterator[Hindrance]:
    """A B certificate only where the same person's constructor's registration is, or is going (BJ1)."""
    goal = session.get(Unit, int(request.content.get("new_unit") or 0))
    rows = session.scalars(select(Certificate).where(
        Certificate.holder_person_id == certificate.holder_person_id, Certificate.type_code.in_(CONSTRUCTORS),
        Certificate.state == VALID).order_by(Certificate.id))
    for other in rows:
        code = other.latest.fields.get("employer_code")
        if goal is None or not code or code == goal.uscc or _goes_along(session, other, str(goal.id)):
            continue
        yield Hindrance(f"constructor:{other.id}", "guard", "建造师证书 {code} 不在调入单位，B证须与建造师同一单位",
                        "先办理或同时办理建造师转注册", {"code": other.code}, ("matters", other.id), waivable=False)


def _goes_along(session: Session, other: Certificate, unit: str) -> bool:
    running = session.scalars(select(Request).join(Instance, Request.instance_id == Instance.id).where(
        Request.process_id == "transfer", Request.subtype == "a", Request.certificate_id == other.id,
        Instance.ended_at.is_(None)))
    return any(str(each.content.get("new_unit")) == unit for each in running)


def _same_post(session: Session, request: Request) -> Iterator[Hindrance]:
    """h: nobody goes to a province with a certificate for a post that they hold a valid one for there (facts 4.4 h)."""
    other = lifecycle.same_post(session, request.type_code, person_of(session, request.holder_id), request.item,
                                but=request.certificate_id)
    if other is not None:
        yield Hindrance(f"same-post:{other.id}", "guard", "持证人另有有效的同岗位证件 {code}，转入省不接收第二张",
                        "先注销其中一张", {"code": other.code}, ("matters", other.id), waivable=False)


def _lapsed_constructors(session: Session, certificate: Certificate) -> Iterator[Hindrance]:
    """Expired registrations of 二建 are cancelled before the company's name is changed (nanchang.jiangongdata)."""
    rows = session.scalars(select(Certificate).where(
        Certificate.type_code == "P07", Certificate.state == LAPSED,
        Certificate.holder_person_id.in_(select(Person.id).where(staff(certificate.unit)))).order_by(Certificate.id).limit(30))
    for other in rows:
        yield Hindrance(f"lapsed:{other.id}", "guard", "二级建造师 {code}（{holder}）过期未注销", "先注销这张证件",
                        {"code": other.code, "holder": other.holder_name}, ("matters", other.id))
