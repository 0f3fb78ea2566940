"""The elements of a drawing as SpiffWorkflow task specs.

A task in SpiffWorkflow's tree is a *token* here: nothing is predicted ahead and no data is copied from task to task.
Variables live in scopes (the process, a called process, an embedded sub-process, one round of a multi-instance), so
parallel branches cannot overwrite each other's variables when they join.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine import expressions
from engine.dialect.pairing import compile_pairings, paired
from engine.packing import freeze
from engine.vocabulary import Extensions
from feel import FeelError
from ledger.errors import Refused

if TYPE_CHECKING:
    from engine.dialect.catching import BoundaryEvent
    from engine.dialect.rounds import Rounds

OVER: int = TaskState.FINISHED_MASK
WAITING: int = TaskState.WAITING
READY: int = TaskState.READY
STARTED: int = TaskState.STARTED
COMPLETED: int = TaskState.COMPLETED
CANCELLED: int = TaskState.CANCELLED
FUTURE: int = TaskState.FUTURE
ARRIVING, WORKING, GIVING, LEAVING, STUCK = "arrive", "work", "give", "leave", "stuck"
"""What a halted token could not do (internal_data["halt"]); "give": set its outputs from internal_data["given"]."""


class Token(Task):  # type: ignore[misc]
    """SpiffWorkflow's task, numbered instead of named by UUID, without a log record built at every change of state."""

    def _set_state(self, value: int) -> None:
        self._state = value


def spawn(parent: Token, spec: Node, state: int = FUTURE) -> Token:
    """A new token at an element, below another one."""
    top = parent.workflow.top_workflow
    top.drawn += 1
    return Token(parent.workflow, spec, parent, state=state, id=top.drawn)


class Flow:
    """A sequence flow: where it leads and on what condition (None: always, or the default)."""

    __slots__ = ("condition", "id", "target")

    def __init__(self, id: str, target: Node, condition: expressions.Evaluate | None) -> None:
        self.id, self.target, self.condition = id, target, condition


class Fault(Refused):
    """流程图在“{element}”处不能继续：{cause}。您的操作没有生效，请联系流程负责人。"""

    status = 500

    def __init__(self, element_id: str, zh: str, en: str) -> None:
        self.element_id, self.zh, self.en = element_id, zh, en
        super().__init__(element=element_id, cause=zh)


class Node(BpmnTaskSpec):  # type: ignore[misc]
    """An element that a token passes. Subclasses say what happens on arrival, at work and on leaving."""

    told_by_task = False  # whether a task row (not a visit row) tells its history
    is_boundary = False
    looks = False  # whether it waits for a condition (Process.watch)
    default: str | None = None  # the flow taken when no condition holds
    undone_by: Node | None = None  # the handler that undoes what was completed here
    undoes = False  # whether it is such a handler
    needs, yields = 1, 1  # tokens taken to begin, tokens sent on each flow (startQuantity, completionQuantity)

    def __init__(self, wf_spec: Any, bpmn_id: str, *, spec_name: str | None = None, name: str | None = None,
                 lane: str | None = None, extensions: Extensions | None = None, **more: Any) -> None:
        super().__init__(wf_spec, spec_name or bpmn_id, lane=lane, **more)
        self.bpmn_id, self.bpmn_name = bpmn_id, name
        self.words = extensions or Extensions()
        self.flows: list[Flow] = []
        self.arrivals: list[str] = []
        self.boundary: list[BoundaryEvent] = []
        self.body: Rounds | None = None
        self.takes = compile_pairings(self.words.takes)
        self.gives = compile_pairings(self.words.gives)

    # SpiffWorkflow's life cycle, without its look-ahead and data copying
    def test(self) -> None:
        """Soundness is the lint's business, once at deployment."""

    def _predict(self, *_args: Any, **_kwargs: Any) -> None:
        return None

    def _update(self, token: Token) -> None:
        if token._state & OVER:
            return
        try:
            ready = self.arrive(token) if self.needs == 1 or gathered(token) else False
        except (Fault, FeelError) as error:
            token.workflow.top_workflow.act.halt(token, ARRIVING, error)
        else:
            if ready:
                token._ready()

    def _on_ready(self, token: Token) -> None:
        return None

    def _run(self, token: Token) -> bool | None:
        return self.work(token)

    def _on_complete(self, token: Token) -> None:
        flows: Sequence[Flow] = ()
        try:
            if self.body is None:
                flows = self.follow(token)
            else:
                self.body.weigh(token)
            token.workflow.foresee()
        except (Fault, FeelError) as error:
            token.workflow.top_workflow.act.halt(token, LEAVING, error)
            return
        self.leave(token)
        if self.undone_by is not None:
            remember(token.workflow, self)
        self.onward(token, flows)

    def kinds(self) -> str:
        """The kinds of rows ("task timer message condition") a token has while it waits here."""
        return ""

    def armed(self, token: Token) -> bool:
        """Whether the token only stands ready in case something happens, and keeps its scope from ending no longer."""
        return False

    # what subclasses change
    def arrive(self, token: Token) -> bool:
        """A token has come; True when the work can be done now."""
        self.enter(token)
        return True

    def work(self, token: Token) -> bool | None:
        """Do it; None to stay (somebody else completes the token)."""
        return True

    def follow(self, token: Token) -> Sequence[Flow]:
        """The flows on which tokens leave: those without a condition and those whose condition holds.

        The default flow is taken when no condition holds, whatever goes out unconditionally (BPMN 13.2.1).
        """
        if self.default is None and not any(flow.condition is not None for flow in self.flows):
            return self.flows
        given = context(token)
        held = {flow.id for flow in self.flows if flow.condition is not None and flow.condition(given) is True}
        if not held and self.default is not None:
            held = {self.default}
        return [flow for flow in self.flows
                if flow.id in held or (flow.condition is None and flow.id != self.default)]

    def onward(self, token: Token, flows: Sequence[Flow]) -> None:
        """Send tokens on, or tell the loop around that this round is over; without a way out the path ends."""
        if self.body is not None:
            self.body.round_over(token)
            return
        for flow in flows:
            for _ in range(self.yields):
                move(token, flow)
        if self.undoes:
            token.workflow.undone()
        elif not flows:
            token.workflow.end_if_empty()

    def enter(self, token: Token) -> None:
        """Number the token, tell the act, take inputs, arm boundary events."""
        act = token.workflow.top_workflow.act
        act.entered(token)
        if self.takes:
            token.data.update(self.holdable(paired(self.takes, context(token))))
        for event in self.boundary:
            event.arm(token)

    def leave(self, token: Token) -> None:
        """Disarm what is attached and tell the act."""
        if self.boundary:
            for child in [child for child in token.children if not child._state & OVER]:
                withdraw(child)
        token.workflow.top_workflow.act.left(token, "completed")

    def take(self, token: Token, result: Mapping[str, Any], *, only_named: bool = False) -> None:
        """Set variables from a result: through the output mapping if there is one, else each by its own name.

        Raises Fault, before anything is set.
        """
        if self.gives:
            try:
                found = self.holdable(paired(self.gives, context(token, result)))
            except FeelError as error:
                zh, en = f"表达式有误：{error.message_zh}", f"FEEL: {error.message_en}"
                raise Fault(self.bpmn_id, zh, en) from error
            for name, value in found.items():
                assign(token, name, value)
        elif not only_named:
            for name, value in self.holdable(result).items():
                assign(token, name, value)

    def hand_on(self, token: Token, result: Mapping[str, Any]) -> None:
        """Set the outputs and go on; where they cannot be set the token halts, and keeps what it was given."""
        try:
            self.take(token, result, only_named=True)
        except Fault as error:
            token.internal_data["given"] = dict(result)
            token.workflow.top_workflow.act.halt(token, GIVING, error)
        else:
            token.complete()

    def holdable(self, found: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same variables. Raises Fault for a value that none may hold: a function, a date after the year 9999."""
        for name, value in found.items():
            try:
                freeze(value)
            except TypeError:
                zh, en = f"变量“{name}”不能存放这种值", f"no variable can hold what {name} would be"
                raise Fault(self.bpmn_id, zh, en) from None
        return found


def fitting(node: Node, text: str, most: int) -> str:
    """A text that an expression gave and a column of this width holds. Raises Fault."""
    if len(text) > most:
        raise Fault(node.bpmn_id, f"表达式的结果超过 {most} 字", f"an expression gives more than {most} characters")
    return text


def remember(scope: Any, node: Node, kept: dict[str, Any] | None = None) -> None:
    """An activity that can be undone was completed: its scope keeps [element, what is needed to undo it]."""
    scope.task_tree.internal_data.setdefault("done", []).append([node.name, kept])


def gathered(token: Token) -> bool:
    """Whether enough tokens have come for an activity with a startQuantity; until then one waits and counts."""
    spec: Node = token.task_spec
    waiting = next((other for other in token.workflow.tasks.values()
                    if other.task_spec is spec and other._state == WAITING), None)
    token.internal_data.pop("flow", None)
    if waiting is None:
        token.internal_data["come"] = 1
        token._set_state(WAITING)
        return False
    waiting.internal_data["come"] += 1
    if waiting.internal_data["come"] < spec.needs:
        token.workflow._remove_task(token.id)
        return False
    waiting._set_state(COMPLETED)
    return True


def restart(token: Token) -> None:
    """Let a token that could not begin arrive once more."""
    token.internal_data.pop("halt", None)
    for child in token.children:
        withdraw(child)
    top = token.workflow.top_workflow
    top.subprocesses.pop(token.id, None)
    top.act.left(token, "cancelled")
    token._set_state(FUTURE)
    token.task_spec._update(token)


def move(token: Token, flow: Flow) -> None:
    """A token goes along a flow."""
    target = flow.target
    child = spawn(token, target)
    if len(target.arrivals) > 1:
        child.internal_data["flow"] = flow.id
    target._update(child)


def withdraw(token: Token) -> None:
    """Take a token (and everything running below it) off the drawing, what is inside first."""
    top = token.workflow.top_workflow
    todo = [(token, False)]
    while todo:
        one, emptied = todo.pop()
        if one._state & OVER:
            continue
        if emptied:
            one._set_state(CANCELLED)
            top.act.left(one, "cancelled")
            continue
        below, inner = one.children, top.subprocesses.pop(one.id, None)
        if inner is not None:
            below = [*below, *inner.tasks.values()]
            inner.completed = True
        todo.append((one, True))
        todo += [(each, False) for each in reversed(below)]


def context(token: Token, extra: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """The variables visible at a token: its own, its scopes' from inside out, then `extra` over all."""
    layers = [layer for layer in (extra, token.data) if layer]
    workflow = token.workflow
    while workflow.spec.embedded:
        host = workflow.top_workflow.get_task_from_id(workflow.parent_task_id)
        layers += [layer for layer in (workflow.data, host.data) if layer]
        workflow = host.workflow
    if not layers:
        return workflow.data  # type: ignore[no-any-return]
    seen = dict(workflow.data)
    for layer in reversed(layers):
        seen.update(layer)
    return seen


def assign(token: Token, name: str, value: Any) -> None:
    """Set a variable where it lives: the innermost scope that has it, else the process (or the round)."""
    if _own_round(token):
        token.data[name] = value
        return
    workflow = token.workflow
    while workflow.spec.embedded and name not in workflow.data:
        host = workflow.top_workflow.get_task_from_id(workflow.parent_task_id)
        if name in host.data or _own_round(host):
            host.data[name] = value
            return
        workflow = host.workflow
    workflow.data[name] = value


def _own_round(token: Token) -> bool:
    """Whether the token is one round of a multi-instance, whose variables are its own."""
    body = token.task_spec.body
    return body is not None and body.separate
