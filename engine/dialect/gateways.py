"""Gateways. Joins count the tokens themselves, so that a join inside a loop is right in every round."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from engine.dialect.nodes import OVER, WAITING, Fault, Flow, Node, Token, context, spawn


class Choosing(Node):
    """Evaluates conditions on the outgoing flows; the default flow carries none."""

    def matching(self, token: Token, *, first: bool) -> list[Flow]:
        """The flows whose condition is true, in drawing order; else the default; else a fault."""
        if len(self.flows) == 1 and self.flows[0].condition is None:
            return self.flows
        given, found = context(token), []
        for flow in self.flows:
            if flow.condition is not None and flow.id != self.default and flow.condition(given) is True:
                found.append(flow)
                if first:
                    return found
        found = found or [flow for flow in self.flows if flow.id == self.default]
        if not found:
            zh, en = "网关的所有条件都不成立，也没有默认路径", "no condition holds and there is no default flow"
            raise Fault(self.bpmn_id, zh, en)
        return found


class ExclusiveGateway(Choosing):
    """bpmn:exclusiveGateway: one way out; merging passes every token on."""

    def follow(self, token: Token) -> Sequence[Flow]:
        return self.matching(token, first=True)


class Joining(Node):
    """Collects tokens at several incoming flows; the first to come waits and carries the count of the others."""

    def arrive(self, token: Token) -> bool:
        if len(self.arrivals) < 2:
            return super().arrive(token)
        flow = token.internal_data.pop("flow")
        waiting = self._collector(token)
        if waiting is None:
            self.enter(token)
            token.internal_data["arrived"] = {flow: 1}
            token._set_state(WAITING)
            waiting = token
        else:
            arrived = waiting.internal_data["arrived"]
            arrived[flow] = arrived.get(flow, 0) + 1
            token.workflow._remove_task(token.id)
        self.arrived(waiting)
        return False

    def _collector(self, token: Token) -> Token | None:
        tokens = token.workflow.tasks.values()
        return next((other for other in tokens if other.task_spec is self and other._state == WAITING), None)

    def arrived(self, waiting: Token) -> None:
        """A token was added to the count."""

    def release(self, waiting: Token) -> None:
        """One token of each flow goes on; what is left over waits for the next round."""
        left = {flow: count - 1 for flow, count in waiting.internal_data.pop("arrived").items() if count > 1}
        waiting._ready()
        if left:
            rest = spawn(waiting.parent, self, WAITING)
            self.enter(rest)
            rest.internal_data["arrived"] = left
            self.arrived(rest)


class ParallelGateway(Joining):
    """bpmn:parallelGateway: goes on when every incoming flow has brought a token; all its outgoing flows are taken."""

    def follow(self, token: Token) -> Sequence[Flow]:
        return self.flows

    def arrived(self, waiting: Token) -> None:
        if len(waiting.internal_data["arrived"]) == len(self.arrivals):
            self.release(waiting)


class InclusiveGateway(Joining, Choosing):
    """bpmn:inclusiveGateway: goes on when no other token can still reach an empty incoming flow (BPMN 13.4.3)."""

    def follow(self, token: Token) -> Sequence[Flow]:
        return self.matching(token, first=False)

    def look(self, waiting: Token) -> bool:
        """Called when nothing else moves; True when the join was released."""
        brought = waiting.internal_data["arrived"]
        missing = [flow for flow in self.arrivals if flow not in brought]
        if any(self._must_wait(other, missing, brought) for other in waiting.workflow.tasks.values()):
            return False
        self.release(waiting)
        return True

    def _must_wait(self, other: Token, missing: list[str], brought: Iterable[str]) -> bool:
        spec = other.task_spec
        if other._state & OVER or spec is self or spec.is_boundary:
            return False
        reach = self._upstream
        if any(spec.name in reach[flow] for flow in brought):
            return False
        return any(spec.name in reach[flow] for flow in missing)

    @cached_property
    def _upstream(self) -> dict[str, frozenset[str]]:
        return upstream(self)


def upstream(join: Node) -> dict[str, frozenset[str]]:
    """For each incoming flow of an element, the names of those from which a token can reach it without passing it."""
    feeders: dict[str, list[tuple[str, Node]]] = {}
    for spec in join._wf_spec.task_specs.values():
        for flow in getattr(spec, "flows", ()):
            feeders.setdefault(flow.target.name, []).append((flow.id, spec))
    return {flow: _leading(join, flow, feeders) for flow in join.arrivals}


def _leading(join: Node, flow: str, feeders: dict[str, list[tuple[str, Node]]]) -> frozenset[str]:
    todo = [source for id, source in feeders.get(join.name, []) if id == flow]
    seen: set[str] = set()
    while todo:
        spec = todo.pop()
        if spec is join or spec.name in seen:
            continue
        seen.add(spec.name)
        todo += [source for _, source in feeders.get(spec.name, [])]
        host = getattr(spec, "host", None)
        todo += [host] if host is not None else []
    return frozenset(seen)
