"""What still lies with somebody who leaves, kind by kind: what a hand-over moves, and what its report counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, func, literal, or_, select
from sqlalchemy.orm import Session

from engine.model import DRAWN, OPEN, Instance, Task
from engine.usertasks.hands import TaskDelegation, TaskPlan
from ledger import clock
from registry.access.grants import RoleGrant
from registry.access.handovers import Handover, HandoverItem
from registry.access.substitutions import Substitution
from registry.alerts.notices import Notice
from registry.people.persons import Person
from workflows.handling.desk import Draft
from workflows.requests import Request

KINDS = ("task", "delegation", "sign", "substitution", "request", "draft", "role", "notice")
"""In the order in which they are shown and moved: a draft follows its task."""
BLOCKING = tuple(kind for kind in KINDS if kind not in ("notice",))
"""What must be nothing before somebody is cleared to leave: a notice that was not read keeps nobody."""
_open = literal(OPEN, literal_execute=True)


@dataclass(frozen=True)
class Completeness:
    """How much is left of each kind; `refused` are the items that could not go over and still lie there."""

    left: Mapping[str, int]
    refused: Sequence[HandoverItem]

    @property
    def blocking(self) -> int:
        """How much is left that must not be."""
        return sum(count for kind, count in self.left.items() if kind in BLOCKING)

    @property
    def total(self) -> int:
        """How much is left of everything."""
        return sum(self.left.values())


def tasks_of(person: Person) -> Select[Task]:
    """Open tasks in their hands, children too; what was delegated to them goes back by the delegation."""
    delegated = select(TaskDelegation.task_id).where(
        TaskDelegation.to_id == person.id, TaskDelegation.ended_at.is_(None))
    return select(Task).where(Task.assignee_id == person.id, Task.state == _open, Task.role.in_((
        DRAWN, "correction")), Task.id.not_in(delegated))


def signs_of(person: Person) -> Select[TaskPlan]:
    """Signatures asked of them and not given, whether it is their turn or not."""
    made = select(Task.id).where(Task.id == TaskPlan.made_id, Task.state == _open).exists()
    return select(TaskPlan).where(
        TaskPlan.person_id == person.id, TaskPlan.dropped_at.is_(None), or_(TaskPlan.made_id.is_(None), made))


def delegations_of(person: Person) -> Select[TaskDelegation]:
    """Open delegations, to them and by them."""
    return select(TaskDelegation).where(
        TaskDelegation.ended_at.is_(None), or_(TaskDelegation.to_id == person.id, TaskDelegation.from_id == person.id))


def substitutions_of(person: Person) -> Select[Substitution]:
    """Appointments that run or are to come, either way."""
    return select(Substitution).where(
        Substitution.ended_at.is_(None), Substitution.until_at > clock.now(),
        or_(Substitution.person_id == person.id, Substitution.substitute_id == person.id))


def requests_of(person: Person) -> Select[Request]:
    """Requests they applied for and that run; those that went over to a successor are theirs no more."""
    moved = select(HandoverItem.thing_id).join(Handover, Handover.id == HandoverItem.handover_id).where(
        Handover.person_id == person.id, HandoverItem.kind == "request", HandoverItem.how == "moved")
    return select(Request).join(Instance, Instance.id == Request.instance_id).where(
        Request.applicant_id == person.id, Instance.ended_at.is_(None), Request.id.not_in(moved))


def drafts_of(person: Person) -> Select[Draft]:
    """What they have typed at open tasks and not handed in."""
    return select(Draft).join(Task, Task.id == Draft.task_id).where(Draft.person_id == person.id, Task.state == _open)


def roles_of(person: Person) -> Select[RoleGrant]:
    """Roles that hold today or later and nobody has revoked: they would come back with the person."""
    return select(RoleGrant).where(
        RoleGrant.person_id == person.id, RoleGrant.revoked_at.is_(None),
        or_(RoleGrant.until_on.is_(None), RoleGrant.until_on >= clock.today()))


def notices_of(person: Person) -> Select[Notice]:
    """Notices they have not read."""
    return select(Notice).where(Notice.person_id == person.id, Notice.read_at.is_(None))


def complete_of(session: Session, person: Person) -> Completeness:
    """What is left now: asked of the register itself, so that what came in since the last look counts."""
    left = {
        "task": tasks_of(person), "delegation": delegations_of(person), "sign": signs_of(person),
        "substitution": substitutions_of(person), "request": requests_of(person), "draft": drafts_of(person),
        "role": roles_of(person), "notice": notices_of(person),
    }
    counted = {kind: session.scalar(select(func.count()).select_from(query.subquery())) or 0
               for kind, query in left.items()}
    return Completeness(counted, _refused(session, person))


def _refused(session: Session, person: Person) -> list[HandoverItem]:
    rows = session.scalars(
        select(HandoverItem).join(Handover, Handover.id == HandoverItem.handover_id)
        .where(and_(Handover.person_id == person.id, HandoverItem.how == "refused")).order_by(HandoverItem.id))
    return list(rows)
