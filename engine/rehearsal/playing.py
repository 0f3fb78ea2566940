"""Plays a record in memory: by the instance's own drawing, exactly as it was; by another, as it would have been.

By the other drawing people are as quick as they were, in working time: who took two days for a task takes two days
wherever it stands now. Clocks are computed anew. What nobody was ever asked is assumed, and said to be.
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine import expressions, run, state
from engine.catalog import Plan
from engine.dialect.nodes import Fault
from engine.findings import Finding
from engine.operations import halting
from engine.operations.fitting import label
from engine.rehearsal.acting import Acting, Later, Script
from engine.rehearsal.going_back import CannotGoBack, closed, go_back, reopen
from engine.rehearsal.recording import Passed, Record
from engine.rehearsal.sent_back import Back
from engine.rehearsal.voters import NoVoters, change
from feel import FeelError
from ledger import clock
from ledger.errors import Conflict
from ledger.workdays import Calendar

MOST_ACTS = 1000


@dataclass(frozen=True)
class Played:
    """What became of an instance when it was played: in order the elements it passed; the moment and name of its end.

    `ended_at` is None where it did not come to an end; `stuck` says why. `assumed` are the elements of which nobody
    knows how they would have gone; `late` user tasks that were done after the deadline of this drawing.
    """

    passed: tuple[Passed, ...]
    outcome: str | None
    ended_at: dt.datetime | None
    state: str
    stuck: Finding | None = None
    assumed: tuple[str, ...] = ()
    late: tuple[str, ...] = ()

    @property
    def path(self) -> tuple[str, ...]:
        """The ids of the elements passed, in order of arrival."""
        return tuple(one.element_id for one in self.passed)


@dataclass
class _Scene:
    """What is going on while a record is played."""

    acting: Acting
    calendar: Calendar
    time: clock.Fixed
    ahead: list[tuple[dt.datetime, int, int, Later]] = field(default_factory=list)
    count: int = 0

    def plan(self, later: list[Later]) -> None:
        """Put what will happen in order: by moment, of the same moment by what began to wait first."""
        for one in later:
            self.count += 1
            began = one[3]["occurrence"] if one[1] == "timer" else one[2]
            heapq.heappush(self.ahead, (max(one[0], self.time()), began, self.count, one))


def play(record: Record, plan: Plan, calendar: Calendar, script: Callable[[Record], Script]) -> Played:
    """Play a record by a plan. `script` makes what comes from outside (scripts.py). Never raises for what the drawing
    does; the answer says where it is stuck."""
    time = clock.Fixed(record.started_at)
    with clock.within(time), expressions.at(expressions.Desk(lambda: calendar)):
        entries = plan.blueprint.spec.start.entries
        if record.begun_at is not None and record.begun_at not in entries:
            return _unbegun(record)
        process = state.begin(plan.blueprint, record.variables, record.begun_at, record.payload)
        wanted = script(record)
        scene = _Scene(Acting(record, plan, process, calendar, wanted), calendar, time)
        scene.plan([(at, "end", 1 << 60, None) for at in record.ends])
        if record.state == "terminated":
            scene.plan([(record.ended_at, "end", 1 << 60, record.outcome)])
        stuck = _run(scene)
        return _played(scene, wanted, stuck)


def _unbegun(record: Record) -> Played:
    zh, en = f"开始事件 {record.begun_at} 在草稿里没有了", f"start event {record.begun_at} is gone in the draft"
    return Played((), None, None, "active", Finding("start", zh, en, element=record.begun_at or ""))


def _run(scene: _Scene) -> Finding | None:
    acting, process = scene.acting, scene.acting.process
    try:
        scene.plan(acting.settle())
        for _ in range(MOST_ACTS):
            if process.completed or acting.ended_at is not None:
                again = acting.script.reopened()
                if again is None:
                    return acting.script.misses()
                _reopen(scene, *again)
                continue
            if not scene.ahead:
                return _nothing_comes(acting)
            moment, _, _, what = heapq.heappop(scene.ahead)
            scene.time.move_to(moment)
            acting.begin()
            if _happen(scene, what):
                scene.plan(acting.settle())
    except (Fault, FeelError) as error:
        return _fault(acting, error)
    except (CannotGoBack, NoVoters) as lost:
        return lost.finding
    return Finding("endless", "一直循环，没有结束", "goes round for ever")


def _reopen(scene: _Scene, moment: dt.datetime, back: Back) -> None:
    """It is over, and goes on at a later moment; until then nothing happens."""
    scene.ahead = [one for one in scene.ahead if one[0] > moment]
    heapq.heapify(scene.ahead)
    scene.time.move_to(moment)
    scene.acting.begin()
    reopen(scene.acting, back)
    scene.acting.ended_at = None
    scene.plan(scene.acting.settle())


def _happen(scene: _Scene, later: Later) -> bool:
    """Let one thing happen; False where what it was for is gone."""
    _, kind, number, what = later
    acting = scene.acting
    if kind == "end":
        acting.ended_at, acting.outcome = scene.time(), what or acting.outcome
        return False
    if kind == "return":
        return go_back(acting, number, what)
    try:
        token = acting.token(number)
        if kind == "voters":
            return change(token, what)
        if kind == "resume":
            acting.stuck.pop(number, None)
            halting.resume(token)
        elif kind == "answer":
            if "halt" in token.internal_data:
                return False
            if what.returns:
                acting.stop()
            token.task_spec.finish(token, what.answers)
        else:
            if kind == "timer":
                token.internal_data["due"] = what["due_at"]
            run.trigger(acting, number, what["element_id"], kind, what.get("name"), what.get("payload") or {})
    except Conflict:
        return False
    return True


def _nothing_comes(acting: Acting) -> Finding:
    """Nothing more will happen, and it is not over: what it waits for."""
    for number, halt in acting.stuck.items():
        if any(token.thread_id == number for token in acting.process.tokens()):
            zh, en = halting.told(halt.error)
            spec = halt.token.task_spec
            return Finding("halted", f"停在{label(spec)}：{zh}", f"halts at {spec.bpmn_name or spec.bpmn_id}: {en}",
                           element=spec.bpmn_id, name=spec.bpmn_name or "")
    waiting = [token for token in acting.process.tokens()
               if token.thread_id and state.rows_of(token.task_spec, token._state)
               and not token.task_spec.armed(token)]
    if not waiting:
        return Finding("waiting", "停住了，没有结束", "stands still without an end")
    spec = min(waiting, key=lambda token: token.thread_id).task_spec
    if spec.bpmn_id == getattr(acting.script, "worn", None):
        return Finding("endless", f"反复回到{label(spec)}，当时没有办过这么多次",
                       f"comes back to {spec.bpmn_name or spec.bpmn_id} again and again, more often than it ever did",
                       element=spec.bpmn_id, name=spec.bpmn_name or "")
    zh, en = ("当时没有人办结", "nobody ever did") if spec.told_by_task else ("当时没有等到", "never came")
    return Finding("waiting", f"要等{label(spec)}，{zh}", f"waits for {spec.bpmn_name or spec.bpmn_id}, which {en}",
                   element=spec.bpmn_id, name=spec.bpmn_name or "")


def _fault(acting: Acting, error: Exception) -> Finding:
    zh, en = halting.told(error)
    element = error.element_id if isinstance(error, Fault) else ""
    name = acting.plan.names().get(element, "")
    named = name or element
    return Finding("fault", f"“{named}”处出错：{zh}", f"{named} fails: {en}", element=element, name=name)


def _played(scene: _Scene, script: Any, stuck: Finding | None) -> Played:
    acting, process = scene.acting, scene.acting.process
    ended = scene.time() if stuck is None else None
    outcome, how = acting.outcome, "completed"
    if acting.ended_at is not None:
        how = "terminated"
    elif process.failed is not None:
        outcome, how = process.failed, "terminated"
    passed = tuple(closed(acting.passed[number], acting.ended_at) for number in sorted(acting.passed))
    return Played(passed, outcome, ended, how if ended else "active", stuck,
                  tuple(dict.fromkeys(getattr(script, "assumed", ()))), tuple(getattr(script, "late", ())))


__all__ = ["MOST_ACTS", "Played", "play"]
