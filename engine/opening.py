"""What begins to wait: a task with the people it is offered to, a timer, a subscription; and their rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Table, bindparam, insert, update

from engine import expressions
from engine.dialect.catching import Awaiting
from engine.dialect.nodes import ARRIVING, Fault, Node, Token, context, fitting
from engine.dialect.tasks import UserTask
from engine.dialect.throwing import LONGEST_KEY
from engine.dialect.triggers import MessageTrigger, SignalTrigger, TimerTrigger
from engine.model import DRAWN, Delivery, Subscription, Task, TaskCandidate, TaskExclusion, rank, sought
from engine.packing import plain
from engine.time.deadlines import ADD_TIMER, deadline, timer
from engine.usertasks.participation import applicants, doers
from feel import FeelError

if TYPE_CHECKING:
    from engine.run import Act

# Statements are made once: building one costs ten times as much as running it.
TASK, CANDIDATE, EXCLUSION, SUBSCRIPTION, DELIVERY = (
    cast(Table, kind.__table__) for kind in (Task, TaskCandidate, TaskExclusion, Subscription, Delivery))
ADD_TASK = insert(TASK).returning(TASK.c.id)
ADD_CANDIDATE, ADD_EXCLUSION, ADD_SUBSCRIPTION = insert(CANDIDATE), insert(EXCLUSION), insert(SUBSCRIPTION)
WAKE_DELIVERIES = update(DELIVERY).where(
    DELIVERY.c.kind == "message", DELIVERY.c.name == bindparam("of_name"), DELIVERY.c.state == "waiting",
    DELIVERY.c.instance_id.is_(None)).values(next_try_at=bindparam("at"))
LARGEST_ID, LARGEST_PRIORITY = 2**63 - 1, 2**31 - 1  # what the columns hold


@dataclass(frozen=True, slots=True)
class Wait:
    """A token waiting for a person (UserTask) or an event."""

    token: Token
    spec: Node


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


def begun(act: Act, waits: Iterable[Wait]) -> Opened:
    opened = Opened()
    for wait in waits:
        try:
            opened.add(act, wait)
        except (Fault, FeelError) as error:
            act.halt(wait.token, ARRIVING, error)
    return opened


def _insert_tasks(act: Act, tasks: list[dict[str, Any]]) -> None:
    numbers = [act.connection.execute(ADD_TASK, task).scalar_one() for task in tasks]
    offers = [{"task_id": number, "candidate": candidate, "open": task["assignee_id"] is None,
               "rank_at": task["rank_at"], "search": sought(task["title"], task["name"], task["business_key"])}
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
    due, confirmed = deadline(act, token, spec, given, timers)
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
        "due_at": due, "due_confirmed": confirmed, "rank_at": rank(due), "within": token.workflow.host_number,
        "role": DRAWN, "round": token.internal_data.get("round"),
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
    """Who may not do a task: whoever had a hand in the named elements in this instance, and the applicant (four eyes).

    Besides those who completed them these are whoever signed, did it for its owner, or was stood in for; and whoever
    applied in the applicant's place.
    """
    found: set[int | None] = set()
    if act.dry:
        return []
    if not_by:
        found.update(act.session.scalars(doers(act.instance.id, not_by)))
    if not_applicant:
        found |= {act.instance.started_by, person(given.get("applicant_id"))} | applicants(act.session, act.instance)
    return sorted(number for number in found if number is not None)


def _priority(spec: UserTask, given: Any) -> int:
    number = person(spec.priority(given)) if spec.priority else None
    return 50 if number is None or abs(number) > LARGEST_PRIORITY else number


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
