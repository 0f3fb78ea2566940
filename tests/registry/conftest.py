"""Fixtures of the register."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from ledger import workdays
from ledger.clock import Fixed
from registry.people import sealing
from tests.registry.organisation import Organisation, organisation


@pytest.fixture(autouse=True)
def key() -> None:
    """A key of personal data that everybody may know."""
    sealing.set_key(b"k" * 32)


@pytest.fixture
def org(session: Session, clock: Fixed) -> Organisation:
    """A small organisation, with the working days of 2020-2026."""
    workdays.seed(session)
    return organisation(session)
