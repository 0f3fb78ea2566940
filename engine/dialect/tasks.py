"""Tasks: done by people, by registered steps, by FEEL, by decision tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import expressions
from engine.dialect.climbing import BpmnError, fail
from engine.dialect.nodes import Fault, Node, Token, context
from engine.dialect.throwing import Throwing


class UserTask(Node):
    """bpmn:userTask: waits until somebody completes it."""

    told_by_task = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.manual = True
        words = self.words
        self.form = expressions.value(words.form_id) if words.form_id else None
        self.assignee = expressions.value(words.assignee) if words.assignee else None
        self.groups = expressions.value(words.groups) if words.groups else None
        self.users = expressions.value(words.users) if words.users else None
        self.due = expressions.moment("timeDate", words.due) if words.due else None
        self.priority = expressions.value(words.priority) if words.priority else None
        self._kinds = "task timer" if words.due or "licet:sla" in words.properties else "task"

    def kinds(self) -> str:
        return self._kinds

    def finish(self, token: Token, answers: Mapping[str, Any]) -> None:
        """Complete with answers; only what the output mapping names becomes variables."""
        if self.body is not None and self.body.votes:
            token.internal_data["verdict"] = answers.get("verdict")
        self.take(token, answers, only_named=True)
        token.complete()


class ServiceTask(Node):
    """bpmn:serviceTask: calls the registered step of its type."""

    def work(self, token: Token) -> bool | None:
        try:
            result = token.workflow.top_workflow.act.step(token)
        except BpmnError as error:
            if not fail(token, error.code):
                zh, en = f"错误 {error.code} 没有被捕获", f"error {error.code} is not caught"
                raise Fault(self.bpmn_id, zh, en) from None
            return None
        self.take(token, result or {})
        return True


class SendTask(ServiceTask, Throwing):
    """bpmn:sendTask: throws its message, or calls the registered step of its type."""

    def work(self, token: Token) -> bool | None:
        if self.words.step:
            return super().work(token)
        self.throw(token)
        return True


class PassingTask(Node):
    """bpmn:task and bpmn:manualTask: nothing for the engine to do; it is passed, and the history says when."""


class ScriptTask(Node):
    """bpmn:scriptTask: one FEEL expression into one variable."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expression = expressions.formula(self.words.script or "null")

    def work(self, token: Token) -> bool | None:
        name = self.words.result or "result"
        self.take(token, {name: self.expression(context(token))})
        return True


class DecisionTask(Node):
    """bpmn:businessRuleTask: a decision of the deployed tables into one variable."""

    def work(self, token: Token) -> bool | None:
        decided = token.workflow.top_workflow.act.decide(token, self.words.decision)
        self.take(token, {self.words.result or "result": decided})
        return True
