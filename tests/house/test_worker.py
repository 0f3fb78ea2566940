"""The worker and its bell: Redis may be away, hung, wiped or full of lies; only the moment of the work changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rq import Callback, Queue
from rq.serializers import JSONSerializer

import worker
from tests.servers import Redis
from web.bell import Bell
from web.config import Config

pytestmark = pytest.mark.processes
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "book"


@pytest.fixture
def start(book: Path) -> Iterator[Start]:
    """Starts a worker that notes in `book` what it does, and waits for its first sweep."""
    running = []

    def begin(redis_url: str = "", slow: float = 0) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.house.listening", str(book), redis_url, str(slow)]
        running.append(subprocess.Popen(command))
        until(lambda: book.exists())
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.wait()


def until(true: Callable[[], bool], seconds: float = 12) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def noted(book: Path, what: str) -> int:
    return book.read_text().split().count(what)


def end_of(process: subprocess.Popen[bytes]) -> float:
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    return time.monotonic() - begun


def test_a_ring_is_answered_at_once_and_leaves_nothing_in_redis(start: Start, book: Path, redis_server: Redis) -> None:
    start(redis_server.url)
    assert worker.ring("timers", redis_server.url)
    until(lambda: noted(book, "timers") == 2)
    assert noted(book, "outbox") == 1  # the sweep's; nobody rang for it
    until(lambda: not redis_server.client().keys("rq:job:*"))


def test_the_sweep_works_without_redis_and_past_a_part_that_fails(start: Start, book: Path) -> None:
    process = start("")
    until(lambda: noted(book, "timers") == noted(book, "outbox") == 1)
    assert end_of(process) < 10


def test_a_worker_outlives_redis_and_hears_it_again(start: Start, book: Path, redis_server: Redis) -> None:
    process = start(redis_server.url)
    redis_server.kill()
    assert not worker.ring("timers", redis_server.url)
    time.sleep(1)
    redis_server.start()
    redis_server.client().flushall()
    until(lambda: worker.ring("timers", redis_server.url) and noted(book, "timers") >= 2)
    assert process.poll() is None


def test_a_worker_started_before_redis_finds_it(start: Start, book: Path, redis_server: Redis) -> None:
    redis_server.kill()
    start(redis_server.url)
    redis_server.start()
    assert worker.ring("outbox", redis_server.url)
    until(lambda: noted(book, "outbox") >= 2)


@pytest.mark.parametrize("redis", ["there", "away"])
def test_sigterm_ends_the_worker_within_ten_seconds(redis: str, start: Start, redis_server: Redis) -> None:
    process = start(redis_server.url)
    if redis == "away":
        redis_server.kill()
        time.sleep(1)
    assert end_of(process) < 10


def test_sigterm_lets_the_work_in_progress_end(start: Start, book: Path, redis_server: Redis) -> None:
    process = start(redis_server.url, slow=1.5)
    worker.ring("timers", redis_server.url)
    time.sleep(0.5)
    assert end_of(process) < 10


def test_a_forged_message_runs_nothing(start: Start, book: Path, redis_server: Redis, tmp_path: Path) -> None:
    start(redis_server.url)
    forger = Queue(worker.QUEUE, connection=redis_server.client(), serializer=JSONSerializer)
    stolen = tmp_path / "stolen"
    calls = {"on_success": Callback("os.getpid"), "on_failure": Callback("os.getpid")}
    forger.enqueue_call("os.mkdir", args=[str(stolen)], **calls)
    forger.enqueue_call("os.mkdir", args=[str(stolen)], kwargs={"wake": "timers"})
    until(lambda: noted(book, "timers") >= 2)
    assert not stolen.exists()


def test_messages_carry_a_kind_and_nothing_else(redis_url: str) -> None:
    worker.ring("outbox", redis_url)
    queue = Queue(worker.QUEUE, connection=worker._connect(redis_url, 1), serializer=JSONSerializer)
    (job,) = queue.jobs
    assert (job.args, job.kwargs, job.meta) == ([], {"wake": "outbox"}, {})


def test_a_crowd_of_wake_ups_grows_no_further(redis_url: str) -> None:
    for _ in range(worker.CROWD + 20):
        assert worker.ring("outbox", redis_url)
    assert Queue(worker.QUEUE, connection=worker._connect(redis_url, 1)).count == worker.CROWD


@pytest.mark.parametrize("redis", ["unset", "away", "hung"])
def test_a_ring_never_waits_for_redis(redis: str, redis_server: Redis) -> None:
    url = redis_server.url if redis != "unset" else None
    if redis == "away":
        redis_server.kill()
    if redis == "hung":
        assert redis_server.process
        os.kill(redis_server.process.pid, signal.SIGSTOP)
    begun = time.monotonic()
    assert not worker.ring("timers", url)
    assert time.monotonic() - begun < 1


def test_the_bell_returns_at_once_and_sends_repeats_once() -> None:
    gate, sent = threading.Event(), list[str]()

    def send(what: str) -> bool:
        gate.wait(5)
        sent.append(what)
        return what != "timers"

    bell = Bell(send)
    begun = time.monotonic()
    bell("outbox")
    time.sleep(0.1)
    for _ in range(100):
        bell("timers")
    assert time.monotonic() - begun < 1
    gate.set()
    assert bell.quiet(5)
    assert (sent, bell.missed) == (["outbox", "timers"], 1)


def test_on_sqlite_a_second_worker_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    config = Config(data=tmp_path)
    with worker.alone(config), pytest.raises(SystemExit, match="Another worker"), worker.alone(config):
        pass
    with worker.alone(config):
        pass


def test_on_postgresql_several_workers_may_run(tmp_path: Path) -> None:
    config = Config(data=tmp_path, database_url="postgresql+psycopg://licet@/licet")
    with worker.alone(config), worker.alone(config):
        pass


def test_what_follows_from_a_part_is_done_with_it() -> None:
    waiting = {"timers": [1], "outbox": [0]}
    done = []

    def part(name: str) -> Callable[[object], int]:
        def act(_: object) -> int:
            done.append(name)
            waiting["outbox"] += [1] if name == "timers" and sum(waiting["timers"]) else []
            return waiting[name].pop() if waiting[name] else 0

        return act

    rounds = worker.Rounds(None, {name: part(name) for name in ("timers", "outbox")})  # type: ignore[arg-type]
    rounds.answer("timers")
    assert waiting == {"timers": [], "outbox": []}
    done.clear()
    rounds.answer("outbox")
    assert done == ["outbox"]
