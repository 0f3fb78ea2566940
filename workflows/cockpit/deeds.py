"""What operators have done to an instance, and who came first where two act at once."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.instances import NotSuspended
from engine.model import Incident
from engine.operations.migration import CannotUndo
from engine.run import NotRunning
from engine.time.timers import TimerOver
from ledger.errors import BadAnswer, Conflict, Problem
from ledger.facts import Fact, FactAbout

LONGEST = 500
"""Characters of a reason."""
WORDS: dict[str, str] = {
    "instance.suspended": "挂起", "instance.resumed": "恢复", "instance.terminated": "终止", "instance.ended": "办结",
    "instance.termination_undone": "撤销终止", "instance.modification_undone": "撤销调整",
    "instance.modified": "调整", "instance.migrated": "迁移到新版本", "instance.migration_undone": "撤销迁移",
    "instance.variables_changed": "修改变量", "instance.reopened": "重新开启", "incident.resolved": "处理异常",
    "timer.fired_by_hand": "提前触发定时器", "timer.rescheduled": "改定时器的时间", "timer.suspended": "暂停定时器",
    "timer.resumed": "恢复定时器", "timer.fired": "触发定时器", "task.completed": "办理任务",
}
"""What happened to an instance that an operator may have come too late for; msgids."""
VAGUE = (NotRunning, NotSuspended, TimerOver, CannotUndo)
"""Refusals that do not say who was first."""
BY_HAND = tuple(kind for kind in WORDS if kind not in ("instance.ended", "timer.fired", "task.completed"))


class TooLate(Conflict):
    """{by} 已于 {at} {what}，您的操作没有生效。"""

    def __init__(self, by: str, at: dt.datetime, what: str) -> None:
        super().__init__(by=by, at=at, what=Problem(what))


def reason_of(text: str) -> str:
    """Why something is done, as it is kept. Raises BadAnswer at "reason" where nothing was said."""
    said = " ".join(text.split())
    if not said:
        raise BadAnswer({"reason": [Problem("请写明原因，办理记录里会保留。")]})
    return said[:LONGEST]


def of_instance(session: Session, instance_id: int, *, limit: int = 50) -> list[Fact]:
    """What was done to it by hand, newest first."""
    return _facts(session, instance_id, BY_HAND, limit)


def late(session: Session, instance_id: int, error: Conflict) -> Conflict:
    """The refusal, saying who was first and when if that is known; `error` itself where it says more."""
    if not (isinstance(error, VAGUE) or type(error) is Conflict):
        return error
    last = _facts(session, instance_id, tuple(WORDS), 1)
    return TooLate(last[0].actor_name, last[0].at, WORDS[last[0].kind]) if last else error


def late_for(session: Session, incident_id: int, error: Conflict) -> Conflict:
    """The same for an incident: who has settled it."""
    found = session.get(Incident, incident_id)
    if found is None or found.resolved_at is None:
        return error if found is None else late(session, found.instance_id, error)
    return TooLate(found.resolved_by or "", found.resolved_at, WORDS["incident.resolved"])


def _facts(session: Session, instance_id: int, kinds: tuple[str, ...], most: int) -> list[Fact]:
    told = select(FactAbout.fact_id).where(FactAbout.kind == "instance", FactAbout.subject_id == instance_id)
    wanted = select(Fact).where(Fact.id.in_(told), Fact.kind.in_(kinds)).order_by(Fact.id.desc()).limit(most)
    return list(session.scalars(wanted))
