"""Long rows and deep nests are read, run, written down and withdrawn without exhausting Python's stack."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest

from engine import catalog, state
from engine.dialect import Blueprint
from engine.dialect.nodes import READY, withdraw
from engine.dialect.scopes import Process
from tests.engine.drawings import boundary, drawing, end, extensions, flows, message, script, start, tag, task, zeebe
from tests.engine.players import Dry

MESSAGES = {"M": "withdrawn"}


@pytest.fixture(autouse=True)
def a_shallow_stack() -> Iterator[None]:
    """Half of what Python allows: the other half belongs to whoever calls the engine."""
    kept = sys.getrecursionlimit()
    sys.setrecursionlimit(500)
    yield
    sys.setrecursionlimit(kept)


def row(count: int) -> list[bytes]:
    """So many scripts one after another, then a task."""
    names = [f"n{number}" for number in range(count)]
    return [drawing(start(), *(script(name, "v", "=1") for name in names), task("A"), end(),
                    flows(f"S {' '.join(names)} A E"))]


def nest(levels: int) -> list[bytes]:
    """A task inside so many sub-processes; a message withdraws the outermost."""
    inner = task("A")
    for level in reversed(range(levels)):
        name = f"sub{level + 1}" if level < levels - 1 else "A"
        inner = start(f"s{level}") + inner + end(f"e{level}") + flows(f"s{level} {name} e{level}")
        inner = tag("subProcess", f"sub{level}", inner)
    return [drawing(start(), inner, boundary("back", "sub0", message("M")), end(), end("E2"),
                    flows("S sub0 E", "back E2"), messages=MESSAGES)]


def calls(levels: int) -> list[bytes]:
    """A task at the end of so many processes that call each other; a message withdraws the outermost call."""
    made = []
    for level in range(levels):
        call = tag("callActivity", "call", extensions(zeebe("calledElement", processId=f"Q{level + 1}")))
        back = [boundary("back", "call", message("M")), end("E2"), flows("back E2")] if not level else []
        made.append(drawing(start(), call, end(), flows("S call E"), *back, id=f"Q{level}" if level else "P",
                            messages=MESSAGES if not level else None))
    return [*made, drawing(start(), task("A"), end(), flows("S A E"), id=f"Q{levels}")]


def advanced(process: Process) -> Process:
    process.act = Dry(process)
    process.act.budget = 10_000
    process.act.advance()
    state.prune(process)
    return process


@pytest.mark.parametrize(("files", "open_tokens"), [(row(2000), 1), (nest(50), 52), (calls(200), 202)],
                         ids=["2,000 in a row", "50 sub-processes", "200 calls"])
def test_what_is_long_or_deep_runs_to_its_end_and_can_be_withdrawn(files: list[bytes], open_tokens: int) -> None:
    named = {f"d{number}.bpmn": body for number, body in enumerate(files)}
    assert {one.rule for one in catalog.check(named) if one.severity == "error"} <= {"too-many"}
    blueprint = catalog.assemble(catalog.unpack(named), "P").blueprint
    blob = state.dump(advanced(state.begin(blueprint, {})))
    done = state.load(blueprint, blob)
    assert len(list(done.tokens())) == open_tokens
    done.act = Dry(done)
    token = next(token for token in done.tokens() if token._state == READY)
    token.task_spec.finish(token, {"c": 1})
    assert not list(advanced(done).tokens()) and done.completed
    gone = state.load(blueprint, blob)
    gone.act = Dry(gone)
    for each in list(gone.tasks.values())[1:]:
        withdraw(each)
    assert not list(gone.tokens()) and not gone.subprocesses


def test_a_nest_four_times_as_deep_costs_at_most_its_square() -> None:
    """SpiffWorkflow looks for every scope in every scope, at every level: the cube."""
    seconds = {}
    for levels in (80, 320):
        files = {f"d{number}.bpmn": body for number, body in enumerate(calls(levels))}
        blueprint = catalog.assemble(catalog.unpack(files), "P").blueprint
        seconds[levels] = min(_cpu_of_a_round(blueprint) for _ in range(3))
    assert seconds[320] < 30 * seconds[80], seconds


def _cpu_of_a_round(blueprint: Blueprint) -> float:
    begun = time.process_time()
    state.load(blueprint, state.dump(advanced(state.begin(blueprint, {}))))
    return time.process_time() - begun
