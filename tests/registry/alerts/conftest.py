from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from ledger.actor import Actor
from ledger.clock import Fixed
from tests.registry.alerts.mailing import appointed
from tests.registry.alerts.watching import Watch, watched
from tests.registry.alerts.ways import WAYS, Way, way_of


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Iterator[Way]:
    """Every channel over HTTP, one after the other."""
    with way_of(request.param) as ready:
        yield ready


@pytest.fixture
def one(request: pytest.FixtureRequest) -> Iterator[Way]:
    """The channel that the test's parameter names."""
    with way_of(request.param) as ready:
        yield ready


@pytest.fixture
def watch(engine: Engine, clock: Fixed) -> Iterator[Watch]:
    """A worker of a project whose P02 ends on 2027-05-31, and the people of the ladder, with accounts."""
    with watched(engine, clock) as made:
        yield made


@pytest.fixture
def robot() -> Iterator[Way]:
    with way_of("wecom_robot") as way:
        yield way


@pytest.fixture
def app() -> Iterator[Way]:
    with way_of("wecom_app") as way:
        yield way


@pytest.fixture
def admin(watch: Watch) -> Actor:
    """The group's administrator."""
    return appointed(watch)
