"""What the engine asks of a request's people: who applied, whoever the applicant is; who may do what they hold."""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine.model import CORRECTION, DRAWN, Task
from engine.usertasks import offers
from ledger.actor import Actor
from workflows import CATALOG
from workflows.handling import eligible
from workflows.handling.basis import JUDGING
from workflows.requests import of_instance


def applied(session: Session, task: Task) -> bool:
    """Whether what is asked for was filled in at a task, or corrected: a round of the request came of its form."""
    if not task.form_key or task.form_key in JUDGING or task.role not in (DRAWN, CORRECTION):
        return False
    request = of_instance(session, task.instance_id)
    name = CATALOG[request.process_id].forms.get(task.form_key, task.form_key)
    return not {name, f"{name}-{request.type_code}"}.isdisjoint(content.form_key for content in request.contents)


def entitled(session: Session, task: Task, actor: Actor) -> bool:
    """Whether somebody who holds a task, or has done it, is one whom it may go to: by a role it is offered to, by name,
    by a role that the drawing adds, or because the drawing itself gave it to them."""
    if task.role != DRAWN or not task.offer or task.for_id is not None:
        return True
    if not set(task.offer).isdisjoint(offers.groups_of(actor)):
        return True
    if not actor.groups.isdisjoint(eligible.further(session, task, "transfer")):
        return True
    return task.assignee_id is not None and offers.handed(session, task) is None
