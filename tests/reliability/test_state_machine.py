"""Any sequence of acts, crashes, restarts, lost messages and new versions leaves what the model says, and no violation.

`make test` plays a few dozen sequences, always the same; LICET_EXAMPLES=2000 as many new ones (`make chaos` does).
"""

from __future__ import annotations

import copy
import datetime as dt
import itertools
import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis import Redis
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

import worker
from engine import catalog, instances, state
from engine.messaging import messages
from engine.model import Instance, Task, Timer
from engine.time import timers
from engine.usertasks import tasks
from ledger import outbox
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import open_database, reading, unit
from ledger.errors import Refused
from ledger.facts import Fact, record
from ledger.failpoints import FailpointHit, watched
from ledger.workdays import seed
from tests.engine.conftest import ANNA, COMPANY, GROUP, HAN, LI, person
from tests.engine.drawings import boundary, drawing, end, flow, flows, gateway, message, start, task, timer
from tests.reliability.conftest import judge
from tests.reliability.model import Case

WU = person(15, "吴越", "hr")
PEOPLE = {one.id: one for one in (HAN, LI, WU)}
MORE = int(os.environ.get("LICET_EXAMPLES", "0"))
SETTINGS = settings(
    max_examples=MORE or 6, stateful_step_count=40, derandomize=not MORE, deadline=None, database=None,
    suppress_health_check=list(HealthCheck),
)
CRASHES = [None] * 6 + ["db.before_commit", "db.after_commit", "engine.complete.before_commit", "engine.timer.fired",
                        "engine.claim.before_commit", "engine.start.before_commit", "outbox.before_commit"]
who, which, crashes = some.sampled_from(sorted(PEOPLE)), some.integers(0, 5), some.sampled_from(CRASHES)
numbers = itertools.count(1)


def drawn(process_id: str, version: int) -> bytes:
    after = [flow("G", "E", id="on")]
    if version == 2:
        after = [task("C"), flow("G", "C", id="on"), flow("C", "E")]
    return drawing(
        start(), task("A"), boundary("late", "A", timer("timeDuration", "PT48H")), task("L"), task("B", notBy="A"),
        boundary("back", "B", message("M")), gateway("exclusive", "G", default="on"), end(), end("E2"), end("E3"),
        flows("S A B G", "late L E2", "back E3"), flow("G", "A", '=c = "return"'), *after,
        id=process_id, messages={"M": "back"})


class Machine(RuleBasedStateMachine):
    """The engine's verbs beside the model's."""

    def __init__(self, url: str, clock: Fixed, redis_url: str) -> None:
        super().__init__()
        self.url, self.clock, self.redis_url = url, clock, redis_url
        self.engine: Engine = open_database(url)
        self.process_id, self.version = f"P{next(numbers)}", 0
        self.cases: dict[int, Case] = {}

    def teardown(self) -> None:
        self.engine.dispose()

    def ring(self, kind: str) -> None:
        worker.ring(kind, self.redis_url)

    def rounds(self) -> worker.Rounds:
        return worker.Rounds(self.engine, {
            "timers": lambda database: timers.sweep(database),
            "outbox": lambda database: outbox.deliver(database, [("task.completed", effect)]),
        })

    def act(self, do: Callable[[Session], Any], crash: str | None) -> Any:
        """One transaction; "refused", "crashed" (nothing happened), "lost" (it happened, the answer did not arrive)."""
        def meet(name: str) -> None:
            if name == crash:
                raise FailpointHit(name)

        try:
            with watched(meet), unit(self.engine, self.ring) as session:
                return do(session)
        except Refused:
            return "refused"
        except FailpointHit as hit:
            return "lost" if str(hit) == "db.after_commit" else "crashed"

    def both(self, number: int, do: Callable[[Session, int], Any], verb: Callable[[Case], bool],
             crash: str | None) -> None:
        """The same on both sides. Whoever got no answer does it again, as a browser would; it must not happen twice."""
        it = list(self.cases)[number % len(self.cases)]
        before = copy.deepcopy(self.cases[it])
        allowed = verb(self.cases[it])
        answer = self.act(lambda session: do(session, it), crash)
        assert (answer == "refused") == (not allowed), (answer, before)
        if answer == "crashed":
            answer = self.act(lambda session: do(session, it), None)
            assert answer not in ("refused", "crashed", "lost"), (answer, before)

    @initialize()
    def first_version(self) -> None:
        self.deploy()
        self.begin_one(None)
        self.begin_one(None)

    def deploy(self) -> None:
        if self.version < 2:
            self.version += 1
            with unit(self.engine) as session:
                catalog.deploy(session, {"p.bpmn": drawn(self.process_id, self.version)}, by=SYSTEM)

    @precondition(lambda self: len(self.cases) < 6)
    @rule(crash=crashes)
    def begin(self, crash: str | None) -> None:
        self.begin_one(crash)

    def begin_one(self, crash: str | None) -> None:
        def do(session: Session) -> int:
            return instances.start(session, self.process_id, by=ANNA, group_id=GROUP, places=[COMPANY, GROUP],
                                   business_key="K", title="申请").id

        made = self.act(do, crash)
        if made == "crashed":
            return
        if made == "lost":
            with reading(self.engine) as session:
                query = select(Instance.id).where(Instance.process_id == self.process_id)
                (made,) = set(session.scalars(query)) - set(self.cases)
        self.cases[made] = Case(self.version, self.clock())

    # Hypothesis leaves out some of the rules in each sequence: acting has three, so that there is always somebody
    @rule(verb=some.sampled_from(["claim", "release", "complete", "withdraw"]), number=which, person=who, crash=crashes)
    def act_on(self, verb: str, number: int, person: int, crash: str | None) -> None:
        if verb == "complete":
            return self.hand_in(number, person, "pass", crash)
        if verb == "withdraw":
            return self.both(number, lambda s, it: messages.send(s, it, "back", {}, by=ANNA),
                             lambda case: case.withdraw(self.clock()), crash)
        do = tasks.claim if verb == "claim" else tasks.release
        self.both(number, lambda s, it: do(s, self.open(s, it), PEOPLE[person]),
                  lambda case: case.claim(person) if verb == "claim" else case.release(person), crash)

    @rule(number=which, person=who, answer=some.sampled_from(["pass", "return"]), crash=crashes)
    def hand_in(self, number: int, person: int, answer: str, crash: str | None) -> None:
        self.both(number, lambda s, it: tasks.complete(s, self.open(s, it), PEOPLE[person], {"c": answer}),
                  lambda case: case.complete(person, answer, self.clock()), crash)

    @rule(number=which, crash=crashes, sure=some.integers(0, 2), person=who)
    def terminate(self, number: int, crash: str | None, sure: int, person: int) -> None:
        if sure:
            return self.hand_in(number, person, "pass", crash)
        self.both(number, lambda s, it: instances.terminate(s, it, by=ANNA, reason="撤回"),
                  lambda case: case.terminate(), crash)

    @rule(what=some.sampled_from(["time", "time", "flush", "bells", "restart", "deploy"]), hours=some.integers(1, 60))
    def meanwhile(self, what: str, hours: int) -> None:
        if what == "time":
            self.clock.advance(dt.timedelta(hours=hours))
        elif what == "flush":
            Redis.from_url(self.redis_url).flushall()
        else:
            {"bells": self.answer_bells, "restart": self.restart, "deploy": self.deploy}[what]()

    @rule(crash=crashes)
    def sweep(self, crash: str | None) -> None:
        """The worker's own look, broken off at a failpoint and taken up by the next worker."""
        def meet(name: str) -> None:
            if name == crash:
                raise Killed

        try:
            with watched(meet):
                self.rounds().answer("all")
        except Killed:
            pass
        self.look()

    def look(self) -> None:
        """A whole round of a worker that nobody disturbs."""
        self.rounds().answer("all")
        for case in self.cases.values():
            case.fire(self.clock())

    def answer_bells(self) -> None:
        """Whatever Redis still has, once or twice; it changes only the moment."""
        redis = Redis.from_url(self.redis_url)
        waiting = redis.llen(f"rq:queue:{worker.QUEUE}")
        redis.flushall()
        if waiting:
            self.look()

    def restart(self) -> None:
        """Nothing that was in memory is there any more."""
        self.engine.dispose()
        self.engine = open_database(self.url)
        state._shelves.clear()
        catalog._plans.clear()
        catalog._parsed.clear()

    def open(self, session: Session, it: int) -> int:
        """The open task of an instance; of one that is over the last one."""
        query = select(Task.id).where(Task.instance_id == it).order_by(Task.state != "open", Task.id.desc())
        return session.scalars(query).first() or 0

    @invariant()
    def the_database_is_what_the_model_says(self) -> None:
        with reading(self.engine) as session:
            for it, case in self.cases.items():
                found = list(session.scalars(select(Task).where(Task.instance_id == it)))
                open_ = [(one.element_id, one.assignee_id) for one in found if one.state == "open"]
                assert open_ == ([(case.at, case.holder)] if case.at else []), (it, case)
                assert session.get_one(Instance, it).state == case.state, (it, case)
                fired = select(Timer.id).where(Timer.instance_id == it, Timer.state == "fired")
                seen = (len(found), sum(one.state == "completed" for one in found), len(list(session.scalars(fired))))
                assert seen == (case.visits, case.done, case.fired), (it, case)

    @invariant()
    def nothing_is_violated(self) -> None:
        assert not judge(self.engine, effects_are_single, only=self.cases)


class Killed(BaseException):
    """The worker is gone in the middle of its work; no `except Exception` sees it."""


def effect(session: Session, fact: Fact) -> None:
    """What follows from a fact: one row each."""
    record(session, "test.effect", ("instance", fact.subject_id), by=SYSTEM, after={"of": fact.id})


def effects_are_single(look: Any) -> Any:
    """I8: a delivered fact has its effect once, an undelivered one not yet."""
    found = Counter((fact.after or {})["of"] for fact in look.facts("test.effect"))
    for fact in look.facts("task.completed"):
        if found[fact.id] != (fact.delivered_at is not None):
            yield f"I8 fact {fact.id}: {found[fact.id]} effects, delivered at {fact.delivered_at}"


@pytest.mark.timeout(600 if not MORE else 7200)
def test_any_sequence_of_acts_and_crashes_is_as_the_model_says(
    database_url: str, clock: Fixed, redis_url: str
) -> None:
    engine = open_database(database_url)
    with unit(engine) as session:
        seed(session)
    engine.dispose()
    run_state_machine_as_test(lambda: Machine(database_url, clock, redis_url), settings=SETTINGS)
