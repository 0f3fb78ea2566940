"""Change c: who runs a project, whether somebody else may (R01 to R04), and handing it over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.catalog import Step
from ledger import clock
from ledger.actor import Actor
from ledger.facts import record
from registry.certificates.catalogue import type_of
from registry.people.persons import Person, person_of
from registry.people.tenure import Assignment, assign, relieve
from registry.people.units import Unit, unit_of
from registry.rules.lacking import lacking
from registry.rules.lines import Line
from workflows.clearing.hindrance import Hindrance
from workflows.process import Answers
from workflows.requests import Request, of_instance

POST = "project_manager"
ASKED = ("R01", "R02", "R03", "R04")
HANDOVER: dict[str, str] = {
    "drawings": "图纸、变更和技术资料", "plans": "专项方案和论证材料", "safety": "安全台账、隐患和整改情况",
    "quality": "质量验收和检验批资料", "contracts": "合同、签证和结算资料", "staff": "项目人员和持证情况",
    "seals": "印章、证件和账号",
}


def manager_of(session: Session, project: int) -> Assignment | None:
    """Who runs the project today."""
    return session.scalar(select(Assignment).where(
        Assignment.unit_id == project, Assignment.post == POST, Assignment.holding(clock.today(), clock.now()))
        .order_by(Assignment.id.desc()).limit(1))


def successor_of(session: Session, request: Request) -> Person:
    """Who is to take over: as proposed last."""
    return person_of(session, int(request.details.get("successor") or request.content["successor"]))


def hand_over(session: Session, project: Unit, successor: Person, *, since: dt.date, by: Actor) -> Assignment:
    """The post goes from one to the other: the last day of the one is the day before the first of the other."""
    now = manager_of(session, project.id)
    if now is not None:
        relieve(session, now, on=max(since - dt.timedelta(days=1), now.from_on), by=by)
    made = assign(session, successor, project, POST, from_on=since, by=by)
    if project.project is not None:
        project.project.manager_id = successor.id
    session.flush()
    return made


def lacks(session: Session, project: Unit, successor: Person, *, by: Actor) -> list[Line]:
    """What the rules would say of the successor in the post: it is filled, asked about and emptied again."""
    nested = session.begin_nested()
    try:
        made = hand_over(session, project, successor, since=clock.today(), by=by)
        lines = lacking(session, made, on=clock.today(), known=clock.now()).lines
    finally:
        nested.rollback()
    return [line for line in lines if line.rule in ASKED and line.severity != "warn"]


def check_successor(step: Step) -> dict[str, Any]:
    """M1: R01 to R04 for the successor; what is lacking is listed with its cure."""
    request = of_instance(step.session, step.instance.id)
    project, successor = unit_of(step.session, request.holder_id), successor_of(step.session, request)
    found = lacks(step.session, project, successor, by=step.actor)
    request.problems = [
        Hindrance(f"rule:{line.rule}:{line.lack}", "rule", line.text, line.cure,
                  _named(line.params)).as_json()
        for line in found
    ]
    record(step.session, "transfer.successor_checked", ("request", request.id), by=step.actor,
           group_id=request.group_id, after={"successor": successor.id, "rules": sorted({line.rule for line in found})})
    now = manager_of(step.session, project.id)
    if now is None:  # relieved since it was asked for: there is nobody to hand over
        nobody = Hindrance("nobody", "guard", "该项目没有登记在任的项目负责人", "先登记任职")
        request.problems = [*request.problems, nobody.as_json()]
    return {"fits": now is not None and not found, "predecessor": now.person_id if now else None,
            "successor": successor.id}


def _named(params: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a sentence; a type of certificate by its name."""
    plain = {key: value for key, value in params.items() if isinstance(value, (str, int))}
    return plain | ({"type": type_of(str(plain["type"])).name} if "type" in plain else {})


def handing_over(_session: Session, _request: Request) -> Answers:
    """M3, M4: what is handed over, item by item."""
    return {"handover": [{"value": key, "label": label} for key, label in HANDOVER.items()]}


STEPS = {"check_successor": check_successor}
GIVEN = {"handover": handing_over}
