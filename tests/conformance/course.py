"""One case of the test set on our engine: a real database, the house's clock moved from one due moment to the next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from engine import catalog, instances
from engine.catalog import Do, Step
from engine.dialect import BpmnError
from engine.messaging import deliveries
from engine.model import Incident, StartTrigger, Task, Timer, Visit
from engine.time import starting, timers
from engine.usertasks import tasks
from feel import FeelError
from ledger import clock
from ledger.actor import SYSTEM, Actor, Grant
from ledger.db import open_database, reading, unit
from ledger.errors import Refused
from ledger.facts import Fact
from tests.conformance.translated import DECISION, NOTHING, Drawing
from tests.databases import SqliteFiles

BEGIN = dt.datetime(2026, 11, 22, 10, 0, tzinfo=clock.SHANGHAI)
LASTS = dt.timedelta(seconds=10)
FURTHER = dt.timedelta(seconds=1)
MOST_MOMENTS = 500
CLERK = Actor(12, "韩梅", 1, (Grant("hr", 3, "/1/3/"),))
HANGS = "the process is stuck"  # an incident for us; in the standard's terms it waits for ever
RUNTIME, THROWN, ESCALATED = "ERROR_runtime", "ERROR_thrownErrorEvent", "ERROR_thrownEscalationEvent"


@dataclass
class Log:
    """What the steps of a run leave behind, as the test set's log file would hold it: nothing is rolled back."""

    trace: list[str] = field(default_factory=list)
    spans: dict[str, tuple[dt.datetime, dt.datetime]] = field(default_factory=dict)

    def add(self, token: str) -> None:
        self.trace.append(token)

    def lasted(self, token: str, begun: dt.datetime, ended: dt.datetime) -> None:
        """A task that takes ten seconds is over; two of them at the same time are execution in parallel."""
        if token.startswith("CREATE_TIMESTAMP") and token not in self.spans:
            self.spans[token] = (begun, ended)
            if len(self.spans) == 2:
                (a, b), (c, d) = self.spans.values()
                if a < d and c < b:
                    self.add("EXECUTION_parallel")


def steps(drawn: Drawing, log: Log) -> dict[str, Do]:
    """The function behind every token of a drawing."""
    return {token: _step(token, drawn, log) for token in drawn.tokens}


def _step(token: str, drawn: Drawing, log: Log) -> Do:
    def do(step: Step) -> Mapping[str, Any] | None:
        data = drawn.data.get(step.element_id, "data")
        if token in ("INCREMENT_INTEGER_VARIABLE", "INCREMENT_INTEGER_VARIABLE_AND_LOG"):
            if token.endswith("LOG"):
                log.add("INCREMENT_correct")
            return {"integerVariable": step.variables.get("integerVariable", 0) + 1}
        if token in ("SET_COUNTER", "INC_COUNTER"):
            return {data: 0 if token == "SET_COUNTER" else step.variables.get(data, 0) + 1}
        if token == "SET_STRING_DATA":
            return {data: "String"}
        if token == "LOG_DATA":
            log.add("DATA_correct" if step.variables.get(data) == "String" else "DATA_wrong")
        elif token == "CREATE_MARKER_FILE":
            if "MARKER_exists" not in log.trace:
                log.add("MARKER_exists")
        elif token == "THROW_ERROR":
            raise BpmnError(drawn.errors[0] if drawn.errors else "ERROR")
        elif token not in ("CREATE_LOG_FILE", NOTHING):
            log.add(token)
        return None

    return do


@dataclass
class Ground:
    """A folder with an empty database to copy for each case."""

    folder: Path
    files: SqliteFiles = field(init=False)

    def __post_init__(self) -> None:
        self.files = SqliteFiles(self.folder)

    def run(self, drawn: Drawing, process_id: str, case: Mapping[str, Any]) -> list[str]:
        """The trace of one case. Raises BadDiagram when the drawing is refused; any other exception is a bug."""
        log = Log()
        for each in drawn.processes:
            catalog.provide(each, steps=steps(drawn, log))
        try:
            return self._run(drawn, process_id, case, log)
        finally:
            for each in drawn.processes:
                catalog.STEPS.pop(each, None)

    def _run(self, drawn: Drawing, process_id: str, case: Mapping[str, Any], log: Log) -> list[str]:
        database = open_database(self.files.fresh(self.folder))
        ticking = clock.Fixed(BEGIN)
        try:
            with clock.use(ticking):
                with unit(database) as session:
                    catalog.deploy(session, files_of(drawn), by=SYSTEM)
                course = Course(database, drawn, ticking, log)
                course.play(process_id, case)
        finally:
            database.dispose()
        return log.trace


def files_of(drawn: Drawing) -> dict[str, bytes]:
    """What is deployed: the drawing, and the decision that decides nothing when it is asked for."""
    files = {"case.bpmn": drawn.body}
    if f'decisionId="{NOTHING}"'.encode() in drawn.body:
        files["nothing.dmn"] = DECISION
    return files


@dataclass
class Course:
    """A run: start, then one due moment after the other until the time of the case is over."""

    engine: Engine
    drawn: Drawing
    ticking: Any
    log: Log

    def play(self, process_id: str, case: Mapping[str, Any]) -> None:
        given = {"test": case.get("test", ""), "integerVariable": case.get("integerVariable", 0)}
        others = [each for each in self.drawn.processes if each != process_id] if case.get("parallel_process") else []
        for each in (*others, process_id):
            self._attempt(partial(self._start, each, given))
        until = clock.now() + dt.timedelta(milliseconds=case.get("delay_ms", 0)) + FURTHER
        self._settle()
        for _ in range(MOST_MOMENTS):
            moment = self._next()
            if moment is None or moment > until:
                break
            if moment > clock.now():
                self.ticking.advance(moment - clock.now())
            self._settle()
        self._say_incidents()
        self._say_ends()

    def _start(self, process_id: str, given: Mapping[str, Any]) -> None:
        with unit(self.engine) as session:
            latest = catalog.latest(session, process_id)
            if not catalog.plan(session, latest.id).blueprint.spec.start.flows:
                return  # a message, a signal or the clock starts it
            instances.start(session, process_id, by=CLERK, group_id=1, places=[3, 1], business_key="K-1",
                            title="case", variables=dict(given))

    def _attempt(self, act: Callable[[], None]) -> None:
        """An act that the engine refuses at run time is an error of the run, told by where it happened."""
        try:
            act()
        except (Refused, FeelError) as error:
            self._failed(str(getattr(error, "element_id", "")))

    def _failed(self, element_id: str) -> None:
        thrown = self.drawn.ends.get(element_id, "")
        named = {"errorEventDefinition": THROWN, "escalationEventDefinition": ESCALATED}
        self.log.add(named.get(thrown, RUNTIME))

    def _settle(self) -> None:
        """Fire what is due and finish the tasks whose ten seconds are over."""
        for _ in range(MOST_MOMENTS):
            moved = sum(sweep(self.engine) for sweep in (starting.sweep, timers.sweep, deliveries.sweep))
            if not moved + self._finish():
                return

    def _finish(self) -> int:
        over = [task for task in self._working() if task.created_at + LASTS <= clock.now()]
        for task in over:
            self._attempt(partial(self._complete, task))
        return len(over)

    def _complete(self, task: Task) -> None:
        with unit(self.engine) as session:
            tasks.complete(session, task.id, CLERK, {})
        self.log.lasted(self.drawn.lasting[task.element_id], task.created_at, clock.now())

    def _working(self) -> list[Task]:
        with reading(self.engine) as session:
            rows = list(session.scalars(select(Task).where(Task.state == "open").order_by(Task.id)))
            session.expunge_all()
        return [task for task in rows if task.element_id in self.drawn.lasting]

    def _next(self) -> dt.datetime | None:
        with reading(self.engine) as session:
            due = list(session.scalars(select(Timer.next_try_at).where(Timer.state == "waiting")))
            due += session.scalars(select(StartTrigger.due_at).where(StartTrigger.due_at.is_not(None)))
        due += [task.created_at + LASTS for task in self._working()]
        return min(due, default=None)

    def _say_incidents(self) -> None:
        with reading(self.engine) as session:
            open_ = list(session.scalars(select(Incident).where(Incident.resolved_at.is_(None))))
            places = [each.element_id for each in open_ if not (each.cause_en or "").startswith(HANGS)]
        for element_id in places:
            self._failed(element_id)

    def _say_ends(self) -> None:
        """An instance that an uncaught error has ended says so; an escalation that nobody catches is seen passing."""
        with reading(self.engine) as session:
            for fact in session.scalars(select(Fact).where(Fact.kind == "instance.ended").order_by(Fact.id)):
                if (fact.after or {}).get("error") is not None:
                    self.log.add(THROWN)
            for element_id in session.scalars(select(Visit.element_id).order_by(Visit.id)):
                if element_id in self.drawn.loose:
                    self.log.add(ESCALATED)
