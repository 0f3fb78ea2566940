"""A process that has ended goes on again from an earlier step, formally and for a reason.

What was published, granted or sent stays as it is: nobody goes back past a step of the house that cannot run again. Of
a terminated instance everything that still waited goes; then it begins again at the one step that was chosen.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine import catalog, run
from engine.dialect.nodes import OVER as OVER_NOW
from engine.dialect.nodes import Token
from engine.dialect.scopes import Process
from engine.model import Instance, Task
from engine.operations import modification, moves
from engine.operations.modification import Preview, work_of
from engine.operations.moves import BackTo, Cancel, Draft, Move
from engine.returns import giving_back, returning
from engine.returns.backwards import Backwards
from engine.returns.giving_back import Target
from engine.returns.returning import Going, ReturnCase
from ledger.actor import Actor
from ledger.errors import Conflict, NotFound
from ledger.facts import record
from ledger.failpoints import fp

OVER = ("completed", "terminated")


class NotOver(Conflict):
    """该流程还没有结束，不需要重新开启；可以退回。"""


def targets(session: Session, instance_id: int) -> list[Target]:
    """From where an ended instance may go on, each previewed; nothing is written. Raises NotFound, NotOver."""
    instance = session.get(Instance, instance_id)
    if instance is None:
        raise NotFound()
    _ended(instance)
    copy, back = run.read_only(session, instance), Backwards.of(session, instance.id)
    plan = catalog.plan(session, instance.definition_id)
    return [_target(session, instance, plan, copy, back, each) for each in giving_back.earlier(back)]


def _target(session: Session, instance: Instance, plan: catalog.Plan, copy: Process, back: Backwards,
            to: Task) -> Target:
    said = (to.id, to.element_id, to.name, to.completed_by_name)
    try:
        draft = moves.decide(copy, again_at(copy, to), back)
        whole(draft, to)
        giving_back.look(plan, back, to, draft, people=False)
    except Conflict as refused:
        return Target(*said, Preview(instance.version), work_of(to), refused=refused)
    told = modification.tell(session, instance, draft)
    undone = [work for work in told.again if work.task_id != to.id and back.tasks[work.task_id].undone_at is None]
    known = returning.based(session, [back.tasks[work.task_id] for work in undone])
    return Target(*said, told, work_of(to), tuple(undone), tuple(work for work in undone if work.task_id in known))


def again_at(process: Process, to: Task) -> list[Move]:
    """What only listened stops (it listens again afterwards), then one step begins."""
    left = [token.thread_id for token in _left(process) if token.task_spec.armed(token) and token.thread_id]
    return [*(Cancel(number) for number in left), BackTo(to.id)]


def _left(process: Process) -> list[Token]:
    """What still waited when the instance was terminated; nothing in one that came to its end."""
    return [token for token in process.tasks.values() if not token._state & OVER_NOW and token is not process.task_tree]


def whole(draft: Draft, to: Task) -> None:
    """Raises CannotModify where work beside the way back was broken off: it would be lost without a word."""
    for token in draft.living(draft.process):
        waits = not token.task_spec.is_boundary and not token.task_spec.armed(token)
        if waits and "arrived" not in token.internal_data:
            name = token.task_spec.bpmn_name or token.task_spec.bpmn_id
            raise moves.refuse(
                "broken-off", f"终止时“{name}”还没有办完，从“{to.name}”继续会漏掉它，请选择更早的环节",
                f"{token.task_spec.bpmn_id} was broken off and would be lost: choose an earlier step")


def _ended(instance: Instance) -> None:
    if instance.state not in OVER:
        raise NotOver()


def reopen(session: Session, instance_id: int, to_task_id: int, *, by: Actor, reason: str,
           version: int | None = None) -> ReturnCase:
    """Let an ended instance go on from a completed task; who may, and why not, is the caller's to say.

    Approvals that rest on nothing that is changed stand when they come again. `version` is the preview's. Raises
    NotFound, NotOver, Final, CannotModify, BadAnswer, Overtaken.
    """
    instance = run.lock(session, instance_id)
    _ended(instance)
    if version is not None and instance.version != version:
        raise giving_back.overtaken(session, instance)
    back = Backwards.of(session, instance.id)
    to = giving_back.known(back, to_task_id)
    instance.state, instance.ended_at, instance.outcome = "active", None, None
    session.flush()
    with run.act(session, instance, by, fresh=run.read_only(session, instance)) as act:
        act.why = "event"

        def check(draft: Draft, _told: Preview) -> None:
            whole(draft, to)
            giving_back.look(act.plan, back, to, draft, people=False)

        told = modification.carry_out(act, again_at(act.process, to), back, check)
        act.departures.clear()  # what was left over has its end in the history already
        act.process.arm()
        record(session, "instance.reopened", ("instance", instance.id), by=by, group_id=instance.group_id,
               after={"reason": reason[:500], "to_task": to.id, "target": to.name})
        case = returning.begin(session, instance, Going("reopened", by, reason, True, None, to.id), act.now)
        returning.undo(session, case, [back.tasks[work.task_id] for work in told.again], by, act.now)
    fp("engine.reopen.before_commit")
    return case
