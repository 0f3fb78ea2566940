"""The fixtures themselves: what one test leaves behind, the next does not see."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ledger import clock as clocks
from ledger.actor import SYSTEM
from ledger.db import open_database, reading, unit
from ledger.facts import Fact, record
from tests.databases import PostgresDatabase
from tests.journeys.examined import Examined
from tests.servers import Redis
from tests.shares import ordered, share


@pytest.mark.parametrize("round", [1, 2])
def test_each_test_begins_with_empty_tables_and_fresh_ids(engine: Engine, round: int) -> None:
    with unit(engine) as session:
        fact = record(session, "house.opened", ("house", round), by=SYSTEM)
        session.flush()
        assert (fact.id, session.scalar(select(func.count()).select_from(Fact))) == (1, 1)


def test_a_session_is_thrown_away_at_the_end(session: Session) -> None:
    assert session.scalar(select(func.count()).select_from(Fact)) == 0
    record(session, "house.opened", ("house", 1), by=SYSTEM)


def test_the_postgres_of_the_tests_is_real_and_of_a_supported_version(engine: Engine) -> None:
    with reading(engine) as session:
        if engine.dialect.name == "postgresql":
            assert int(session.scalar(text("show server_version_num"))) >= 150000  # type: ignore[arg-type]
        else:
            assert session.scalar(text("pragma journal_mode")) == "wal"


def test_the_clock_stands_where_we_put_it(clock: clocks.Fixed) -> None:
    assert clocks.now().astimezone(clocks.SHANGHAI).isoformat() == "2026-11-22T10:00:00+08:00"


def test_redis_comes_back_with_what_it_held(redis_server: Redis) -> None:
    redis_server.client().set("bell", "rung")
    redis_server.kill()
    with pytest.raises(redis.ConnectionError):
        redis_server.client().ping()
    redis_server.start()
    assert redis_server.client().get("bell") == b"rung"


def test_the_shared_redis_is_empty(redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    assert client.dbsize() == 0


def test_a_connection_that_was_kept_is_as_new(postgres_database: PostgresDatabase) -> None:
    first, second = (open_database(postgres_database.url) for _ in range(2))
    with first.begin() as used:
        process = used.scalar(text("select pg_backend_pid()"))
        for left in ("set work_mem = '9MB'", "create temp table left_over (n int)", "select pg_advisory_lock(7)"):
            used.execute(text(left))
    first.dispose()
    with second.begin() as used:
        assert used.scalar(text("select pg_backend_pid()")) == process
        assert used.scalar(text("show work_mem")) != "9MB"
        assert used.scalar(text("select to_regclass('pg_temp.left_over')")) is None
        assert used.scalar(text("select count(*) from pg_locks where locktype = 'advisory'")) == 0
    second.dispose()


def test_a_connection_that_a_test_left_open_is_ended(postgres_database: PostgresDatabase) -> None:
    engine = open_database(postgres_database.url)
    with engine.connect() as left:
        left.execute(text("select 1"))
        postgres_database.empty()
        with pytest.raises(OperationalError):
            left.execute(text("select 1"))
    engine.dispose()


def test_what_axe_has_seen_in_one_process_the_others_know(tmp_path: Path) -> None:
    one, other = Examined(), Examined()
    for each in (one, other):
        each.share(tmp_path / "examined")
    one.update({"证件台账", "a form"})
    assert other.missing({"a form", "a table"}) == {"a table"}
    other.update({"a table"})
    assert one.missing({"证件台账", "a table", "a picture"}) == {"a picture"}


def test_a_file_is_one_share_and_a_group_too(request: pytest.FixtureRequest) -> None:
    assert share("tests/ledger/test_jobs.py::test_it[a::b]") == "tests/ledger/test_jobs.py"
    assert share("hostile") == "hostile"
    items = ordered(request.session.items)
    assert sorted(one.nodeid for one in items) == sorted(one.nodeid for one in request.session.items)
    ungrouped = [one for one in items if not one.get_closest_marker("xdist_group")]
    files = [file for file, _ in groupby(ungrouped, key=lambda one: one.path)]
    assert len(files) == len(set(files))
