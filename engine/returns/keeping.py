"""An approval that comes again after a return, with nothing changed that it rested on, stands: nobody is asked twice.

Whoever approved is told nothing and has nothing to do; the story says that it was kept, and of which task. An approval
inside a sub-process that is done several times is always asked for again: which round was which cannot be told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from engine import rows
from engine.dialect.nodes import OVER
from engine.hooks import HOOKS
from engine.model import OPEN, Task, TaskAnswer, Visit
from engine.operations.moved import Renaming
from engine.returns import finality, surviving
from engine.returns.returning import CANDIDATE, KEPT, REDONE, ReturnCase, ReturnEffect, told
from engine.returns.surviving import TaskBasis
from engine.usertasks.participation import at, doers
from ledger import deeds

if TYPE_CHECKING:
    from engine.run import Act

Path = tuple[str, ...]
ADD_ANSWER = insert(cast(Table, TaskAnswer.__table__))


def survive(act: Act, begun: Iterable[int]) -> bool:
    """Complete, of the tasks that have just begun to wait (by token), those whose approval stands.

    True when there was one: the instance has to go on then. Called by run.act until it says False.
    """
    hooks = HOOKS.get(act.instance.process_id)
    tokens = list(begun)
    if hooks is None or hooks.basis is None or not (tokens or act.process.completed):
        return False
    cases = list(act.session.scalars(select(ReturnCase).where(
        ReturnCase.instance_id == act.instance.id, ReturnCase.closed_at.is_(None)).order_by(ReturnCase.id)))
    if not cases:
        return False
    if act.process.completed:
        for case in cases:
            case.closed_at = act.now
        return False
    return _Round(act, cases, tokens).keep()


class _Round:
    """One look at what has begun to wait."""

    def __init__(self, act: Act, cases: list[ReturnCase], tokens: list[int]) -> None:
        self.act, self.cases, session = act, cases, act.session
        self.straight = {case.id for case in cases if case.straight}
        here = Task.instance_id == act.instance.id
        self.new = list(session.scalars(select(Task).where(
            here, Task.token.in_(tokens), Task.state == OPEN, Task.parent_id.is_(None)).order_by(Task.token)))
        wanted = [case.id for case in cases]
        found = session.execute(
            select(ReturnEffect, Task).join(Task, Task.id == ReturnEffect.task_id)
            .where(ReturnEffect.case_id.in_(wanted), ReturnEffect.what == CANDIDATE)).all()
        self.effects = sorted(found, key=lambda pair: (pair[1].completed_at or act.now, pair[1].token))
        self.now = {row.was: row.now for row in session.scalars(
            select(Renaming).where(Renaming.instance_id == act.instance.id))}
        self.around = {row.token: row for row in session.scalars(
            select(Visit).where(Visit.instance_id == act.instance.id))} if self.new else {}

    def keep(self) -> bool:
        """Match what is new with what was approved, in the order in which it was approved."""
        left = list(self.new)
        kept: list[Task] = []
        for effect, old in self.effects:
            task = next((each for each in left if self._same_place(old, each)), None)
            if task is None or effect.what != CANDIDATE:
                continue
            left.remove(task)
            if effect.case_id in self.straight and self._stands(old, task):
                self._keep(effect, old, task)
                kept.append(task)
            else:
                self._again(effect, old)
        self._close(left, settled=not kept)
        self.act.session.flush()
        return bool(kept)

    # whether
    def _path(self, task: Task) -> Path:
        """The elements around a task, from the outermost, and its own."""
        path, within = [task.element_id], task.within
        while within and within in self.around:
            row = self.around[within]
            path.insert(0, row.element_id)
            within = row.within
        return tuple(self.now.get(each, each) for each in path)

    def _same_place(self, old: Task, new: Task) -> bool:
        path = self._path(new)
        if path != self._path(old) or _item(old) != _item(new):
            return False
        return not any(finality.several(self.act.plan, each) for each in path[:-1])

    def _stands(self, old: Task, new: Task) -> bool:
        """The same basis, nobody who had a hand in it would be barred from it now, and who did it had the right to."""
        session, act = self.act.session, self.act
        former = session.get(TaskBasis, old.id)
        hands = {row.person_id for row in session.execute(doers(act.instance.id, [old.element_id]))
                 if row.task_id == old.id}
        if former is None or hands.intersection(new.barred) or old.completed_by is None:
            return False
        hooks = HOOKS[act.instance.process_id]
        if hooks.rightful is not None and not hooks.rightful(session, old):
            return False
        now = surviving.parts_now(session, act.instance, new)
        return bool(now) and now == {key: text for key, text in former.parts.items() if key != surviving.SERIAL}

    # doing
    def _keep(self, effect: ReturnEffect, old: Task, task: Task) -> None:
        act, session = self.act, self.act.session
        token = next((token for token in act.process.tokens() if token.thread_id == task.token), None)
        if token is None or token._state & OVER:
            return
        answers = session.get_one(TaskAnswer, old.id).answers
        self._over(effect, old, KEPT)
        task.state, task.completed_at, task.version = "completed", act.now, task.version + 1
        task.completed_by, task.completed_by_name, task.for_id = old.completed_by, old.completed_by_name, old.for_id
        task.kept_from = old.id
        session.flush()
        act.connection.execute(ADD_ANSWER, {
            "task_id": task.id, "answers": answers, "at": act.now, "by_id": old.completed_by})
        deeds.touch(session, "task_answer", task.id)
        surviving.keep_basis(act, task.id, session.get_one(TaskBasis, old.id).parts)
        rows.forget(act, task.id)
        told(session, "task.kept", task, act.actor, **{"from": old.id})
        token.task_spec.finish(token, answers)

    def _again(self, effect: ReturnEffect, old: Task) -> None:
        """It is asked for again: what was said before counts no more."""
        fresh = old.undone_at is None
        self._over(effect, old, REDONE)
        if fresh:
            told(self.act.session, "task.undone", old, self.act.actor)

    def _over(self, effect: ReturnEffect, old: Task, what: str) -> None:
        effect.what, effect.at = what, self.act.now
        old.undone_at = old.undone_at or self.act.now

    def _close(self, waiting: list[Task], settled: bool) -> None:
        """A case is over when it is back where it came from, or nothing is left that could stand.

        What the diagram itself returned counted until now, when it is judged anew.
        """
        for case in self.cases:
            back = self.act.session.get(Task, case.from_task_id) if case.from_task_id else None
            reached = back is not None and any(self._same_place(back, task) for task in waiting)
            if back is not None and reached and back.state == "completed":
                back.undone_at = back.undone_at or self.act.now
            spent = back is None or back.state != "completed" or back.undone_at is not None
            left = any(effect.what == CANDIDATE for effect, _ in self.effects if effect.case_id == case.id)
            if (reached and settled) or (spent and not left):
                case.closed_at = self.act.now


def _item(task: Task) -> dict[str, object]:
    """What a round of a loop is about; its number may be another one the next time."""
    return {key: value for key, value in (task.inputs or {}).items() if key != "loopCounter"}


def redone(session: Session, task: Task) -> int | None:
    """The former task that a return made somebody decide anew as this one, by id; None where there is none."""
    query = select(Task.id).join(ReturnEffect, ReturnEffect.task_id == Task.id).where(
        Task.instance_id == task.instance_id, at(task.instance_id, [task.element_id]), ReturnEffect.what == REDONE,
        Task.token < task.token).order_by(Task.token.desc())
    return session.scalars(query).first()


__all__ = ["redone", "survive"]
