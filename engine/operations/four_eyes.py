"""Moves by hand do not jump over what other eyes must see: a user task with licet:notBy or licet:notApplicant.

Read from the drawing and the places of the tokens alone: a way that is drawn around the task (another flow, an attached
event that interrupts it) stays open to operators as to everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from engine.dialect.catching import EventGateway
from engine.dialect.containers import EventSubProcess, SubProcess
from engine.dialect.gateways import ExclusiveGateway, InclusiveGateway, ParallelGateway
from engine.dialect.nodes import OVER, Node, Token
from engine.dialect.rounds import Rounds
from engine.dialect.scopes import ProcessSpec
from engine.dialect.tasks import UserTask
from engine.operations.fitting import label
from engine.operations.moves import CannotModify, Draft, refuse
from engine.operations.reach import reach
from engine.returns.backwards import Backwards


def see(draft: Draft, back: Backwards) -> None:
    """Raises CannotModify where the moves would leave such a task undone: what was on the way before them is on it
    afterwards, and nothing begins behind one that nobody has done."""
    for token in draft.dropped:
        _round(draft, back, token)
    for scope in draft.process.scopes():
        host = None if scope.parent_task_id is None else draft.process.get_task_from_id(scope.parent_task_id)
        if host is None or not draft.goes(host):
            _scope(draft, back, scope)


def _scope(draft: Draft, back: Backwards, scope: Any) -> None:
    begun = [_place(one.first) for one in draft.begin if one.scope is scope]
    going = [token for token in _live(scope) if token in draft.gone]
    if not (begun or going):
        return
    specs = draft.process.subprocess_specs
    stays = _places(draft, [token for token in _live(scope) if not draft.goes(token)])
    was, brought = stays | _places(draft, going), _brought(scope)
    for duty, task in duties(specs, scope.spec).items():
        if on_the_way(scope.spec, duty, was) and not on_the_way(scope.spec, duty, {*stays, *begun}):
            raise _jumped(task)
        ways = reached(scope.spec, was, brought)
        behind = ways - reached(scope.spec, was, brought, duty)
        if not _done(back, scope.host_number, duty):
            origins = [scope.spec.start, *_entries(scope.spec)]
            behind |= _all(scope.spec) - ways - reached(scope.spec, origins, (), duty)
        if any(node in behind and not on_the_way(scope.spec, duty, [node]) for node in begun):
            raise _jumped(task)


def _round(draft: Draft, back: Backwards, token: Token) -> None:
    """A round is cancelled: of a task somebody else must see it; of a sub-process nothing in it may be left undone."""
    node, specs = token.task_spec, draft.process.subprocess_specs
    if isinstance(node, SubProcess):
        inner = draft.process.subprocesses[token.id]
        places = _places(draft, _live(inner))
        for duty, task in duties(specs, inner.spec).items():
            if on_the_way(inner.spec, duty, places):
                raise _jumped(task)
    elif _guarded(node):
        others = [each for each in token.parent.children
                  if each.task_spec is node and not each._state & OVER and not draft.goes(each)]
        if not others and not _done(back, token.workflow.host_number, node):
            raise _jumped(node)


def _jumped(task: Node) -> CannotModify:
    return refuse("four-eyes", f"{label(task)}须由没有参与过的人办理（四眼原则），不能跳过",
                  f"{task.bpmn_id} must be seen by other eyes and cannot be jumped over", task.bpmn_id)


def _done(back: Backwards, inside: int, duty: Node) -> bool:
    """Whether the element was completed in this scope and no return has undone it."""
    undone = {task.token for task in back.tasks.values() if task.undone_at is not None}
    return any(one.element_id == duty.bpmn_id and one.how == "completed" and one.within in (inside, None)
               and one.number not in undone for one in back.passed.values())


# where tokens are
def _live(scope: Any) -> list[Token]:
    """The tokens that go on by themselves: not what only listens, nor a round of something that stands here itself."""
    return [token for token in scope.tasks.values()
            if not token._state & OVER and token is not scope.task_tree and token.task_spec.body is None
            and not (token.task_spec.is_boundary or token.task_spec.armed(token))]


def _places(draft: Draft, tokens: Iterable[Token]) -> set[Node]:
    """Where they stand; in a sub-process that has its duties behind it, after it."""
    found = set[Node]()
    for token in tokens:
        node, inner = token.task_spec, draft.process.subprocesses.get(token.id)
        if inner is not None and not any(on_the_way(inner.spec, duty, _places(draft, _live(inner)))
                                         for duty in duties(draft.process.subprocess_specs, inner.spec)):
            found |= {flow.target for flow in node.flows}
        else:
            found.add(node)
    return found


def _brought(scope: Any) -> set[str]:
    return {flow for token in _live(scope) for flow in token.internal_data.get("arrived", ())}


def _place(node: Node) -> Node:
    return node.body or node


# what is drawn
def duties(specs: Mapping[str, Any], spec: ProcessSpec, within: tuple[str, ...] = ()) -> dict[Node, Node]:
    """The elements of a scope that other eyes must see, or that come to no end without such a task: {element: task}."""
    found = {}
    for node in _all(spec):
        task = _task(specs, node, within) if node.body is None else None
        if task is not None:
            found[node] = task
    return found


def _task(specs: Mapping[str, Any], node: Node, within: tuple[str, ...]) -> Node | None:
    inner = node.inner if isinstance(node, Rounds) else node
    if _guarded(inner):
        return inner
    if not isinstance(inner, SubProcess) or isinstance(inner, EventSubProcess) or inner.spec in within:
        return None
    spec = specs[inner.spec]
    below = duties(specs, spec, (*within, inner.spec))
    return next((task for duty, task in below.items() if on_the_way(spec, duty, [spec.start])), None)


def _guarded(node: Node) -> bool:
    return isinstance(node, UserTask) and bool(
        node.words.words("licet:notBy") or node.words.properties.get("licet:notApplicant") == "true")


def _all(spec: ProcessSpec) -> set[Node]:
    return set(reach(spec).nodes())


def _entries(spec: ProcessSpec) -> Iterator[Node]:
    return (flow.target for flow in spec.start.entries.values())


def on_the_way(spec: ProcessSpec, duty: Node, places: Iterable[Node]) -> bool:
    """Whether a token at one of the places comes to no end of the scope without passing the element."""
    free = _free(spec, duty)
    return any(place not in free for place in places)


@lru_cache(maxsize=1024)
def _free(spec: ProcessSpec, duty: Node) -> frozenset[Node]:
    """From where an end can be reached without the element; where a token splits, by all its parts."""
    found, nodes, grew = set[Node](), [*reach(spec).nodes()], True
    while grew:
        more = {node for node in nodes if node not in found and _ends(node, duty, found)}
        found |= more
        grew = bool(more)
    return frozenset(found)


def _ends(node: Node, duty: Node, free: set[Node]) -> bool:
    if any(event in free for event in node.boundary if event.interrupting):
        return True
    if node is duty:
        return False
    targets = [flow.target in free for flow in node.flows]
    choice = isinstance(node, ExclusiveGateway | InclusiveGateway | EventGateway)
    return not targets or (any(targets) if choice else all(targets))


def reached(spec: ProcessSpec, places: Iterable[Node], brought: Iterable[str], duty: Node | None = None) -> set[Node]:
    """Where tokens at the places can come, joins passed only when all their flows are brought; with `duty`, without
    passing that element but by an event attached to it."""
    seen, flows = set[Node](), set(brought)
    todo = [place for place in places if not _joins(place) or flows.issuperset(place.arrivals)]
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        todo += node.boundary
        for flow in () if node is duty else node.flows:
            flows.add(flow.id)
            if not _joins(flow.target) or flows.issuperset(flow.target.arrivals):
                todo.append(flow.target)
    return seen


def _joins(node: Node) -> bool:
    return isinstance(node, ParallelGateway) and len(node.arrivals) > 1


__all__ = ["duties", "on_the_way", "reached", "see"]
