"""A licence of the first company in the cabinet, and people to lend it to."""

from __future__ import annotations

import pytest

from ledger.actor import SYSTEM
from registry.custody import originals
from registry.custody.originals import Original
from registry.people.persons import Person
from tests.registry.organisation import Organisation


@pytest.fixture
def paper(org: Organisation) -> Original:
    """正本 of the company's safety licence, in the cabinet."""
    return originals.enter(org.session, org.licence(), "original", place="档案室 3 柜", keeper=org.safety, by=SYSTEM)


@pytest.fixture
def wang(org: Organisation) -> Person:
    return org.person(name="王借用")


@pytest.fixture
def li(org: Organisation) -> Person:
    return org.person(name="李借用")
