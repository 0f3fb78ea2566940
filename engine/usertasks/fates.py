"""What somebody reads who comes too late, or to a task that waits: who did what, and when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import run
from engine.model import CORRECTION, OPEN, Instance, Task
from engine.usertasks.offers import handed, touched
from ledger.actor import SYSTEM, Actor
from ledger.errors import AlreadyDone, Conflict, NotAllowed, NotFound

ENDED: dict[str, str] = {
    "returned": "因退回而取消", "withdrawn": "因撤回申请而取消", "taken_back": "因取回上一步而取消",
    "corrected": "因补正改动了前面的意见所依据的内容、须先重办而取消",
    "vote_over": "因会签已有结果而取消", "vote_left": "因退出会签而取消",
    "sign_dropped": "因减签而取消", "unasked": "因不再要求补正而取消", "terminated": "因终止流程而取消",
    "modified": "因调整流程而取消", "event": "因流程转到别处而取消",
}
"""How a task can end that nobody completed (`Task.ended_how`), in the words of `Over`."""
HANDS: dict[str, str] = {
    "task.claimed": "签收了它", "task.released": "放回了它", "task.transferred": "转办了它",
    "task.delegated": "委派了它", "task.delegation_ended": "结束了委派", "task.reassigned": "改派了它",
    "task.returned_after_absence": "把它转回本人", "task.sign_asked": "请人加签", "task.sign_dropped": "减了一个加签",
    "task.signed": "签了意见", "correction.asked": "请申请人补正", "correction.answered": "答复了补正",
    "correction.dropped": "取消了补正请求",
}
"""What the facts of offers.TOUCHED are called in the sentences of `Held` and `Moved`."""


class FourEyes(NotAllowed):
    """四眼原则：您已参与本流程的相关环节，此任务须由他人办理。"""


class OneVoice(FourEyes):
    """一次会签每人只有一票：您已表决过，或者自己就是会签人，不能再办这一份。"""


class RoleLost(Conflict):
    """您已不再担任办理“{name}”的角色，不能再办。请放回，由同组的人签收。"""


class Over(Conflict):
    """该任务已由 {by} 于 {at} {what}，不需要再办。"""

    def __init__(self, fate: Fate) -> None:
        self.fate = fate
        super().__init__(by=named(fate.by), at=fate.at, what=ENDED.get(fate.how, ENDED["event"]))


class Held(Conflict):
    """该任务由 {by} 办理：{who} 于 {at} {what}。"""


class Moved(Conflict):
    """您打开页面之后，{who} 于 {at} {what}。请刷新后再办。"""


class NotHeld(Conflict):
    """请先签收该任务。"""


class Appointed(Conflict):
    """该任务由流程指派给了别人。"""


class OnlyYours(Conflict):
    """该任务只指派给您，不能放回。"""


class ReleasedOften(Conflict):
    """您已 {most} 次放回“{name}”，不能再放回。请办理，或转办给能办的人。"""


class Waiting(Conflict):
    """该任务正在等 {names}，现在不能办。可以等他们办完，或取消对他们的请求。"""


class Delegated(Conflict):
    """该任务是 {by} 委派给您的，办好后请交回。"""


class StandingInOver(Conflict):
    """您的代理已经结束，该任务将转回本人。"""


class Gone(Conflict):
    """该任务已被流程取消，无需办理。"""


@dataclass(frozen=True)
class Fate:
    """How a task ended that is open no more: "completed" or a key of ENDED, by whom and when."""

    how: str
    by: str
    at: dt.datetime | None


def fate(session: Session, task: Task) -> Fate | None:
    """What became of a task; None while it is open, and for one cancelled before this was written down."""
    if task.state == "completed":
        return Fate("completed", task.completed_by_name or "", task.completed_at)
    return None if task.ended_how is None else Fate(task.ended_how, task.ended_by_name or "", task.completed_at)


def over(session: Session, task: Task) -> Conflict:
    """What somebody reads who comes to a task that is open no more: who ended it, how and when."""
    ended = fate(session, task)
    if ended is None:
        return Gone()
    return AlreadyDone(named(ended.by), ended.at) if ended.how == "completed" else Over(ended)


def drawn(session: Session, task_id: int) -> tuple[Task, Instance]:
    """An open task of the drawing itself (no signature, no correction), its instance locked. Raises NotFound,
    NotRunning, and what `over` says."""
    owner = session.scalar(select(Task.instance_id).where(Task.id == task_id, Task.parent_id.is_(None)))
    if owner is None:
        raise NotFound()
    instance = run.lock(session, owner)
    task = session.get_one(Task, task_id, populate_existing=True)
    if task.state != OPEN:
        raise over(session, task)
    return task, run.active(instance)


def held_by(session: Session, task: Task, actor: Actor) -> Conflict:
    """What somebody reads whom another one has forestalled: who has the open task, since when, and how."""
    if task.assignee_id == actor.id:
        return StandingInOver()
    last = handed(session, task)
    by = task.assignee_name or task.assignee_id
    if last is None or last.kind == "task.released":
        return Appointed()
    return Held(by=by, who=named(last.actor_name), at=last.at, what=HANDS[last.kind])


def moved(session: Session, task: Task) -> Conflict:
    """What somebody reads whose page of an open task is older than the task."""
    last = touched(session, task)
    signed = session.scalar(select(Task).where(
        Task.parent_id == task.id, Task.state == "completed", Task.role != CORRECTION).order_by(
        Task.completed_at.desc(), Task.id.desc()).limit(1))
    if signed is not None and signed.completed_at is not None and (last is None or signed.completed_at >= last.at):
        return Moved(who=named(signed.completed_by_name or ""), at=signed.completed_at, what=HANDS["task.signed"])
    if last is None:
        return Conflict()
    return Moved(who=named(last.actor_name), at=last.at, what=HANDS[last.kind])


def named(name: str) -> str:
    """Who a sentence says did it."""
    return "系统" if name == SYSTEM.name else name


def waiting(session: Session, task: Task) -> Waiting:
    """For whom a task waits, in words."""
    names = session.scalars(select(Task.assignee_name).where(
        Task.parent_id == task.id, Task.state == OPEN).order_by(Task.id))
    return Waiting(names=[name for name in names if name] or [task.assignee_name or ""])
