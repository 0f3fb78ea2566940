"""What was approved on what has been corrected since counts no more: it is asked for again, in the same act.

Only the approvals whose own basis changed are begun anew; whatever followed from them may stand if it rests on nothing
else (engine/returns/keeping.py). Branches beside them go on. Where the way back is closed the approval stays as it is:
`outdated` tells of it.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine import run
from engine.model import Instance, Task
from engine.operations import modification, moves
from engine.operations.moves import BackTo
from engine.returns import giving_back, returning, surviving
from engine.returns.backwards import Backwards
from engine.returns.returning import Going
from engine.returns.surviving import SERIAL, STEP, TaskBasis
from engine.usertasks import tasks
from ledger.actor import Actor
from ledger.errors import Conflict


def outdated(session: Session, instance: Instance) -> list[tuple[Task, list[str]]]:
    """The approvals that count and rest on something that is different now, oldest first, with the parts that are; what
    others had said is not looked at here."""
    found = []
    for task in returning.effective(session, instance.id):
        was, now = session.get_one(TaskBasis, task.id).parts, surviving.parts_now(session, instance, task)
        keys = [key for key in sorted({*was, *now}) if key != SERIAL and not key.startswith(STEP)
                and was.get(key) != now.get(key)]
        if keys and now:
            found.append((task, keys))
    return found


def ask_again(session: Session, host: Task, by: Actor) -> list[Task]:
    """Begin anew what was approved on other answers than stand now; the former tasks of what is asked for again.

    `host` is where the correction was asked for: where it follows from one of them it comes again after it.
    """
    instance = run.lock(session, host.instance_id)
    old = [task for task, _ in outdated(session, instance)] if instance.state == "active" else []
    if not old:
        return []
    with run.act(session, instance, by) as act:
        act.why = "corrected"
        back = Backwards.of(session, instance.id)
        wanted = _possible(act, back, old)
        if not wanted:
            return []
        told = modification.carry_out(act, [BackTo(task.id) for task in wanted], back)
        gone = host.id in {work.task_id for work in told.withdrawn}
        case = returning.begin(
            session, instance, Going("corrected", by, "", True, host.id if gone else None), act.now)
        tasks.note(session, "correction.reopened", host, instance, by, again=[task.id for task in wanted],
                   count=len(wanted))
        returning.undo(session, case, [back.tasks[work.task_id] for work in told.again], by, act.now)
    return wanted


def _possible(act: run.Act, back: Backwards, old: list[Task]) -> list[Task]:
    """Those that can be begun anew together; what follows from one of them is done again anyway."""
    wanted: list[Task] = []
    for task in old:
        try:
            draft = moves.decide(act.process, [BackTo(one.id) for one in wanted], back) if wanted else None
            if draft is not None and task.id in draft.again:
                continue
            together = moves.decide(act.process, [BackTo(one.id) for one in (*wanted, task)], back)
            giving_back.look(act.plan, back, task, together)
        except Conflict:
            continue
        wanted.append(task)
    return wanted


__all__ = ["ask_again", "outdated"]
