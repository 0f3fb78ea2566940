from __future__ import annotations

from collections.abc import Iterator

import pytest

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
