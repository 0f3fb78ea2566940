"""Scenarios: finished instances kept as tests of their process. Every rehearsal and release plays them again.

What is kept is the record reduced to what decides its way (engine/rehearsal/written.py), so that it says nothing about
anybody, and what is expected of it: its end, its path, how long it took by the version it was recorded with.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import catalog
from engine.rehearsal import recording, written
from engine.rehearsal.comparing import Bench, faithful, parting
from engine.rehearsal.playing import Played, play
from engine.rehearsal.recording import Record, Untold
from engine.rehearsal.scripts import Exactly, Paced, ids
from engine.releases import choosing
from engine.time.worktime import WorkTime
from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant, Json
from ledger.errors import Conflict, NotFound, Refused
from ledger.facts import record
from ledger.failpoints import fp
from ledger.workdays import calendar

MOST = 200
LOOKS = {"path": "结果和路径都不变", "outcome": "只要求结果不变"}
"""What a scenario looks at; gettext msgids."""


class CannotKeep(Conflict):
    """这个实例不能存为场景：{cause}"""


class TooManyScenarios(Conflict):
    """一个流程最多 {most} 个场景，请先删除不再需要的。"""


class NoName(Refused):
    """请给场景起一个名字。"""

    status = 422


class Scenario(Base):
    """A finished instance, kept. `looks`: what must stay the same; `most_days`: by how many working days it may end
    later (None: any).

    `expected` is {outcome, state, path: [element ids], days}; `definition_id` the version they were recorded with.
    `body` is the record (written.py). Deleted ones stay, with `deleted_at`: rehearsals of the past name them.
    """

    __tablename__ = "scenario"
    __table_args__ = (Index("ix_scenario_process", "process_id", "id"),)

    id: Mapped[Id]
    process_id: Mapped[str] = mapped_column(String(120))
    group_id: Mapped[int | None] = mapped_column(BigId)
    name: Mapped[str] = mapped_column(String(120))
    looks: Mapped[str] = mapped_column(String(8))
    most_days: Mapped[float | None]
    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.id"), type_=BigId)
    expected: Mapped[dict[str, Any]] = mapped_column(Json)
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    made_at: Mapped[dt.datetime] = mapped_column(Instant)
    made_by_name: Mapped[str] = mapped_column(String(80))
    recorded_at: Mapped[dt.datetime] = mapped_column(Instant)
    deleted_at: Mapped[dt.datetime | None] = mapped_column(Instant)


@dataclass(frozen=True)
class Wanted:
    """How somebody wants a scenario kept."""

    name: str
    looks: str = "path"
    most_days: float | None = 5.0


@dataclass(frozen=True)
class Checked:
    """What came out for a scenario, and the outcome expected; `why`, in Chinese and English, it is else not as it
    should be."""

    scenario_id: int
    name: str
    passed: bool
    why: tuple[tuple[str, str], ...] = ()
    outcome: str | None = None
    expected: str | None = None
    days: float = 0.0
    at: str | None = None

    def plain(self) -> dict[str, Any]:
        """As a row keeps it."""
        return {"id": self.scenario_id, "name": self.name, "passed": self.passed, "days": self.days, "at": self.at,
                "outcome": self.outcome, "expected": self.expected, "why": [list(each) for each in self.why]}


def of_process(session: Session, process_id: str, *, group_id: int | None) -> list[Scenario]:
    """The scenarios of a process that a root company keeps (None: all), oldest first."""
    wanted = select(Scenario).where(Scenario.process_id == process_id, Scenario.deleted_at.is_(None))
    mine = wanted if group_id is None else wanted.where(Scenario.group_id == group_id)
    return list(session.scalars(mine.order_by(Scenario.id)))


def one(session: Session, scenario_id: int, *, group_id: int | None) -> Scenario:
    """The scenario. Raises NotFound for one that is deleted or another company's."""
    found = session.get(Scenario, scenario_id)
    if found is None or found.deleted_at is not None or (group_id is not None and found.group_id != group_id):
        raise NotFound
    return found


def keep(session: Session, instance_id: int, wanted: Wanted, *, by: Actor) -> Scenario:
    """Keep a finished instance as a scenario of its process. Raises CannotKeep, TooManyScenarios, NoName, NotFound."""
    name = _named(wanted.name)
    found = recording.records(session, [instance_id])
    if not found:
        raise NotFound
    [it] = found
    if isinstance(it, Untold):
        raise CannotKeep(cause=it.why.text())
    if len(of_process(session, it.process_id, group_id=by.group_id)) >= MOST:
        raise TooManyScenarios(most=MOST)
    plan, cal = catalog.plan(session, it.definition_id), calendar(session)
    if not faithful(it, play(it, plan, cal, Exactly)):
        raise CannotKeep(cause="按当时的版本重演，走出来的与实际不一致")
    small = written.reduced(it, plan, cal)
    now = clock.now()
    made = Scenario(
        process_id=it.process_id, group_id=by.group_id, name=name, looks=_looks(wanted.looks),
        most_days=wanted.most_days, definition_id=it.definition_id,
        expected=_expected(small, play(small, plan, cal, Exactly), WorkTime(cal)), body=written.dump(small),
        made_at=now, made_by_name=by.name, recorded_at=now)
    session.add(made)
    session.flush()
    _tell(session, "scenario.kept", made, by, name=name)
    fp("studio.scenario.before_commit")
    return made


def _named(name: str) -> str:
    if not name.strip():
        raise NoName
    return name.strip()[:120]


def _looks(looks: str) -> str:
    return looks if looks in LOOKS else "path"


def _expected(it: Record, played: Played, worked: WorkTime) -> dict[str, Any]:
    ended = played.ended_at or it.ended_at
    return {"outcome": played.outcome, "state": played.state, "path": list(played.path),
            "days": worked.between(it.started_at, ended)}


def change(session: Session, scenario_id: int, wanted: Wanted, *, by: Actor) -> Scenario:
    """Give it another name, or let it look at something else. Raises NotFound, NoName."""
    found = one(session, scenario_id, group_id=by.group_id)
    before = {"name": found.name, "looks": found.looks, "most_days": found.most_days}
    found.name, found.looks, found.most_days = _named(wanted.name), _looks(wanted.looks), wanted.most_days
    _tell(session, "scenario.changed", found, by, before=before, name=found.name)
    return found


def delete(session: Session, scenario_id: int, *, by: Actor) -> None:
    """It is played no more. Raises NotFound."""
    found = one(session, scenario_id, group_id=by.group_id)
    found.deleted_at = clock.now()
    _tell(session, "scenario.deleted", found, by, name=found.name)


def record_again(session: Session, scenario_id: int, *, by: Actor) -> Scenario:
    """From now on it is expected to come out as it does by the version in force. Raises NotFound, CannotKeep."""
    found = one(session, scenario_id, group_id=by.group_id)
    now = choosing.current(session, found.process_id, found.group_id or 0)
    bench = Bench(catalog.plan(session, now.id), lambda number: catalog.plan(session, number), calendar(session))
    played = _played(found, bench)
    if played.ended_at is None:
        raise CannotKeep(cause=played.stuck.text() if played.stuck else "没有走到结束")
    before = found.expected
    found.expected = _expected(written.load(found.body), played, bench.worked)
    found.definition_id, found.recorded_at = now.id, clock.now()
    _tell(session, "scenario.recorded", found, by, version=now.version,
          before={"outcome": before["outcome"], "days": before["days"]})
    return found


def _tell(session: Session, kind: str, scenario: Scenario, by: Actor, before: dict[str, Any] | None = None,
          **after: Any) -> None:
    record(session, kind, ("scenario", scenario.id), by=by, group_id=scenario.group_id, before=before,
           after={"process": scenario.process_id, **after})
    session.flush()


def _played(scenario: Scenario, bench: Bench) -> Played:
    it = written.load(scenario.body)
    exactly = Exactly(it)
    play(it, bench.old(it.definition_id), bench.calendar, lambda _one: exactly)
    paced = Paced(exactly.log, bench.pace(it.definition_id))
    return play(it, bench.new, bench.calendar, lambda _one: paced)


def check(scenario: Scenario, bench: Bench) -> Checked:
    """Play a scenario by another drawing and say whether it comes out as expected."""
    played, expected = _played(scenario, bench), scenario.expected
    known, new = ids(bench.old(scenario.definition_id)), bench.new_ids
    if played.ended_at is None:
        stuck = ("没有走到结束", "it never ends")
        if played.stuck is not None:
            stuck = (played.stuck.text("zh"), played.stuck.text("en"))
        return Checked(scenario.id, scenario.name, False, (stuck,), expected["outcome"], expected["outcome"])
    days = round(bench.worked.between(written.load(scenario.body).started_at, played.ended_at) - expected["days"], 2)
    paths = (tuple(each for each in expected["path"] if each in new),
             tuple(each for each in played.path if each in known))
    why = _why(scenario, paths, days)
    at = parting(*paths) if Counter(paths[0]) != Counter(paths[1]) else None
    same = (played.outcome, played.state) == (expected["outcome"], expected["state"])
    return Checked(scenario.id, scenario.name, same and not why, why, played.outcome, expected["outcome"], days, at)


def _why(scenario: Scenario, paths: tuple[tuple[str, ...], tuple[str, ...]], days: float,
         ) -> tuple[tuple[str, str], ...]:
    found = []
    if scenario.looks == "path" and Counter(paths[0]) != Counter(paths[1]):
        found.append(("走的路径不同", "it takes another path"))
    if scenario.most_days is not None and days > scenario.most_days:
        found.append((f"晚 {days:g} 个工作日结束，最多允许 {scenario.most_days:g} 个",
                      f"it ends {days:g} working days later, at most {scenario.most_days:g} are allowed"))
    return tuple(found)


__all__ = [
    "LOOKS", "CannotKeep", "Checked", "NoName", "Scenario", "TooManyScenarios", "Wanted", "change", "check", "delete",
    "keep", "of_process", "one", "record_again",
]
