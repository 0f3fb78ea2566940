"""Random processes, step by step: the engine against a model, and against stock SpiffWorkflow with its known bugs.

For every even seed the engine's state is written down and read back between any two steps; for the others it lives on.
`make differential` plays 2,400; LICET_DIFFERENTIAL sets how many are played here.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.engine.compared import play, summary
from tests.engine.processes import process
from tests.engine.stock_bugs import KNOWN

AT_ONCE = 60
PROCESSES = int(os.environ.get("LICET_DIFFERENTIAL", "180"))
CONSTRUCTS = {"Branches", "Call", "Ending", "Failing", "First", "Guarded", "Inside", "Loop", "Rounds", "Script", "Wait"}


@pytest.mark.parametrize("start", range(0, PROCESSES, AT_ONCE))
def test_random_processes_behave_as_the_model_and_differ_from_the_library_by_its_known_bugs_only(start: int) -> None:
    played = [play(seed) for seed in range(start, min(start + AT_ONCE, PROCESSES))]
    print(summary(played))
    assert not [(each.seed, each.wrong) for each in played if each.wrong], "the engine differs from the model"
    assert not [(each.seed, each.unexplained) for each in played if each.unexplained], "nothing explains what differs"
    assert sum(each.equal for each in played) > len(played) / 3, "hardly anything is compared to its end"


def test_the_random_processes_are_made_of_every_construct() -> None:
    drawn = Counter(type(block).__name__ for seed in range(60) for block, _ in process(seed)[0].all())
    assert set(drawn) >= CONSTRUCTS and min(drawn[name] for name in CONSTRUCTS) >= 5


def test_every_known_bug_says_where_it_is_told() -> None:
    assert all(bug.name and bug.construct and bug.section[0].isdigit() for bug in KNOWN)


