"""The record of a finished instance: everything that came from outside it, by the number of the token that it came to.

Tokens are numbered in the order of arrival, the same way whenever the same things happen; so a record is enough to play
the instance again exactly (playing.py). Read for many instances at a time.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.findings import Finding
from engine.model import Incident, Instance, Task, TaskAnswer, Timer, Visit
from engine.packing import unpack
from engine.rehearsal.given import Given
from engine.rehearsal.sent_back import Back, Spot, returns
from engine.rehearsal.voters import Voter, changes
from ledger.facts import Fact, FactAbout

HANDS: dict[str, tuple[str, str]] = {
    "instance.termination_undone": ("终止后又撤销过", "was ended by hand, and that was taken back"),
    "instance.modified": ("运行中由人工移动过", "was moved by hand while it ran"),
    "instance.migrated": ("运行中换过版本", "changed its version while it ran"),
    "instance.variables_changed": ("运行中由人工改过数据", "had its data changed by hand"),
}
"""What people did to an instance that no drawing can do; an instance with such a fact is not played again."""
AGAIN, SETTLED = "retry", ("edit", "skip", "cancel")


@dataclass(frozen=True)
class Answered:
    """How a user task was completed. `silent`: nobody did, silence decided. `kept`: nobody was asked, an approval from
    before a return stood (when that was given, and the token of its task). `returns`: with it the diagram itself led
    back, and the clocks of what is asked again go on."""

    at: dt.datetime
    answers: dict[str, Any]
    silent: bool = False
    kept: tuple[dt.datetime, int] | None = None
    returns: bool = False


@dataclass(frozen=True)
class Came:
    """A message, a signal or the moment of a timer that a token waited for, at one of its events."""

    element_id: str
    kind: str
    name: str | None
    at: dt.datetime
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What a step returned, or the code of the error it ended with."""

    values: dict[str, Any]
    error: str | None = None


@dataclass(frozen=True)
class Passed:
    """An element as it was passed: its token, when it was entered and left, and how."""

    token: int
    element_id: str
    entered: dt.datetime
    left: dt.datetime | None
    how: str | None


@dataclass
class Record:
    """What an instance was given, and what became of it. Answers, results and so on are found by the token, returns and
    changes among voters by that of the task they came of. `ends`: when somebody had ended it, before it was reopened.
    """

    instance_id: int
    process_id: str
    definition_id: int
    group_id: int
    places: list[int]
    started_at: dt.datetime
    started_by: int | None
    ended_at: dt.datetime
    state: str
    outcome: str | None
    begun_at: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    payload: dict[str, Any] = field(default_factory=dict)
    answers: dict[int, Answered] = field(default_factory=dict)
    came: dict[int, list[Came]] = field(default_factory=dict)
    results: dict[int, list[Result]] = field(default_factory=dict)
    resumed: dict[int, list[dt.datetime]] = field(default_factory=dict)
    passed: list[Passed] = field(default_factory=list)
    back: dict[int, list[Back]] = field(default_factory=dict)
    reopened: list[Back] = field(default_factory=list)
    ends: list[dt.datetime] = field(default_factory=list)
    voters: dict[int, list[Voter]] = field(default_factory=dict)


@dataclass(frozen=True)
class Untold:
    """Why what an instance would have become cannot be told."""

    instance_id: int
    why: Finding


def exact(value: Any) -> Any:
    """A value read from JSON as FEEL reckons with it: a number with a point is the decimal that was written."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    return [exact(item) for item in value] if isinstance(value, list) else value


def records(session: Session, instance_ids: Sequence[int]) -> list[Record | Untold]:
    """The records of finished instances, in the order asked for; for those that cannot be played again, why not.

    One statement for each table, however many instances: ask for some hundreds at a time.
    """
    ids = list(instance_ids)
    found = {row.id: _record(row) for row in session.scalars(select(Instance).where(
        Instance.id.in_(ids), Instance.ended_at.is_not(None)))}
    untold = _untold(session, list(found))
    _given(session, found, untold)
    tasks = _tasks(session, found)
    for number, went in returns(session, list(found), tasks).items():
        one = found[number]
        one.back, one.reopened = went.back, went.reopened
        for token in went.drawn:
            if token in one.answers:
                one.answers[token] = replace(one.answers[token], returns=True)
        one.ends = [at for at in went.ended if at < one.ended_at]
        if not went.whole:
            untold.setdefault(number, _missing(number, "returned"))
    changed, lost = changes(session, list(found), tasks)
    for number, token, voter in changed:
        found[number].voters.setdefault(token, []).append(replace(voter, item=exact(voter.item)))
    for number in lost:
        untold.setdefault(number, _why(number, "vote.joined", "会签成员中途变过", "had its voters changed"))
    _timers(session, found)
    _visits(session, found)
    return [untold.get(number) or found[number] for number in ids if number in found]


def _record(row: Instance) -> Record:
    assert row.ended_at is not None
    return Record(row.id, row.process_id, row.definition_id, row.group_id, list(row.places), row.started_at,
                  row.started_by, row.ended_at, row.state, row.outcome)


def _untold(session: Session, ids: Iterable[int]) -> dict[int, Untold]:
    """Those that people moved in ways that no drawing knows."""
    found = {}
    told = select(FactAbout.subject_id, Fact.kind).join(Fact, Fact.id == FactAbout.fact_id).where(
        FactAbout.kind == "instance", FactAbout.subject_id.in_(ids), Fact.kind.in_(HANDS))
    for number, kind in session.execute(told):
        found[number] = _why(number, kind, *HANDS[kind])
    skipped = select(Incident.instance_id, Incident.resolution).where(
        Incident.instance_id.in_(ids), Incident.resolution.is_not(None))
    for number, resolution in session.execute(skipped):
        if (resolution or "").partition(":")[0] in SETTLED:
            found[number] = _why(number, "incident", "运行中由人工处理过异常", "had an incident settled by hand")
    return found


def _why(number: int, rule: str, zh: str, en: str) -> Untold:
    return Untold(number, Finding(rule, f"该实例{zh}，流程图里没有这一步，不能重演",
                                  f"the instance {en}; no drawing does that, so it cannot be replayed"))


def _given(session: Session, found: dict[int, Record], untold: dict[int, Untold]) -> None:
    begun = set()
    for row in session.scalars(select(Given).where(Given.instance_id.in_(list(found))).order_by(Given.id)):
        one = found[row.instance_id]
        body = None if row.body is None else unpack(row.body)
        if row.lost:
            untold.setdefault(one.instance_id, _missing(one.instance_id, "large"))
        if row.kind == "start":
            begun.add(one.instance_id)
            one.begun_at = row.element_id or None
            one.variables, one.payload = body or ({}, {})
        elif row.kind in ("step", "error"):
            code = (row.name or "") if row.kind == "error" else None
            one.results.setdefault(row.token, []).append(Result(body or {}, code))
        else:
            one.came.setdefault(row.token, []).append(Came(row.element_id, row.kind, row.name, row.at, body or {}))
    for number in found.keys() - begun:
        untold.setdefault(number, _missing(number, "older"))


def _missing(number: int, rule: str) -> Untold:
    if rule == "returned":
        return Untold(number, Finding(rule, "该实例退回过，而退回的记录不全，不能重演",
                                      "what was kept of the returns of the instance is not enough to replay them"))
    if rule == "older":
        return Untold(number, Finding(rule, "该实例早于重演记录，当时没有记下各步骤的结果",
                                      "the instance is older than the records: what its steps returned was not kept"))
    return Untold(number, Finding(rule, "该实例收到的数据太大，没有保留",
                                  "what the instance was given was too large to keep"))


def _tasks(session: Session, found: dict[int, Record]) -> dict[int, Spot]:
    """The user tasks of every record; by task id, what a return needs to know of them."""
    wanted = select(Task.id, Task.instance_id, Task.token, Task.element_id, Task.created_at, Task.state,
                    Task.completed_at, Task.completed_by, Task.kept_from, TaskAnswer.answers).outerjoin(
        TaskAnswer, TaskAnswer.task_id == Task.id).where(
        Task.instance_id.in_(list(found)), Task.parent_id.is_(None))
    rows = session.execute(wanted.order_by(Task.token)).all()
    times, spots = Counter[tuple[int, str]](), {}
    done = {row.id: (row.completed_at, row.token) for row in rows}
    for row in rows:
        one, place = found[row.instance_id], (row.instance_id, row.element_id)
        times[place] += 1
        spots[row.id] = Spot(row.token, row.element_id, times[place])
        one.passed.append(Passed(row.token, row.element_id, row.created_at, row.completed_at, row.state))
        if row.state == "completed" and row.completed_at is not None:
            one.answers[row.token] = Answered(row.completed_at, exact(row.answers or {}), row.completed_by is None,
                                              done.get(row.kept_from))
    return spots


def _timers(session: Session, found: dict[int, Record]) -> None:
    fired = select(Timer.instance_id, Timer.token, Timer.element_id, Timer.kind, Timer.fired_at).where(
        Timer.instance_id.in_(list(found)), Timer.kind.in_(("event", "retry")), Timer.fired_at.is_not(None))
    for row in session.execute(fired.order_by(Timer.id)):
        one = found[row.instance_id]
        if row.kind == "event":
            one.came.setdefault(row.token, []).append(Came(row.element_id, "timer", None, row.fired_at))
        else:
            one.resumed.setdefault(row.token, []).append(row.fired_at)
    again = select(Incident.instance_id, Incident.token, Incident.resolved_at, Incident.resolution).where(
        Incident.instance_id.in_(list(found)), Incident.token.is_not(None), Incident.resolved_at.is_not(None))
    for number, token, at, resolution in session.execute(again.order_by(Incident.id)):
        if (resolution or "").startswith(AGAIN) and token is not None and at is not None:
            found[number].resumed.setdefault(token, []).append(at)


def _visits(session: Session, found: dict[int, Record]) -> None:
    wanted = select(Visit.instance_id, Visit.token, Visit.element_id, Visit.entered_at, Visit.left_at, Visit.left_how)
    for row in session.execute(wanted.where(Visit.instance_id.in_(list(found)))):
        found[row.instance_id].passed.append(
            Passed(row.token, row.element_id, row.entered_at, row.left_at, row.left_how))
    for one in found.values():
        one.passed.sort(key=lambda each: each.token)


__all__ = ["Answered", "Came", "Passed", "Record", "Result", "Untold", "exact", "records"]
