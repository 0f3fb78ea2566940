"""What is made to harm is refused quickly and in little memory, whatever it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.hostile_xml import FILES, MEGABYTES, SECONDS, taken
from engine import catalog
from tests.conformance.constraints import findings

SHARED = Path(os.environ.get("LICET_MATERIAL", Path(__file__).parents[3] / "shared" / "material"))
MATERIAL = SHARED / "security" / "xml"


@pytest.mark.parametrize("name", FILES)
def test_refused_in_time_and_memory_is(name: str) -> None:
    found = taken(FILES[name])
    assert found.rules[0]
    assert found.seconds <= 2 * SECONDS and found.megabytes <= 1.5 * MEGABYTES  # a busy machine is not a bug


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
