"""Random processes, step by step: the engine against a model and against stock SpiffWorkflow.

The engine's state is written down and read back between any two steps.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.util.task import TaskState

from engine import catalog, state
from engine.dialect.scopes import Process
from engine.run import Act
from tests.engine.blocks import Block, holds, process

PROCESSES, STEPS = 240, 40


class Dry(Act):
    """An act without a database: it moves the process and writes nothing."""

    def __init__(self, process: Process) -> None:
        self.process, self.budget, self.stage, self.outcome = process, 2000, None, None
        self.waits, self.entries, self.departures = [], {}, []

    def entered(self, token: Any) -> None:
        self.number(token)

    def left(self, token: Any, how: str) -> None:
        pass


class Ours:
    def __init__(self, drawn: bytes) -> None:
        package = catalog.unpack({"d.bpmn": drawn})
        assert [one for one in catalog.check({"d.bpmn": drawn}) if one.severity == "error"] == []
        self.blueprint = catalog.assemble(package, "P").blueprint
        self.process = state.begin(self.blueprint, {"c": 0})
        self._go()

    def _go(self) -> None:
        self.process.act = Dry(self.process)
        self.process.act.advance()
        state.prune(self.process)
        self.process = state.load(self.blueprint, state.dump(self.process))

    def ready(self) -> list[str]:
        return sorted(token.task_spec.bpmn_id for token in self.process.tokens() if token._state == TaskState.READY)

    def do(self, name: str, c: int) -> None:
        self.process.act = Dry(self.process)
        ready = [token for token in self.process.tokens() if token._state == TaskState.READY]
        token = next(token for token in ready if token.task_spec.bpmn_id == name)
        token.task_spec.finish(token, {"c": c})
        self._go()

    @property
    def over(self) -> bool:
        return not list(self.process.tokens())


class Told(PythonScriptEngine):
    """Stock SpiffWorkflow, told what the conditions are: no text is evaluated."""

    def __init__(self) -> None:
        super().__init__()
        self.c = 0

    def evaluate(self, task: Any, expression: str, external_context: Any = None) -> Any:
        return "PT9H" if expression == "hours:9" else holds(expression, self.c)


class Stock:
    def __init__(self, drawn: bytes) -> None:
        parser = BpmnParser()
        parser.add_bpmn_str(drawn)
        self.told, self.broken = Told(), False
        self.workflow = BpmnWorkflow(parser.get_spec("P"), parser.get_subprocess_specs("P"), script_engine=self.told)
        self.workflow.do_engine_steps()

    def _tasks(self) -> list[Any]:
        return self.workflow.get_tasks(state=TaskState.READY, manual=True)

    def ready(self) -> list[str]:
        return ["broken"] if self.broken else sorted(task.task_spec.bpmn_id for task in self._tasks())

    def do(self, name: str, c: int) -> None:
        self.told.c = c
        next(task for task in self._tasks() if task.task_spec.bpmn_id == name).run()
        try:
            self.workflow.do_engine_steps()
        except Exception:  # an early join has dropped a branch that the library still looks at
            self.broken = True

    @property
    def over(self) -> bool:
        return self.workflow.is_completed()


class Model:
    def __init__(self, block: Block) -> None:
        self.block, self.over = block, block.begin(0)

    def ready(self) -> list[str]:
        return sorted(self.block.ready())

    def do(self, name: str, c: int) -> None:
        self.over = self.block.do(name, c)


def play(seed: int) -> tuple[list[object], list[object], list[object], bool]:
    """What each of the three shows after every step, for the same choices."""
    block, drawn, stock = process(seed)
    players = [Model(block), Ours(drawn), Stock(stock)]
    shown: list[list[object]] = [[], [], []]
    random = Random(seed + 1)
    for _ in range(STEPS):
        for player, seen in zip(players, shown, strict=True):
            seen.append((player.ready(), player.over))
        ready = players[0].ready()
        if not ready or not all(set(ready) <= set(player.ready()) for player in players):
            break
        name, c = random.choice(ready), random.randint(0, 9)
        for player in players:
            player.do(name, c)
    return shown[0], shown[1], shown[2], block.looped_join()


@pytest.mark.parametrize("start", range(0, PROCESSES, 40))
def test_random_processes_behave_as_the_model_and_as_the_library(start: int) -> None:
    for seed in range(start, start + 40):
        model, ours, stock, looped_join = play(seed)
        assert ours == model, f"seed {seed}"
        if stock != model:
            assert looped_join, f"seed {seed}: the library differs and its early join in a loop does not explain it"
