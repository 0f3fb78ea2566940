"""Every interleaving of two or more transactions, one after the other, on the real database.

Each actor is a thread with an engine of its own (as another process would have). It stops before a row is locked, when
it has the lock, and before it commits; only one actor moves at a time, and which one is the script's to say. An actor
that waits for another's lock is seen by the database's own word (pg_blocking_pids; SQLITE_BUSY) and goes on as soon as
the lock is free. `interleavings` plays every script there is: the choices of one run tell which others are left.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from ledger.db import READ_ONLY, engine_options, open_database, unit

STOPS = ("start", "lock", "locked", "commit")
FEW = ("lock", "commit")  # for three actors and more
PATIENCE = 30.0  # seconds without any news after which a run is broken off
Act = Callable[[Engine], object]


class Stuck(AssertionError):
    """Every actor waits for another."""


def once(do: Callable[[Any], object]) -> Act:
    """An act of one transaction."""

    def act(engine: Engine) -> object:
        with unit(engine) as session:
            return do(session)

    return act


@dataclass
class Actor:
    """One thread; `state` is ready (stopped at `point`), running, blocked or over."""

    number: int
    engine: Engine
    state: str = "running"
    point: str = ""
    pid: int = 0
    result: object = None
    asked: set[tuple[str, str]] = field(default_factory=set)
    known: bool = False
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    @property
    def name(self) -> str:
        return "ABCDEFGH"[self.number]


@dataclass
class Run:
    """What one script led to: a result or exception for each actor, and the steps as they were taken."""

    results: list[Any] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    choices: list[tuple[int, list[int]]] = field(default_factory=list)

    @property
    def refused(self) -> list[Exception]:
        return [result for result in self.results if isinstance(result, Exception)]

    def __str__(self) -> str:
        return f"{' '.join(self.steps)} -> {self.results}"


class Stage:
    """The actors' engines on one database, kept from run to run; close it at the end."""

    def __init__(self, url: str, actors: int, stops: Sequence[str] = STOPS) -> None:
        self.stops = frozenset(stops)
        self.news = threading.Condition()
        self.local = threading.local()
        self.watch = open_database(url, pool_size=1) if url.startswith("postgresql") else None
        self.engines = [self._engine(url) for _ in range(actors)]

    def close(self) -> None:
        for engine in (*self.engines, self.watch):
            if engine is not None:
                engine.dispose()

    def _engine(self, url: str) -> Engine:
        if self.watch is not None:
            engine = open_database(url)
            event.listen(engine, "begin", self._begun)
            event.listen(engine, "before_cursor_execute", self._before)
            event.listen(engine, "after_cursor_execute", self._after)
        else:
            engine = create_engine(url, **engine_options(url))
            event.listen(engine, "connect", _impatient)
            event.listen(engine, "begin", self._begin_sqlite)
        event.listen(engine, "commit", lambda connection: self._pause("commit", connection))
        return engine

    # in the actors' threads
    def _me(self) -> Actor | None:
        return getattr(self.local, "actor", None)

    def _pause(self, point: str, connection: Connection | None = None, state: str = "ready") -> None:
        me = self._me()
        reads = connection is not None and connection.get_execution_options().get(READ_ONLY)
        if me is None or reads or point not in self.stops:
            return
        with self.news:
            me.state, me.point = state, point
            self.news.notify_all()
        if not me.go.acquire(timeout=PATIENCE):
            raise TimeoutError(f"{me.name} was left waiting at {point}")

    def _begun(self, connection: Connection) -> None:
        me = self._me()
        if me is not None:
            driver: Any = connection.connection.dbapi_connection
            me.pid = driver.info.backend_pid

    def _begin_sqlite(self, connection: Connection) -> None:
        if connection.get_execution_options().get(READ_ONLY) or self._me() is None:
            connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(READ_ONLY) else
                                       "BEGIN IMMEDIATE")
            return
        self._pause("lock")
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                break
            except OperationalError:
                self._pause("lock", state="blocked")
        self._pause("locked")

    def _before(self, connection: Connection, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        me = self._me()
        if me is not None and _locks(statement):
            me.known = (seen := (statement, repr(values))) in me.asked
            me.asked.add(seen)
            if not me.known:  # a lock that it has already needs no stop
                self._pause("lock", connection)

    def _after(self, connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        me = self._me()
        if me is not None and _locks(statement) and not me.known:
            self._pause("locked", connection)

    def _perform(self, actor: Actor, act: Act) -> None:
        self.local.actor = actor
        try:
            self._pause("start")
            actor.result = act(actor.engine)
        except Exception as error:
            actor.result = error
        with self.news:
            actor.state = "over"
            self.news.notify_all()

    # in the caller's thread
    def play(self, acts: Sequence[Act], script: Sequence[int] = ()) -> Run:
        """Let the actors move in the order of `script`, afterwards whoever can with the lowest number first."""
        run = Run()
        actors = [Actor(number, self.engines[number]) for number in range(len(acts))]
        threads = [threading.Thread(target=self._perform, args=pair, daemon=True)
                   for pair in zip(actors, acts, strict=True)]
        for thread in threads:
            thread.start()
        self._settle(actors)
        while any(actor.state != "over" for actor in actors):
            options = [actor.number for actor in actors if actor.state == "ready"]
            if not options:
                raise Stuck(f"{run}: {[(actor.name, actor.state, actor.point) for actor in actors]}")
            wanted = script[len(run.choices)] if len(run.choices) < len(script) else options[0]
            run.choices.append((wanted, options))
            self._move(actors, actors[wanted], run)
        for thread in threads:
            thread.join()
        run.results = [actor.result for actor in actors]
        return run

    def _move(self, actors: list[Actor], actor: Actor, run: Run) -> None:
        begun = actor.point
        self._let(actor)
        self._settle(actors)
        run.steps.append(f"{actor.name}:{begun}" + ("(waits)" if actor.state == "blocked" else ""))

    def _let(self, actor: Actor) -> None:
        actor.state = "running"
        actor.go.release()

    def _settle(self, actors: list[Actor]) -> None:
        """Until nobody runs: each actor has stopped, ended, or waits for a lock that another one holds."""
        self._await(actors)
        for actor in actors:
            if actor.state == "blocked" and self.watch is None:
                self._let(actor)  # it asks SQLite again
                self._await(actors)

    def _await(self, actors: list[Actor]) -> None:
        end = time.monotonic() + PATIENCE
        with self.news:
            while running := [actor for actor in actors if actor.state == "running"] or self._freed(actors):
                if not self.news.wait(0.01):
                    for actor in running:
                        if actor.state == "running" and self._waits(actor.pid):
                            actor.state = "blocked"
                if time.monotonic() > end:
                    raise Stuck(f"no news of {[actor.name for actor in running]}")

    def _freed(self, actors: list[Actor]) -> list[Actor]:
        """Those who go on because whoever held their lock has let it go, or has ended. PostgreSQL tells it."""
        freed = [actor for actor in actors if actor.state == "blocked" and self.watch and not self._waits(actor.pid)]
        for actor in freed:
            actor.state = "running"
        return freed

    def _waits(self, pid: int) -> bool:
        if self.watch is None:
            return False
        with self.watch.connect() as connection:
            return bool(connection.exec_driver_sql(f"select cardinality(pg_blocking_pids({pid:d}))").scalar())


def _locks(statement: str) -> bool:
    return any(words in statement for words in ("FOR UPDATE", "FOR NO KEY UPDATE", "LOCK TABLE"))


def _impatient(connection: Any, _record: Any) -> None:
    """SQLite as the house opens it (ledger.db), but a lock that is taken is reported at once."""
    connection.isolation_level = None
    for setting in ("journal_mode=WAL", "synchronous=OFF", "foreign_keys=ON", "busy_timeout=0"):
        connection.execute(f"PRAGMA {setting}")


def interleavings(stage: Stage, prepare: Callable[[], Sequence[Act]], most: int = 300) -> Iterator[Run]:
    """Play every order of the actors' steps, each on what `prepare` makes anew; the runs, in a fixed order."""
    script: list[int] = []
    for _ in range(most):
        run = stage.play(prepare(), script)
        yield run
        trail = run.choices
        while trail and trail[-1][0] == trail[-1][1][-1]:
            trail.pop()
        if not trail:
            return
        chosen, options = trail[-1]
        script = [one for one, _ in trail[:-1]] + [options[options.index(chosen) + 1]]
    raise AssertionError(f"more than {most} orders; fewer steps are needed")
