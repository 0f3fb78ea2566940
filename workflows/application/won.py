"""A project is won: drafts of the permits that rule R12 asks for before work starts wait for its manager.

Once for each project and type, as soon as its works are entered and it has a manager; for works that have not begun:
what a running project lacks is told by the rules, and applied for from there.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Instance
from ledger import clock
from ledger.actor import SYSTEM
from ledger.facts import Fact
from ledger.outbox import Handler
from registry.alerts.notices import notify
from registry.people.persons import Person
from registry.people.tenure import Assignment
from registry.people.units import Unit
from registry.people.works import Works
from registry.rules.lacking import lacking
from workflows.applying import opening
from workflows.requests import Request

RULE, MANAGER = "R12", "project_manager"


def begin_permits(session: Session, fact: Fact) -> None:
    """A project is won, its works are entered, or it gets a manager: begin what is missing, and tell the manager."""
    for project in _projects(session, fact):
        manager = manager_of(session, project)
        if manager is None or not _ahead(session, project):
            continue
        begun = [opening.start(session, opening.kind_for(project, code), project, by=SYSTEM, applicant=manager,
                               once_key=f"won:{project.id}:{code}") for code in missing(session, project)]
        if begun:
            notify(session, [manager.id], fact, "{project} 中标：已为您备好 {count} 份许可申请的草稿。",
                   {"project": project.name, "count": len(begun)}, subject=("request", begun[0].id))


def missing(session: Session, project: Unit) -> list[str]:
    """The permits that R12 asks of a project, it does not have, and nobody is applying for or was given a draft of."""
    codes = [str(line.params["type"]) for line in lacking(session, project).lines
             if line.rule == RULE and line.lack == "missing_paper"]
    return [code for code in sorted(codes) if code in opening.offered() and not _asked(session, project, code)]


def manager_of(session: Session, project: Unit) -> Person | None:
    """Who runs the project today: by post, else as entered with the project."""
    held = select(Assignment).where(Assignment.unit_id == project.id, Assignment.post == MANAGER,
                                    Assignment.holding(clock.today(), clock.now()))
    if post := session.scalars(held.order_by(Assignment.id).limit(1)).first():
        return post.person
    number = project.project.manager_id if project.project else None
    person = session.get(Person, number) if number else None
    return person if person is not None and person.employed(clock.today()) else None


def _projects(session: Session, fact: Fact) -> Iterator[Unit]:
    """The project that the fact is about."""
    if fact.kind == "assignment.made" and (fact.after or {}).get("post") != MANAGER:
        return
    for number in sorted({about.subject_id for about in fact.about if about.kind == "unit"}):
        unit = session.get(Unit, number)
        if unit is not None and unit.kind == "project" and unit.closed_on is None:
            yield unit


def _ahead(session: Session, project: Unit) -> bool:
    """Whether works are entered that have not begun."""
    today = clock.today()
    works = session.scalars(select(Works).where(Works.unit_id == project.id, Works.holding(today, clock.now()))).first()
    return works is not None and (works.started_on is None or works.started_on > today) and works.accepted_on is None


def _asked(session: Session, project: Unit, code: str) -> bool:
    """Whether an application for it is open, or a draft was made before."""
    rows = select(Request.id).join(Instance, Request.instance_id == Instance.id).where(
        Request.type_code == code, Request.holder_kind == "unit", Request.holder_id == project.id)
    open_ones = rows.where(Request.process_id == opening.PROCESS, Instance.ended_at.is_(None))
    drafted = rows.where(Request.once_key == f"won:{project.id}:{code}")
    return any(session.scalar(query.limit(1)) is not None for query in (open_ones, drafted))


REACTS: list[tuple[str, Handler]] = [
    ("project.won", begin_permits), ("works.entered", begin_permits), ("assignment.made", begin_permits)]
