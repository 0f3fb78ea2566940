"""Every identifier example: the good ones are accepted, the bad ones are not taken as they stand."""

import datetime as dt
import json
from pathlib import Path

import pytest

from registry.certificates.numbers import check_number

DAY = dt.date(2026, 11, 22)
VECTORS = json.loads((Path(__file__).parent / "test_numbers_vectors.json").read_text("utf-8"))
CASES = [(rule, text, kind) for rule, kinds in VECTORS.items() for kind in kinds for text in kinds[kind]]


def test_no_example_was_lost():
    assert len(CASES) == 89


@pytest.mark.parametrize(("rule", "text", "kind"), CASES)
def test_example(rule, text, kind):
    verdict = check_number(rule, text, on=DAY)
    if kind == "good":
        assert verdict.ok, verdict.problem
    elif kind == "bad":
        assert not verdict.ok
        assert str(verdict.problem)
    else:
        assert verdict.ok
        assert verdict.value != text, "only its normal form is right"
