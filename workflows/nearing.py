"""Tasks that come near their deadline, or are behind it, by the rules of alerts: whoever has to do them is told, and
whoever stands on the ladder.

The deadline itself, and who is offered a late task (licet:sla, licet:escalateTo), stand in the drawing; a rule adds the
days on which people are reminded. It is planned with the days of certificates (registry.alerts.planning).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import DRAWN, NEVER, OPEN, Instance, Task
from engine.time.clocks import last_day
from ledger import clock
from ledger.actor import SYSTEM
from ledger.facts import Fact, record
from ledger.workdays import ONE_DAY, calendar
from registry.access.grants import holders
from registry.access.substitutions import expand
from registry.alerts.book import Book, Spot, book
from registry.alerts.model import TASK
from registry.alerts.notices import notify
from registry.alerts.rules import Rule, Stage, rungs
from registry.alerts.ruling import FURTHEST
from registry.alerts.spans import Day
from registry.alerts.trial import AHEAD, Impact
from registry.certificates.catalogue import types
from registry.people.scope import subtree
from workflows.requests import Request

SAID: dict[str, str] = {
    "before": "“{task}”将于 {due} 到期，还有 {left} 天：{title}",
    "last": "“{task}”今天（{due}）到期：{title}",
    "after": "“{task}”应于 {due} 办理，已逾期 {over} 天：{title}",
}
DOER, FAR = "doer", ONE_DAY * (FURTHEST + AHEAD)


def plan(session: Session, day: Day) -> None:
    """Tell of the open tasks that reach a stage on a day."""
    ends = day.ends(book(session).stages(TASK))
    for task, instance, request in _open(session, ends[0], ends[-1]) if ends else ():
        due, rule = last_day(task.due_at), _rule(book(session), instance, request)
        begun = max(rule.since, clock.day_of(task.created_at))
        for stage in rule.stages:
            if day.reaches(stage, due) and begun < stage.day(due, day.calendar) <= day.on:
                _tell(session, task, instance, request, rule, stage, due, day.on)


def reminded(session: Session, task: Task) -> bool:
    """Whether a rule tells of a task on the morning on which the drawing would say that it is overdue."""
    instance = session.get_one(Instance, task.instance_id)
    request = session.scalar(select(Request).where(Request.instance_id == instance.id))
    rule = _rule(book(session), instance, request)
    return task.due_at is not None and Stage(-1) in rule.stages and rule.since < last_day(task.due_at) + ONE_DAY


def impact(session: Session, spot: Spot, path: str, rule: Rule | None) -> Impact:
    """What would follow in the next days from a rule for tasks at a spot, as registry.alerts.trial says of
    certificates."""
    before, cal, today = book(session), calendar(session), clock.today()
    after, counted, alerts, now = before.with_rule(spot, rule), 0, 0, 0
    low, high = subtree(path)
    for task, instance, request in _open(session, today - FAR, today + FAR):
        code = request.type_code if request is not None else ""
        if not low <= instance.unit_path < high or spot not in (
                after.holding(TASK, instance.unit_path, code), before.holding(TASK, instance.unit_path, code)):
            continue
        coming, standing = (sum(today < each.on <= today + ONE_DAY * AHEAD for each in _rule(
            one, instance, request).days(last_day(task.due_at), cal)) for one in (after, before))
        counted, alerts, now = counted + bool(coming), alerts + coming, now + standing
    return Impact(counted, alerts, now)


def _open(session: Session, first: dt.date, last: dt.date) -> Iterator[Any]:
    """Open tasks that are due on these days and whose clock runs, with their instances and requests."""
    query = select(Task, Instance, Request).join(Instance, Instance.id == Task.instance_id).outerjoin(
        Request, Request.instance_id == Task.instance_id).where(
        Task.state == OPEN, Task.parent_id.is_(None), Task.role == DRAWN, Task.rank_at < NEVER,
        Task.due_at > clock.start_of_day(first), Task.due_at <= clock.end_of_day(last))
    yield from session.execute(query.order_by(Task.id)).all()


def _rule(found: Book, instance: Instance, request: Request | None) -> Rule:
    return found.rule(TASK, instance.unit_path, types().get(request.type_code) if request is not None else None)


def _tell(session: Session, task: Task, instance: Instance, request: Request | None, rule: Rule, stage: Stage,
          due: dt.date, on: dt.date) -> None:
    key = f"task-stage:{task.id}:{due.isoformat()}:{stage.key}"
    if session.scalar(select(Fact.id).where(Fact.key == key)) is not None:
        return
    fact = record(session, "task.nearing", ("instance", instance.id), by=SYSTEM, group_id=instance.group_id, key=key,
                  after={"task": task.id, "element": task.element_id, "name": task.name, "due": due.isoformat(),
                         "stage": stage.key})
    left = (due - on).days
    people = {one for rung in rule.rungs(left) for one in _standing(session, rung, task, instance, request)}
    text = SAID["before" if left > 0 else "after" if left else "last"]
    notify(session, people - set(task.barred), fact, text, {
        "task": task.name, "title": task.title, "due": due.isoformat(), "left": left, "over": -left},
        subject=("task", task.id))


def _standing(session: Session, key: str, task: Task, instance: Instance, request: Request | None) -> list[int]:
    """The people on a rung: whoever has the task, or is offered it; else the nearest who hold the rung's roles."""
    if key == DOER:
        named = [int(one.partition("@")[2]) for one in task.offer if one.startswith("person@")]
        return expand(session, [task.assignee_id] if task.assignee_id else [*holders(session, task.offer), *named],
                      task.process_id)
    family = (request.type_code[:1] if request is not None else "") or "E"
    for place in instance.places:
        for role in rungs()[key].roles.get(family, ()):
            if found := holders(session, [f"{role}@{place}"]):
                return expand(session, found, task.process_id)
    return []


__all__ = ["SAID", "impact", "plan", "reminded"]
