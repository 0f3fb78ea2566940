"""The rows beside an instance's state: tasks with candidates and deadlines, timers, subscriptions, visits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import BindParameter, Table, bindparam, delete, insert, or_, select, update

from engine import expressions, state
from engine.dialect.catching import Awaiting
from engine.dialect.nodes import ARRIVING, OVER, Fault, Node, Token, context, fitting
from engine.dialect.tasks import UserTask
from engine.dialect.throwing import LONGEST_KEY
from engine.dialect.triggers import MessageTrigger, SignalTrigger, TimerTrigger
from engine.model import (
    OPEN,
    Delivery,
    Incident,
    Renaming,
    Ruling,
    Subscription,
    Task,
    TaskCandidate,
    TaskExclusion,
    Timer,
    Visit,
)
from feel import FeelError
from ledger import clock
from ledger.workdays import working_days_after

if TYPE_CHECKING:
    from engine.run import Act

# Statements are made once: building one costs ten times as much as running it.
TASK, CANDIDATE, EXCLUSION, TIMER, SUBSCRIPTION, VISIT, INCIDENT, DELIVERY, RULING = (
    cast(Table, kind.__table__)
    for kind in (Task, TaskCandidate, TaskExclusion, Timer, Subscription, Visit, Incident, Delivery, Ruling))
ADD_TASK = insert(TASK).returning(TASK.c.id)
ADD_CANDIDATE, ADD_EXCLUSION, ADD_TIMER = insert(CANDIDATE), insert(EXCLUSION), insert(TIMER)
ADD_SUBSCRIPTION, ADD_VISIT, ADD_RULING = insert(SUBSCRIPTION), insert(VISIT), insert(RULING)
LARGEST_ID, LARGEST_PRIORITY = 2**63 - 1, 2**31 - 1  # what the columns hold
LONGEST_NUMBER = 300  # digits; beyond, no float and no JavaScript holds it
HERE: BindParameter[Any] = bindparam("here")
TOKEN: BindParameter[Any] = bindparam("of_token")
AT: BindParameter[Any] = bindparam("at")
HOW: BindParameter[Any] = bindparam("how")
LEAVE = update(VISIT).where(VISIT.c.instance_id == HERE, VISIT.c.token == TOKEN).values(left_at=AT, left_how=HOW)
CANCEL_TASK = update(TASK).where(TASK.c.instance_id == HERE, TASK.c.token == TOKEN, TASK.c.state == OPEN).values(
    state="cancelled", completed_at=AT, version=TASK.c.version + 1).returning(TASK.c.id)
CANCEL_TIMERS = update(TIMER).where(
    TIMER.c.instance_id == HERE, TIMER.c.token == TOKEN, TIMER.c.state.in_(("waiting", "suspended")),
).values(state="cancelled")
WAKE_DELIVERIES = update(DELIVERY).where(
    DELIVERY.c.kind == "message", DELIVERY.c.name == bindparam("of_name"), DELIVERY.c.state == "waiting",
    DELIVERY.c.instance_id.is_(None)).values(next_try_at=AT)
END_INCIDENTS = update(INCIDENT).where(
    INCIDENT.c.instance_id == HERE, INCIDENT.c.token == TOKEN, INCIDENT.c.resolved_at.is_(None)).values(
    resolved_at=AT, resolved_by=bindparam("who"), resolution=HOW)
HEARD = delete(SUBSCRIPTION).where(
    SUBSCRIPTION.c.instance_id == HERE, SUBSCRIPTION.c.token == TOKEN, SUBSCRIPTION.c.kind == "signal",
    SUBSCRIPTION.c.name == bindparam("of_name"))
END_SUBSCRIPTIONS = delete(SUBSCRIPTION).where(SUBSCRIPTION.c.instance_id == HERE, SUBSCRIPTION.c.token == TOKEN)
DROP_CANDIDATES = delete(CANDIDATE).where(CANDIDATE.c.task_id == bindparam("of_task"))
DROP_EXCLUSIONS = delete(EXCLUSION).where(EXCLUSION.c.task_id == bindparam("of_task"))


@dataclass(frozen=True, slots=True)
class Wait:
    """A token waiting for a person (UserTask) or an event."""

    token: Token
    spec: Node


def visit(act: Act, number: int, spec: Node, where: int = 0) -> dict[str, Any]:
    """A visit row, entered now."""
    return {
        "instance_id": act.instance.id, "token": number, "element_id": spec.bpmn_id, "entered_at": act.now,
        "left_at": None, "left_how": None, "by_id": act.actor.id, "by_name": act.actor.name, "within": where,
    }


def rule(act: Act, token: Token, decision_id: str, trace: Iterable[Any]) -> None:
    """Keep which rules decided: [{"table": id, "rules": [1, 3], "missing": [names]}, ...] in order of evaluation."""
    told = [{"table": seen.id, "rules": [match.rule for match in seen.matches], "missing": list(seen.missing)}
            for seen in trace if seen.matches or seen.missing or seen.kind == "table"]
    act.connection.execute(ADD_RULING, {"instance_id": act.instance.id, "token": token.thread_id, "at": act.now,
                                        "decision_id": decision_id, "trace": told})


def write(act: Act) -> None:
    """Bring the rows in line with what the process waits for now."""
    opened = _open([wait for wait in act.waits if not wait.token._state & OVER], act)
    before, after = act.process.known, state.waiting_at(act.process)
    gone = [number for number in before if number not in after]
    if gone:
        _close(act, gone)
    if act.heard_signals:
        here = {"here": act.instance.id}
        act.connection.execute(HEARD, [{**here, "of_token": token, "of_name": name}
                                       for token, name in act.heard_signals])
    opened.insert(act)
    _tell(act)
    act.process.known = after


def _tell(act: Act) -> None:
    if act.entries:
        act.connection.execute(ADD_VISIT, list(act.entries.values()))
    if act.departures:
        here = {"here": act.instance.id, "at": act.now}
        act.connection.execute(LEAVE, [{**here, "of_token": number, "how": how} for number, how in act.departures])


def _close(act: Act, gone: list[int]) -> None:
    execute, known = act.connection.execute, act.process.known
    for number in gone:
        kinds, where = known[number], {"here": act.instance.id, "of_token": number}
        if "task" in kinds and number != act.done:
            for (task_id,) in execute(CANCEL_TASK, {**where, "at": act.now}).all():
                forget(act, task_id)
        if "timer" in kinds:
            execute(CANCEL_TIMERS, where)
        if "message" in kinds:
            execute(END_SUBSCRIPTIONS, where)
        if "halt" in kinds:
            execute(CANCEL_TIMERS, where)
            execute(END_INCIDENTS, {**where, "at": act.now, "who": act.actor.name, "how": "moved on"})


def forget(act: Act, task_id: int, *, offered: bool = True, barring: bool = True) -> None:
    """A task ended: nobody is offered it any more."""
    if offered:
        act.connection.execute(DROP_CANDIDATES, {"of_task": task_id})
    if barring:
        act.connection.execute(DROP_EXCLUSIONS, {"of_task": task_id})


@dataclass
class Opened:
    """The rows of what began to wait."""

    tasks: list[dict[str, Any]] = field(default_factory=list)
    timers: list[dict[str, Any]] = field(default_factory=list)
    subscriptions: list[dict[str, Any]] = field(default_factory=list)

    def add(self, act: Act, wait: Wait) -> None:
        """The rows of one wait. Raises Fault for an expression that gives nothing usable."""
        if isinstance(wait.spec, UserTask):
            timers: list[dict[str, Any]] = []
            self.tasks.append(_task(act, wait.token, wait.spec, timers))
            self.timers += timers
        elif isinstance(wait.spec, Awaiting):
            for trigger in wait.spec.waits:
                if isinstance(trigger, TimerTrigger):
                    self.timers.append(_event_timer(act, wait.token, wait.spec, trigger))
                elif isinstance(trigger, MessageTrigger | SignalTrigger):
                    self.subscriptions.append(_subscription(act, wait.token, wait.spec, trigger))

    def insert(self, act: Act) -> None:
        """Write them."""
        if self.tasks:
            _insert_tasks(act, self.tasks)
        if self.timers:
            act.connection.execute(ADD_TIMER, self.timers)
        if self.subscriptions:
            act.connection.execute(ADD_SUBSCRIPTION, self.subscriptions)
            named = {row["name"] for row in self.subscriptions if row["kind"] == "message"}
            if named:
                act.connection.execute(WAKE_DELIVERIES, [{"of_name": name, "at": act.now} for name in sorted(named)])


def _open(waits: list[Wait], act: Act) -> Opened:
    opened = Opened()
    for wait in waits:
        try:
            opened.add(act, wait)
        except (Fault, FeelError) as error:
            act.halt(wait.token, ARRIVING, error)
    return opened


def _insert_tasks(act: Act, tasks: list[dict[str, Any]]) -> None:
    numbers = [act.connection.execute(ADD_TASK, task).scalar_one() for task in tasks]
    offers = [{"task_id": number, "candidate": candidate, "open": task["assignee_id"] is None}
              for number, task in zip(numbers, tasks, strict=True) for candidate in task["offer"]]
    bars = [{"task_id": number, "person_id": person}
            for number, task in zip(numbers, tasks, strict=True) for person in task["barred"]]
    if offers:
        act.connection.execute(ADD_CANDIDATE, offers)
    if bars:
        act.connection.execute(ADD_EXCLUSION, bars)


def _task(act: Act, token: Token, spec: UserTask, timers: list[dict[str, Any]]) -> dict[str, Any]:
    given, instance = context(token), act.instance
    assignee = person(spec.assignee(given)) if spec.assignee else None
    offer = candidates(act, spec, given)
    if assignee is None and not offer:
        raise Fault(spec.bpmn_id, "任务没有办理人：指派和候选都是空", "nobody is offered this task")
    due, confirmed = _deadline(act, token, spec, given, timers)
    not_by, form = spec.words.words("licet:notBy"), spec.form(given) if spec.form else None
    form = None if form is None else fitting(spec, str(plain(form)), 120)
    return {
        "instance_id": instance.id, "token": token.thread_id, "element_id": spec.bpmn_id,
        "name": spec.bpmn_name or spec.bpmn_id, "title": instance.title, "business_key": instance.business_key,
        "process_id": instance.process_id, "group_id": instance.group_id, "form_key": form,
        "lane": spec.lane, "priority": _priority(spec, given), "state": "open", "version": 1,
        "assignee_id": assignee, "assignee_name": None, "offer": offer,
        "barred": barred(act, not_by, spec.words.properties.get("licet:notApplicant") == "true", given),
        "not_by": not_by, "inputs": plain(token.data) if token.data else None, "created_at": act.now,
        "due_at": due, "due_confirmed": confirmed, "within": token.workflow.host_number,
    }


def candidates(act: Act, spec: UserTask, given: Any) -> list[str]:
    """Whom the task is offered to: "role@unit" for each place of the instance, "person@id" for candidate users."""
    groups = words(spec.groups(given)) if spec.groups else []
    offer = at_places(groups, act.instance.places)
    offer += [f"person@{number}" for number in map(person, words(spec.users(given)) if spec.users else []) if number]
    return [fitting(spec, each, 160) for each in dict.fromkeys(offer)]


def at_places(groups: Iterable[str], places: Iterable[int]) -> list[str]:
    """Role keys at each place, from the most specific up; what names a place already stays."""
    return [name for group in groups
            for name in ([group] if "@" in group else [f"{group}@{place}" for place in places])]


def words(found: Any) -> list[str]:
    """A comma-separated text, or a list, as a list of words."""
    items = found if isinstance(found, list) else str(found or "").split(",")
    return [str(item).strip() for item in items if str(item).strip()]


def person(found: Any) -> int | None:
    """A person's id from what an expression gave; None for what can be nobody's."""
    if isinstance(found, str) and found.strip().isdecimal():
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, (int, Decimal)):
        return None
    number = int(found)
    return number if abs(number) <= LARGEST_ID else None


def barred(act: Act, not_by: list[str], not_applicant: bool, given: Any) -> list[int]:
    """Who may not do a task: whoever completed the named elements in this instance, and the applicant (four eyes)."""
    found: set[int | None] = set()
    if not_by:
        done = select(TASK.c.completed_by).where(
            TASK.c.instance_id == act.instance.id, TASK.c.state == "completed",
            or_(TASK.c.element_id.in_(not_by), TASK.c.element_id.in_(_former(act, not_by))))
        found.update(act.session.scalars(done))
    if not_applicant:
        found |= {act.instance.started_by, person(given.get("applicant_id"))}
    return sorted(number for number in found if number is not None)


def _former(act: Act, element_ids: list[str]) -> Any:
    """What these elements were called before a migration renamed them."""
    return select(Renaming.was).where(Renaming.instance_id == act.instance.id, Renaming.now.in_(element_ids))


def _priority(spec: UserTask, given: Any) -> int:
    number = person(spec.priority(given)) if spec.priority else None
    return 50 if number is None or abs(number) > LARGEST_PRIORITY else number


def _deadline(act: Act, token: Token, spec: UserTask, given: Any,
              timers: list[dict[str, Any]]) -> tuple[dt.datetime | None, bool]:
    """When the task is due, and the timer rows that watch over it."""
    properties, act.desk.confirmed = spec.words.properties, True
    due = expressions.instant(spec.due(given), act.now) if spec.due else None
    confirmed = act.desk.confirmed
    if due is None and "licet:sla" in properties:
        deadline = working_days_after(act.desk.calendar, clock.day_of(act.now), int(properties["licet:sla"]))
        due, confirmed = clock.end_of_day(deadline.on), deadline.confirmed
    if due is not None:
        timers.append(timer(act, token, spec.bpmn_id, "sla", due, confirmed))
        if "licet:escalateTo" in properties:
            timers.append(_escalation(act, token, spec, due, confirmed))
    return due, confirmed


def _escalation(act: Act, token: Token, spec: UserTask, due: dt.datetime, confirmed: bool) -> dict[str, Any]:
    properties = spec.words.properties
    last_day = clock.day_of(due - dt.timedelta(microseconds=1))
    later = working_days_after(act.desk.calendar, last_day, int(properties.get("licet:escalateAfter", "0")))
    moment = max(due, clock.end_of_day(later.on))
    return timer(act, token, spec.bpmn_id, "escalation", moment, confirmed and later.confirmed,
                 properties["licet:escalateTo"])


def timer(act: Act, token: Token, element_id: str, kind: str, due: dt.datetime, confirmed: bool,
          detail: str | None = None) -> dict[str, Any]:
    """A timer row."""
    act.process.serial += 1
    return {
        "instance_id": act.instance.id, "element_id": element_id, "occurrence": act.process.serial,
        "token": token.thread_id, "kind": kind, "detail": detail, "due_at": due, "due_confirmed": confirmed,
        "state": "waiting", "next_try_at": due, "attempts": 0,
    }


def _event_timer(act: Act, token: Token, spec: Awaiting, trigger: TimerTrigger) -> dict[str, Any]:
    act.desk.confirmed = True
    found = trigger.moment(context(token))
    due = _next_round(act, token, found) if trigger.repeats else expressions.instant(found, act.now)
    if due is None:
        raise Fault(spec.bpmn_id, f"定时器的结果不是时间：{trigger.text}", f"not a moment or duration: {trigger.text}")
    return timer(act, token, spec.bpmn_id, "event", due, act.desk.confirmed)


def _next_round(act: Act, token: Token, found: Any) -> dt.datetime | None:
    """When a repeating timer comes next: one interval after it was last due, so that none is lost while down."""
    rounds, book = expressions.cycle(found, act.now), token.internal_data
    if rounds is None:
        return None
    book.setdefault("left", rounds.times)
    return rounds.after(book["due"]) if book.get("due") else rounds.first(act.now)


def _subscription(act: Act, token: Token, spec: Awaiting, trigger: MessageTrigger | SignalTrigger) -> dict[str, Any]:
    key = trigger.key(context(token)) if isinstance(trigger, MessageTrigger) and trigger.key is not None else None
    kind = "message" if isinstance(trigger, MessageTrigger) else "signal"
    return {"instance_id": act.instance.id, "token": token.thread_id, "element_id": spec.bpmn_id, "kind": kind,
            "name": trigger.name, "key": None if key is None else fitting(spec, str(plain(key)), LONGEST_KEY)}


def plain(value: Any) -> Any:
    """A value as JSON can hold it: whole numbers as int, others as float, what is longer and all else as text."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Decimal):
        if value.adjusted() > LONGEST_NUMBER:
            return str(value)
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else str(value)
