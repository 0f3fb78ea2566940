"""The demonstration's own words: a request that is talked about, copied and urged, so that the pages have something."""

from __future__ import annotations

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine.model import Instance
from ledger.actor import Actor
from ledger.db import unit
from registry.access.accounts import Account, actor_for
from registry.access.grants import holders
from registry.people.persons import Person
from workflows.requests import Request
from workflows.sharing import colleagues, comments, copies, urging

REQUESTS = 3


def share(engine: Engine) -> int:
    """Let the applicants of the first requests under review comment, copy and urge, as people would; how many did."""
    with unit(engine) as session:
        query = select(Request).join(Instance, Instance.id == Request.instance_id).where(
            Instance.state == "active", Instance.stage == "unit_review", Request.applicant_id.is_not(None))
        found = session.scalars(query.order_by(Request.id).limit(REQUESTS)).all()
        for request in found:
            _share(session, request, actor_for(session, session.get_one(Person, request.applicant_id)))
        return len(found)


def _share(session: Session, request: Request, applicant: Actor) -> None:
    people = session.scalars(select(Account.person_id).join(Person, Person.id == Account.person_id).where(
        Person.group_id == request.group_id, Account.disabled_at.is_(None), Person.left_on.is_(None),
        Account.person_id != applicant.id).order_by(Account.id).limit(colleagues.MOST)).all()
    deciding = holders(session, [f"approver@{place}" for place in request.unit_path.strip("/").split("/")])
    comments.write(session, applicant, request.id, "合同原件周三寄出，先按扫描件核对，收到后再补验。",
                   mentions=[one for one in people if one in deciding])
    if people:
        copies.give(session, applicant, request.id, people[:2])
        copies.read(session, actor_for(session, session.get_one(Person, people[0])), request.id)
    for waiting in urging.waited_for(session, applicant, request)[:1]:
        if waiting.why_not is None:
            urging.urge(session, applicant, request.id, waiting.task.id)
