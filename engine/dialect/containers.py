"""Activities that contain other elements: sub-processes of every kind, and called processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask

from engine.dialect import compensation
from engine.dialect.catching import StartEvent, repeated
from engine.dialect.nodes import STARTED, WAITING, Node, Token, context, remember, spawn, withdraw
from engine.dialect.scopes import Inner, Scope
from engine.dialect.triggers import Trigger


class SubProcess(Node, SubWorkflowTask):  # type: ignore[misc]
    """bpmn:subProcess, embedded: sees the variables around it; its inputs are its own.

    Also bpmn:adHocSubProcess and bpmn:transaction: what is different about them is said by the scope inside.
    """

    def __init__(self, wf_spec: Any, bpmn_id: str, *, inner: str, **kwargs: Any) -> None:
        super().__init__(wf_spec, bpmn_id, subworkflow_spec=inner, **kwargs)

    def arrive(self, token: Token) -> bool:
        self.enter(token)
        self.open(token)
        return False

    def open(self, token: Token) -> Inner:
        """Begin the scope inside."""
        token._set_state(STARTED)
        inner: Inner = token.workflow.top_workflow.create_subprocess(token, self.spec)
        inner.data.update(self.brought(token))
        return inner

    def brought(self, token: Token) -> Mapping[str, Any]:
        """The inner scope's first variables: none, the inputs lie on the token and are seen from inside."""
        return {}

    def inner_over(self, token: Token, inner: Inner) -> None:
        """The last token inside ended."""
        if token.internal_data.pop("undoing", None):
            token.workflow.top_workflow.act.left(token, "completed")
            withdraw(token)
            token.workflow.undone()
            return
        done = inner.task_tree.internal_data.get("done")
        if done or inner.spec.undoing is not None:
            remember(token.workflow, self, {"done": done or [], "data": dict(inner.data)})
        self.hand_on(token, inner.data)


class CallActivity(SubProcess):
    """bpmn:callActivity: another process with variables of its own; inputs and outputs as mapped."""

    def brought(self, token: Token) -> Mapping[str, Any]:
        if self.takes or not self.words.pass_all_in:
            named = {target.partition(".")[0] for _, target in self.takes}
            return {name: token.data[name] for name in named}
        return dict(context(token))

    def take(self, token: Token, result: Mapping[str, Any], *, only_named: bool = False) -> None:
        super().take(token, result, only_named=only_named and not self.words.pass_all_out)


class EventSubProcess(SubProcess):
    """bpmn:subProcess triggeredByEvent: waits while its scope runs; interrupting, it ends everything else in it."""

    start: StartEvent

    def armed(self, token: Token) -> bool:
        return token._state == WAITING

    def triggered_by(self, start: StartEvent) -> None:
        """The start event drawn inside says what it waits for."""
        self.start, self.looks = start, start.looks

    def kinds(self) -> str:
        return self.start.kinds()

    def arm(self, scope: Scope, book: Mapping[str, Any] | None = None) -> None:
        """The scope begins: wait for what comes from outside (errors and escalations need no waiting)."""
        if self.kinds():
            token, act = spawn(scope.task_tree, self, WAITING), scope.top_workflow.act
            token.internal_data.update(book or {})
            act.number(token)
            act.wait(token, self.start)

    def awaited(self, token: Token) -> Any:
        """Every trigger of its start event."""
        return self.start.awaited(token)

    def trigger(self, token: Token, element_id: str, payload: Mapping[str, Any], trigger: Trigger | None) -> None:
        """What its start event waits for has come."""
        if not self.start.heard(token, trigger):
            return
        scope, book = token.workflow, token.internal_data
        if self.start.interrupting:
            self._interrupt(scope, token)
        else:
            again = repeated(book, trigger)
            if again is not None:
                self.arm(scope, again)
        token.internal_data = {}
        self._begin(token, payload)

    def catch(self, scope: Scope, payload: Mapping[str, Any]) -> None:
        """An error, escalation or compensation inside the scope begins it."""
        token = spawn(scope.task_tree, self)
        if self.start.interrupting and self is not scope.spec.undoing:
            self._interrupt(scope, token)
        self._begin(token, payload)

    @staticmethod
    def _interrupt(scope: Scope, staying: Token) -> None:
        scope.task_tree.internal_data.pop("queue", None)
        compensation.give_up(scope)
        for other in list(scope.tasks.values()):
            if other is not staying and other is not scope.task_tree:
                withdraw(other)

    def _begin(self, token: Token, payload: Mapping[str, Any]) -> None:
        self.enter(token)
        inner = self.open(token)
        if payload:
            inner.task_tree.internal_data["payload"] = dict(payload)


__all__ = ["CallActivity", "EventSubProcess", "SubProcess"]
