"""Giving a task back: whoever holds it sends the process to any earlier step, having seen what that undoes.

What followed from the earlier step is undone and its open tasks go, other branches stay (engine/returns/backwards.py).
Nobody goes back past what is final (engine/returns/finality.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import catalog, run
from engine.dialect.scopes import Process
from engine.model import DRAWN, Instance, Task
from engine.operations import modification, moves
from engine.operations.modification import Preview, Work, work_of
from engine.operations.moves import BackTo, Draft
from engine.returns import finality, returning
from engine.returns.backwards import Backwards
from engine.returns.returning import Going, ReturnCase
from engine.usertasks import fates, tasks
from engine.usertasks.hands import AFTER
from engine.usertasks.offers import HANDED
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, Problem
from ledger.facts import Fact
from ledger.failpoints import fp

MOST = 20
"""How many earlier steps are offered, the newest first."""


class Overtaken(Conflict):
    """您预览之后，{who} 于 {at} 已有新的办理，请重新预览后再退回。"""


class Beside(Conflict):
    """这是别人请您办的事，不能由您退回。请把意见写给请您办的人。"""


class Final(Conflict):
    """已经执行“{element}”，不能退回到它之前。"""


@dataclass(frozen=True)
class Target:
    """An earlier step that a task may be given back to, and what that would do.

    undone: what was completed since and counts no more, the step itself left out; may_stand: those of them that stand
    if nothing changes that they rest on. `refused` says why it cannot be done; the rest is then empty.
    """

    task_id: int
    element_id: str
    name: str
    by: str | None
    preview: Preview
    work: Work
    undone: tuple[Work, ...] = ()
    may_stand: tuple[Work, ...] = ()
    refused: Conflict | None = None


def targets(session: Session, task_id: int, actor: Actor) -> list[Target]:
    """Where the actor may give an open task back to, each previewed; nothing is written.

    Raises what tasks.get does, and NotRunning.
    """
    task = tasks.get(session, task_id, actor)
    instance = run.active(session.get_one(Instance, task.instance_id))
    copy, back = run.read_only(session, instance), Backwards.of(session, instance.id)
    plan = catalog.plan(session, instance.definition_id)
    return [_target(session, instance, plan, copy, back, task, each) for each in earlier(back)]


def earlier(back: Backwards) -> list[Task]:
    """The newest task that was completed and stands at each place, the newest first, at most MOST."""
    found: dict[tuple[str, int | None, int | None], Task] = {}
    for task in sorted(back.tasks.values(), key=lambda each: each.token):
        if task.state == "completed" and task.undone_at is None:
            place = (back.passed[task.token].element_id, task.within, task.round)
            found.pop(place, None)
            found[place] = task
    return list(reversed(found.values()))[:MOST]


def _target(session: Session, instance: Instance, plan: catalog.Plan, copy: Process, back: Backwards, task: Task,
            to: Task) -> Target:
    said = (to.id, to.element_id, to.name, to.completed_by_name)
    try:
        draft = moves.decide(copy, [BackTo(to.id)], back)
        told = modification.tell(session, instance, draft)
        look(plan, back, to, draft)
        ahead(task, told, to)
    except Conflict as refused:
        return Target(*said, Preview(instance.version), work_of(to), refused=refused)
    undone = [work for work in told.again if work.task_id != to.id and back.tasks[work.task_id].undone_at is None]
    known = returning.based(session, [back.tasks[work.task_id] for work in undone])
    return Target(*said, told, work_of(to), tuple(undone), tuple(work for work in undone if work.task_id in known))


def look(plan: catalog.Plan, back: Backwards, to: Task, draft: Draft, *, people: bool = True) -> None:
    """Raises Final where something on the way back cannot be undone."""
    wall = finality.barrier(plan, [back.passed[to.token], *back.overtaken(draft)], back.tasks.values(), people=people)
    if wall is not None:
        raise Final(element=wall.bpmn_name or wall.bpmn_id)


def ahead(task: Task, told: Preview, to: Task) -> None:
    """Raises CannotModify where the task would stay: it does not follow from the step it is to go back to."""
    if task.id not in {work.task_id for work in told.withdrawn}:
        raise moves.refuse("aside", f"“{to.name}”不在您这一步之前", f"{to.element_id} does not come before your step")


def give_back(session: Session, task_id: int, to_task_id: int | None, *, by: Actor, reason: str, straight: bool,
              version: int | None, instance_version: int | None = None) -> ReturnCase:
    """Do it. `version` is the task's and `instance_version` the preview's, as the page was drawn.

    Signatures and corrections that were asked for before it end with it. Raises Conflict (`Overtaken` when the instance
    has moved since, `Final`, CannotModify, and what `free` and tasks.held raise), BadAnswer for a step
    that was never done, with those that were.
    """
    task, instance = tasks.held(session, task_id, by, version=version)
    free(session, task)
    if instance_version is not None and instance.version != instance_version:
        raise overtaken(session, instance)
    with run.act(session, instance, by) as act:
        act.why = "returned"
        back = Backwards.of(session, instance.id)
        to = known(back, to_task_id)

        def check(draft: Draft, told: Preview) -> None:
            look(act.plan, back, to, draft)
            ahead(task, told, to)

        told = modification.carry_out(act, [BackTo(to.id)], back, check)
        tasks.note(session, "task.returned", task, instance, by, target=to.name, to_task=to.id, reason=reason[:500],
                   again=[work.task_id for work in told.again], withdrawn=[work.task_id for work in told.withdrawn])
        case = returning.begin(session, instance, Going("returned", by, reason, straight, task.id, to.id), act.now)
        returning.undo(session, case, [back.tasks[work.task_id] for work in told.again], by, act.now)
    fp("engine.return.before_commit")
    return case


def free(session: Session, task: Task) -> None:
    """Whether whoever holds a task may give it back at all: Beside for a signature or a question, Delegated for a
    delegate, Waiting where it is handed in and others sign it (without them it comes back by itself)."""
    if task.role != DRAWN:
        raise Beside()
    tasks.undelegated(task)
    if task.hold == AFTER:
        raise tasks.waiting(session, task)


def known(back: Backwards, to_task_id: int | None) -> Task:
    """The step to go back to. Raises BadAnswer with the steps there are."""
    known = earlier(back)
    to = next((each for each in known if each.id == to_task_id), None)
    if to is not None:
        return to
    meant = back.tasks.get(to_task_id or 0)
    if meant is None:
        text = Problem("请选择退回到哪一步。可以退回到：{steps}", {"steps": [each.name for each in known]})
    else:
        text = Problem("“{step}”没有办结，或已经退回，不能退回到那里。可以退回到：{steps}",
                       {"step": meant.name, "steps": [each.name for each in known]})
    raise BadAnswer({"to": [text]})


def overtaken(session: Session, instance: Instance) -> Conflict:
    """What somebody reads whose preview is older than the instance: who did the last thing, and when."""
    about = (Fact.subject_kind == "instance", Fact.subject_id == instance.id, Fact.kind.not_in(HANDED))
    last = session.scalars(select(Fact).where(*about).order_by(Fact.id.desc()).limit(1)).first()
    return Conflict() if last is None else Overtaken(who=fates.named(last.actor_name), at=last.at)


__all__ = ["Beside", "Final", "Overtaken", "Target", "free", "give_back", "targets"]
