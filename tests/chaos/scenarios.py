"""What is done to the site. Each scenario fills a new one, hurts it, lets it rest and is judged; one result each."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from redis import RedisError
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

import worker
from engine.model import Instance
from ledger import clock
from ledger.db import reading
from tests.chaos import entered
from tests.chaos.account import at_rest, personal, verdict
from tests.chaos.bringing import Bringing
from tests.chaos.client import Log
from tests.chaos.journey import Case, People, at_once, plans
from tests.chaos.site import Site, running
from tests.reliability.test_failpoints import NAMES
from workflows.requests import Request

PEOPLE_AT_ONCE = 3
RESTING = 75.0  # seconds the site gets to finish what is due, with nothing broken any more
EASY = "full"
BESIDE = ("db.before_commit", "db.after_commit")  # each stands directly beside one with a name of its own
BY_HAND = ("deploy", "migrate", "migrate_undo", "modify", "repair", "suspend", "terminate", "delivery", "starting")
LEDGERS = "intake."
PASSED = tuple(sorted((name for name in set(NAMES) if name.split(".")[1] not in BY_HAND and LEDGERS not in name),
                      key=lambda name: (name.startswith("certificate"), name)))
LATER = {"timer": ("silence", 8), "claim": ("claim", 0), "release": ("claim", 0), "certificate_timer": (EASY, 730)}
"""What a request must go through, and how many days must pass, for a failpoint to be passed."""


@dataclass
class Result:
    """One line of the report."""

    scenario: str
    database: str
    seed: int
    submissions: int = 0
    kills: int = 0
    at: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    unanswered: int = 0
    rounds: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0
    planted: str = ""


class Run:
    """A site in use, and the book kept about it."""

    def __init__(self, site: Site, result: Result) -> None:
        self.site, self.result = site, result
        self.log = Log(site.folder / "client.jsonl")
        self.people = People(site, self.log)
        self.bringing = Bringing(self.people, result.seed, ring=result.scenario == "ledgers")
        self.faults = Counter[str]()
        site.start()

    def rest(self, *, ring: bool) -> None:
        """Nothing is broken any more: until all that is due is done. `ring`: do not wait for the sweep."""
        self.site.control.plan()
        end = time.monotonic() + RESTING
        while not self._rests():
            if ring:
                worker.ring("all", self.site.redis.url)
                worker.ring(worker.IMPORTS, self.site.redis.url)
            if time.monotonic() > end:
                self.result.violations.append(f"I3 I8 not at rest after {RESTING:.0f} s")
                return
            time.sleep(0.1)

    def _rests(self) -> bool:
        try:
            with reading(self.site.engine) as session:
                return at_rest(session) and entered.at_rest(session)
        except DBAPIError:
            return False

    def instances(self, holders: list[int]) -> set[int]:
        query = select(Request.instance_id).where(Request.holder_id.in_(holders), Request.holder_kind == "person")
        return {number for number in self.people.look(lambda session: list(session.scalars(query))) if number}

    def judge(self, only: set[int] | None = None) -> list[str]:
        found = verdict(self.site.engine, self.log, self.site.data / "files", only=only)
        found += self.people.look(lambda session: list(
            entered.entered(session, self.log, self.bringing.ledgers)))
        with contextlib.suppress(RedisError):  # it may be away; then it holds nothing
            found += list(personal(self.site.redis.client()))
        return found

    def close(self) -> None:
        """The last judgement, over everything."""
        self.result.violations += [wrong for wrong in self.judge() if wrong not in self.result.violations]
        kills = Counter(self.site.control.kills())
        self.result.kills, self.result.at = sum(kills.values()), dict(sorted(kills.items()))
        self.result.faults = dict(sorted(self.faults.items()))
        self.result.unanswered = sum(entry.unanswered for entry in self.log.entries)
        with reading(self.site.engine) as session:
            ends = Counter(session.execute(select(Instance.state, Instance.outcome, Instance.stage)))
        self.result.ends = {str(outcome or stage or state): count for (state, outcome, stage), count in ends.items()}
        self.result.submissions = len({entry.request for entry in self.log.entries})


@contextlib.contextmanager
def opened(scenario: str, database: str, seed: int, plant: str = "", *, ledgers: bool = False) -> Iterator[Run]:
    """A running site for one scenario; judged and measured at the end."""
    begun = time.monotonic()
    result = Result(scenario, database, seed, planted=plant)
    with running(database, plant, ledgers=ledgers) as site, clock.use(site.control.now):
        run = Run(site, result)
        yield run
        run.close()
    result.seconds = round(time.monotonic() - begun, 1)


def exhaustive(database: str, seed: int, *, most: int = 400, clean: bool = True, plan: str = EASY,
               plant: str = "") -> Result:
    """One request from form to register, again and again: the n-th failpoint that anybody passes kills, n = 1, 2, ...

    It ends with the first round that nobody dies in: then every place has been died at. Without `clean` after `most`.
    """
    with opened("exhaustive", database, seed, plant) as run:
        _round(run, seed, most + 1, plan)  # everybody signs in and uploads, undisturbed: from now on rounds are alike
        for number in range(1, most + 1):
            _round(run, seed, number, plan, nth=number, **{"not": BESIDE})
            if len(run.site.control.kills()) < number or run.result.violations:
                break
        else:
            run.result.violations += [f"no clean round among {most}"] if clean else []
    return run.result


def named(database: str, seed: int, *, passing: int = 1, plant: str = "", plan: str = EASY,
          names: Iterable[str] = PASSED) -> Result:
    """One request for each failpoint by name: whoever passes it (for the `passing`-th time) dies."""
    with opened("named", database, seed, plant) as run:
        for number, name in enumerate(names, 1):
            for person in run.people.people.values():
                person.papers.clear()  # so that files are sent again
            kind = name.split(".")[1] if name.startswith("engine.") else name.split(".")[0]
            path, days = LATER.get(kind, (plan, 0))
            _round(run, seed, number, path, days, nth=passing, name=name)
    return run.result


def ledgers(database: str, seed: int, *, most: int = 80, clean: bool = True, plant: str = "") -> Result:
    """A ledger from its upload to the register and back: the n-th failpoint of the import worker kills it, n = 1, 2 ...

    Each round has another ledger; those that are stopped and go on, come in two files at once or are cancelled for good
    have their rounds too. Each plan ends with the first round in which nobody dies.
    """
    with opened("ledgers", database, seed, plant, ledgers=True) as run:
        for plan in ("undo", "stop", "twice", "cancel"):
            for number in range(1, most + 1):
                before = len(run.site.control.kills())
                run.site.control.plan(nth=number, under=LEDGERS)
                at_once([partial(run.bringing.walk, run.bringing.ledger(plan)) for _ in range(1 + (plan == "twice"))])
                run.result.rounds += 1
                run.rest(ring=True)
                run.result.violations += [f"{plan} {number}: {one}" for one in run.judge()]
                if run.result.violations:
                    return run.result
                if len(run.site.control.kills()) == before:
                    break
            else:
                run.result.violations += [f"no clean round among {most}"] if clean else []
    return run.result


def _round(run: Run, seed: int, number: int, plan: str, days: int = 0, **kill: Any) -> None:
    run.people.hire(1)
    run.result.rounds += 1
    run.site.control.plan(**kill)
    case = Case(f"chaos-{seed}-{number:05d}", run.people.holders[-1], plan)
    run.people.walk(case)
    if days:
        run.site.control.shift(dt.timedelta(days=days))
        run.site.until(lambda: run.site.control.kills(kill.get("name")), 25, f"nobody passed {kill}")
    run.rest(ring=True)
    wrong = run.judge(run.instances([case.holder]))
    run.result.violations += [f"round {number} {kill}: {one}" for one in wrong]


def soak(database: str, seed: int, count: int, *, chance: float = 0.004, faults: bool = True, plant: str = "",
         only: str = "", days: int = 8, patience: float = 120, ledgers: int = 0) -> Result:
    """Many requests and ledgers at once, each with a fate of its own, while everything falls at random, by seed."""
    with opened("soak", database, seed, plant, ledgers=bool(ledgers)) as run:
        run.people.hire(count)
        chosen = [only or plan for plan in plans(seed, count)]
        cases = [run.people.case(seed, number, plan) for number, plan in enumerate(chosen)]
        if chance:
            run.site.control.plan(chance=chance, seed=seed)
        with ThreadPoolExecutor(PEOPLE_AT_ONCE) as crowd:
            acts = [*(partial(run.people.walk, case, patience) for case in cases),
                    *run.bringing.walks(ledgers, patience)]
            random.Random(seed).shuffle(acts)
            walks = [crowd.submit(act) for act in acts]
            if faults:
                _trouble(run, random.Random(seed), walks)
            for walk in walks:
                walk.result()
        run.site.control.plan()
        run.rest(ring=False)
        if days:  # deadlines pass, and the authority's silence counts
            run.site.control.shift(dt.timedelta(days=days))
            run.rest(ring=False)
    return run.result


def _trouble(run: Run, chance: random.Random, walks: list[Future[None]]) -> None:
    """Until all have walked. In the main thread: a server dies with the thread that started it."""
    site = run.site
    acts: dict[str, Callable[[], object]] = {
        "web killed": lambda: site.kill("web"), "worker killed": lambda: site.kill("worker-1"),
        "redis killed": lambda: _redis_away(site), "redis flushed": lambda: site.redis.client().flushall(),
    }
    if site.postgres is not None:
        acts |= {"postgresql stopped at once": site.restart_postgres, "worker 2 killed": lambda: site.kill("worker-2")}
    if site.ledgers:
        acts |= {f"{name} killed": partial(site.kill, name) for name in site.processes if name.startswith("imports")}
    order = sorted(acts)
    chance.shuffle(order)
    for name in itertools.cycle(order):
        if not wait(walks, timeout=chance.uniform(1.0, 3.5)).not_done:
            return
        with contextlib.suppress(RedisError):
            acts[name]()
        run.faults[name] += 1


def _redis_away(site: Site) -> None:
    site.redis.kill()
    time.sleep(0.7)
    site.redis.start()


def without_redis(database: str, seed: int, count: int = 3) -> Result:
    """Redis is gone for good: requests are taken, and the sweep alone delivers within its period."""
    with opened("without redis", database, seed) as run:
        run.people.hire(count)
        run.site.redis.kill()
        for number in range(count):
            run.people.walk(run.people.case(seed, number, EASY))
        begun = time.monotonic()
        run.rest(ring=False)
        late = time.monotonic() - begun
        if late > worker.SWEEP + 5:
            run.result.violations.append(f"I3 the sweep took {late:.0f} s")
    return run.result
