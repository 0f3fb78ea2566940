"""Three who play the same process: the model, the engine, and stock SpiffWorkflow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from SpiffWorkflow.bpmn import BpmnEvent, BpmnWorkflow
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.util.task import TaskState

from engine import catalog, state
from engine.dialect.nodes import Token, context
from engine.dialect.scopes import Process
from engine.run import Act, trigger
from tests.engine.blocks import Block, Frame, Place, Shown, Vars, holds

BY_NAME = itemgetter(0)
LONG_AGO = "2000-01-01T00:00:00+00:00"
Seen = list[tuple[str, dict[str, Any]]]
"""The tasks that may be done, sorted by name, with the variables each of them sees."""


def told(data: Mapping[str, Any]) -> dict[str, Any]:
    """The variables to be compared: what tasks, scripts and messages wrote."""
    return {name: value for name, value in data.items() if name.startswith("d_") and value is not None}


class Dry(Act):
    """An act without a database: it moves the process and writes nothing."""

    dry = True

    def __init__(self, process: Process) -> None:
        self.process, self.budget, self.stage, self.outcome = process, 2000, None, None
        self.waits, self.entries, self.departures = [], {}, []

    def entered(self, token: Token) -> None:
        self.number(token)

    def left(self, token: Token, how: str) -> None:
        pass

    def halt(self, token: Token, phase: str, error: Exception) -> None:
        raise error


class Ours:
    """The engine. Cold, its state is written down, pruned and read back after every step; hot, it lives on."""

    def __init__(self, drawn: bytes, *, hot: bool = False) -> None:
        package = catalog.unpack({"d.bpmn": drawn})
        assert [one for one in catalog.check({"d.bpmn": drawn}) if one.severity == "error"] == []
        self.blueprint, self.hot = catalog.assemble(package, "P").blueprint, hot
        self.process = state.begin(self.blueprint, {"c": 0})
        self._go()

    def _go(self) -> None:
        self.process.act = Dry(self.process)
        self.process.act.advance()
        state.prune(self.process)
        if not self.hot:
            self.process = state.load(self.blueprint, state.dump(self.process))

    def _ready(self) -> list[Token]:
        return [token for token in self.process.tokens() if token._state == TaskState.READY]

    def ready(self) -> list[str]:
        return sorted(token.task_spec.bpmn_id for token in self._ready())

    def seen(self) -> Seen:
        return sorted(((self._name(token), told(context(token))) for token in self._ready()), key=BY_NAME)

    def _name(self, token: Token) -> str:
        inside: Any = token
        while "round" not in inside.internal_data:
            if inside.workflow is self.process:
                return str(token.task_spec.bpmn_id)
            inside = self.process.get_task_from_id(inside.workflow.parent_task_id)
        return f"{token.task_spec.bpmn_id}#{inside.internal_data['round']}"

    def do(self, name: str, c: int) -> None:
        self.process.act = Dry(self.process)
        token = next(token for token in self._ready() if name in (self._name(token), token.task_spec.bpmn_id))
        token.task_spec.finish(token, {"c": c})
        self._go()

    def happen(self, event_id: str, value: int) -> None:
        """The message or the moment of an event comes."""
        act = self.process.act = Dry(self.process)
        kind = event_id.partition("_")[0]
        number = next(
            token.thread_id for token in self.process.tokens() if token._state == TaskState.WAITING
            and hasattr(token.task_spec, "awaited")
            and any(event.bpmn_id == event_id for event, _ in token.task_spec.awaited(token)))
        trigger(act, number, event_id, kind, event_id if kind == "message" else None, {"value": value})
        self._go()

    @property
    def over(self) -> bool:
        return not list(self.process.tokens())

    @property
    def data(self) -> dict[str, Any]:
        return told(self.process.data)


class Told:
    """What stock SpiffWorkflow's scripts run in: told what the conditions are, no text is evaluated."""

    def __init__(self) -> None:
        self.c: dict[str, int] = {"P": 0}

    def evaluate(self, expression: str, _data: dict[str, Any], _outside: Any = None) -> Any:
        return "PT9H" if expression == "hours:9" else holds(expression, self.c[expression.partition("@")[2]])

    def execute(self, script: str, data: dict[str, Any], _outside: Any = None) -> bool:
        for line in script.split(";"):
            name, _, value = line.partition("=")
            if value:
                data[name] = json.loads(value)
            else:
                data.pop(name, None)
        return True


class Stock:
    """The library as it comes, all in memory."""

    def __init__(self, drawn: bytes) -> None:
        parser = BpmnParser()
        parser.add_bpmn_str(drawn)
        self.told, self.broken = Told(), ""
        self.workflow = BpmnWorkflow(parser.get_spec("P"), parser.get_subprocess_specs("P"),
                                     script_engine=PythonScriptEngine(self.told))
        self._try(self.workflow.do_engine_steps)

    def _tasks(self) -> list[Any]:
        return list(self.workflow.get_tasks(state=TaskState.READY, manual=True))

    def seen(self) -> Seen:
        return sorted(((self._name(task), told(task.data)) for task in self._tasks()), key=BY_NAME)

    @staticmethod
    def _name(task: Any) -> str:
        inside = task
        while "key_or_index" not in inside.internal_data:
            if inside.workflow.parent_task_id is None:
                return str(task.task_spec.bpmn_id)
            inside = inside.workflow.top_workflow.get_task_from_id(inside.workflow.parent_task_id)
        return f"{task.task_spec.bpmn_id}#{inside.internal_data['key_or_index']}"

    def do(self, name: str, c: int) -> None:
        task = next(task for task in self._tasks() if self._name(task) == name)
        task.data.update({"c": c, f"d_{task.task_spec.bpmn_id}": c})
        self._try(task.run, self.workflow.do_engine_steps)

    def happen(self, event_id: str, value: int) -> None:
        if event_id.startswith("message"):
            event = BpmnEvent(MessageEventDefinition(event_id), payload={f"d_{event_id}": value})
            self._try(lambda: self.workflow.send_event(event), self.workflow.do_engine_steps)
            return
        for task in list(self.workflow.event_manager.tasks.values()):
            below = [task.task_spec, *task.task_spec.outputs]
            if any(spec.bpmn_id == event_id for spec in below):
                task.internal_data["event_value"] = LONG_AGO
        self._try(self.workflow.refresh_timers, self.workflow.do_engine_steps)

    def _try(self, *steps: Any) -> None:
        try:
            for step in steps:
                step()
        except Exception as error:  # whatever the library raises, its instance can no longer be used
            self.broken = f"{type(error).__name__}: {error}".strip()

    @property
    def over(self) -> bool:
        return bool(self.workflow.is_completed())

    @property
    def data(self) -> dict[str, Any]:
        return told(self.workflow.data)


class Model:
    """The blocks themselves."""

    def __init__(self, block: Block) -> None:
        self.block, self.told = block, dict[str, int]()
        self.frame, self.vars = Frame(), Vars("P", self.told, c=0)
        self.main = block.begin(Place(self.vars, self.frame)) is False

    def shown(self) -> list[Shown]:
        strays = [Shown(one.name, one.vars, True) for stray in self.frame.strays for one in stray.ready()]
        return strays + (self.block.ready() if self.main else [])

    def seen(self) -> Seen:
        return sorted(((one.name, told(one.vars.seen())) for one in self.shown()), key=BY_NAME)

    def events(self) -> list[str]:
        return self.block.events() if self.main else []

    def do(self, name: str, c: int) -> None:
        for stray in self.frame.strays:
            if any(one.name == name for one in stray.ready()):
                stray.do(name, c)
                self.frame.strays.remove(stray)
                return
        self.main = not self.block.do(name, c)

    happen = do

    @property
    def over(self) -> bool:
        return not self.main and not self.frame.strays

    @property
    def data(self) -> dict[str, Any]:
        return told(self.vars.data)
