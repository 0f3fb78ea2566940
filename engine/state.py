"""An instance's state as bytes, and the live objects kept between acts (DESIGN D4).

One byte for the format, then MessagePack of
    [serial, [scope, ...]]
    scope = [number of the host token or -1, spec name, variables, [token, ...]]
    token = [number of the parent or -1, spec name, state, serial number, own variables, bookkeeping]
Tokens are numbered through all scopes in order; a parent comes before its children. The first token of a scope is its
root. Finished tokens are pruned before, so the size follows what is going on, not what has been.

Format 1: release 0.1. Format 2: the same rows; their bookkeeping may hold what an engine of format 1 would misread:
halted tokens ("halt", "tries"), what was done and is being undone ("done", "undo", "undoing"), conditions that held,
rounds of a repeating timer, triggers of several that have come ("held", "left", "due", "had", "come"), queues.
Format 3: the same; a countersign keeps its ballots ("votes"), which an engine of format 2 would not count.
A format is read for ever: UPGRADES leads from each to the next, and tests/golden keeps instances of every one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from engine.dialect import Blueprint
from engine.dialect.nodes import OVER, READY, WAITING, Node, Token
from engine.dialect.scopes import Inner, Process, begin_at
from engine.packing import freeze, pack, unpack

FORMAT = 3
KEPT, KEPT_BYTES = 1000, 8 * 2**20
"""How many live processes are kept, and how many bytes their states may have together.

In memory an instance takes some 2 KiB more than twice its state (bench/memory.py).
"""


class NoScripts(PythonScriptEngine):  # type: ignore[misc]
    """SpiffWorkflow's script engine, made unreachable: every expression is FEEL and never comes here."""

    def __init__(self) -> None:
        self.environment = None

    def _refuse(self, *_args: Any, **_kwargs: Any) -> Any:
        raise RuntimeError("Python in a diagram is never run")

    evaluate = execute = call_service = _refuse


NO_SCRIPTS = NoScripts()


def begin(blueprint: Blueprint, variables: Mapping[str, Any], at: str | None = None,
          payload: Mapping[str, Any] | None = None) -> Process:
    """A new process standing before its start event; `at` names the one that a message, signal or clock triggered."""
    process = Process(blueprint.spec, blueprint.inner, script_engine=NO_SCRIPTS)
    process.data.update(variables)
    process.serial, process.known = 0, {}
    if at is not None:
        begin_at(process, at, payload or {})
    return process


def prune(process: Process) -> None:
    """Forget finished tokens: their children move up to the next unfinished token or the scope's root."""
    for scope in process.scopes():
        tasks, root = scope.tasks, scope.task_tree
        for token in [token for token in tasks.values() if token._state & OVER and token is not root]:
            parent = tasks[token._parent]
            place = parent._children.index(token.id)
            parent._children[place:place + 1] = token._children
            for child in token._children:
                tasks[child]._parent = parent.id
            del tasks[token.id]


def dump(process: Process) -> bytes:
    """The state of a pruned process."""
    numbers: dict[Any, int] = {}
    scopes = []
    for scope in process.scopes():
        rows = [_row(token, numbers) for token in _in_order(scope)]
        host = -1 if scope.parent_task_id is None else scope.parent_task_id
        scopes.append([host, scope.spec.name, freeze(scope.data), rows])  # type: ignore[attr-defined]
    for scope_row in scopes[1:]:
        scope_row[0] = numbers[scope_row[0]]
    return bytes([FORMAT]) + pack([process.serial, scopes])


def _in_order(scope: Any) -> list[Token]:
    found, todo = [], [scope.task_tree]
    while todo:
        token = todo.pop()
        found.append(token)
        todo.extend(scope.tasks[child] for child in reversed(token._children))
    return found


def _row(token: Token, numbers: dict[Any, int]) -> list[Any]:
    numbers[token.id] = len(numbers)
    parent = -1 if token._parent is None else numbers[token._parent]
    row = [parent, token.task_spec.name, token._state, token.thread_id]
    if token.data or token.internal_data:
        row += [freeze(token.data), freeze(token.internal_data)]
    return row


def load(blueprint: Blueprint, blob: bytes) -> Process:
    """The process back from its state. Raises ValueError for a format of a newer release."""
    serial, scopes = _body(blob)
    process = Process(blueprint.spec, blueprint.inner, script_engine=NO_SCRIPTS, deserializing=True)
    process.serial = serial
    everywhere: list[Token] = []
    for host, spec_name, variables, rows in scopes:
        scope = process if host < 0 else _inner(process, blueprint, spec_name, everywhere[host])
        scope.data, scope.tasks = variables, {}
        for row in rows:
            everywhere.append(_token(scope, row, everywhere))
        scope.task_tree = everywhere[-len(rows)]
    process.drawn, process.known = len(everywhere), waiting_at(process)
    return process


def _same(body: Any) -> Any:
    """What this format wrote means the same in the next."""
    return body


UPGRADES: dict[int, Callable[[Any], Any]] = {1: _same, 2: _same}


def _body(blob: bytes) -> Any:
    """The unpacked state in the terms of the present format."""
    written = blob[0] if blob else 0
    if written > FORMAT:
        raise ValueError(f"state of format {written} was written by a newer release; this one reads up to {FORMAT}")
    if written < 1:
        raise ValueError("this is no state of an instance")
    body = unpack(memoryview(blob)[1:])
    for number in range(written, FORMAT):
        body = UPGRADES[number](body)
    return body


def _inner(process: Process, blueprint: Blueprint, spec_name: str, host: Token) -> Inner:
    scope = Inner(blueprint.inner[spec_name], parent_task_id=host.id, top_workflow=process, deserializing=True)
    process.subprocesses[host.id] = scope
    return scope


def _token(scope: Any, row: list[Any], before: list[Token]) -> Token:
    parent, spec_name, state, serial, *own = row
    token = Token.__new__(Token)
    token.id, token.workflow, token._children = len(before) + 1, scope, []
    token._parent = None if parent < 0 else before[parent].id
    token._state, token.task_spec, token.thread_id = state, scope.spec.task_specs[spec_name], serial
    token.triggered, token.last_state_change = False, 0
    token.data, token.internal_data = own or ({}, {})
    scope.tasks[token.id] = token
    if parent >= 0:
        before[parent]._children.append(token.id)
    return token


def waiting_at(process: Process) -> dict[int, str]:
    """Serial number -> kinds of rows ("task timer message condition halt") of every token that waits for something."""
    found = {}
    for token in process.tokens():
        kinds = rows_of(token.task_spec, token._state)
        if "halt" in token.internal_data:
            kinds += " halt"
        if kinds:
            found[token.thread_id] = kinds
    return found


def rows_of(spec: Node, state: int) -> str:
    """Which rows a token at this element has while it is in this state."""
    return spec.kinds() if state == (READY if spec.told_by_task else WAITING) else ""


@dataclass
class Live:
    """A process in memory, the version of its row that it equals, and the bytes of its state."""

    version: int
    process: Process
    size: int = 0


class Shelf:
    """Live processes of one database; each is on the shelf or in one session's hands, never both."""

    def __init__(self, most: int = KEPT, most_bytes: int = KEPT_BYTES) -> None:
        self._kept: OrderedDict[int, Live] = OrderedDict()
        self._lock, self._most, self._most_bytes, self._bytes = threading.Lock(), most, most_bytes, 0

    def take(self, instance_id: int, version: int) -> Process | None:
        """The live process when it equals this version of the row."""
        with self._lock:
            live = self._drop(instance_id)
        return live.process if live is not None and live.version == version else None

    def put(self, instance_id: int, live: Live) -> None:
        """Keep it for the next act; the longest unused ones make room."""
        with self._lock:
            self._drop(instance_id)
            self._kept[instance_id] = live
            self._bytes += live.size
            while len(self._kept) > self._most or self._bytes > self._most_bytes:
                self._drop(next(iter(self._kept)))

    def _drop(self, instance_id: int) -> Live | None:
        live = self._kept.pop(instance_id, None)
        if live is not None:
            self._bytes -= live.size
        return live

    def __len__(self) -> int:
        return len(self._kept)


_shelves: WeakKeyDictionary[Engine, Shelf] = WeakKeyDictionary()
IN_HAND = "engine_live"


def shelf(session: Session) -> Shelf:
    """The shelf of the session's database."""
    engine = session.get_bind().engine
    found = _shelves.get(engine)
    return found if found is not None else _shelves.setdefault(engine, Shelf())


def in_hand(session: Session) -> dict[int, Live]:
    """What this transaction has worked on: put back on the shelf by its commit, forgotten by a roll-back."""
    hand: dict[int, Live] = session.info.setdefault(IN_HAND, {})
    return hand


def _after_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint: nothing is committed yet
    hand = session.info.get(IN_HAND)
    if hand:
        place = shelf(session)
        for instance_id, live in hand.items():
            if not live.process.completed:
                place.put(instance_id, live)
        hand.clear()


def _after_rollback(session: Session, *_args: Any) -> None:
    hand = session.info.get(IN_HAND)
    if hand:
        hand.clear()


event.listen(Session, "after_commit", _after_commit)
event.listen(Session, "after_soft_rollback", _after_rollback)
