"""Compensation: undoing what was completed, the latest first (BPMN 2.0, 13.5.5 and 10.7).

A scope remembers, in the bookkeeping of its root token, which activities with a handler were completed in it ("done").
An entry is [element, None] for an activity with a handler attached, and [element, {done, data}] for a sub-process that
holds such activities: its variables are kept as they were when it ended. One handler runs at a time.
"""

from __future__ import annotations

from typing import Any

from engine.dialect.climbing import climb
from engine.dialect.nodes import COMPLETED, STARTED, Node, Token, spawn, withdraw
from engine.dialect.triggers import CancelTrigger

CANCEL = "cancel"


def undo(token: Token, activity: str | None, *, then: str = "") -> bool:
    """Begin to undo an activity, or everything done in the token's scope; False when there is nothing to undo."""
    scope = _ground(token)
    book = scope.task_tree.internal_data
    done: list[list[Any]] = book.get("done", [])
    names = {node.name for node in scope.spec.task_specs.values() if activity in (None, node.bpmn_id)}
    todo = [entry for entry in done if entry[0] in names]
    if not todo:
        return False
    book["done"] = [entry for entry in done if entry[0] not in names]
    book.setdefault("undo", []).append({"todo": todo, "thrower": token.thread_id, "then": then})
    go_on(scope)
    return True


def _ground(token: Token) -> Any:
    """The scope whose activities a token undoes: its own, or around an event sub-process the one it belongs to."""
    scope = token.workflow
    while scope.spec.by_event:
        scope = scope.top_workflow.get_task_from_id(scope.parent_task_id).workflow
    return scope


def go_on(scope: Any) -> None:
    """Start the next handler; when none is left, whoever asked for it goes on."""
    book = scope.task_tree.internal_data
    asked = book["undo"][-1]
    if asked["todo"]:
        name, kept = asked["todo"].pop()
        node: Node = scope.spec.task_specs[name]
        if kept is None:
            assert node.undone_by is not None
            node.undone_by._update(spawn(scope.task_tree, node.undone_by))
        else:
            _reopen(scope, node, kept)
        return
    book["undo"].pop()
    if not book["undo"]:
        del book["undo"]
    _resume(scope, asked)


def _reopen(scope: Any, node: Node, kept: dict[str, Any]) -> None:
    """Undo what a completed sub-process did: its own event sub-process for that, else its activities."""
    host = spawn(scope.task_tree, node, STARTED)
    scope.top_workflow.act.entered(host)
    host.internal_data["undoing"] = True
    inner = scope.top_workflow.create_subprocess(host, node.spec)
    inner.data.update(kept["data"])
    inner.task_tree._set_state(COMPLETED)  # nothing begins in it by itself
    inner.task_tree.internal_data["done"] = kept["done"]
    own = inner.spec.undoing
    if own is not None:
        own.catch(inner, {})
    elif not undo(inner.task_tree, None):
        inner.end_if_empty()


def _resume(scope: Any, asked: dict[str, Any]) -> None:
    if asked["then"] == CANCEL:
        cancel(scope)
        return
    inside = [scope, *(each for each in scope.top_workflow.scopes() if each is not scope)]
    for token in (token for each in inside for token in each.tasks.values()):
        if token.thread_id == asked["thrower"] and token._state == STARTED:
            token.complete()
            return
    scope.end_if_empty()


def give_up(scope: Any) -> None:
    """Everything in a scope is interrupted: what it was about to undo, and had not begun to, can still be undone."""
    book = scope.task_tree.internal_data
    left = [entry for asked in book.pop("undo", ()) for entry in asked["todo"]]
    if left:
        book["done"] = [*left, *book.get("done", ())]


def cancel(scope: Any) -> None:
    """Leave a transaction through its cancel event, after everything in it was undone."""
    host = scope.top_workflow.get_task_from_id(scope.parent_task_id)
    if not climb(host, CancelTrigger()):
        scope.terminate()


def cancel_from(token: Token) -> None:
    """A cancel end event: nothing else in the transaction goes on, what was done is undone, then it is left."""
    scope = token.workflow
    while not scope.spec.transaction and scope is not scope.top_workflow:
        scope = scope.top_workflow.get_task_from_id(scope.parent_task_id).workflow
    for other in list(scope.tasks.values()):
        withdraw(other)
    give_up(scope)
    if not undo(scope.task_tree, None, then=CANCEL):
        cancel(scope)
