"""A return done again in memory: the same decision as in life (engine/returns/backwards.py), by what was played so far.

In life it is looked at first whether the way back is free; what happened was. By another drawing it may not be: then
nobody can tell how it would have gone on, and the play ends there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from engine.dialect.nodes import Node
from engine.findings import Finding
from engine.model import OPEN, Task
from engine.operations.modification import perform
from engine.operations.moves import BackTo, CannotModify, Draft, Move, decide, refuse
from engine.rehearsal.acting import Acting
from engine.rehearsal.recording import Passed as Way
from engine.rehearsal.sent_back import WORDS, Back, Spot
from engine.returns import finality
from engine.returns.backwards import Backwards, Passed
from engine.returns.reopening import again_at, whole


class CannotGoBack(Exception):
    """The return has no place in this drawing; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.zh)


def go_back(acting: Acting, number: int, back: Back) -> bool:
    """Do a return again that came of the task of this token; False where that task went otherwise.

    Raises CannotGoBack.
    """
    here = acting.passed.get(number)
    if here is None or not (here.left is None or number in acting.undone if back.held else here.how == "completed"):
        return False
    _go(acting, back, here.element_id, number)
    return True


def reopen(acting: Acting, back: Back) -> None:
    """Let what is over go on again (engine/returns/reopening.py); what still waited when somebody ended it went with
    it. Raises CannotGoBack."""
    process = acting.process
    for number, one in acting.passed.items():
        acting.passed[number] = closed(one, acting.ended_at)
    process.completed, process.failed, acting.outcome = False, None, None
    _go(acting, back, back.to[0].element_id)
    process.arm()


def closed(one: Way, ended: dt.datetime | None) -> Way:
    """What was still open when somebody ended the whole went with it."""
    return one if ended is None or one.left is not None else replace(one, left=ended, how="cancelled")


def _go(acting: Acting, back: Back, element_id: str, number: int = 0) -> None:
    history = backwards(acting)
    targets: list[Task] = []
    try:
        for spot in back.to:
            targets.append(_target(acting, history, spot, targets))
        moves: Sequence[Move] = again_at(acting.process, targets[0]) if back.kind == "reopened" else [
            BackTo(task.id) for task in targets]
        draft = decide(acting.process, moves, history)
        if any(spot.token is None for spot in back.to):
            _free(acting, number, back, history, targets, draft)
    except CannotModify as refused:
        raise CannotGoBack(_told(acting, element_id, back, refused.finding)) from refused
    acting.undone |= {*draft.again, *(token.thread_id for token in acting.process.tokens() if draft.goes(token))}
    perform(draft)


def backwards(acting: Acting) -> Backwards:
    """The history of what was played, in the terms of the rows; a task has the number of its token."""
    within = acting.within or {}
    tasks = []
    for number, row in acting.tasks.items():
        one = acting.passed[number]
        said = {name: row[name] for name in ("element_id", "name", "form_key", "within", "round", "inputs")}
        tasks.append(Task(id=number, token=number, state=OPEN if one.left is None else one.how,
                          completed_at=one.left, **said))
    visits = [Passed(number, one.element_id, within.get(number), one.left, one.how)
              for number, one in acting.passed.items() if number not in acting.tasks]
    return Backwards(tasks, visits)


def _target(acting: Acting, history: Backwards, spot: Spot, taken: list[Task]) -> Task:
    """The task meant: the very one; else of those at its element the one that came as the n-th, or the last."""
    if spot.token in history.tasks:
        return history.tasks[spot.token]
    here = [task for _, task in sorted(history.tasks.items()) if task.element_id == spot.element_id]
    stand = [task for task in here if task.state == "completed" and task.id not in acting.undone and task not in taken]
    if not here and finality.node_of(acting.plan, spot.element_id) is None:
        raise refuse("gone", "草稿里没有这一步", "the draft has no such step", spot.element_id)
    if not stand:
        raise refuse("never-done", "按草稿这时还没有办过", "by the draft it had not been done by then", spot.element_id)
    return next((task for task in here[spot.nth - 1:spot.nth] if task in stand), stand[-1])


def _free(acting: Acting, number: int, back: Back, history: Backwards, targets: list[Task], draft: Draft) -> None:
    """What people are refused in life: to go back to what does not come before, or past what cannot be undone."""
    if back.kind == "returned" and not any(
            token.thread_id == number and draft.goes(token) for token in acting.process.tokens()):
        raise refuse("aside", "按草稿它不在这一步之前", "by the draft it does not come before")
    if back.kind == "reopened":
        whole(draft, targets[0])
    passed = [*(history.passed[task.token] for task in targets), *history.overtaken(draft)]
    wall = finality.barrier(acting.plan, passed, history.tasks.values(), people=back.kind != "reopened")
    if wall is not None:
        raise refuse("final", f"按草稿已经执行“{_name(wall)}”，不能退回到它之前",
                     f"by the draft {_name(wall)} had been carried out, and nobody goes back past it")


def _name(node: Node) -> str:
    return node.bpmn_name or node.bpmn_id


def _told(acting: Acting, element_id: str, back: Back, cause: Finding) -> Finding:
    names = {**acting.script.names, **acting.plan.names()}
    here, there = (names.get(each) or each for each in (element_id, back.to[0].element_id))
    zh, en = WORDS[back.kind]
    way = (f"从“{here}”{zh}到“{there}”", f"from {here} it {en} to {there}") if back.held else (
        f"{zh}到“{there}”", f"it {en} to {there}")
    return Finding("return", f"当时{way[0]}，{cause.zh}，以后怎样不能判断",
                   f"{way[1]}; {cause.en}: what would have come of it cannot be told", element=element_id, name=here)


__all__ = ["CannotGoBack", "closed", "go_back", "reopen"]
