"""The fixture of the desk pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger import clock as clocks
from tests.founding import Founder
from tests.web.desk.at_work import Town

MONDAY = timedelta(days=1)


@pytest.fixture
def town(engine: Engine, tmp_path: Path, clock: clocks.Fixed, founder: Founder) -> Iterator[Town]:
    """A company at work, on each database; the clock stands at 2026-11-23 10:00, a Monday."""
    clock.move_to(clock.instant + MONDAY)
    made = Town(engine, tmp_path, founder)
    yield made
    made.close()
