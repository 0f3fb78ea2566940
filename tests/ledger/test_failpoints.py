"""Failpoints are off by default and do what their plan says."""

import pytest

from ledger import failpoints
from ledger.failpoints import FailpointHit, arm, fp


@pytest.fixture(autouse=True)
def disarmed():
    yield
    arm(None)


def test_nothing_happens_without_a_plan():
    arm(None)
    fp("anything")


def test_the_nth_passing_raises_and_no_other():
    arm("here=raise:2")
    fp("here")
    with pytest.raises(FailpointHit):
        fp("here")
    fp("here")


def test_an_armed_run_lists_the_names_it_passed():
    failpoints.names.clear()
    arm("elsewhere=raise")
    fp("here")
    assert "here" in failpoints.names
