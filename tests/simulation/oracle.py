"""Which alerts are due, to whom, when: foretold from the script alone. It asks nobody: no table, no code of alerts.

Written from decision 24 and the guide: every day it looks at every paper and every stage, which the house may not.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

import chinese_calendar

from tests.simulation.script import BEGIN, DAY, HOUR, PARENTS, SHANGHAI, Body, Event, Paper, Script

D, T = dt.date, dt.timedelta
STAGES = (120, 90, 60, 30, 15, 7, 1, 0, -7, -30)
FEW = (60, 30, 15, 7, 1, 0, -7, -30)
LADDER = ((3650, "holder"), (3650, "owner"), (30, "head"), (7, "vice"), (0, "legal"))
ROLES = {"owner": {"P": ["custodian"], "E": ["custodian"], "J": ["custodian"]},
         "head": {"P": ["hr_head", "hr"], "E": ["legal_head", "legal"], "J": ["legal_head", "legal"]},
         "vice": dict.fromkeys("PEJ", ["vice_president"]), "legal": dict.fromkeys("PEJ", ["legal_head", "legal"])}
PATIENCE, NEAR = 5, 60
Key = tuple[str, D, str]


@dataclass
class Told:
    rung: str
    level: int
    reach: str
    at: dt.datetime


@dataclass
class Due:
    """An alert that is due."""

    key: Key
    raised: dt.datetime
    silent: str = ""
    silent_at: dt.datetime | None = None
    acted: str = ""
    level: int = 0
    climbs: dt.datetime | None = None
    told: dict[str, Told] = field(default_factory=dict)


@dataclass
class Held:
    """A paper as it stands: `window` are the days of its term with the moment of each, until they come."""

    paper: Paper
    unit: str
    ends: D
    known: D
    state: str = "valid"
    matter: D | None = None
    fired: set[str] = field(default_factory=set)


class Oracle:
    def __init__(self, script: Script) -> None:
        self.script = script
        self.people = {body.key: body for body in script.bodies}
        self.unit = {body.key: body.unit for body in script.bodies}
        self.roles = [(body.key, body.role, body.at) for body in script.bodies if body.role]
        self.accounts = {body.key for body in script.bodies if body.account}
        self.left: dict[str, D] = {}
        self.off, self.work = _holidays()
        self.held: dict[str, Held] = {}
        self.alerts: dict[Key, Due] = {}
        self.planned: D | None = None
        self.now = BEGIN
        self.heard: list[Callable[[], None]] = []
        """What follows from what happened, in order: the worker hears of it when it looks."""
        self.raised: dict[int, int] = {}
        self.climbed: dict[int, int] = {}
        """How many were raised, and climbed, at an hour."""

    def foretell(self) -> Oracle:
        """Everything up to the end of the script."""
        moments = self.script.moments()
        for paper in self.script.papers:
            self.enter(paper)
        looked: D | None = None
        for hour in range(self.script.days * 24):
            error = self.script.error(hour)
            self.now = BEGIN + hour * HOUR + error
            for event in moments.get(hour, ()):
                self.happen(event)
            if error <= HOUR and (looked != self.today or hour in moments):
                self.look(hour)
                looked = self.today
        return self

    def happen(self, event: Event) -> None:
        getattr(self, event.verb)(*event.given)

    @property
    def today(self) -> D:
        return self.now.astimezone(SHANGHAI).date()

    # what the worker does in an hour
    def look(self, hour: int) -> None:
        before = len(self.alerts), sum(due.level for due in self.alerts.values())
        came = [(held, kind, day) for held in self.held.values() for kind, day in self.days_that_come(held)]
        for held, kind, _ in came:
            held.fired.add(kind)
            if kind == "lapses":
                held.state = "lapsed"
        first = self.planned is None
        if first:
            self.planned = self.today - DAY
        assert self.planned is not None
        while self.planned < self.today:
            self.planned += DAY
            for held in self.in_order():
                self.plan(held, self.planned, first)
        self.climb_all()
        while self.heard:
            self.heard.pop(0)()
        for held, kind, day in came:
            if day >= held.known:
                self.raise_(held, {"lapses": "lapsed"}.get(kind, kind))
        self.raised[hour] = len(self.alerts) - before[0]
        self.climbed[hour] = sum(due.level for due in self.alerts.values()) - before[1]

    def in_order(self) -> list[Held]:
        return list(self.held.values())

    def days_that_come(self, held: Held) -> list[tuple[str, D]]:
        if held.state not in ("valid", "suspended", "leaving"):
            return []
        found = []
        for kind, day in self.window(held).items():
            at = _midnight(day) if kind == "opens" else _midnight(day + DAY)
            if kind not in held.fired and at <= self.now:
                found.append((at, kind, day if kind != "lapses" else self.today))
        return [(kind, day) for _, kind, day in sorted(found)]

    def window(self, held: Held) -> dict[str, D]:
        ends, kind = held.ends, held.paper.kind
        days = {"lapses": ends}
        if kind == "P01":
            days |= {"opens": ends - T(120), "hand_in": ends - T(75), "target": ends - T(60)}
        elif kind == "P02":
            days |= {"opens": _months_before(ends, 3)}
        elif kind == "E03":
            days |= {"target": _months_before(ends, 3)}
            days |= {"opens": min(ends - T(60), days["target"] - T(30))}
        else:
            days |= {"opens": ends - T(60)}
        return {name: day if name == "lapses" else self.back(day) for name, day in days.items()}

    def plan(self, held: Held, day: D, first: bool) -> None:
        if held.state == "over":
            return
        passed = [before for before in _stages(held) if held.ends - T(before) <= day]
        for before in passed[-1:] if first else [one for one in passed if held.ends - T(one) == day]:
            self.raise_(held, f"d{before}")

    def learn(self, held: Held) -> None:
        """The nearest stage of an end that has just become known."""
        passed = [before for before in _stages(held) if held.ends - T(before) <= max(held.known, BEGIN.date())]
        if passed:
            self.raise_(held, f"d{passed[-1]}")

    def there(self, held: Held, term: D) -> bool:
        return held.ends == term and (held.state in ("valid", "suspended", "leaving")
                                      or held.state == "lapsed" and term < self.today)

    def raise_(self, held: Held, stage: str) -> None:
        key = (held.paper.key, held.ends, stage)
        if key in self.alerts or not self.there(held, held.ends):
            return
        due = self.alerts[key] = Due(key, self.now)
        days = stage[0] == "d"
        if held.matter and (stage == "opens" or days and held.matter <= held.ends):
            due.silent, due.silent_at = "under_way", self.now
            return
        for other in self.alerts.values():
            if other.key[0] == key[0] and other is not due:
                other.climbs = None
        left = (held.ends - self.today).days
        asked = [rung for within, rung in LADDER if left <= within]
        if held.matter and held.matter > held.ends:
            asked += _above(asked)[:1]
        asked = self.tell(held, due, asked)
        due.climbs = self.patience() if _above(asked) and left <= NEAR else None

    def climb_all(self) -> None:
        for due in sorted(self.alerts.values(), key=lambda one: (one.climbs or self.now, one.raised)):
            if due.climbs is None or due.climbs > self.now or due.silent or due.acted:
                continue
            held, due.climbs = self.held[due.key[0]], None
            if not self.there(held, due.key[1]):
                raise AssertionError("it should have fallen silent")
            if held.matter and held.matter <= due.key[1]:
                due.acted = "request"
                continue
            told = {one.rung for one in due.told.values()}
            if not _above(told):
                continue
            due.level += 1
            told |= set(self.tell(held, due, _above(told)[:1]))
            due.climbs = self.patience() if _above(told) else None

    def tell(self, held: Held, due: Due, asked: list[str]) -> list[str]:
        reached = False
        for rung in asked:
            for key in self.on(rung, held):
                if key in due.told:
                    continue
                reach = "inapp" if key in self.accounts else "letter" if self.people[key].user else "none"
                due.told[key] = Told(rung, due.level, reach, self.now)
                reached = reached or reach != "none"
            if rung == asked[-1] and not reached:
                asked += _above(asked)[:1]
        return asked

    def on(self, rung: str, held: Held) -> list[str]:
        if rung == "holder":
            holder = "manager" if held.paper.holder == "project" else held.paper.holder
            return [holder] if holder in self.people and self.employed(holder) else []
        place: str | None = held.unit
        while place:
            for role in ROLES[rung][held.paper.kind[0]]:
                if found := [key for key, has, at in self.roles if (has, at) == (role, place) and self.employed(key)]:
                    return found
            place = PARENTS[place]
        return []

    def employed(self, key: str) -> bool:
        return self.left.get(key, D.max) >= self.today

    def patience(self) -> dt.datetime:
        day, left = self.today, PATIENCE
        while left:
            day += DAY
            left -= self.worked(day)
        return _midnight(day + DAY)

    def worked(self, day: D) -> bool:
        return day in self.work or day.weekday() < 5 and day not in self.off

    def back(self, day: D) -> D:
        while not self.worked(day):
            day -= DAY
        return day

    # what happens
    def enter(self, paper: Paper) -> None:
        unit = self.unit.get(paper.holder, paper.holder)
        held = self.held[paper.key] = Held(paper, unit, paper.ends, self.today)
        held.fired = {kind for kind, day in self.window(held).items() if day < self.today and kind != "lapses"}
        self.heard.append(lambda: self.learn(held))

    def renew(self, key: str, until: D) -> None:
        held = self.held[key]
        if held.state != "valid":
            return
        held.ends, held.known, held.matter = until, self.today, None
        held.fired = {kind for kind, day in self.window(held).items() if day < self.today}
        self.heard += [lambda: self.settle(held, "renewed"), lambda: self.learn(held)]

    def cancel(self, key: str) -> None:
        self.end(key, ("valid", "suspended", "leaving"), "over")

    def sent_out(self, key: str) -> None:
        self.end(key, ("leaving",), "over")

    def end(self, key: str, states: tuple[str, ...], to: str) -> None:
        held = self.held[key]
        if held.state in states:
            held.state = to
            self.heard.append(lambda: self.settle(held, "over"))

    def suspend(self, key: str) -> None:
        self.turn(key, "valid", "suspended")

    def give_back(self, key: str) -> None:
        self.turn(key, "suspended", "valid")

    def send_out(self, key: str) -> None:
        self.turn(key, "valid", "leaving")

    def turn(self, key: str, from_: str, to: str) -> None:
        held = self.held[key]
        held.state = to if held.state == from_ else held.state

    def settle(self, held: Held, why: str) -> None:
        for due in self.alerts.values():
            if due.key[0] == held.paper.key and not due.silent and not self.there(held, due.key[1]):
                due.silent, due.silent_at, due.climbs = why, self.now, None

    def begin(self, key: str, expected: D) -> None:
        self.held[key].matter = expected
        for due in self.alerts.values():
            if due.key[0] == key and not due.silent and not due.acted:
                due.acted, due.climbs = "request", None

    def give_up(self, key: str) -> None:
        self.held[key].matter = None

    def take(self, key: str) -> None:
        if due := self.standing(key):
            due.acted, due.climbs = "taken", None

    def standing(self, key: str) -> Due | None:
        """The newest alert of a paper that somebody with an account could act on."""
        found = [due for due in self.alerts.values() if due.key[0] == key and not due.silent and not due.acted
                 and self.takers(due)]
        return found[-1] if found else None

    def takers(self, due: Due) -> list[str]:
        return [one for one in due.told if one in self.accounts]

    def open(self, key: str) -> None:
        """To open a notice is not to act."""

    def account(self, key: str) -> None:
        self.accounts.add(key)

    def shut(self, key: str) -> None:
        self.accounts.discard(key)

    def leave(self, key: str) -> None:
        self.left.setdefault(key, self.today)

    def move(self, key: str) -> None:
        if self.left.get(key, D.max) < self.today:
            return
        self.unit[key] = "far" if self.unit[key] == "project" else "project"
        for held in self.held.values():
            if held.paper.holder == key:
                held.unit = self.unit[key]

    def appoint(self, key: str, role: str, at: str) -> None:
        self.roles.append((key, role, at))

    def notice(self, year: D) -> None:
        """The working days of a year are announced."""
        self.off |= {year.replace(month=10, day=number) for number in range(1, 8)} | {year}

    def holiday(self, day: D) -> None:
        """A holiday is moved: the two days from this one on are worked or not, the other way round."""
        for each in (day, day + DAY):
            was = self.worked(each)
            self.off.discard(each)
            self.work.discard(each)
            if was == (each.weekday() < 5):
                (self.off if was else self.work).add(each)


def _stages(held: Held) -> tuple[int, ...]:
    return FEW if held.paper.kind == "J03" else STAGES


def _above(asked: list[str] | set[str]) -> list[str]:
    return [rung for _, rung in LADDER if rung not in asked]


def _midnight(day: D) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def _months_before(day: D, count: int) -> D:
    year, month = divmod(day.year * 12 + day.month - 1 - count, 12)
    return D(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _holidays() -> tuple[set[D], set[D]]:
    """As announced when the simulation begins."""
    off, work, day = set[D](), set[D](), D(2026, 1, 1)
    while day.year == 2026:
        rest = chinese_calendar.is_holiday(day)
        if rest == (day.weekday() < 5):
            (off if rest else work).add(day)
        day += DAY
    return off, work


__all__ = ["Body", "Due", "Oracle"]
