"""The state machines of six municipal services, drawn in our dialect, run to each of their ends by whom they name."""

from __future__ import annotations

import json
import os
from collections import deque
from math import ceil
from pathlib import Path

import pytest

from engine import catalog
from engine.drawing import read
from engine.model import Instance
from engine.vocabulary import BPMN, read_extensions
from ledger.db import reading, unit
from ledger.errors import NotFound
from tests.engine.conftest import ANNA, COMPANY, GROUP, World, person
from tests.engine.egov.draw import FOLDER, drawn, process_id
from tests.engine.egov.machines import MACHINES, Machine, Transition

MATERIAL = Path(os.environ.get("LICET_MATERIAL", Path(__file__).parents[4] / "shared" / "material"))
EGOV = MATERIAL / "permit-workflows" / "egov-digit"
STRANGER = person(99, "外人", "nobody")


@pytest.fixture
def towns(monkeypatch: pytest.MonkeyPatch) -> None:
    """The roles are the towns', not our house's."""
    theirs = {role for machine in MACHINES.values() for one in machine.transitions for role in one.roles}
    monkeypatch.setattr(catalog, "_role_known", [theirs.__contains__])


class Case:
    """One instance of a machine, moved on by whoever is named."""

    def __init__(self, world: World, service: str, machine: Machine, begin: str) -> None:
        self.world, self.machine, self.state = world, machine, begin
        self.unit = COMPANY if begin == "NEW" else GROUP  # what a message starts belongs to the whole group
        if begin == "NEW":
            self.number = world.start(process_id(service))
        else:
            world.publish(f"{service}.{begin}")
            with reading(world.engine) as session:
                self.number = max(session.query(Instance.id))[0]

    def go(self, step: Transition, turn: int) -> None:
        """Walk a transition in one of its roles; what is offered before is what the state says."""
        tasks = self.world.open(self.number)
        offered = {frozenset(each.partition("@")[0] for each in task.offer): task.element_id for task in tasks}
        assert set(offered) == {one.roles for one in self.machine.out_of(self.state)}, self.state
        roles = sorted(step.roles)
        by = person(11 + turn % 9, "某人", roles[turn % len(roles)], unit_id=self.unit)
        if turn == 0:
            with pytest.raises(NotFound):
                self.world.do(self.number, offered[step.roles], by=STRANGER, verdict=step.action)
        self.world.do(self.number, offered[step.roles], by=by, verdict=step.action)
        self.state = step.target

    def over(self) -> str | None:
        """The outcome, once it has ended."""
        with reading(self.world.engine) as session:
            row = session.get_one(Instance, self.number)
            return row.outcome if row.state == "completed" else None


def way(machine: Machine, begin: str, left: set[Transition]) -> list[Transition]:
    """The shortest way from a state that ends with a transition not walked yet; none where there is none."""
    todo, seen = deque([(begin, list[Transition]())]), {begin}
    while todo:
        state, steps = todo.popleft()
        for step in sorted(machine.out_of(state), key=lambda one: one.target in machine.ends):
            if step in left:
                return [*steps, step]
            if step.target not in seen:
                seen.add(step.target)
                todo.append((step.target, [*steps, step]))
    return []


@pytest.mark.usefixtures("towns")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("service", MACHINES)
def test_every_transition_is_walked_by_a_role_it_names_and_every_end_reached(world: World, service: str) -> None:
    machine = MACHINES[service]
    with unit(world.engine) as session:
        catalog.deploy(session, {"d.bpmn": (FOLDER / f"{process_id(service)}.bpmn").read_bytes()}, by=ANNA)
    left, reached, turn = set(machine.transitions), set[str](), 0
    while left:
        case = next(Case(world, service, machine, begin) for begin in machine.begins if way(machine, begin, left))
        while steps := way(machine, case.state, left):
            for step in steps:
                case.go(step, turn)
                left.discard(step)
                turn += 1
        if case.state in machine.ends:
            assert case.over() == case.state
            reached.add(case.state)
    assert reached == machine.ends


@pytest.mark.parametrize("service", MACHINES)
def test_a_drawing_is_what_its_machine_makes_and_says_its_days(service: str) -> None:
    body, machine = (FOLDER / f"{process_id(service)}.bpmn").read_bytes(), MACHINES[service]
    assert body == drawn(service)
    words = {node.get("id", ""): read_extensions(node).properties for node in read(body).iter(f"{{{BPMN}}}*")}
    assert words["B_NEW"].get("licet:promise") == (str(ceil(machine.days)) if machine.days else None)
    for state, days in machine.slas.items():
        assert words[state].get("licet:sla", words.get(f"{state}_1", {}).get("licet:sla")) == str(ceil(days))


@pytest.mark.parametrize("service", MACHINES)
def test_the_machine_is_the_one_that_the_municipality_runs(service: str) -> None:
    machine = MACHINES[service]
    if not (EGOV / machine.file).is_file():
        pytest.skip("the shared material is not here (LICET_MATERIAL)")
    theirs, = json.loads((EGOV / machine.file).read_text("utf-8"))["BusinessServices"]
    found = {(each.get("state") or "NEW", act["action"], act["nextState"], frozenset(act["roles"]))
             for each in theirs["states"] for act in each.get("actions") or ()}
    assert found == {(one.state, one.action, one.target, one.roles) for one in machine.transitions}
    slas = {each["state"]: each["sla"] / 86_400_000 for each in theirs["states"] if each.get("sla")}
    assert slas == machine.slas and theirs["businessService"] == service
    assert (theirs.get("businessServiceSla") or 0) / 86_400_000 == (machine.days or 0)
    assert {each["state"] for each in theirs["states"] if not each.get("actions")} == machine.ends
