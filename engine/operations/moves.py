"""What an operator may do to the tokens of an instance, decided on the state alone; modification.py does it.

A draft says which tokens go, which elements are entered, and what joins are told; it is made for the rehearsal on a
copy and again for the instance itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from engine.dialect.catching import BoundaryEvent, StartEvent
from engine.dialect.containers import EventSubProcess
from engine.dialect.gateways import Joining
from engine.dialect.nodes import OVER, Node, Token
from engine.dialect.rounds import MultiInstance, Rounds
from engine.dialect.scopes import Process
from engine.findings import Finding
from engine.operations.fitting import label
from engine.operations.reach import positions, reach
from ledger.errors import Conflict


@dataclass(frozen=True)
class Cancel:
    """Take the token with this serial number (as on its task or visit row) off the drawing."""

    number: int


@dataclass(frozen=True)
class StartBefore:
    """Put a new token before an element of the process, or of a running sub-process; or on a flow, by the flow's id.

    A join is reached on one of its flows only. `within` is the serial number of the sub-process's token; needed only
    where several of them run.
    """

    element_id: str
    within: int | None = None


@dataclass(frozen=True)
class BackTo:
    """Let a completed user task be done again; what followed from it is withdrawn, other branches stay."""

    task_id: int


Move = Cancel | StartBefore | BackTo


class CannotModify(Conflict):
    """不能这样调整流程：{cause}。"""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(cause=finding.text())


def refuse(rule: str, zh: str, en: str, element_id: str = "") -> CannotModify:
    """Why a move makes no sense."""
    return CannotModify(Finding(rule, zh, en, element=element_id))


@dataclass
class Beginning:
    """A token to be put before an element: in a running scope, or along `path` through sub-processes begun anew; there
    tokens before others, `also`, beside it."""

    scope: Any
    node: Node
    path: list[Node] = field(default_factory=list)
    flow: str | None = None
    also: list[Node] = field(default_factory=list)

    @property
    def first(self) -> Node:
        """The element entered in the running scope."""
        return self.path[0] if self.path else self.node


@dataclass
class Draft:
    """The decision. `behind` are the elements that were passed since what is done again, by scope; `since` says the
    same of what is over: (the scope's number, names of elements, after which token)."""

    process: Process
    gone: list[Token] = field(default_factory=list)
    begin: list[Beginning] = field(default_factory=list)
    uncollect: list[tuple[Token, str]] = field(default_factory=list)
    collect: list[tuple[Any, Node, str]] = field(default_factory=list)
    dropped: list[Token] = field(default_factory=list)
    reopen: list[tuple[Token, int]] = field(default_factory=list)
    behind: set[str] = field(default_factory=set)
    since: list[tuple[int, frozenset[str], int]] = field(default_factory=list)
    again: list[int] = field(default_factory=list)
    remarks: list[Finding] = field(default_factory=list)

    def remark(self, rule: str, zh: str, en: str, element_id: str = "") -> None:
        """Something the operator should read before agreeing."""
        self.remarks.append(Finding(rule, zh, en, element=element_id, severity="warning"))

    def goes(self, token: Token) -> bool:
        """Whether a token is withdrawn, itself or with what it hangs on or runs in."""
        at: Token | None = token
        while at is not None:
            if at in self.gone or at in self.dropped:
                return True
            at = _around(at)
        return False

    def living(self, scope: Any) -> list[Token]:
        """The tokens of a scope that stay, its anchor not counted."""
        return [token for token in scope.tasks.values()
                if not token._state & OVER and token is not scope.task_tree and not self.goes(token)]


def _around(token: Token) -> Token | None:
    parent: Token | None = token.parent
    if parent is not None and parent is not token.workflow.task_tree:
        return parent
    number = token.workflow.parent_task_id
    host: Token | None = None if number is None else token.workflow.top_workflow.get_task_from_id(number)
    return host


def numbered(process: Process, number: int) -> Token:
    """The live token with this serial number."""
    found = next((token for token in process.tokens() if token.thread_id == number and number), None)
    if found is None:
        raise refuse("gone", "这一步已经过去，请刷新", "this step is over: look again")
    return found


def cancel(draft: Draft, move: Cancel) -> None:
    """A token goes; a round of a multi-instance counts as ended without a result."""
    token = numbered(draft.process, move.number)
    if token.task_spec.body is not None:
        draft.dropped.append(token)
        draft.remark("round", f"{label(token.task_spec)}的这一轮不再办理，结果为空",
                     f"this round of {token.task_spec.bpmn_id} ends without a result", token.task_spec.bpmn_id)
    else:
        draft.gone.append(token)


def start_before(draft: Draft, move: StartBefore) -> None:
    """A token more, where its scope runs."""
    scope = _scope_of(draft.process, move)
    node, flow = _spot(scope.spec, move.element_id) or (None, None)
    assert node is not None
    if flow is not None:
        draft.begin.append(Beginning(scope, node, flow=flow))
        return
    if _no_start(node):
        raise refuse("not-a-start", f"不能从{label(node)}开始，请选择它前面的环节或连线",
                     f"a token cannot start at {node.bpmn_id}: choose what comes before it, or a flow", node.bpmn_id)
    draft.begin.append(Beginning(scope, node))


def _no_start(node: Node) -> bool:
    """What begins only by what happens elsewhere: attached events, handlers, triggered starts; and joins."""
    return (isinstance(node, BoundaryEvent | EventSubProcess) or node.undoes or node.is_boundary
            or (isinstance(node, StartEvent) and bool(node.waits))
            or (isinstance(node, Joining) and len(node.arrivals) > 1))


def one_by_one(node: Rounds) -> bool:
    """Whether a loop's rounds follow one another."""
    return not isinstance(node, MultiInstance) or node.loop.sequential


def _spot(spec: Any, id: str) -> tuple[Node, str | None] | None:
    """The element with this id, or the target of the flow with this id and that flow."""
    if id in spec.task_specs:
        return spec.task_specs[id], None
    flows = (flow for node in reach(spec).nodes() for flow in node.flows)
    return next(((flow.target, flow.id) for flow in flows if flow.id == id), None)


def _scope_of(process: Process, move: StartBefore) -> Any:
    drawn = [spec for spec in (process.spec, *process.subprocess_specs.values())
             if _spot(spec, move.element_id)]
    if not drawn:
        raise refuse("unknown", f"流程图里没有“{move.element_id}”", f"no element {move.element_id}", move.element_id)
    running = [scope for scope in process.scopes()
               if scope.spec in drawn and move.within in (None, scope.host_number)]
    if not running:
        raise refuse("scope", f"“{move.element_id}”所在的子流程没有在运行，请从子流程本身开始",
                     f"the sub-process around {move.element_id} is not running: start before it", move.element_id)
    if len(running) > 1:
        raise refuse("which", f"“{move.element_id}”所在的子流程有 {len(running)} 个在运行，请指定是哪一个",
                     f"{len(running)} sub-processes around {move.element_id} are running: say which", move.element_id)
    return running[0]


def settle(draft: Draft) -> None:
    """See that every scope that stays has something left to do and no join that would wait for ever.

    A join that was passed since a task that is done again is told what it had collected from the other branches.
    """
    for scope in draft.process.scopes():
        host = None if scope.parent_task_id is None else draft.process.get_task_from_id(scope.parent_task_id)
        if host is None or not draft.goes(host):
            _scope_is_sound(draft, scope)
    for one in draft.begin:
        for place, container in enumerate(one.path):
            inner = draft.process.subprocess_specs[container.spec]
            within = [one.path[place + 1]] if place + 1 < len(one.path) else [one.node, *one.also]
            _feed(draft, inner, inner, within, [each.name for each in within], {})


def _scope_is_sound(draft: Draft, scope: Any) -> None:
    begun = [one for one in draft.begin if one.scope is scope]
    staying = draft.living(scope)
    if not begun and all(token.task_spec.is_boundary or token.task_spec.armed(token) for token in staying):
        raise refuse("empty", "调整之后这里不会再有任何待办，流程无法继续；请终止流程，或取消整个子流程",
                     "nothing would be left to do here: end the instance, or cancel the whole sub-process")
    before = reach(scope.spec).starved(*positions(scope.tasks.values()))
    places, collected = positions(staying)
    for token, flow in draft.uncollect:
        if token.workflow is scope and token.internal_data["arrived"][flow] == 1:
            collected[token.task_spec.name].remove(flow)
    places += [one.first.name for one in begun]
    for one in begun:
        if one.flow is not None:
            collected[one.first.name] = [*collected.get(one.first.name, ()), one.flow]
    _feed(draft, scope, scope.spec, [one.first for one in begun], places, collected, before)


def _feed(draft: Draft, scope: Any, spec: Any, begun: list[Node], places: list[str], collected: dict[str, list[str]],
          known: Iterable[tuple[str, str]] = ()) -> None:
    """Joins that were passed keep what other branches brought; the nearest first: it may satisfy those behind it."""
    ways = reach(spec)
    while starving := ways.starved(places, collected) - set(known):
        join = ways.nearest(begun, {name for name, _ in starving}) or spec.task_specs[min(starving)[0]]
        for flow in sorted(flow for name, flow in starving if name == join.name):
            if scope is not spec and join.name not in draft.behind:
                raise refuse("starved", f"{label(join)}会永远等待连线 {flow}：没有人再能走到那里",
                             f"{join.bpmn_id} would wait for ever for flow {flow}: nobody can come along it",
                             join.bpmn_id)
            draft.collect.append((scope, join, flow))
            draft.remark("kept-branch", f"{label(join)}保留分支 {flow} 已有的结果，该分支不重做",
                         f"{join.bpmn_id} keeps what came along {flow}: that branch is not done again", join.bpmn_id)
            collected[join.name] = [*collected.get(join.name, ()), flow]


def decide(process: Process, moves: Iterable[Move], back: Any) -> Draft:
    """All moves together, as one decision. `back` decides a BackTo (it needs the history). Raises CannotModify."""
    draft = Draft(process)
    for move in moves:
        if isinstance(move, Cancel):
            cancel(draft, move)
        elif isinstance(move, StartBefore):
            start_before(draft, move)
        else:
            back(draft, move)
    settle(draft)
    return draft
