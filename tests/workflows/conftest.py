"""A founded company, and requests that walk through it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.clock import Fixed
from ledger.db import unit
from registry.people import sealing
from tests.journeys.company import Company, found
from tests.workflows.cabinet import MONDAY, Cabinet
from tests.workflows.walk import Walk


@pytest.fixture(autouse=True)
def key() -> None:
    sealing.set_key(b"k" * 32)


@pytest.fixture
def company(engine: Engine, clock: Fixed) -> Company:
    """A group with somebody for every lane."""
    with unit(engine) as session:
        return found(session)


@pytest.fixture
def walk(engine: Engine, company: Company, clock: Fixed, tmp_path: Path) -> Callable[..., Walk]:
    """Opens a request: walk("E03")."""

    def begin(code: str = "J03") -> Walk:
        return Walk(engine, company, tmp_path / "files", clock, code)

    return begin


@pytest.fixture
def cabinet(engine: Engine, company: Company, clock: Fixed, tmp_path: Path) -> Cabinet:
    """Papers to borrow and to lose, on a Monday."""
    clock.move_to(MONDAY)
    return Cabinet(engine, company, tmp_path / "files", clock)
