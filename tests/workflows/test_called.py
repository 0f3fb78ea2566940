"""The called processes "submission" and "registration", run from a small process that only calls them."""

import datetime as dt

import pytest

import workflows
from engine import catalog
from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI
from ledger.db import reading, unit
from registry.people.units import unit_of
from tests.engine.drawings import drawing, end, extensions, flow, flows, gateway, mapping, start, tag, zeebe
from tests.workflows.passage import Passage, elements
from workflows.applying import beginning, opening
from workflows.process import Process
from workflows.registration import REGISTRATION
from workflows.submission import SUBMISSION

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MONDAY = dt.datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)
WAYS = ("granted", "denied", "refused", "lapsed", "chased", "chased and denied")


def call(id, process, takes, gives=()):
    called = zeebe("calledElement", processId=process, propagateAllChildVariables="false",
                   propagateAllParentVariables="false")
    return tag("callActivity", id, extensions(called, mapping(takes, {name: f"={name}" for name in gives})))


CALLER = drawing(
    start(), call("C1", "submission", {
        "decision_days": "=decision_days", "supplement_days": "=supplement_days", "supplement_by": '=["custodian"]',
        "request_id": "=request_id"}, ["answer"]),
    gateway("exclusive", "G", "G_E"),
    call("C2", "registration", {"comparers": '=["safety"]', "request_id": "=request_id"}), end(), end("F"),
    flows("S C1 G", "C2 F"), flow("G", "C2", '=answer = "granted"'), flow("G", "E", id="G_E"),
    id="calling")


@pytest.fixture
def calling(engine, company, clock, tmp_path, monkeypatch):
    """Begins a request of the small process; the answers of submission lie in the variable `answer`."""
    (tmp_path / "calling.bpmn").write_bytes(CALLER)
    process = Process(id="calling", name="办理", folder=tmp_path, calls=(SUBMISSION, REGISTRATION),
                      forms={"register": "register-E03"}, variables=beginning.VARIABLES)
    monkeypatch.setitem(workflows.CATALOG, "calling", process)
    with unit(engine) as session:
        catalog.deploy(session, process.files, by=SYSTEM)

    def begin():
        clock.move_to(MONDAY)
        walk = Passage(engine, company, tmp_path / "files", clock)

        def do(session):
            firm = unit_of(session, company.units["company"])
            return beginning.begin(session, "calling", firm, by=company.actor(session, "desk"), title="办理",
                                   kind=opening.kind_for(firm, "E03"))
        return walk.begin(do)

    return begin


def went(walk, way):
    walk.do("custodian", "S5_file", "done")
    if way in ("refused", "lapsed"):
        walk.authority("refused" if way == "refused" else "supplement")
        return walk if way == "refused" else waited(walk, 30)
    if way.startswith("chased"):
        waited(walk, 10)
        waited(walk, 70)
        walk.do("custodian", "S8_chase", "done")
        waited(walk, 8)
    else:
        walk.authority("supplement")
        walk.do("custodian", "S7_supplement", "done")
        walk.authority("accepted")
    walk.authority("denied" if "denied" in way else "granted")
    return walk


def waited(walk, days):
    walk.wait_until(walk.now() + dt.timedelta(days=days))
    return walk


def test_every_element_of_the_called_processes_is_reached(calling):
    seen = set()
    for way in WAYS:
        walk = went(calling(), way)
        if way == "granted":
            walk.do("custodian", "R10_register", "done")
            walk.do("safety", "R11_compare", "mismatch")
            walk.do("custodian", "R10_register", "done")
            walk.do("safety", "R11_compare", "match")
        seen |= walk.visited()
    assert (elements("submission") | elements("registration")) - seen == set()


def test_whoever_registered_does_not_compare(calling):
    walk = went(calling(), "granted")
    walk.do("custodian", "R10_register", "done")
    with reading(walk.engine) as session:
        task = next(one for one in walk._tasks(session) if one.element_id == "R11_compare")
        assert walk.company.people["custodian"] in task.barred
