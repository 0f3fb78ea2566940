"""A project is won: the unit, what it builds and who is to run it, entered in one act."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.facts import record
from registry.people.persons import Person
from registry.people.tenure import assign
from registry.people.units import Unit, create_unit
from registry.people.works import contracted, require_works

POST = "project_manager"


def won(
    session: Session, company: Unit, *, name: str, code: str, work: str, by: Actor, province: str = "",
    address: str = "", manager: Person | None = None, post: bool = False, **about: Any,
) -> Unit:
    """Enter a project that a company has won; the fact is project.won. `about` holds the other columns of Works.

    `manager` is noted with the project; with `post` the post is given too, from today. BadAnswer at the field.
    """
    require_works(about)
    built = {"work": work, "address": address, "manager_id": manager.id if manager else None}
    project = create_unit(session, kind="project", name=name, code=code, by=by, parent=company, province=province,
                          project=built | ({"amount_wan": about["amount"]} if about.get("amount") else {}))
    contracted(session, project, from_on=clock.today(), by=by, work=work, **about)
    if manager is not None and post:
        assign(session, manager, project, POST, from_on=clock.today(), by=by)
    record(session, "project.won", ("unit", project.id), by=by, group_id=project.group_id,
           about=[("unit", company.id)], after={"company": company.id, "manager": manager.id if manager else None})
    return project
