"""Fixtures of the rooms where old ledgers come in."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.clock import Fixed
from tests.registry.intake.desk import Desk


@pytest.fixture
def desk(engine: Engine, tmp_path: Path, clock: Fixed) -> Desk:
    """A company with a steward, on each database."""
    return Desk(engine, tmp_path / "files")
