"""The year's work of every company: begun once a year by the clock, taken apart into duties (domain 4.9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import instances
from engine.catalog import Step
from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.errors import Problem
from ledger.facts import record
from registry.certificates import codes
from registry.certificates.models import Certificate
from registry.people.scope import subtree
from registry.people.units import Unit, unit_of
from workflows import children
from workflows.applying import beginning
from workflows.handling import reviewing
from workflows.process import Act, Answers
from workflows.requests import Request, of_instance
from workflows.review.batches import enlist

NAMES: dict[str, str] = {
    "annual_report": "营业执照年报", "surveillance": "管理体系监督审核", "inspection": "特种设备定期检验",
    "calibration": "计量器具检定", "vehicles": "车辆年检和交强险", "training": "年度安全生产教育培训",
    "staff_q1": "资质人员核对（一季度）", "staff_q2": "资质人员核对（二季度）", "staff_q3": "资质人员核对（三季度）",
    "staff_q4": "资质人员核对（四季度）", "conditions_h1": "安全生产条件自查（上半年）",
    "conditions_h2": "安全生产条件自查（下半年）",
}


def open_campaigns(step: Step) -> None:
    """A0: one campaign for each company that is open, however often the clock strikes in a year."""
    companies = select(Unit).where(Unit.kind == "company", Unit.closed_on.is_(None)).order_by(Unit.path)
    for company in step.session.scalars(companies):
        start(step.session, company, clock.today().year, by=SYSTEM)


def start(session: Session, company: Unit, year: int, *, by: Actor) -> Request:
    """The campaign of a company for a year; a second call gives the first one back."""
    return beginning.begin(
        session, "annual", company, by=by, title=f"年度工作 · {year} · {company.name}",
        once_key=f"annual:{company.id}:{year}", details={"year": year},
        variables={"held": held(session, company), "duties": [], "children_open": 0})


def held(session: Session, company: Unit) -> list[str]:
    """The types of certificates in force that the company, its people, projects and machines hold."""
    found = select(Certificate.type_code).where(*_of(company)).distinct().order_by(Certificate.type_code)
    return list(session.scalars(found))


def _of(company: Unit) -> tuple[Any, ...]:
    low, high = subtree(company.path)
    return (Certificate.unit_path >= low, Certificate.unit_path < high, Certificate.state.in_(codes.LIVE))


def certificates(session: Session, company: Unit, types: list[str]) -> list[Certificate]:
    """The certificates in force of these types, the first to end first."""
    query = select(Certificate).where(*_of(company), Certificate.type_code.in_(types))
    return list(session.scalars(query.order_by(Certificate.ends_on, Certificate.id)))


def confirmed(act: Act) -> None:
    """A1: which duties are this year's; those left out have a reason."""
    act.request.details = {**act.request.details, "chosen": list(act.answers.get("chosen") or ())}
    reviewing.note(act, "annual.confirmed", duties=act.request.details["chosen"])


def duties_given(session: Session, request: Request) -> Answers:
    """A1: the duties that the table names for what the company holds."""
    rows = instances.variables(session, request.instance_id)["duties"] if request.instance_id else []
    listed = [{"value": row["duty"], "label": NAMES.get(row["duty"], row["duty"]), "text": _when(row)} for row in rows]
    return {"duties": listed, "chosen": [row["value"] for row in listed]}


def _when(row: Mapping[str, Any]) -> dict[str, Any]:
    known = {"due": row["due"], "basis": row["basis"]}
    told = Problem("{due} · {basis}", known) if row["verified"] else Problem("{due} · {basis}（未核实）", known)
    return told.plain()


def begin_duties(step: Step) -> Mapping[str, Any]:
    """A2: a request of its own for each duty, below the campaign; a surveillance audit opens the reviews at once, where
    their own day has not opened them before (review.batches)."""
    request = of_instance(step.session, step.instance_id)
    company, year = unit_of(step.session, request.unit_id), int(request.details["year"])
    chosen = request.details.get("chosen")
    for row in step.variables["duties"]:
        if chosen is None or row["duty"] in chosen:
            begun = _duty(step, request, company, year, row)
            if row["duty"] == "surveillance":
                for certificate in certificates(step.session, company, list(row["types"])):
                    enlist(step.session, certificate, by=SYSTEM, parent=begun)
    return {}


def _duty(step: Step, request: Request, company: Unit, year: int, row: Mapping[str, Any]) -> Request:
    month, day = map(int, row["due"].split("-"))
    due = dt.date(year, month, day).isoformat()
    details = {"duty": row["duty"], "due_on": due, "types": list(row["types"]), "basis": row["basis"],
               "verified": bool(row["verified"]), "year": year}
    name = NAMES.get(row["duty"], row["duty"])
    return beginning.begin(
        step.session, "duty", company, by=SYSTEM, title=f"{name} · {company.name} · {year}", parent=request,
        once_key=f"duty:{company.id}:{year}:{row['duty']}", details=details,
        variables={"roles": list(row["roles"]), "due_on": due})


def close_campaign(step: Step) -> None:
    """A4: how many were done, waived and late."""
    request = of_instance(step.session, step.instance_id)
    below = children.of(step.session, request)
    ended = [one.instance.outcome for one in below]
    record(step.session, "annual.closed", ("request", request.id), by=step.actor, group_id=request.group_id, after={
        "done": ended.count("duty_done"), "waived": ended.count("duty_waived"),
        "late": sum(bool(one.details.get("late")) for one in below), "year": request.details["year"]})


STEPS = {
    "open_campaigns": open_campaigns, "begin_duties": begin_duties, "close_campaign": close_campaign,
    **children.STEPS,
}
