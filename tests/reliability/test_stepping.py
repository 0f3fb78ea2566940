"""The runner itself: it plays every order, sees who waits for whom, and names a deadlock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations

import pytest
from sqlalchemy import Engine, text

from ledger import clock
from ledger.db import open_database, unit
from ledger.workdays import CalendarYear
from tests.reliability.stepping import Stage, Stuck, interleavings, once

Stages = Callable[..., Stage]


@pytest.fixture
def on_postgresql(postgres_database) -> Iterator[Stage]:
    """A stage for two on PostgreSQL, with two rows to lock."""
    _add_years(engine := open_database(postgres_database.url))
    engine.dispose()
    made = Stage(postgres_database.url, 2)
    yield made
    made.close()
    postgres_database.empty()


def _add_years(engine: Engine) -> None:
    with unit(engine) as session:
        session.add_all(CalendarYear(year=year, source="", revision=0, changed_at=clock.now()) for year in (2030, 2031))


def _orders(steps: list[str]) -> set[str]:
    return {" ".join(order) for order in permutations(steps)}


def test_two_acts_that_lock_nothing_together_are_played_in_every_order(on_postgresql: Stage) -> None:
    free = once(lambda session: session.execute(text("select 1")))
    played = {" ".join(run.steps) for run in interleavings(on_postgresql, lambda: [free, free])}
    a, b = ["A:start", "A:commit"], ["B:start", "B:commit"]
    assert played == {order for order in _orders([*a, *b])
                      if order.index(a[0]) < order.index(a[1]) and order.index(b[0]) < order.index(b[1])}


def test_who_waits_for_a_lock_is_seen_and_goes_on_when_it_is_free(stage: Stages, engine: Engine) -> None:
    _add_years(engine)
    lock = " for update" if engine.dialect.name == "postgresql" else ""
    query = text(f"select year from calendar_year where year = 2030{lock}".upper())
    act = once(lambda session: session.execute(query).scalar())
    played = list(interleavings(stage(), lambda: [act, act]))
    assert all(run.results == [2030, 2030] for run in played)
    waited = [run for run in played if any(step.endswith("(waits)") for step in run.steps)]
    assert 0 < len(waited) < len(played)


def test_a_deadlock_is_named(on_postgresql: Stage) -> None:
    def both(first: int, second: int):
        def act(session) -> None:
            for year in (first, second):
                session.execute(text(f"SELECT year FROM calendar_year WHERE year = {year} FOR UPDATE"))

        return once(act)

    with pytest.raises(Stuck):
        list(interleavings(on_postgresql, lambda: [both(2030, 2031), both(2031, 2030)]))
