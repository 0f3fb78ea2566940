"""The fixtures themselves: what one test leaves behind, the next does not see."""

from __future__ import annotations

import pytest
import redis
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from ledger import clock as clocks
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.facts import Fact, record
from tests.servers import Redis


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
