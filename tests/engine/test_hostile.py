"""What is made to harm is refused quickly and in little memory, whatever it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bench.hostile_xml import FILES, MEGABYTES, taken
from engine import catalog, expressions
from feel import OverBudget
from ledger.workdays import Calendar
from tests.conformance.constraints import findings

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("LICET_MATERIAL", Path(__file__).parents[3] / "shared" / "material"))
MATERIAL = SHARED / "security" / "xml"


@pytest.fixture(scope="module")
def refused() -> dict[str, dict[str, Any]]:
    """What each file took in a small process of its own; one that goes beyond 10 s or 1 GB "died" there."""
    told = subprocess.run([sys.executable, "-m", "bench.hostile_xml"], cwd=ROOT, capture_output=True, check=True)
    found: dict[str, dict[str, Any]] = json.loads(told.stdout)
    return found


@pytest.mark.xdist_group("hostile")
@pytest.mark.parametrize("name", FILES)
def test_refused_within_bounds_is(refused: dict[str, dict[str, Any]], name: str) -> None:
    found = refused[name]
    assert "died" not in found and found["rules"][0], found
    assert found["megabytes"] <= 1.5 * MEGABYTES


def test_working_days_are_paid_for_day_by_day() -> None:
    many = expressions.formula('for i in 1..1000 return working days after(date("2026-11-23"), 5000)')
    started = time.thread_time()
    with expressions.at(expressions.Desk(Calendar)), pytest.raises(OverBudget):
        many({})
    assert time.thread_time() - started < 0.15


def test_a_check_that_takes_for_ever_is_told_as_such() -> None:
    with pytest.raises(OSError):
        taken(lambda: b"x" * 2_000_000_000)


def test_known_attacks_on_xml_readers_are_refused() -> None:
    if not MATERIAL.is_dir():
        pytest.skip("the attacks are not at hand (LICET_MATERIAL)")
    for path in sorted(each for each in MATERIAL.rglob("*") if each.is_file()):
        for kind in ("bpmn", "dmn"):
            assert [one for one in catalog.check({f"x.{kind}": path.read_bytes()}) if one.severity == "error"], path
        assert findings(path.read_bytes()), path
