"""The harness itself, small: a site that is killed here and there is found in order.

The whole of it is `make chaos`; there the planted bugs must be caught by real processes (here: tests/reliability).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.clock import Fixed
from ledger.db import reading, unit
from registry.people import sealing
from tests.chaos import scenarios
from tests.chaos.account import accounted
from tests.chaos.client import Entry, Log
from tests.chaos.control import Control
from tests.journeys.company import found, open_accounts
from workflows.applying import opening

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("site"), pytest.mark.timeout(400)]


def test_killed_at_each_of_the_first_commits_nothing_is_lost_and_nothing_twice() -> None:
    result = scenarios.exhaustive("sqlite", 1, most=5, clean=False, plan="abandon")
    assert result.violations == []
    assert result.kills == 5 and result.ends == {"void": 6}


def test_what_the_people_were_told_is_held_against_the_database(site: Callable[..., list[str]]) -> None:
    """The account alone, over rows and a log that do not agree."""
    assert site() == []
    assert "I1 request x was acknowledged and is lost" in site(Entry("x", "open", "applicant", outcome="ok"))
    assert site(Entry("x", "open", "applicant", outcome="unknown")) == []
    lost = site(Entry("known-key", "A1_fill", "hr", task=1, outcome="ok"))
    assert any("was acknowledged to hr, it is open" in wrong for wrong in lost)
    twice = [Entry("known-key", "answer:accepted", "custodian", outcome="ok")]
    assert any("the answer accepted" in wrong for wrong in site(*twice))


@pytest.fixture
def site(engine: Engine, clock: Fixed, tmp_path: Path) -> Callable[..., list[str]]:
    """One request opened by the wish "known-key", and what the judge says of a log with more in it."""
    sealing.set_key(b"k" * 32)
    with unit(engine) as session:
        company = found(session)
        open_accounts(session, company, "applicant", "hr")
        opening.open_request(session, company.actor(session, "applicant"), "P02", "person", company.people["worker"],
                             once="known-key")

    def judged(*entries: Entry) -> list[str]:
        log = Log(tmp_path / "log")
        for entry in (Entry("known-key", "open", "applicant", outcome="ok", location="/tasks/1"), *entries):
            log.add(entry)
        with reading(engine) as session:
            return list(accounted(session, log))

    return judged


def test_the_nth_to_pass_dies_whoever_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    died: list[str] = []
    monkeypatch.setattr("ledger.failpoints.die", lambda: died.append("here"))
    harness, one, other = (Control(tmp_path) for _ in range(3))
    harness.plan(nth=3, name="b")
    for process, name in ((one, "a"), (one, "b"), (other, "b"), (other, "a"), (one, "b"), (other, "b")):
        process.meet(name)
    assert died == ["here"] and harness.kills() == ["b"]
    harness.plan()
    one.meet("b")
    assert len(died) == 1
