"""Random deeds with the tasks of processes: no task is lost, none is offered to the wrong person, every act is told.

`make test` plays a few sequences, always the same; LICET_EXAMPLES=2000 as many new ones.
"""

from __future__ import annotations

import os
from collections import Counter
from random import Random

import pytest

from engine import assigning, offers, signing, tasks
from engine.model import Task
from ledger.db import unit
from ledger.errors import Refused
from tests.engine.conftest import BOSS, World, person
from tests.engine.hands import to
from tests.reliability.conftest import judge
from tests.reliability.verbs import DRAWINGS, PEOPLE, TELLS, deed, facts, wrong

MORE = int(os.environ.get("LICET_EXAMPLES", "0"))
SEEDS = range(MORE or 6)
FRESH = person(99, "新人", "hr")  # somebody who had no hand in anything


def bring_to_its_end(world: World, it: int) -> None:
    """Whoever may, does: everything that is open is completed, by somebody fresh where nobody else may."""
    for _ in range(200):
        open_ = world.open(it)
        if not open_:
            break
        assert any(_done(world, task) for task in reversed(open_)), [(one.id, one.element_id) for one in open_]
    assert world.state(it) == "completed"


def _done(world: World, task: Task) -> bool:
    for who in (*PEOPLE, FRESH):
        try:
            with unit(world.engine) as session:
                found = session.get_one(Task, task.id)
                if offers.capacity(found, who) is None or found.hold is not None:
                    continue
                if found.owner_id is not None:
                    assigning.resolve(session, task.id, by=who, answers={})
                else:
                    tasks.complete(session, task.id, who, {"verdict": "agree"} if task.role != "drawn" else {"c": 1})
            return True
        except (Refused, signing.Lapsed):
            continue
    if task.hold is None and task.assignee_id is not None:  # its holder must not do it: a supervisor gives it away
        with unit(world.engine) as session:
            assigning.reassign(session, task.id, to(FRESH), by=BOSS, reason="须回避")
        return True
    return False


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_people_do_with_tasks_nothing_is_lost(world: World, seed: int) -> None:
    random = Random(seed if not MORE else None)
    it = world.run(DRAWINGS[seed % len(DRAWINGS)])
    done: Counter[str] = Counter()
    for _ in range(30):
        name = deed(world, it, random)
        if name is not None:
            done[name] += 1
            assert wrong(world, it) == [], (name, done)
    told = facts(world, it)
    assert {name: done[name] for name in TELLS} == {name: told[kind] for name, kind in TELLS.items()}
    assert judge(world.engine) == []
    bring_to_its_end(world, it)
    assert judge(world.engine) == []


