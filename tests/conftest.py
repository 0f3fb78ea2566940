"""Fixtures of every room. Storage is real: each test that asks for `engine` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from _pytest.nodeid import coerce_node_id
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from ledger import clock as clocks
from ledger.db import open_database, unit
from registry.certificates import catalogue
from scripts.system import BROWSERS
from tests import compiled, hashing
from tests.databases import KINDS, PostgresDatabase, SqliteFiles
from tests.founding import Founder
from tests.servers import Postgres, Redis
from tests.shares import Shares, ordered

CHROMIUM = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--lang=zh-CN",
    "--js-flags=--no-opt,--no-maglev",  # no page stays for as long as it takes to earn the optimising of its scripts
]  # fmt: skip
settings.register_profile("house", deadline=None)  # a busy machine is not a bug
settings.load_profile("house")
compiled.share()
hashing.cheapen()
gc.disable()  # while tests are collected, what is made stays


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Tests of one group run in one process, one after the other. The journeys of a file are a group, so that several
    files are walked at once, each process with a browser of its own; the forms are one.

    pytest-xdist 3.8 (--dist loadgroup) writes the group behind a test's name where pytest 9.2 does not look for it.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            shared = item.path if item.path.parent.name == "journeys" else item.path.parent
            item.add_marker(pytest.mark.xdist_group(f"browser of {shared.stem}"))
    if items and getattr(items[0].config.option, "loadgroup", False):
        items[:] = ordered(items)
    yield
    for item in items:
        if grouped := vars(item).get("_nodeid"):
            item._id = coerce_node_id(grouped)  # type: ignore[attr-defined]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Shares | None:
    """With --dist loadgroup, a file that is in no group is one share too."""
    return Shares(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_collection_finish() -> None:
    """The collector walks what tests make, not the millions of objects that are the tests; and it walks all of that in
    every fiftieth test or so, not in every sixth."""
    gc.freeze()
    gc.set_threshold(700, 10, 200)
    gc.enable()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The cluster of this test process."""
    cluster = Postgres()
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def postgres_database(postgres: Postgres) -> PostgresDatabase:
    return PostgresDatabase(postgres)


@pytest.fixture(scope="session")
def sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    return SqliteFiles(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def founder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Founder:
    """Fills a database with the company that most tests of processes and pages begin with."""
    return Founder(tmp_path_factory.mktemp("founded"), lambda: request.getfixturevalue("postgres_database"))


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with all tables and no row."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_files").fresh(tmp_path)
        return
    database: PostgresDatabase = request.getfixturevalue("postgres_database")
    yield database.url
    database.empty()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A database of each kind, opened as the house opens it, but that a commit waits for no disk: see tests.servers."""
    opened = open_database(database_url)
    if opened.dialect.name == "sqlite":
        event.listen(opened, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous = OFF"))
    yield opened
    opened.dispose()
    catalogue._view.set(None)  # what this database said of the types is forgotten with it


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """One unit of work. It is flushed and thrown away at the end: to see a commit, use `unit(engine)`."""

    class Over(Exception):
        pass

    try:
        with unit(engine) as opened:
            yield opened
            if opened.is_active:
                opened.flush()
            raise Over
    except Over:
        pass


@pytest.fixture
def clock() -> Iterator[clocks.Fixed]:
    """The house's clock, standing at 2026-11-22 10:00 in Shanghai (a Sunday); `clock.advance(timedelta)` moves it."""
    fixed = clocks.Fixed(datetime(2026, 11, 22, 10, 0, tzinfo=clocks.SHANGHAI))
    with clocks.use(fixed):
        yield fixed


_blank = itertools.count()


@pytest.fixture(params=KINDS)
def blank_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table, for migrations."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'blank.db'}"
        return
    cluster: Postgres = request.getfixturevalue("postgres")
    name = f"licet_blank_{next(_blank)}"
    with cluster.connect() as server:
        server.execute(f"create database {name}")
    yield cluster.url(name)
    with cluster.connect() as server:
        server.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def _redis() -> Iterator[Redis]:
    server = Redis()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(_redis: Redis) -> str:
    """The address of a real, empty Redis."""
    _redis.client().flushall()
    return _redis.url


@pytest.fixture
def redis_server() -> Iterator[Redis]:
    """A Redis of this test's own, running, to be killed and started again."""
    server = Redis()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def second_engine(database_url: str) -> Iterator[Callable[[], Engine]]:
    """Opens the same database once more, as another process would."""
    opened: list[Engine] = []

    def again() -> Engine:
        opened.append(open_database(database_url))
        return opened[-1]

    yield again
    for one in opened:
        one.dispose()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, one for all rooms (Playwright starts once in a process); LICET_CHROMIUM names another."""
    found = filter(None, (os.environ.get("LICET_CHROMIUM"), *map(shutil.which, BROWSERS)))
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=next(found, "/usr/bin/chromium"), args=CHROMIUM)
        yield browser
        browser.close()
