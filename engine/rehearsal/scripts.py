"""What comes from outside: exactly as it did, token by token; or element by element, at the pace it had."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from engine.catalog import Plan
from engine.dialect.nodes import Token
from engine.dialect.scopes import Process
from engine.findings import Finding
from engine.rehearsal.acting import Later
from engine.rehearsal.recording import Answered, Came, Record, Result
from engine.rehearsal.sent_back import WORDS, Back
from engine.rehearsal.voters import Voter
from engine.time.worktime import WorkTime
from ledger import clock

Key = tuple[str, str, str]
"""What waited: kind (task, timer, message, signal, step, halt, end), element id, name of the message or ""."""
MOST_AGAIN = 3
"""So often a task is assumed to be done that was not done as often, before it is taken for a circle."""
SILENT = ("licet:sla", "licet:silence", "licet:silenceAfter")


@dataclass
class Was:
    """One wait as it was: when it began, when something came (None: nothing did), with what; `due` of a timer, and when
    it was `gone`, if it did not come; the returns that came of a task, and the changes among voters."""

    began: dt.datetime
    ended: dt.datetime | None = None
    what: Any = None
    due: dt.datetime | None = None
    gone: dt.datetime | None = None
    back: Sequence[Back] = ()
    voters: Sequence[Voter] = ()


def ids(plan: Plan) -> frozenset[str]:
    """The ids of the elements of a drawing, called processes and sub-processes included."""
    specs = (plan.blueprint.spec, *plan.blueprint.inner.values())
    return frozenset(node.bpmn_id for spec in specs for node in spec.task_specs.values() if node.bpmn_id)


class Exactly:
    """Plays a record by its own drawing, and writes down every wait in `log`. What does not come true is found by
    comparing what was passed."""

    def __init__(self, record: Record) -> None:
        self.record, self.log = record, defaultdict[Key, list[Was]](list)
        self.late, self.names = list[str](), dict[str, str]()
        self._came = {token: list(all_) for token, all_ in record.came.items()}
        self._results = {token: deque(all_) for token, all_ in record.results.items()}
        self._resumed = {token: deque(all_) for token, all_ in record.resumed.items()}
        self._reopened = deque(record.reopened)
        self._timers: dict[int, list[Was]] = {}

    def task(self, token: Token, row: Mapping[str, Any], silence: list[dict[str, Any]]) -> list[Later]:
        number = row["token"]
        given, back = self.record.answers.get(number), self.record.back.get(number, ())
        was = self._note("task", row["element_id"], "", given)
        was.back, was.voters = back, self.record.voters.get(number, ())
        later: list[Later] = [(one.at, "return", number, one) for one in back]
        later += [(one.at, "voters", number, one) for one in was.voters]
        if given is None:
            return later
        if given.kept is not None:
            return [(given.at, "keep", number, given), *later]
        if row["due_at"] is not None and given.at > row["due_at"]:
            self.late.append(row["element_id"])
        return [(given.at, "answer", number, given), *later]

    def timer(self, token: Token, row: Mapping[str, Any]) -> list[Later]:
        came = self._take(row["token"], row["element_id"], "timer", None)
        was = self._note("timer", row["element_id"], "", came, row["due_at"])
        if came is None:
            self._timers.setdefault(row["token"], []).append(was)
        return [] if came is None else [(came.at, "timer", row["token"], dict(row))]

    def message(self, token: Token, row: Mapping[str, Any]) -> list[Later]:
        came = self._take(row["token"], row["element_id"], row["kind"], row["name"])
        self._note(row["kind"], row["element_id"], row["name"], came)
        return [] if came is None else [(came.at, row["kind"], row["token"], {**row, "payload": came.payload})]

    def _note(self, kind: str, element_id: str, name: str, what: Answered | Came | None,
              due: dt.datetime | None = None) -> Was:
        made = Was(clock.now(), None if what is None else what.at, what, due)
        self.log[kind, element_id, name].append(made)
        return made

    def moved(self, process: Process) -> None:
        if self._timers:
            alive = {token.thread_id for token in process.tokens()}
            for number in self._timers.keys() - alive:
                for was in self._timers.pop(number):
                    was.gone = clock.now()

    def _take(self, number: int, element_id: str, kind: str, name: str | None) -> Came | None:
        waiting = self._came.get(number, [])
        found = next((one for one in waiting if (one.element_id, one.kind, one.name) == (element_id, kind, name)), None)
        if found is not None:
            waiting.remove(found)
        return found

    def reopened(self) -> tuple[dt.datetime, Back] | None:
        if not self._reopened:
            return None
        back = self._reopened.popleft()
        self.log["end", "", ""].append(Was(clock.now(), back.at, back))
        return back.at, back

    def misses(self) -> Finding | None:
        return None

    def result(self, token: Token) -> Result | None:
        if self._resumed.get(token.thread_id):
            return None
        left = self._results.get(token.thread_id)
        found = left.popleft() if left else Result({})
        spec = token.task_spec
        self.log["step", spec.bpmn_id, spec.words.step or ""].append(Was(clock.now(), None, found))
        return found

    def halted(self, token: Token) -> list[Later]:
        left = self._resumed.get(token.thread_id)
        at = left.popleft() if left else None
        self.log["halt", token.task_spec.bpmn_id, ""].append(Was(clock.now(), at))
        return [] if at is None else [(at, "resume", token.thread_id, None)]


@dataclass
class Pace:
    """How the other drawing is played: `worked` counts working time, `assume` says how a task that nobody was ever
    asked would have been done: (element id, form key, its deadline) -> (when, answers)."""

    worked: WorkTime
    assume: Callable[[str, str | None, dt.datetime | None], tuple[dt.datetime, dict[str, Any]]]
    old: Plan
    new: Plan
    same_silence: dict[str, bool] = field(default_factory=dict)

    @cached_property
    def new_ids(self) -> frozenset[str]:
        """The elements of the other drawing."""
        return ids(self.new)


class Paced:
    """Plays a record by another drawing: the n-th time at an element gets what came the n-th time, as long after."""

    def __init__(self, log: Mapping[Key, list[Was]], pace: Pace) -> None:
        self.left = {key: deque(all_) for key, all_ in log.items()}
        self.last = {key: all_[-1] for key, all_ in log.items() if all_}
        self.pace, self.assumed, self.late = pace, list[str](), list[str]()
        self.worn: str | None = None  # an element that was come to more often than anything can be assumed of
        self._tries: dict[int, deque[Was]] = {}

    @property
    def names(self) -> Mapping[str, str]:
        """What the elements are called in the drawing that the instance had."""
        return self.pace.old.names()

    def _next(self, key: Key) -> Was | None:
        left = self.left.get(key)
        return left.popleft() if left else None

    def _at(self, was: Was, ended: dt.datetime) -> dt.datetime:
        """As long after now as it was then, in working time; on the same moment, the same moment."""
        return self._after(clock.now(), was.began, ended)

    def _after(self, now: dt.datetime, began: dt.datetime, ended: dt.datetime) -> dt.datetime:
        return ended if now == began else self.pace.worked.after(now, self.pace.worked.exactly(began, ended))

    def task(self, token: Token, row: Mapping[str, Any], silence: list[dict[str, Any]]) -> list[Later]:
        element_id, number = row["element_id"], row["token"]
        was = self._next(("task", element_id, ""))
        given: Answered | None = was.what if was is not None else None
        if was is not None and given is not None and given.kept is not None:
            stands: list[Later] = [(clock.now(), "keep", number, given)]
            return stands + self._back(was, number, stands)
        if was is None and self.assumed.count(element_id) >= MOST_AGAIN:
            self.worn = element_id
            later: list[Later] = []
        elif was is None:
            self.assumed.append(element_id)
            at, answers = self.pace.assume(element_id, row["form_key"], row["due_at"])
            later = [(at, "answer", number, Answered(at, answers))]
        elif given is None or (given.silent and not self._same_silence(token)):
            later = []
        else:
            later = [(self._at(was, given.at), "answer", number, given)]
        if later and row["due_at"] is not None and later[0][0] > row["due_at"]:
            self.late.append(element_id)
        if was is not None:
            later += self._back(was, number, later)
        if not self._same_silence(token):
            later += [(one["due_at"], "answer", number, Answered(one["due_at"], {"verdict": one["detail"]}, True))
                      for one in silence]
        return later

    def _back(self, was: Was, number: int, answered: list[Later]) -> list[Later]:
        """The returns and changes that came of a task: as long after it began, or after it was done, as they did."""
        later: list[Later] = [(self._at(was, one.at), "voters", number, one) for one in was.voters]
        for one in was.back:
            if one.held:
                later.append((self._at(was, one.at), "return", number, _anywhere(one)))
            elif answered:
                later.append((self._after(answered[0][0], was.what.at, one.at), "return", number, _anywhere(one)))
        return later

    def reopened(self) -> tuple[dt.datetime, Back] | None:
        was = self._next(("end", "", ""))
        return None if was is None or was.ended is None else (self._at(was, was.ended), _anywhere(was.what))

    def misses(self) -> Finding | None:
        """Somebody gave it back, or withdrew it, at a step that this drawing does not have."""
        lost = [(key[1], one) for key, left in self.left.items() if key[0] == "task" and key[1] not in self.pace.new_ids
                for was in left for one in was.back if one.kind != "taken_back"]
        if not lost:
            return None
        element_id, back = min(lost, key=lambda each: each[1].at)
        zh, en = WORDS[back.kind]
        name = self.names.get(element_id) or element_id
        return Finding("return-gone", f"当时在“{name}”{zh}，草稿里没有这一步，还会不会{zh}不能判断",
                       f"at {name} it {en}; the draft has no such step: whether that would happen cannot be told",
                       element=element_id, name=name)

    def _same_silence(self, token: Token) -> bool:
        """Whether both drawings let silence decide alike at this element; then it did so when it did."""
        spec = token.task_spec
        known = self.pace.same_silence
        if spec.bpmn_id not in known:
            specs = (self.pace.old.blueprint.spec, *self.pace.old.blueprint.inner.values())
            old = next((one.task_specs[spec.bpmn_id] for one in specs if spec.bpmn_id in one.task_specs), None)
            words = [None if one is None else [one.words.due, *(one.words.properties.get(key) for key in SILENT)]
                     for one in (old, spec)]
            known[spec.bpmn_id] = words[0] == words[1]
        return known[spec.bpmn_id]

    def timer(self, token: Token, row: Mapping[str, Any]) -> list[Later]:
        """Its moment is this drawing's; where that is what it was, it comes as late as it came, and where something
        else came although it was due, after that."""
        was, at = self._next(("timer", row["element_id"], "")), row["due_at"]
        if was is not None and was.due == at and was.began == clock.now():
            if was.ended is not None:
                at = was.ended
            elif was.gone is not None and was.gone >= at:
                at = was.gone + dt.timedelta(microseconds=1)
        return [(at, "timer", row["token"], dict(row))]

    def message(self, token: Token, row: Mapping[str, Any]) -> list[Later]:
        was = self._next((row["kind"], row["element_id"], row["name"])) or self._elsewhere(row)
        if was is None or was.ended is None:
            return []
        return [(self._at(was, was.ended), row["kind"], row["token"], {**row, "payload": was.what.payload})]

    def _elsewhere(self, row: Mapping[str, Any]) -> Was | None:
        """The same message, where it came to an element that this drawing does not have any more."""
        for key, left in self.left.items():
            if left and key[0] == row["kind"] and key[2] == row["name"] and key[1] not in self.pace.new_ids:
                return left.popleft()
        return None

    def result(self, token: Token) -> Result | None:
        spec = token.task_spec
        if token.thread_id not in self._tries:
            halted = self.left.get(("halt", spec.bpmn_id, ""))
            self._tries[token.thread_id] = deque(one for one in halted or () if one.ended is not None)
            if halted:
                halted.clear()
        if self._tries[token.thread_id]:
            return None
        key = ("step", spec.bpmn_id, spec.words.step or "")
        was = self._next(key) or self._renamed(spec.words.step or "")
        if was is None:
            self.assumed.append(spec.bpmn_id)
            was = self.last.get(key)
        return Result({}) if was is None else was.what

    def _renamed(self, step: str) -> Was | None:
        for key, left in self.left.items():
            if left and key[0] == "step" and key[2] == step and key[1] not in self.pace.new_ids:
                return left.popleft()
        return None

    def moved(self, process: Process) -> None:
        """Nothing is written down."""

    def halted(self, token: Token) -> list[Later]:
        tries = self._tries.get(token.thread_id)
        was = tries.popleft() if tries else None
        return [] if was is None or was.ended is None else [
            (self._at(was, was.ended), "resume", token.thread_id, None)]


def _anywhere(back: Back) -> Back:
    """The same return, its tasks meant by their elements: by another drawing they have other tokens."""
    return replace(back, to=tuple(replace(spot, token=None) for spot in back.to))


__all__ = ["Exactly", "Key", "Pace", "Paced", "Was", "ids"]
