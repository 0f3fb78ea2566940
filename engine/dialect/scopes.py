"""What contains other elements: the process itself, sub-processes, called processes and multi-instance bodies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.specs.WorkflowSpec import WorkflowSpec

from engine import expressions
from engine.dialect.gateways import InclusiveGateway
from engine.dialect.nodes import (
    OVER,
    READY,
    STARTED,
    WAITING,
    Fault,
    Flow,
    Node,
    Token,
    assign,
    context,
    spawn,
    withdraw,
)

if TYPE_CHECKING:
    from engine.run import Act

MOST_ROUNDS = 1000


class ProcessSpec(BpmnProcessSpec):  # type: ignore[misc]
    """A parsed process or embedded sub-process; shared by all its instances and never changed by them."""

    def __init__(self, name: str, *, title: str, embedded: bool) -> None:
        WorkflowSpec.__init__(self, name=name)
        self.title, self.embedded = title, embedded
        self.bpmn_start_events: list[Node] = []
        self.data_objects: dict[str, Any] = {}
        self.start = Origin(self, "(start)")  # no XML id can be this: a drawing may call its elements what it likes


class Origin(Node):
    """The root of the token tree: it sends one token to the start event and stays as the anchor."""

    def __init__(self, wf_spec: ProcessSpec, name: str) -> None:
        super().__init__(wf_spec, name)
        self.bpmn_id = ""

    def enter(self, token: Token) -> None:
        return None

    def leave(self, token: Token) -> None:
        return None


class Scope:
    """What SpiffWorkflow's workflow classes do differently here: no tree walks, ends counted by tokens."""

    tasks: dict[Any, Token]
    completed: bool

    def update_waiting_tasks(self) -> None:
        """Nothing waits for being looked at; see Process.look."""

    def end_if_empty(self) -> None:
        """A token ended: was it the last one?"""
        if all(token._state & OVER for token in self.tasks.values()):
            self.completed = True
            self.on_end()

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

    def create_subprocess(self, my_task: Token, spec_name: str) -> Inner:
        inner = Inner(self.subprocess_specs[spec_name], parent_task_id=my_task.id, top_workflow=self)
        self.subprocesses[my_task.id] = inner
        return inner

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
        """Let inclusive joins go on that wait for nobody any more; True when one did."""
        return any(
            token.task_spec.look(token) for token in list(self.tokens())
            if token._state == WAITING and isinstance(token.task_spec, InclusiveGateway)
        )


class Inner(Scope, BpmnSubWorkflow):  # type: ignore[misc]
    """The scope of a running sub-process or called process."""

    def on_end(self) -> None:
        self.top_workflow.subprocesses.pop(self.parent_task_id, None)
        host = self.top_workflow.get_task_from_id(self.parent_task_id)
        host.task_spec.inner_over(host, self)


class SubProcess(Node, SubWorkflowTask):  # type: ignore[misc]
    """bpmn:subProcess, embedded: sees the variables around it; its inputs are its own."""

    def __init__(self, wf_spec: Any, bpmn_id: str, *, inner: str, **kwargs: Any) -> None:
        super().__init__(wf_spec, bpmn_id, subworkflow_spec=inner, **kwargs)

    def arrive(self, token: Token) -> bool:
        self.enter(token)
        token._set_state(STARTED)
        inner = token.workflow.top_workflow.create_subprocess(token, self.spec)
        inner.data.update(self.brought(token))
        return False

    def brought(self, token: Token) -> Mapping[str, Any]:
        """The inner scope's first variables: none, the inputs lie on the token and are seen from inside."""
        return {}

    def inner_over(self, token: Token, inner: Inner) -> None:
        """The last token inside ended."""
        self.take(token, inner.data, only_named=True)
        token.complete()


class CallActivity(SubProcess):
    """bpmn:callActivity: another process with variables of its own; inputs and outputs as mapped."""

    def brought(self, token: Token) -> Mapping[str, Any]:
        if self.takes or not self.words.pass_all_in:
            named = {target.partition(".")[0] for _, target in self.takes}
            return {name: token.data[name] for name in named}
        return dict(context(token))

    def inner_over(self, token: Token, inner: Inner) -> None:
        self.take(token, inner.data, only_named=not self.words.pass_all_out)
        token.complete()


class MultiInstance(Node):
    """The body of a multi-instance activity: one round of `inner` for each item of a list."""

    inner: Node

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        loop = self.words.loop
        assert loop is not None
        self.takes, self.gives, self.loop = [], [], loop
        self.collection = expressions.formula(loop.collection)
        self.harvest = expressions.formula(loop.output_element) if loop.output_element else None
        self.enough = expressions.formula(loop.condition) if loop.condition else None

    def arrive(self, token: Token) -> bool:
        self.enter(token)
        items = self.collection(context(token))
        if not isinstance(items, list) or len(items) > MOST_ROUNDS:
            zh, en = f"会签名单须是不超过 {MOST_ROUNDS} 项的列表", f"not a list of at most {MOST_ROUNDS} items"
            raise Fault(self.bpmn_id, zh, en)
        token.internal_data.update(items=items, begun=0, ended=0, out=[None] * len(items))
        token._set_state(STARTED)
        for _ in range(1 if self.loop.sequential else len(items)):
            self.begin(token)
        if not items:
            self.close(token)
        return False

    def begin(self, token: Token) -> None:
        """Start the next round, if one is left."""
        state = token.internal_data
        index = state["begun"]
        if index < len(state["items"]):
            state["begun"] = index + 1
            child = spawn(token, self.inner)
            child.internal_data["round"] = index
            child.data["loopCounter"] = index + 1
            if self.loop.element:
                child.data[self.loop.element] = state["items"][index]
            self.inner._update(child)

    def round_over(self, child: Token) -> None:
        """One round ended: gather its result, then go on, stop early, or finish."""
        token, state = child.parent, child.parent.internal_data
        seen = context(child, self._counts(state))
        if self.harvest is not None:
            state["out"][child.internal_data["round"]] = self.harvest(seen)
        state["ended"] += 1
        enough = self.enough is not None and self.enough(context(child, self._counts(state))) is True
        if enough or state["ended"] == len(state["items"]):
            for other in [other for other in token.children if other.task_spec is self.inner]:
                withdraw(other)
            self.close(token)
        elif self.loop.sequential:
            self.begin(token)

    def _counts(self, state: dict[str, Any]) -> dict[str, Any]:
        counts: dict[str, Any] = {
            "numberOfInstances": len(state["items"]), "numberOfCompletedInstances": state["ended"],
            "numberOfActiveInstances": state["begun"] - state["ended"], "numberOfTerminatedInstances": 0,
        }
        if self.loop.output_collection:
            counts[self.loop.output_collection] = list(state["out"])
        return counts

    def close(self, token: Token) -> None:
        """Set the output collection and go on."""
        gathered = token.internal_data["out"]
        token.internal_data.clear()
        if self.loop.output_collection:
            assign(token, self.loop.output_collection, gathered)
        token.complete()


__all__ = ["CallActivity", "Flow", "Inner", "MultiInstance", "Process", "ProcessSpec", "Scope", "SubProcess"]
