"""What the tests of this room share: a small world on a real database, stages for actors, and the judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from ledger.db import reading, unit
from ledger.workdays import seed
from tests.engine.conftest import World
from tests.reliability.invariants import Rule, violations
from tests.reliability.stepping import FEW, STOPS, Stage


@pytest.fixture
def world(engine: Engine, clock: Any) -> World:
    with unit(engine) as session:
        seed(session)
    return World(engine)


@pytest.fixture
def stage(database_url: str) -> Iterator[Callable[..., Stage]]:
    """Makes a stage for so many actors on the test's database; three stop at fewer places than two."""
    made: list[Stage] = []

    def make(actors: int = 2, *, few: bool = False) -> Stage:
        made.append(Stage(database_url, actors, FEW if few or actors > 2 else STOPS))
        return made[-1]

    yield make
    for one in made:
        one.close()


def judge(engine: Engine, *more: Rule, **how: Any) -> list[str]:
    """What is wrong in the database now."""
    with reading(engine) as session:
        return violations(session, *more, **how)
