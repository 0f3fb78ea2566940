"""What tokens move in: the process itself, and the scope of each running sub-process or called process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.specs.WorkflowSpec import WorkflowSpec

from engine.dialect import compensation
from engine.dialect.catching import Awaiting, CatchEvent
from engine.dialect.gateways import InclusiveGateway
from engine.dialect.nodes import OVER, READY, STUCK, WAITING, Flow, Node, Token, context, move, withdraw
from engine.dialect.triggers import ConditionTrigger
from feel import FeelError

if TYPE_CHECKING:
    from engine.dialect.containers import EventSubProcess
    from engine.run import Act


class ProcessSpec(BpmnProcessSpec):  # type: ignore[misc]
    """A parsed process or embedded sub-process; shared by all its instances and never changed by them."""

    def __init__(self, name: str, *, title: str, embedded: bool) -> None:
        WorkflowSpec.__init__(self, name=name)
        self.title, self.embedded = title, embedded
        self.by_event = self.transaction = self.one_by_one = False
        self.watches = False  # whether an event in it waits for a condition
        self.enough: Any = None  # an ad-hoc sub-process's completion condition
        self.stop_others = True
        self.bpmn_start_events: list[Node] = []
        self.data_objects: dict[str, Any] = {}
        self.event_subprocesses: list[EventSubProcess] = []
        self.undoing: EventSubProcess | None = None
        self.start = Origin(self, "(start)")  # no XML id can be this: a drawing may call its elements what it likes


class Origin(Node):
    """The root of the token tree: it sends the first tokens and stays as the anchor and the scope's bookkeeping.

    `flows` lead to what begins by itself; `entries` to every element a process can be started at, by element id.
    """

    def __init__(self, wf_spec: ProcessSpec, name: str) -> None:
        super().__init__(wf_spec, name)
        self.bpmn_id = ""
        self.entries: dict[str, Flow] = {}

    def enter(self, token: Token) -> None:
        return None

    def leave(self, token: Token) -> None:
        return None

    def follow(self, token: Token) -> Sequence[Flow]:
        return self.flows

    def onward(self, token: Token, flows: Sequence[Flow]) -> None:
        scope, chosen = token.workflow, token.internal_data.pop("at", None)
        scope.arm()
        if chosen is not None:
            self._begin_at(token, chosen)
            return
        if scope.spec.one_by_one:
            token.internal_data["queue"] = [flow.id for flow in flows[1:]]
            flows = flows[:1]
        for flow in flows:
            move(token, flow)
        if not flows:
            scope.end_if_empty()

    def _begin_at(self, token: Token, element_id: str) -> None:
        """Begin at what has just been triggered: a start event, or an element that waits and may start a process."""
        target = self.entries[element_id].target
        move(token, self.entries[element_id])
        if isinstance(target, CatchEvent):
            waiting = token.workflow.tasks[token._children[-1]]
            target.trigger(waiting, element_id, token.internal_data.pop("payload", {}), None)


class Scope:
    """What SpiffWorkflow's workflow classes do differently here: no tree walks, ends counted by tokens."""

    spec: ProcessSpec
    tasks: dict[Any, Token]
    task_tree: Token
    completed: bool
    top_workflow: Process

    parent_task_id: int | None

    @property
    def host_number(self) -> int:
        """The serial number of the token whose sub-process or called process this is; 0 for the process itself."""
        if self.parent_task_id is None:
            return 0
        return int(self.top_workflow.get_task_from_id(self.parent_task_id).thread_id)

    def update_waiting_tasks(self) -> None:
        """Nothing waits for being looked at; see Process.look."""

    def arm(self) -> None:
        """The scope begins: its event sub-processes wait for their triggers."""
        for node in self.spec.event_subprocesses:
            node.arm(self)

    def end_if_empty(self) -> None:
        """A path ended: was it the last one? Event sub-processes that nobody has triggered do not count."""
        alive = [token for token in self.tasks.values() if not token._state & OVER]
        if any(not token.task_spec.armed(token) for token in alive) and not self._enough():
            return
        if not alive and self._next_in_queue():
            return
        for token in alive:
            withdraw(token)
        self.completed = True
        self.on_end()

    def foresee(self) -> None:
        """Raises FeelError where an ad-hoc sub-process cannot tell whether it has enough; nothing has moved yet."""
        if self.spec.enough is not None:
            self.spec.enough(context(self.task_tree))

    def _enough(self) -> bool:
        enough = self.spec.enough
        return enough is not None and self.spec.stop_others and enough(context(self.task_tree)) is True

    def _next_in_queue(self) -> bool:
        queue = self.task_tree.internal_data.get("queue")
        if not queue or (self.spec.enough is not None and self.spec.enough(context(self.task_tree)) is True):
            return False
        wanted = queue.pop(0)
        move(self.task_tree, next(flow for flow in self.task_tree.task_spec.flows if flow.id == wanted))
        return True

    def undone(self) -> None:
        """A compensation handler of this scope (or a reopened sub-process) is through."""
        compensation.go_on(self)

    def terminate(self) -> None:
        """A terminate end event: every other token of this scope is withdrawn."""
        for token in list(self.tasks.values()):
            withdraw(token)
        self.completed = True
        self.on_end()

    def on_end(self) -> None:
        """The scope is over: nothing more for the process itself, its host goes on for an inner one."""


class Process(Scope, BpmnWorkflow):  # type: ignore[misc]
    """A running instance: the top scope, its sub-scopes, and (during an act) the act that moves it."""

    act: Act
    drawn: int = 0  # how many tokens there have been since it was read
    serial: int
    known: dict[int, str]
    failed: str | None = None  # the code of the error that ended it

    def create_subprocess(self, my_task: Token, spec_name: str) -> Inner:
        inner = Inner(self.subprocess_specs[spec_name], parent_task_id=my_task.id, top_workflow=self)
        self.subprocesses[my_task.id] = inner
        return inner

    def get_task_from_id(self, task_id: int) -> Token:
        """The token with this number, in whatever scope."""
        for scope in self.scopes():
            if task_id in scope.tasks:
                return scope.tasks[task_id]
        raise KeyError(task_id)

    def scopes(self) -> list[Scope]:
        """This process and everything running inside it, inner scopes last."""
        return [self, *self.subprocesses.values()]

    def tokens(self) -> Iterator[Token]:
        """Every token that is not over, in all scopes."""
        for scope in self.scopes():
            for token in scope.tasks.values():
                if not token._state & OVER:
                    yield token

    def ready(self) -> list[Token]:
        """The tokens whose work needs no person, inner scopes first."""
        return [
            token for scope in reversed(self.scopes()) for token in scope.tasks.values()
            if token._state == READY and not token.task_spec.manual
        ]

    def look(self) -> bool:
        """When nothing moves: an inclusive join that waits for nobody any more goes on; True when one did."""
        return any(
            token.task_spec.look(token) for token in list(self.tokens())
            if token._state == WAITING and isinstance(token.task_spec, InclusiveGateway))

    def watch(self) -> bool:
        """After every change: the events whose condition became true happen; True when one did."""
        if not any(scope.spec.watches for scope in self.scopes()):
            return False
        happened = [self._watch(token) for token in list(self.tokens())
                    if token._state == WAITING and token.task_spec.looks and "halt" not in token.internal_data]
        return any(happened)

    def _watch(self, token: Token) -> bool:
        for event, trigger in token.task_spec.awaited(token):
            try:
                happens = isinstance(trigger, ConditionTrigger) and self._turned_true(token, event, trigger)
            except FeelError as error:
                self.act.halt(token, STUCK, error)  # it waits on, but is not looked at until a person says so
                return False
            if happens:
                if self.act.spend(token, STUCK):
                    token.task_spec.trigger(token, event.bpmn_id, {}, trigger)
                else:
                    token.internal_data.pop("held", None)
                return True
        return False

    @staticmethod
    def _turned_true(token: Token, event: Awaiting, trigger: ConditionTrigger) -> bool:
        held, holds = token.internal_data.get("held", False), trigger.holds(context(token)) is True
        if holds != held:
            token.internal_data["held"] = holds
        return holds and not held

    def fail(self, code: str) -> None:
        """An error that nobody caught ends the process."""
        self.failed = code
        self.terminate()


class Inner(Scope, BpmnSubWorkflow):  # type: ignore[misc]
    """The scope of a running sub-process or called process."""

    parent_task_id: int

    def _calculate_depth(self) -> int:
        return 0  # SpiffWorkflow sorts by it; we do not, and with many scopes it costs more than all the rest

    def on_end(self) -> None:
        self.top_workflow.subprocesses.pop(self.parent_task_id, None)
        host = self.top_workflow.get_task_from_id(self.parent_task_id)
        host.task_spec.inner_over(host, self)


def begin_at(process: Process, element_id: str, payload: Mapping[str, Any]) -> None:
    """Let a new process begin at one of its start events (or what else may start it), with what came with it."""
    book = process.task_tree.internal_data
    book["at"], book["payload"] = element_id, dict(payload)


__all__ = ["Inner", "Origin", "Process", "ProcessSpec", "Scope", "begin_at"]
