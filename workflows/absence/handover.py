"""Handing over: each open thing of somebody who leaves goes to a successor, back to its group, or ends.

Whom a task may go to is asked as for a transfer (eligible.py), so four eyes hold here too; what nobody may take over
goes back to the group it is offered to, and what cannot do that either stays, with the reason, for the report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import run
from engine.model import OPEN, Instance, Task, TaskExclusion
from engine.usertasks import assigning, members, tasks
from engine.usertasks.hands import Addressee, TaskDelegation, TaskPlan
from engine.usertasks.participation import doers
from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.db import reading, unit
from ledger.errors import BadAnswer, Conflict, Problem, Refused
from ledger.facts import record
from registry.access import grants, substitutions
from registry.access.accounts import actor_for
from registry.access.grants import RoleGrant, grant_role
from registry.access.handovers import Handover, HandoverItem, note_item
from registry.access.rules import Thing, can
from registry.access.substitutions import Substitution
from registry.alerts.notices import Notice, notify
from registry.people.persons import Person, person_of
from workflows.absence import inventory, passing
from workflows.handling import eligible
from workflows.handling.desk import Draft
from workflows.joint.reading import admit
from workflows.requests import Request, of_instance

REASON = "工作移交"
JUDGING = ("review", "approve", "compare")
"""Forms in which somebody judges a request: whoever did is not its applicant afterwards."""
LIMIT = 100
QUERIES: dict[str, Callable[[Person], Any]] = {
    "task": inventory.tasks_of, "delegation": inventory.delegations_of, "sign": inventory.signs_of,
    "substitution": inventory.substitutions_of, "request": inventory.requests_of, "draft": inventory.drafts_of,
    "role": inventory.roles_of, "notice": inventory.notices_of,
}


class NobodyChosen(Conflict):
    """请先选择由谁接手。"""


class NothingElse(Conflict):
    """只指派给本人，没有别人可以签收。请选择能接手的人。"""


class StaysWithApplicant(Conflict):
    """进行中的申请不能结束在移交里。请选择接手的人，或由其撤回申请。"""


class NotTheirs(Conflict):
    """{name} 不能在这里发起这类申请，不能接手。请另选一位。"""


class ReviewedIt(Conflict):
    """{name} 参与过这项申请的审核，不能接手做申请人。请另选一位。"""


class DraftWaits(Conflict):
    """草稿跟着任务走，请先移交这项任务。"""


class OwnRequest(Conflict):
    """这项任务属于您自己的申请，由谁接手请由别人安排。"""


class KeepsApart(Conflict):
    """角色只能由有权授予角色的人转授；可以先收回，再请其授予。"""


def key_of(kind: str, row: Any) -> int:
    """The number by which an item is named: a draft by its task."""
    number: int = row.task_id if kind == "draft" else row.id
    return number


def open_items(session: Session, person: Person, kind: str, limit: int = LIMIT) -> list[Any]:
    """The rows of a kind that still lie with them, the oldest first."""
    query = QUERIES[kind](person)
    entity = query.column_descriptions[0]["entity"]
    return list(session.scalars(query.order_by(entity.task_id if kind == "draft" else entity.id).limit(limit)))


def move(
    session: Session, handover: Handover, kind: str, ids: Sequence[int], to: Person | None, *, by: Actor,
    limit: int = LIMIT,
) -> list[HandoverItem]:
    """Hand over these things of one kind (all that lie there where none is named), to the successor, or end them.

    At most `limit`. Each stands for itself: what is refused stays where it is and is told with its reason.
    """
    person = person_of(session, handover.person_id)
    rows = [row for row in open_items(session, person, kind, limit) if not ids or key_of(kind, row) in ids]
    if kind == "task":  # locks in one order, whoever else moves several
        rows.sort(key=lambda row: (row.instance_id, row.id))
    moving = _Moving(session, handover, person, to, by)
    found = [moving.one(kind, key_of(kind, row), row) for row in rows]
    if found:
        count = sum(item.how != "refused" for item in found)
        record(session, "handover.moved", ("person", person.id), by=by, group_id=person.group_id,
               about=[("person", to.id)] if to else [],
               after={"handover": handover.id, "kind": kind, "count": count, **({"to": to.id} if to else {})})
    return found


class _Moving:
    """One act of moving: from whom, to whom, by whom."""

    def __init__(self, session: Session, handover: Handover, person: Person, to: Person | None, by: Actor) -> None:
        self.session, self.handover, self.person, self.to, self.by = session, handover, person, to, by

    def one(self, kind: str, number: int, row: Any) -> HandoverItem:
        """Move one thing; what it refuses is undone and written down."""
        acts: dict[str, Callable[[Any], tuple[str, str]]] = {
            "task": self._task, "delegation": self._delegation, "sign": self._sign, "request": self._request,
            "substitution": self._substitution, "draft": self._draft, "role": self._role, "notice": self._notice,
        }
        try:
            with self.session.begin_nested():
                how, why = acts[kind](row)
        except Refused as refused:
            how, why = "refused", _said(refused)
        to_id = self.to.id if self.to is not None and how == "moved" else None
        return note_item(self.session, self.handover, kind, number, how, to_id=to_id, why=why)

    def _successor(self) -> Person:
        if self.to is None:
            raise NobodyChosen()
        return self.to

    def _task(self, row: Task) -> tuple[str, str]:
        found = passing.locked(self.session, row.id)
        if found is None or found[0].assignee_id != self.person.id:
            return "gone", ""
        task, instance = found
        if not task.offer and task.round is not None and task.element_id in members.running(self.session, instance):
            return self._member(task)
        why = ""
        if self.to is not None:
            try:
                assigning.reassign(self.session, task.id, self._taker(task), by=self.by, reason=REASON)
                return "moved", ""
            except Refused as refused:
                if not task.offer:
                    raise
                why = _said(refused)
        if not task.offer:
            raise NothingElse()
        run.active(instance)
        lost = assigning.losing(task, assigning.end_delegations(self.session, task), (self.by.id,))
        passing.put_back(self.session, task, instance, by=self.by, reason=REASON, **lost)
        return "ended", why

    def _member(self, task: Task) -> tuple[str, str]:
        """A vote in a countersign: the successor votes instead, anew; with nobody chosen one vote less is counted."""
        self._not_own(task)
        if self.to is None:
            members.leave(self.session, task.id, by=self.by, reason=REASON)
            return "ended", ""
        to = eligible.require(self.session, task, self.to.id, for_="vote", by=self.by)
        admit(self.session, self.by, of_instance(self.session, task.instance_id), to.id)
        members.replace(self.session, task.id, to, by=self.by, reason=REASON)
        return "moved", ""

    def _taker(self, task: Task) -> Addressee:
        """The successor, if the task may be theirs: as in a transfer; an applicant's own by whoever may apply."""
        to, request = self._successor(), of_instance(self.session, task.instance_id)
        if task.offer or request.applicant_id != self.person.id:
            self._not_own(task)
            return eligible.require(self.session, task, to.id, for_="transfer", by=self.by)
        self._may_apply(request)
        return Addressee(to.id, to.name)

    def _not_own(self, task: Task) -> None:
        """Nobody chooses who judges what they applied for."""
        if self.by.id is not None and of_instance(self.session, task.instance_id).applicant_id == self.by.id:
            raise OwnRequest()

    def _may_apply(self, request: Request) -> None:
        to = self._successor()
        place = Thing(request.unit_path, request.family, request.type_code or None)
        if not can(actor_for(self.session, to), "request.start", place) or not to.employed(clock.today()):
            raise NotTheirs(name=to.name)
        judged = self.session.scalar(select(Task.id).where(
            Task.instance_id == request.instance_id, Task.completed_by == to.id, Task.form_key.in_(JUDGING)).limit(1))
        if judged is not None:
            raise ReviewedIt(name=to.name)

    def _delegation(self, row: TaskDelegation) -> tuple[str, str]:
        found = passing.locked(self.session, row.task_id)
        self.session.refresh(row)
        if found is None or row.ended_at is not None:
            return "gone", ""
        task, instance = found
        if row.from_id == self.person.id:  # the delegate goes on, and gives it back to the successor
            self._not_own(task)
            to = eligible.require(self.session, task, self._successor().id, for_="transfer", by=self.by)
            row.from_id, row.from_name = to.id, to.name
            if task.owner_id == self.person.id:
                tasks.change(self.session, task, owner_id=to.id, owner_name=to.name)
            return "moved", ""
        self._give_back(row, task, instance)
        return "ended", ""

    def _give_back(self, row: TaskDelegation, task: Task, instance: Any) -> None:
        """What was delegated to the leaver goes back to whoever delegated it, and what they delegated further ends."""
        chain = assigning.delegations(self.session, task.id)
        place = next(number for number, one in enumerate(chain) if one.id == row.id)
        for one in chain[place:]:
            one.ended_at, one.how = clock.now(), "moved_on"
        owner = chain[place - 1] if place else None
        tasks.change(self.session, task, assignee_id=row.from_id, assignee_name=row.from_name, for_id=None,
                     owner_id=owner.from_id if owner else None, owner_name=owner.from_name if owner else None)
        tasks.note(self.session, "task.delegation_ended", task, instance, self.by, to=row.from_id, how="moved_on")
        self.session.flush()

    def _sign(self, plan: TaskPlan) -> tuple[str, str]:
        host = self.session.get_one(Task, plan.task_id)
        found = passing.locked(self.session, host.id)
        self.session.refresh(plan)
        if found is None or plan.dropped_at is not None:
            return "gone", ""
        self._not_own(host)
        to = eligible.require(self.session, host, self._successor().id, for_="sign", by=self.by)
        if plan.made_id is None:
            plan.person_id, plan.person_name = to.id, to.name
        else:
            assigning.reassign(self.session, plan.made_id, to, by=self.by, reason=REASON)
        return "moved", ""

    def _request(self, request: Request) -> tuple[str, str]:
        """The successor acts for the applicant from now on; who applied stays written."""
        if self.to is None:
            raise StaysWithApplicant()
        self._may_apply(request)
        return "moved", ""

    def _substitution(self, row: Substitution) -> tuple[str, str]:
        substitutions.end(self.session, row, by=self.by)
        return "ended", ""

    def _draft(self, row: Draft) -> tuple[str, str]:
        task = self.session.get_one(Task, row.task_id)
        if self.to is not None and task.assignee_id == self.person.id:
            raise DraftWaits()
        theirs = self.to is not None and task.assignee_id == self.to.id
        if theirs and self.to is not None and self.session.get(Draft, (row.task_id, self.to.id)) is None:
            self.session.add(Draft(task_id=row.task_id, person_id=self.to.id, answers=row.answers,
                                   saved_at=row.saved_at))
            self.session.delete(row)
            return "moved", ""
        self.session.delete(row)
        return "ended", ""

    def _role(self, grant: RoleGrant) -> tuple[str, str]:
        if self.to is not None:
            if not can(self.by, "role.edit", Thing(grant.unit.path)) or self.to.id == self.by.id:
                raise KeepsApart()  # nobody grants themselves a role
            grant_role(self.session, self.to, grant.role, grant.unit, by=self.by, until_on=grant.until_on)
        grants.revoke(self.session, grant, by=self.by)
        return ("moved", "") if self.to is not None else ("ended", "")

    def _notice(self, notice: Notice) -> tuple[str, str]:
        notice.read_at = clock.now()
        if self.to is None:
            return "ended", ""
        notify(self.session, [self.to.id], notice.fact, notice.text, notice.params,
               subject=(notice.subject_kind, notice.subject_id))
        return "moved", ""


def _said(refused: Refused) -> str:
    """The sentence of a refusal, in Chinese, as the report keeps it."""
    if isinstance(refused, BadAnswer):
        return str(next(iter(next(iter(refused.problems.values()), [])), Problem(str(refused))))
    return str(refused)


def forward(database: Engine, *, limit: int = 20) -> int:
    """Tasks that the process gives to somebody who has handed over their request go on to the successor."""
    with reading(database) as session:
        found = session.execute(_due().limit(limit)).all()
    return sum(_forward(database, task_id, to_id) for task_id, to_id in found)


def _due() -> Any:
    """What can go on: what cannot does not stand in the way of it."""
    barred = select(TaskExclusion.task_id).where(
        TaskExclusion.task_id == Task.id, TaskExclusion.person_id == HandoverItem.to_id).exists()
    gone = select(Person.id).where(Person.id == HandoverItem.to_id, Person.left_on < clock.today()).exists()
    return (
        select(Task.id, HandoverItem.to_id)
        .join(Instance, Instance.id == Task.instance_id)
        .join(Request, Request.instance_id == Task.instance_id)
        .join(HandoverItem, HandoverItem.thing_id == Request.id)
        .join(Handover, Handover.id == HandoverItem.handover_id)
        .where(HandoverItem.kind == "request", HandoverItem.how == "moved", Task.state == OPEN,
               Handover.person_id == Request.applicant_id, Task.assignee_id == Handover.person_id,
               HandoverItem.to_id.is_not(None), Instance.state == "active", ~barred, ~gone)
        .order_by(Task.instance_id, Task.id))


def _forward(database: Engine, task_id: int, to_id: int) -> int:
    with unit(database) as session:
        found, to = passing.locked(session, task_id), person_of(session, to_id)
        if found is None or found[1].state != "active" or to.id in found[0].barred or not to.employed(clock.today()):
            return 0
        did = session.execute(doers(found[1].id, found[0].not_by)).all() if found[0].not_by else []
        if any(row.person_id == to.id for row in did):
            return 0
        assigning.reassign(session, task_id, Addressee(to.id, to.name), by=SYSTEM, reason=REASON)
    return 1
