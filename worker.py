"""The worker: due timers, the outbox, certificates' deadlines. The one file that knows the queue (RQ).

`python -m worker imports` is the import worker: a process of its own, with a queue of its own, because a ledger of a
hundred thousand rows takes minutes, and a deadline must not wait for it.

Truth lies in the database. A message in Redis says only "look now": losing, repeating or forging one changes nothing
but the moment, and without Redis the sweep every 15 s does all the work (docs/decisions: rows, not queue entries).
"""

from __future__ import annotations

import datetime as dt
import fcntl
import functools
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import UnixSignalDeathPenalty
from sqlalchemy import Engine

from ledger import beats, clock
from ledger.clock_guard import Guard
from ledger.db import unit
from ledger.jobs import Do
from registry.custody import copies
from registry.evidence import opening
from web.config import LIVE, Config

log = logging.getLogger("licet.worker")

QUEUE = "licet"  # one queue for each worker: with two, RQ loses what a killed worker had just taken
IMPORTS = "imports"  # the wake-up, and the argument that starts the worker for it
QUEUES = {IMPORTS: "licet-imports"}
SWEEP = 15.0  # seconds between two looks by ourselves
ROUND = 20.0  # seconds one wake-up may go on before it lets the next in
DEADLINE = 60  # seconds after which a wake-up is broken off
LONG = 4 * 3600  # the same for imports
PATIENCE = 0.2  # seconds a bell waits for Redis
CROWD = 50  # so many wake-ups waiting are enough
FIGURES = 10.0  # seconds between two looks for what to add to the sums
STOPPING = 8.0  # seconds the work in progress gets when the worker is told to stop
HAPPENED = ("deliveries", "figures", "waiting", "outbox", "sealing")  # follow from what happened
Part = Callable[[Engine], int]


class OutOfTime(BaseException):
    """A wake-up took too long. Not an Exception, so that no `except Exception` on the way keeps it."""


class Deadline(UnixSignalDeathPenalty):
    """RQ's alarm, raising what cannot be swallowed."""

    def handle_death_penalty(self, signum: int, frame: FrameType | None) -> None:
        raise OutOfTime


class WakeUp(Job):
    """A job that can only wake: whatever function, callback or address its record in Redis names is ignored."""

    answer: Callable[[str], None]
    success_callback = failure_callback = stopped_callback = None

    def _execute(self) -> None:
        WakeUp.answer(str(self.kwargs.get("wake")))

    def send_webhooks(self, *_: Any, **__: Any) -> None:
        return


def ring(kind: str, url: str | None = None) -> bool:
    """Ask a worker to look for due work of a kind ("timers", "outbox"); whether the message got through.

    Never raises, never waits longer than a fraction of a second. `url` is the environment's REDIS_URL if not given.
    """
    url = url or os.environ.get("REDIS_URL")
    if not url:
        return False
    try:
        queue = _bell_queue(url, QUEUES.get(kind, QUEUE))
        if queue.count < CROWD:
            queue.enqueue_call("worker.wake", kwargs={"wake": kind}, result_ttl=0, failure_ttl=0,
                               timeout=LONG if kind == IMPORTS else DEADLINE)
        queue.connection.publish(LIVE, "")
        return True
    except (RedisError, OSError) as error:
        log.warning("no wake-up sent: %s", type(error).__name__)
        return False


def tell(url: str) -> None:
    """Say to the web processes that something has happened; what, they look up (web/desk/live.py)."""
    if not url:
        return
    try:
        _bell_queue(url, QUEUE).connection.publish(LIVE, "")
    except (RedisError, OSError) as error:
        log.warning("nobody told: %s", type(error).__name__)


@functools.cache
def _bell_queue(url: str, name: str) -> Queue:
    return Queue(name, connection=_connect(url, PATIENCE), serializer=JSONSerializer, job_class=WakeUp)


def _connect(url: str, patience: float) -> Redis:
    never_again = Retry(NoBackoff(), 0)
    return Redis.from_url(url, socket_timeout=patience, socket_connect_timeout=patience, retry=never_again)


class Rounds:
    """The work itself: what is due is done, in small transactions, by one thread of this process at a time."""

    def __init__(self, database: Engine, parts: Mapping[str, Part], redis_url: str = "") -> None:
        self.database = database
        self.parts = parts
        self.redis_url = redis_url
        self.stopping = threading.Event()
        self.told: dict[str, dict[str, Any]] = {}
        self.doing: tuple[str, dt.datetime] | None = None
        self._turn = threading.Lock()

    def answer(self, kind: str) -> None:
        """Do what a wake-up of this kind asks for and what follows from it, until there is no more; else everything."""
        names = list(self.parts)
        wanted = names[names.index(kind) :] if kind in names else names
        with self._turn:
            end = time.monotonic() + ROUND
            while not self.stopping.is_set() and time.monotonic() < end:
                if not sum(self._do(part) for part in wanted):
                    return
                tell(self.redis_url)

    def sweep(self) -> None:
        """Everything due, every 15 s, until told to stop."""
        while not self.stopping.is_set():
            self.answer("all")
            self.stopping.wait(SWEEP)

    def _do(self, part: str) -> int:
        begun, self.doing = time.monotonic(), (part, clock.now())
        told = self.told.setdefault(part, {"slowest": 0})
        try:
            return self.parts[part](self.database)
        except Exception as error:
            log.exception("%s could not be worked off; looked at again in %.0f s", part, SWEEP)
            told["failed"], told["error"] = clock.now().isoformat(), type(error).__name__
            return 0
        finally:
            took = round((time.monotonic() - begun) * 1000)
            told.update(at=clock.now().isoformat(), ms=took, slowest=max(took, told["slowest"]))
            self.doing = None

    def live(self, kind: str) -> None:
        """Give a sign of life every 15 s, whatever the work is doing meanwhile (ledger/beats.py)."""
        number, over, place = None, False, f"{socket.gethostname()} {os.getpid()}"
        while not over:
            over = self.stopping.wait(0 if number is None else beats.EVERY)
            try:
                with unit(self.database) as session:
                    if number is None or not beats.beat(session, number, place, self.told, self.doing):
                        number = beats.begin(session, kind, place)
                        beats.beat(session, number, place, self.told, self.doing)
                    if over:
                        beats.stop(session, number)
            except Exception as error:  # the work goes on without
                log.warning("no sign of life written: %s", type(error).__name__)
                over = over or self.stopping.wait(1.0)


def seldom(part: Part, seconds: float) -> Part:
    """A part that need not follow every wake-up: once in so many seconds, or fifty times as long as it took; at once
    again while it finds more to do."""
    next_at, more = 0.0, 0

    def now_and_then(database: Engine) -> int:
        nonlocal next_at, more
        begun = time.monotonic()
        if not more and begun < next_at:
            return 0
        more, next_at = 0, begun + seconds  # also if it fails
        more = part(database)
        next_at = max(next_at, begun + 50 * (time.monotonic() - begun))
        return more

    return now_and_then


def due_work() -> dict[str, Part]:
    """What there is to do, by kind of wake-up, causes before effects: each does a small piece, says how much it did."""
    from engine.figures import counting, standing
    from engine.messaging import deliveries
    from engine.releases import coming
    from engine.time import starting, timers
    from ledger import outbox
    from registry.alerts import climbing, deadlines, planning
    from registry.intake.stewardship import counting as quality
    from registry.people.units import figured
    from workflows import triggers
    from workflows.absence import ending, handover
    from workflows.studio import history

    return {
        "timers": lambda database: timers.sweep(database, limit=20),
        "deliveries": lambda database: deliveries.sweep(database, limit=20),
        "releases": lambda database: coming.sweep(database, limit=20),
        "starts": lambda database: starting.sweep(database, limit=20),
        "deadlines": lambda database: deadlines.sweep(database, limit=50),
        "alerts": lambda database: planning.sweep(database, limit=20) + climbing.sweep(database, limit=20),
        "quality": quality.sweep,
        "figures": seldom(lambda database: counting.sweep(database, figured), FIGURES),
        "waiting": seldom(lambda database: standing.look(database, figured) * 0, FIGURES),
        "absence": lambda database: ending.sweep(database, limit=20) + handover.forward(database, limit=20),
        "drafts": history.sweep,
        "outbox": lambda database: outbox.deliver(database, triggers.HANDLERS, limit=50),
    }


def letters(config: Config) -> Part:
    """Letters leave by a door of this process's own. They have a thread of their own: providers may keep us waiting."""
    from registry.alerts.channels import Outgoing
    from registry.alerts.letters import resetting, sending
    from web.i18n import spoken

    http = Outgoing.from_environment()
    return lambda database: resetting.sweep(database) + sending.sweep(database, http, spoken, config.url, limit=20)


def imports(config: Config, stopping: threading.Event) -> dict[str, Part]:
    """The work of the import worker: ledgers, and the other long work that people ask for."""
    from ledger import jobs
    from registry.intake import work

    def bell(what: str) -> None:
        ring(what, config.redis_url)

    return {
        IMPORTS: lambda database: work.sweep(database, config.files, stopping=stopping.is_set, bell=bell),
        "jobs": lambda database: jobs.sweep(database, long_work(), stopping=stopping.is_set, bell=bell),
    }


def long_work() -> dict[str, Do]:
    """Who does which kind of job (ledger/jobs.py)."""
    from workflows.cockpit import batch_work, batches
    from workflows.studio import rehearsal_work, rehearsing

    return {batches.KIND: batch_work.work, rehearsing.KIND: rehearsal_work.do}


class Listener(SimpleWorker):
    """RQ's worker in this process and thread (no fork: wake-ups are short, and SQLite dislikes forks)."""

    job_class = WakeUp
    death_penalty_class = Deadline
    max_connection_wait_time = 2.0
    connection_timeout = 4

    def __init__(self, url: str, stopping: threading.Event, queue: str) -> None:
        self.stopping = stopping
        connection = _connect(url, self.connection_timeout)
        super().__init__(
            [queue], connection=connection, serializer=JSONSerializer, worker_ttl=17, log_job_description=False
        )

    def heartbeat(self, *given: Any, **named: Any) -> None:
        """RQ's loop comes by here every 2 s: the place to stop, rather than in the middle of a signal handler."""
        if self.stopping.is_set():
            raise StopRequested
        super().heartbeat(*given, **named)

    def _install_signal_handlers(self) -> None:
        return  # main() has its own


def listen(url: str, rounds: Rounds, queue: str = QUEUE) -> None:
    """Answer wake-ups until told to stop. Redis may come, go and be replaced: we wait and listen again."""
    WakeUp.answer = rounds.answer
    while not rounds.stopping.is_set():
        try:
            Listener(url, rounds.stopping, queue).work(logging_level="WARNING")
        except (RedisError, OSError) as error:
            log.warning("Redis is away (%s); the sweep goes on without it", type(error).__name__)
        except StopRequested:
            return
        rounds.stopping.wait(1.0)


@contextmanager
def alone(config: Config, name: str = "worker") -> Iterator[None]:
    """On SQLite one worker for each data folder; the lock goes with the process, however it ends."""
    if not config.database.startswith("sqlite"):
        yield
        return
    config.data.mkdir(parents=True, exist_ok=True)
    with (config.data / f"{name}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(f"Another worker already works on {config.data} (several need PostgreSQL).") from None
        yield


def main(given: Sequence[str] = ()) -> None:
    """Work until SIGTERM or SIGINT; ends within 10 s of it. `imports` makes it the import worker."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    config, importing = Config.from_environment(), IMPORTS in given
    with alone(config, IMPORTS if importing else "worker"):
        database, keeper = opening.opened(config.database, config.data, config.url)
        copies.keep_in(config.files, config.url + "/c/")
        guard = Guard(database, socket.gethostname())
        work = {} if importing else {**due_work(), "sealing": seldom(keeper.sweep, FIGURES)}
        rounds = Rounds(database, guard.over(work, but=HAPPENED), config.redis_url)
        if importing:
            rounds.parts = imports(config, rounds.stopping)
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: rounds.stopping.set())
        post = Rounds(database, {} if importing else guard.over({"letters": letters(config)}), config.redis_url)
        post.stopping, post.told = rounds.stopping, rounds.told
        sweepers = [threading.Thread(target=each.sweep, daemon=True) for each in (rounds, post)]
        living = threading.Thread(target=rounds.live, args=(IMPORTS if importing else "worker",), daemon=True)
        for thread in (*sweepers, living):
            thread.start()
        log.info("working on %s", "SQLite" if database.dialect.name == "sqlite" else "PostgreSQL")
        if config.redis_url:
            listen(config.redis_url, rounds, QUEUES[IMPORTS] if importing else QUEUE)
        rounds.stopping.wait()
        for sweeper in sweepers:
            sweeper.join(STOPPING)
        living.join(1.0)
        log.info("stopped")


if __name__ == "__main__":
    main(sys.argv[1:])
