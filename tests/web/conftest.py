"""The fixture of the pages: a house with a site, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger import clock as clocks
from tests.founding import Founder
from tests.web.house import House


@pytest.fixture
def house(engine: Engine, tmp_path: Path, clock: clocks.Fixed, founder: Founder) -> Iterator[House]:
    """The clock stands at 2026-11-22 10:00, a Sunday."""
    made = House(engine, tmp_path, founder)
    yield made
    made.close()
