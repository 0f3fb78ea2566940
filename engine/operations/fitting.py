"""Whether a running instance fits another version of its drawing, token by token. Nothing is written here.

Every live token must find its element in the new drawing: the same kind, in the same place. What it carries besides
(what a join has collected, a multi-instance has counted, which events are attached) must still mean the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine import expressions
from engine.catalog import Plan
from engine.dialect.catching import Awaiting, EventGateway
from engine.dialect.containers import EventSubProcess, SubProcess
from engine.dialect.gateways import Joining
from engine.dialect.nodes import CANCELLED, OVER, Node, Token, context
from engine.dialect.rounds import MultiInstance, Rounds
from engine.dialect.scopes import Process, ProcessSpec
from engine.dialect.tasks import UserTask
from engine.dialect.triggers import ConditionTrigger, MessageTrigger, SignalTrigger, TimerTrigger
from engine.findings import Finding
from engine.operations.reach import positions, reach
from ledger import clock


@dataclass
class Fit:
    """What moving a process to the new drawing means: what hinders it, and what changes where."""

    hindrances: list[Finding] = field(default_factory=list)
    remarks: list[Finding] = field(default_factory=list)
    unmapped: list[str] = field(default_factory=list)
    targets: list[tuple[Token, Node]] = field(default_factory=list)
    scopes: list[tuple[Any, ProcessSpec]] = field(default_factory=list)
    arms: list[tuple[Any, Any]] = field(default_factory=list)  # (activity's token or scope, what is to wait there)
    disarms: list[Token] = field(default_factory=list)
    waits: list[tuple[Token, Awaiting]] = field(default_factory=list)
    unwaits: list[tuple[Token, str]] = field(default_factory=list)
    renames: dict[str, str] = field(default_factory=dict)
    released: bool = False


class Fitting:
    """Compares one loaded process, run by the old plan, with the new plan."""

    def __init__(self, process: Process, old: Plan, new: Plan, mapping: Mapping[str, str]) -> None:
        self.process, self.old, self.new, self.mapping = process, old, new, mapping
        self.fit = Fit()

    def check(self) -> Fit:
        """Look at every live token; the process itself stays as it is."""
        self._scope(self.process, self.new.blueprint.spec)
        if not self.fit.hindrances and not self.fit.unmapped:
            for scope, spec in self.fit.scopes:
                self._starving(scope, spec)
        return self.fit

    def _name(self, element_id: str) -> str:
        return self.mapping.get(element_id, element_id)

    def _hinder(self, rule: str, node: Node, zh: str, en: str) -> None:
        self.fit.hindrances.append(_about(rule, node, zh, en))

    def _remark(self, rule: str, node: Node, zh: str, en: str) -> None:
        self.fit.remarks.append(_about(rule, node, zh, en, "warning"))

    def _scope(self, scope: Any, spec: ProcessSpec) -> None:
        self.fit.scopes.append((scope, spec))
        self._bookkeeping(scope, spec)
        for token in list(scope.tasks.values()):
            if token is scope.task_tree:
                self.fit.targets.append((token, spec.start))
            elif not token._state & OVER and not token.task_spec.is_boundary and not token.task_spec.armed(token):
                self._token(token, spec)
        self._standing_by(scope, spec)

    def _bookkeeping(self, scope: Any, spec: ProcessSpec) -> None:
        """What the scope remembers by name: activities to be undone, and those not begun yet."""
        book = scope.task_tree.internal_data
        self._undoable(scope.spec, spec, _remembered(book))
        if {self._name(flow) for flow in book.get("queue", ())} - {flow.id for flow in spec.start.flows}:
            self._hinder("queue", scope.spec.start, "还没有开始的环节在新版本里没有了", "what has not begun is gone")

    def _undoable(self, old: ProcessSpec, new: ProcessSpec, entries: list[list[Any]]) -> None:
        """What was completed has its handler in the new drawing too, also inside sub-processes that are over."""
        for name, kept in entries:
            target = new.task_specs.get(_renamed(name, self.mapping))
            if kept is None:
                known = target is not None and target.undone_by is not None
            else:
                known = isinstance(target, SubProcess)
            if not known:
                self._hinder("undoing", old.task_specs[name], "已办结并可能需要补偿，新版本里没有它或它的补偿活动",
                             "was completed and may have to be undone; it or its handler is gone in the new version")
            elif kept is not None:
                before, after = old.task_specs[name].spec, target.spec
                self._undoable(self.old.blueprint.inner[before], self.new.blueprint.inner[after], kept["done"])

    def _standing_by(self, scope: Any, spec: ProcessSpec) -> None:
        """Event sub-processes that wait in case something happens in this scope."""
        old = {self._name(node.bpmn_id): node for node in scope.spec.event_subprocesses}
        new = {node.bpmn_id: node for node in spec.event_subprocesses}
        same = {name for name in old if name in new and _kinds(old[name].start) == _kinds(new[name].start)}
        interrupted = False
        for token in scope.tasks.values():
            node = token.task_spec
            if token._state & OVER or not isinstance(node, EventSubProcess):
                continue
            name = self._name(node.bpmn_id)
            if not node.armed(token):
                interrupted = interrupted or node.start.interrupting
            elif name in same:
                self.fit.targets.append((token, new[name]))
                self.fit.renames[node.start.bpmn_id] = new[name].start.bpmn_id
                self._catch(token, node.start, new[name].start)
            else:
                self._disarm(token)
        for name, node in new.items():
            if name not in same and node.kinds() and not interrupted:
                self._arm(scope.task_tree, node.start)
                self.fit.arms.append((scope, node))

    def _token(self, token: Token, spec: ProcessSpec) -> None:
        target = self._target(token.task_spec, spec)
        if target is None or not self._same_kind(token.task_spec, target):
            return
        self.fit.targets.append((token, target))
        self._details(token, target)
        self._attached(token, target)
        inner = self.process.subprocesses.get(token.id)
        if inner is not None and isinstance(target, SubProcess):
            self._scope(inner, self.new.blueprint.inner[target.spec])

    def _target(self, node: Node, spec: ProcessSpec) -> Node | None:
        """The element of the new drawing that a token stands at; notes why there is none."""
        wanted = self._name(node.bpmn_id)
        found: Node | None = spec.task_specs.get(wanted + node.name.removeprefix(node.bpmn_id))
        if found is not None:
            return found
        if node.body is not None:
            return None  # the body says that the multi-instance is gone
        if any(wanted in other.task_specs for other in (self.new.blueprint.spec, *self.new.blueprint.inner.values())):
            self._hinder("moved", node, "在新版本里移到了另一个子流程，正在进行的环节不能跟着移动",
                         "is in another sub-process in the new version; work in progress cannot move there")
        elif wanted == node.bpmn_id:
            self.fit.unmapped.append(node.bpmn_id)
        return None

    def _same_kind(self, old: Node, new: Node) -> bool:
        if type(old) is type(new):
            return True
        if isinstance(old, Rounds) or isinstance(new, Rounds):
            added = isinstance(new, Rounds)
            self._hinder("multi-instance", old, f"正在进行，新版本{'增加' if added else '取消'}了多实例（会签）或循环",
                         f"is in progress and the new version {'adds' if added else 'removes'} its loop")
        else:
            self._hinder("kind", old, f"在新版本里换成了另一种元素（{type(old).__name__} → {type(new).__name__}）",
                         f"is another kind of element in the new version ({type(old).__name__} → {type(new).__name__})")
        return False

    # what a token carries besides its place
    def _details(self, token: Token, target: Node) -> None:
        if isinstance(target, Joining):
            self._join(token, target)
        elif isinstance(target, MultiInstance):
            self._rounds(token, target)
        elif isinstance(target, EventGateway):
            self._choice(token, target)
        elif isinstance(target, Awaiting):
            self._catch(token, token.task_spec, target)
        elif isinstance(target, UserTask):
            self._task(token, target)
        if "come" in token.internal_data and token.task_spec.needs != target.needs:
            self._hinder("quantity", token.task_spec, "正在收集，新版本改变了所需的数量",
                         "is gathering tokens and the new version needs another number of them")

    def _join(self, token: Token, target: Joining) -> None:
        brought = {self._name(flow) for flow in token.internal_data.get("arrived", ())}
        if brought - set(target.arrivals):
            self._hinder("join-flow", token.task_spec, "已收到的分支在新版本里没有对应的连线，汇合会出错",
                         "has collected a branch whose sequence flow is gone in the new version")
        elif brought == set(target.arrivals):
            self.fit.released = True
            self._remark("join-goes-on", token.task_spec, "迁移后所有分支都已到达，将立即继续",
                         "has all its branches after the migration and goes on at once")

    def _rounds(self, token: Token, target: MultiInstance) -> None:
        old, new = token.task_spec.loop, target.loop
        if old.sequential != new.sequential:
            self._hinder("multi-instance-order", token.task_spec, "正在进行，新版本改变了多实例的串行或并行方式",
                         "is in progress and the new version changes between sequential and parallel")
        elif old.element != new.element:
            self._hinder("multi-instance-item", token.task_spec, "正在进行，新版本改变了多实例的元素变量名",
                         "is in progress and the new version renames the variable of its rounds")
        elif token.task_spec.votes != target.votes:
            self._hinder("multi-instance-vote", token.task_spec, "正在进行，新版本增加或取消了票签",
                         "is in progress and only one of the versions counts votes")

    def _choice(self, token: Token, target: EventGateway) -> None:
        old = {self._name(flow.target.bpmn_id): flow.target for flow in token.task_spec.flows}
        new = {flow.target.bpmn_id: flow.target for flow in target.flows}
        for name, event in old.items():
            kept = new.get(name)
            if kept is None or _kinds(event) != _kinds(kept):
                self.fit.unwaits.append((token, event.bpmn_id))
                self._remark("event-gone", event, "不再等待", "is no longer waited for")
        for name, event in new.items():
            if name not in old or _kinds(event) != _kinds(old[name]):
                self._arm(token, event)
                self.fit.waits.append((token, event))
            elif _words(event) != _words(old[name]):
                self._reword(token, old[name], event)

    def _catch(self, token: Token, old: Awaiting, new: Awaiting) -> None:
        if _kinds(old) != _kinds(new):
            self._hinder("event-kind", old, "正在等待，新版本换成了等待另一种事件", "waits for another kind of event")
        elif _words(old) != _words(new):
            self._reword(token, old, new)

    def _reword(self, token: Token, old: Awaiting, new: Awaiting) -> None:
        if len(new.waits) > 1:
            self._hinder("event-kind", old, "同时等待几个事件，新版本改了其中的内容",
                         "waits for several events and the new version changes them")
            return
        waits = new.waits[0]
        if isinstance(waits, MessageTrigger | SignalTrigger):
            self.fit.unwaits.append((token, old.bpmn_id))
            self.fit.waits.append((token, new))
            self._remark("message", old, f"改为等待“{waits.name}”", f"waits for {waits.name} now")
        elif isinstance(waits, TimerTrigger):
            self._remark("timer", old, "的定时规则变了，已定的时刻保持不变", "has another timer; the moment set stays")
        elif isinstance(waits, ConditionTrigger):
            self._remark("condition", old, "的条件变了", "has another condition now")

    def _task(self, token: Token, target: UserTask) -> None:
        old, new = token.task_spec.words, target.words
        if old.form_id != new.form_id:
            self._remark("form", target, f"的表单换成 {new.form_id or '（无）'}", f"has form {new.form_id} now")
        if (old.assignee, old.groups, old.users) != (new.assignee, new.groups, new.users):
            self._remark("who", target, "的办理人规则变了，已派出的任务仍由原来的人办理",
                         "is offered to others in the new version; the open task stays with those who have it")

    # events attached to what is going on
    def _attached(self, token: Token, target: Node) -> None:
        old = {self._name(event.bpmn_id): event for event in token.task_spec.boundary}
        new = {event.bpmn_id: event for event in target.boundary}
        same = {name for name in old if name in new and _kinds(old[name]) == _kinds(new[name])}
        for child in token.children:
            if child._state & OVER or not child.task_spec.is_boundary:
                continue
            name = self._name(child.task_spec.bpmn_id)
            if name in same:
                self.fit.targets.append((child, new[name]))
                self._catch(child, child.task_spec, new[name])
            else:
                self._disarm(child)
        for name, event in new.items():
            if name not in same and event.kinds():
                self._arm(token, event)
                self.fit.arms.append((token, event))

    def _disarm(self, token: Token) -> None:
        self.fit.disarms.append(token)
        self._remark("disarmed", token.task_spec, "不再附着，停止等待", "is detached and no longer waits")

    def _arm(self, token: Token, event: Awaiting) -> None:
        """An event that begins to wait: its moment must be known."""
        if any(isinstance(each, TimerTrigger) and not _moment(token, each) for each in event.waits):
            self._hinder("moment", event, "新增的定时器算不出时间", "is a new timer whose moment cannot be computed")
        else:
            self._remark("armed", event, "从迁移时起开始等待", "waits from the migration on")

    # joins that nobody can satisfy any more
    def _starving(self, scope: Any, spec: ProcessSpec) -> None:
        places, collected = positions(scope.tasks.values())
        before = {(self._name(join), self._name(flow)) for join, flow in reach(scope.spec).starved(places, collected)}
        moved = {token.id: target for token, target in self.fit.targets}
        there = [(moved[token.id], token) for token in scope.tasks.values() if token.id in moved]
        names = [(node.body or node).name for node, _ in there if node is not spec.start]
        held = {node.name: [self._name(flow) for flow in token.internal_data["arrived"]]
                for node, token in there if "arrived" in token.internal_data}
        for join, flow in sorted(reach(spec).starved(names, held) - before):
            self._hinder("starved", spec.task_specs[join], f"会永远等待连线 {flow}：该分支已经没有人能走到",
                         f"would wait for ever for flow {flow}: nobody can come along it any more")


def rebind(process: Process, new: Plan, fit: Fit, mapping: Mapping[str, str]) -> None:
    """Put the process on the new drawing; events that are no longer attached fall off."""
    process.subprocess_specs = new.blueprint.inner
    for scope, spec in fit.scopes:
        book = scope.task_tree.internal_data
        _rename(_remembered(book), mapping)
        if "queue" in book:
            book["queue"] = [mapping.get(flow, flow) for flow in book["queue"]]
        scope.spec = spec
    for token in fit.disarms:
        token._set_state(CANCELLED)
    for token, target in fit.targets:
        token.task_spec = target
        if "arrived" in token.internal_data:
            arrived = token.internal_data["arrived"]
            token.internal_data["arrived"] = {mapping.get(flow, flow): count for flow, count in arrived.items()}


def _remembered(book: Mapping[str, Any]) -> list[list[Any]]:
    """What a scope may have to undo: [element, None] or [sub-process, {done, data}], see compensation."""
    return [*book.get("done", ()), *(each for asked in book.get("undo", ()) for each in asked["todo"])]


def _rename(entries: list[list[Any]], mapping: Mapping[str, str]) -> None:
    for entry in entries:
        entry[0] = _renamed(entry[0], mapping)
        if entry[1] is not None:
            _rename(entry[1]["done"], mapping)


def _renamed(name: str, mapping: Mapping[str, str]) -> str:
    """The new name of a spec: an element's id, or "id [child]" for what a loop is drawn around."""
    element_id, gap, rest = name.partition(" ")
    return mapping.get(element_id, element_id) + gap + rest


def label(node: Node) -> str:
    """An element as people know it."""
    return f"“{node.bpmn_name}”（{node.bpmn_id}）" if node.bpmn_name else f"“{node.bpmn_id}”"


def _about(rule: str, node: Node, zh: str, en: str, severity: Any = "error") -> Finding:
    english = f'"{node.bpmn_name}" ({node.bpmn_id})' if node.bpmn_name else f'"{node.bpmn_id}"'
    return Finding(rule, f"{label(node)}{zh}", f"{english} {en}", element=node.bpmn_id, name=node.bpmn_name or "",
                   severity=severity)


def _kinds(event: Awaiting) -> tuple[Any, ...]:
    return (event.all_of_them, *(type(each) for each in event.waits))


def _words(event: Awaiting) -> list[tuple[Any, ...]]:
    return [tuple(getattr(each, word, None) for word in ("kind", "text", "name")) for each in event.waits]


def _moment(token: Token, trigger: TimerTrigger) -> Any:
    try:
        found = trigger.moment(context(token))
        return expressions.cycle(found, clock.now()) if trigger.repeats else expressions.instant(found, clock.now())
    except Exception:  # whatever a formula may raise: the drawing's owner reads that it gives no moment
        return None
