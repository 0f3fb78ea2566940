"""The import worker is a process of its own: it hears its own bell, looks by itself, and is alone on SQLite."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

import worker
from ledger.clock import Fixed
from ledger.db import open_database, reading
from registry.certificates.models import Certificate
from registry.intake.batch.models import Row
from tests.databases import SqliteFiles
from tests.founding import KEY_FILE
from tests.registry.intake.desk import Desk, sheet
from tests.registry.intake.desk import worker as row
from tests.servers import Redis

pytestmark = pytest.mark.processes


@pytest.fixture
def data(tmp_path: Path, sqlite_files: SqliteFiles) -> Path:
    url = sqlite_files.fresh(tmp_path)
    os.rename(url.removeprefix("sqlite:///"), tmp_path / "licet.sqlite")
    return tmp_path


@pytest.fixture
def desk(data: Path, clock: Fixed) -> Iterator[Desk]:
    from tests.founding import sealing

    sealing.set_key(b"k" * 32)
    engine: Engine = open_database(f"sqlite:///{data / 'licet.sqlite'}")
    yield Desk(engine, data / "files")
    engine.dispose()


@pytest.fixture
def start(data: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    running: list[subprocess.Popen[bytes]] = []

    def begin(redis_url: str = "", **more: str) -> subprocess.Popen[bytes]:
        settings = {"LICET_DATA": str(data), "REDIS_URL": redis_url, "LICET_PERSON_KEY": KEY_FILE, "DATABASE_URL": "",
                    **more}
        running.append(subprocess.Popen([sys.executable, "-m", "worker", "imports"], env={**os.environ, **settings},
                                        stderr=subprocess.PIPE))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def test_a_file_is_taken_up_at_the_bell_and_without_one(
    desk: Desk, start: Callable[..., subprocess.Popen[bytes]], redis_server: Redis
) -> None:
    first = desk.receive(sheet([row(1)]))
    process = start(redis_server.url)
    until(lambda: desk.state(first) == "mapping")  # its own look at the start
    second = desk.receive(sheet([row(2)]))
    assert worker.ring("imports", redis_server.url)
    until(lambda: desk.state(second) == "mapping", 10)  # less than the time between two looks
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0


def test_a_second_one_on_the_same_folder_refuses_to_start(
    desk: Desk, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    number = desk.receive(sheet([row(1)]))
    start()
    until(lambda: desk.state(number) == "mapping")
    second = start()
    assert second.wait(20) != 0 and second.stderr is not None
    assert b"Another worker" in second.stderr.read()


def test_killed_while_it_stores_and_while_it_commits_the_next_one_goes_on(
    desk: Desk, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    """The small form of `python -m tests.conformance.long_import`."""
    number = desk.receive(sheet(row(serial) for serial in range(1, 301)))
    desk.work()
    desk.confirm(number)
    assert start(LICET_FAILPOINTS="intake.slice.before_commit=kill").wait(30) == -signal.SIGKILL
    assert desk.state(number) == "judging" and register(desk) == (0, 0, 0)
    desk.work()
    desk.ask(number)
    assert start(LICET_FAILPOINTS="intake.commit.before_commit=kill").wait(30) == -signal.SIGKILL
    assert desk.state(number) == "committing" and register(desk) == (300, 0, 0)
    start()
    until(lambda: desk.state(number) == "committed")
    assert register(desk) == (300, 300, 300)


def register(desk: Desk) -> tuple[int, ...]:
    """Rows stored, rows in the register, certificates in it."""
    with reading(desk.engine) as session:
        return tuple(session.scalar(query) or 0 for query in (
            select(func.count(Row.id)), select(func.count(Row.certificate_id)), select(func.count(Certificate.id))))
