"""Every verb of the inbox is done by a journey at a desk, on a phone and by keyboard; every family is raced."""

from __future__ import annotations

import importlib

import pytest

from tests.journeys.ways import DONE, RACED, RACES, VERBS, WAYS

WALKS = ("inbox_hands", "inbox_returning", "inbox_sharing", "inbox_absence", "inbox_lists", "inbox_races", "deciding")


@pytest.fixture(autouse=True)
def read() -> None:
    for one in WALKS:
        importlib.import_module(f"tests.journeys.test_{one}")


def test_every_verb_is_done_in_every_way() -> None:
    assert set(DONE) == {(verb, way) for verb in VERBS for way in WAYS}


def test_every_family_of_verbs_is_raced() -> None:
    assert set(RACES) == set(RACED)
