"""What must be true after every deed of people: told from the facts and the drawing, not by the code that lists,
offers and counts."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Instance, Task, TaskAnswer
from engine.returns import returning
from engine.returns.returning import ReturnCase
from engine.returns.surviving import TaskBasis
from engine.time.clocks import Clock, ClockEntry, last_day
from engine.usertasks import assigning, listing
from engine.usertasks.hands import TaskPlan
from ledger.actor import Actor
from ledger.facts import Fact
from ledger.workdays import calendar
from tests.reliability.scene import Scene

GIVEN = ("task.transferred", "task.delegated", "task.delegation_ended", "task.reassigned",
         "task.returned_after_absence")
Truth = Callable[["Told"], Iterator[str]]


def digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:32]


def basis(session: Session, instance: Instance, one: Task) -> Mapping[str, str]:
    """What tasks of these drawings rest on: the last x that was answered at u1, and what was said before them."""
    if one.element_id == "u1" or one.role != "drawn":
        return {}
    asked = session.get(TaskAnswer, _asked_last(session, instance.id))
    said = {f"t:{each.element_id}#{each.round}": digest(session.get_one(TaskAnswer, each.id).answers)
            for each in returning.before(session, one)}
    return {"x": digest((asked.answers if asked else {}).get("x")), **said}


def _asked_last(session: Session, it: int) -> int:
    """The task in which x was said last: the first one of the drawing, or a question about it."""
    session.flush()
    about = select(Task.id).where(Task.instance_id == it, (Task.role == "correction") | (
        (Task.element_id == "u1") & (Task.role == "drawn")))
    known = set(session.scalars(about))
    done = session.scalars(select(Fact).where(
        Fact.subject_kind == "instance", Fact.subject_id == it, Fact.kind == "task.completed").order_by(Fact.id.desc()))
    return next((number for fact in done if (number := (fact.after or {})["task"]) in known), 0)


@dataclass
class Told:
    """The facts of an instance, and its rows, as they are now."""

    session: Session
    scene: Scene
    facts: list[Fact] = field(default_factory=list)
    rows: list[Task] = field(default_factory=list)

    def __post_init__(self) -> None:
        it = self.scene.it
        self.facts = list(self.session.scalars(select(Fact).where(
            Fact.subject_kind == "instance", Fact.subject_id == it).order_by(Fact.id)))
        self.rows = list(self.session.scalars(select(Task).where(Task.instance_id == it).order_by(Task.token, Task.id)))

    def of(self, *kinds: str) -> Iterator[tuple[Fact, dict[str, Any]]]:
        return ((fact, fact.after or {}) for fact in self.facts if fact.kind in kinds)

    def open(self) -> list[Task]:
        return [row for row in self.rows if row.state == "open"]

    @cached_property
    def answers(self) -> dict[int, dict[str, Any]]:
        return {row.task_id: row.answers for row in self.session.scalars(
            select(TaskAnswer).where(TaskAnswer.task_id.in_([row.id for row in self.rows])))}

    @cached_property
    def questions(self) -> set[int]:
        """Who answers what is asked about a task has not done it."""
        return {row.id for row in self.rows if row.role == "correction"}

    @cached_property
    def did(self) -> dict[str, set[int]]:
        """Who had a hand in each element that was completed, undone or not."""
        hands: dict[int, set[int]] = defaultdict(set)
        at: dict[int, str] = {}
        for fact, after in self.of("task.completed", "task.delegation_ended"):
            if after["task"] in self.questions:
                continue
            if fact.kind == "task.completed" or after.get("how") == "done":
                hands[after["task"]] |= {number for number in (fact.actor_id, after.get("for")) if number}
            if fact.kind == "task.completed":
                at[after["task"]] = after["element"]
        found: dict[str, set[int]] = defaultdict(set)
        for number, element in at.items():
            found[element] |= hands[number]
        return found

    @cached_property
    def holders(self) -> dict[int, tuple[int | None, int | None]]:
        """Who holds each task, and for whom: as the drawing says, as was asked, then as the facts tell."""
        asked = {plan.made_id: plan.person_id for plan in self.session.scalars(select(TaskPlan))}
        asked |= {after["question"]: after["to"] for _, after in self.of("correction.asked")}
        found: dict[int, tuple[int | None, int | None]] = {}
        for row in self.rows:
            voter = ((row.inputs or {}).get("one") or {}).get("person_id")
            found[row.id] = (asked.get(row.id) if row.role != "drawn" else voter, None)
        for fact, after in self.of("task.claimed", "task.released", *GIVEN):
            if fact.kind == "task.claimed":
                found[after["task"]] = (fact.actor_id, after.get("for"))
            else:
                found[after["task"]] = (after["to"] if fact.kind in GIVEN else None, None)
        return found

    @cached_property
    def undone(self) -> set[int]:
        found = {after["task"] for _, after in self.of("task.undone", "task.taken_back")}
        found |= {after["to_task"] for _, after in self.of("task.returned", "instance.reopened")}
        return found | {number for number in self.session.scalars(select(ReturnCase.to_task_id).where(
            ReturnCase.instance_id == self.scene.it, ReturnCase.kind == "withdrawn")) if number}

    def barred(self, row: Task) -> set[int]:
        apart = () if row.id in self.questions else self.scene.sheet.apart.get(row.element_id, ())
        return {number for element in apart for number in self.did[element]}

    def effective(self) -> list[Task]:
        return [row for row in self.rows if row.state == "completed" and row.id not in self.undone]


# whose
def duties_are_kept_apart(told: Told) -> Iterator[str]:
    """Nobody has done what must be kept apart from what they did before; every hand counts, also one for another."""
    hands: dict[int, set[int]] = defaultdict(set)
    did: dict[str, set[int]] = defaultdict(set)
    for fact, after in told.of("task.completed", "task.delegation_ended"):
        if after["task"] in told.questions or (fact.kind == "task.delegation_ended" and after.get("how") != "done"):
            continue
        element = after["element"]
        hands[after["task"]] |= {number for number in (fact.actor_id, after.get("for")) if number}
        if fact.kind != "task.completed":
            continue
        drawn = told.session.get_one(Task, after["task"])
        before = set().union(*(did[one] for one in told.scene.sheet.apart.get(element, ())))
        doers = {number for number in (fact.actor_id, after.get("for")) if number}
        if drawn.role == "drawn" and doers & before:
            yield f"{element} was done by {doers & before}, who did one of {told.scene.sheet.apart[element]}"
        did[element] |= hands[after["task"]]


def everybody_finds_what_is_theirs(told: Told) -> Iterator[str]:
    """The inbox of each person is what the facts and the drawing say: what they hold, and what they may take."""
    widened: dict[int, set[str]] = defaultdict(set)
    for _, after in told.of("task.escalated"):
        widened[after["task"]] |= set(after.get("added", ()))
    rows = [(row, told.holders[row.id], told.barred(row)) for row in told.open()]

    def may(whose: Any, row: Task, barred: set[int], *others: int) -> bool:
        offer = told.scene.sheet.offers.get(row.element_id, {"hr@3"}) if row.role == "drawn" else set()
        return not whose.groups.isdisjoint(offer | widened[row.id]) and barred.isdisjoint({whose.id, *others})

    for one in told.scene.people():
        mine = {row.id for row, (holder, _), _ in rows if holder == one.id}
        free = {row.id for row, (holder, _), barred in rows if holder is None and (
            may(one, row, barred) or any(may(away, row, barred, one.id or 0) for away in one.stands_for))}
        free |= {row.id for row, (holder, for_id), barred in rows for away in one.stands_for
                 if holder == away.id and for_id is None and barred.isdisjoint({away.id, one.id or 0})}
        yield from _listed(told, one, "mine", mine)
        yield from _listed(told, one, "groups", free)


def _listed(told: Told, one: Actor, scope: Any, wanted: set[int]) -> Iterator[str]:
    found = {row.id for row in listing.inbox(told.session, one, scope=scope, limit=1000)
             if row.instance_id == told.scene.it}
    if found != wanted:
        yield f"{one.name} finds {sorted(found)} under {scope}, should {sorted(wanted)}"


def nothing_waits_for_nobody(told: Told) -> Iterator[str]:
    """What holds a task is somebody who is still asked; what is held by nothing may be done."""
    for row in told.open():
        children = [one.role for one in told.open() if one.parent_id == row.id]
        if (row.hold is None) != (not children) or (row.hold is not None and row.hold not in children):
            yield f"task {row.id} is held for {row.hold}, its open children are {children}"
        if (row.owner_id is not None) != bool(assigning.delegations(told.session, row.id)):
            yield f"task {row.id} has the owner {row.owner_id}"


# what counts
def what_is_undone_counts_nowhere(told: Told) -> Iterator[str]:
    """The rows say of the same tasks as the facts that they are undone; no decision that stands followed from them."""
    marked = {row.id for row in told.rows if row.undone_at is not None}
    if marked != told.undone:
        yield f"undone are {sorted(marked)}, the facts say {sorted(told.undone)}"
    for row in told.open():
        counted = {each.id for each in returning.before(told.session, row)} & told.undone
        if counted:
            yield f"task {row.id} would rest on {sorted(counted)}, which is undone"
    said: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in told.rows:
        if row.state == "completed" and row.role == "drawn":
            said[f"t:{row.element_id}#{row.round}", digest(told.answers[row.id])].add(row.id)
    standing = {row.id: row.element_id for row in told.effective()}
    bases = {one.task_id: one.parts for one in told.session.scalars(
        select(TaskBasis).where(TaskBasis.task_id.in_(sorted(standing))))}
    for number, parts in bases.items():
        for key, value in parts.items():
            leads = told.scene.sheet.leads(key[2:].partition("#")[0], standing[number])  # else it ran beside it
            if key.startswith("t:") and leads and not said[key, value] & set(standing):
                yield f"task {number} stands and rests on {key}, of which nothing stands"


def approvals_stand_only_unchanged(told: Told) -> Iterator[str]:
    """A task that was kept says what its former one said, by the same person, on the same basis."""
    for row in told.rows:
        if row.kept_from is None:
            continue
        old = told.session.get_one(Task, row.kept_from)
        bases = [told.session.get_one(TaskBasis, number).parts for number in (row.id, old.id)]
        now, then = ({key: value for key, value in parts.items() if key != "#"} for parts in bases)
        if (now, told.answers[row.id], row.completed_by) != (then, told.answers[old.id], old.completed_by):
            yield f"task {row.id} was kept from {old.id}, which was another"
        if old.id not in told.undone:
            yield f"task {row.id} was kept from {old.id}, which stands as well"


def story_tells_who_did_what(told: Told) -> Iterator[str]:
    """There is a fact of each act, and no act without one."""
    if wrong := {kind: (count, found) for kind, count in told.scene.due.items()
                 if (found := told.scene.facts()[kind]) != count}:
        yield f"acts and facts of them differ: {wrong}"


# clocks
def clocks_add_up(told: Told) -> Iterator[str]:
    """Each line of a clock's ledger begins where the one before ended, and moves it by its own working days."""
    cal = calendar(told.session)
    extended = sum(after["days"] for _, after in told.of("clock.extended"))
    for one in told.session.scalars(select(Clock).where(Clock.instance_id == told.scene.it)):
        lines = list(told.session.scalars(select(ClockEntry).where(ClockEntry.clock_id == one.id).order_by(
            ClockEntry.no)))
        due: dt.datetime | None = None
        for line in lines:
            if line.what in ("resumed", "extended"):
                assert line.due_before is not None and line.due_after is not None
                was, now = last_day(line.due_before), last_day(line.due_after)
                worked = sum(cal.is_workday(was + dt.timedelta(days=n)) for n in range(1, (now - was).days + 1))
                if worked != line.days:
                    yield f"clock {one.id} line {line.no}: {worked} working days later, it says {line.days}"
                if due is not None and line.due_before != due:
                    yield f"clock {one.id} line {line.no} begins at {line.due_before}, not at {due}"
            due = line.due_after or due
            extended -= line.days if line.what == "extended" and line.by_id is not None else 0
        task = told.session.get(Task, one.task_id) if one.task_id else None
        if due != one.due_at or (task is not None and task.state == "open" and task.due_at != due):
            yield f"clock {one.id} is due {one.due_at}, its task {task and task.due_at}, its ledger says {due}"
    if extended:
        yield f"{extended} days more were given than the ledgers have"


def the_promise_stands_still_for_questions_only(told: Told) -> Iterator[str]:
    """The clock of the whole stands still exactly while nothing but answers to questions is waited for."""
    instance = told.session.get_one(Instance, told.scene.it)
    found = told.session.scalar(select(Clock).where(Clock.instance_id == told.scene.it, Clock.element_id == ""))
    waits = [row.hold for row in told.open() if row.role == "drawn"]
    if instance.state == "active" and waits:
        stands = all(hold == "correction" for hold in waits)
        if found is None or found.state != ("paused" if stands else "running"):
            yield f"the promise is {found and found.state} while the tasks wait for {waits}"


TRUTHS: tuple[Truth, ...] = (
    duties_are_kept_apart, everybody_finds_what_is_theirs, nothing_waits_for_nobody, what_is_undone_counts_nowhere,
    approvals_stand_only_unchanged, story_tells_who_did_what, clocks_add_up,
    the_promise_stands_still_for_questions_only,
)
