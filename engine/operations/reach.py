"""Which elements lead where, inside one scope of a drawing. Pure: nothing here looks at a running instance.

Used before a token is put somewhere by hand or an instance moves to another drawing: a parallel join that nothing can
reach any more on one of its flows would wait for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache

from engine.dialect.gateways import ParallelGateway, upstream
from engine.dialect.nodes import OVER, Node, Token
from engine.dialect.scopes import ProcessSpec

Collected = Mapping[str, Iterable[str]]
"""Name of a join -> the flows that have brought a token."""


class Reach:
    """The ways inside one process or sub-process; elements are named by their spec's name."""

    def __init__(self, spec: ProcessSpec) -> None:
        self.spec = spec
        self._before: dict[str, frozenset[str]] = {}

    def nodes(self) -> Iterator[Node]:
        """The elements of this scope."""
        return (spec for spec in self.spec.task_specs.values() if isinstance(spec, Node))

    def onward(self, node: Node) -> list[Node]:
        """What a token can reach next from here: along a flow, or through an attached event."""
        return [flow.target for flow in node.flows] + list(node.boundary)

    def before(self, node: Node) -> frozenset[str]:
        """From which elements a token can reach this one."""
        if node.name not in self._before:
            self._before[node.name] = frozenset[str]().union(*upstream(node).values())
        return self._before[node.name]

    def covered(self, places: Iterable[str], collected: Collected) -> set[str]:
        """The flows that tokens at these places may come along, joins passed only when all their flows are covered."""
        names = set(places)
        todo = [node for node in self.nodes() if node.name in names and node not in self._joins]
        found = {flow for flows in collected.values() for flow in flows}
        todo += [join for join in self._joins if found.issuperset(join.arrivals)]
        seen: set[Node] = set()
        while todo:
            node = todo.pop()
            if node in seen:
                continue
            seen.add(node)
            todo += node.boundary
            for flow in node.flows:
                found.add(flow.id)
                if flow.target not in self._joins or found.issuperset(flow.target.arrivals):
                    todo.append(flow.target)
        return found

    @cached_property
    def _joins(self) -> list[ParallelGateway]:
        """The parallel gateways that wait for more than one flow."""
        return [spec for spec in self.nodes() if isinstance(spec, ParallelGateway) and len(spec.arrivals) > 1]

    def starved(self, places: Iterable[str], collected: Collected) -> set[tuple[str, str]]:
        """(join, flow) pairs where a join waits, or will wait, for a token that nobody can bring any more."""
        covered = self.covered(places, collected)
        return {(join.name, flow) for join in self._joins if not covered.isdisjoint(join.arrivals)
                for flow in join.arrivals if flow not in covered}

    def nearest(self, start: Iterable[Node], wanted: set[str]) -> Node | None:
        """The first of the wanted elements on the ways onward from here."""
        todo, seen = list(start), set[Node]()
        while todo:
            node = todo.pop(0)
            if node.name in wanted:
                return node
            if node not in seen:
                seen.add(node)
                todo += self.onward(node)
        return None


@lru_cache(maxsize=256)
def reach(spec: ProcessSpec) -> Reach:
    """The ways of a spec; specs are shared by all instances and never change."""
    return Reach(spec)


def positions(tokens: Iterable[Token]) -> tuple[list[str], dict[str, list[str]]]:
    """Where the tokens of one scope stand (a round of a multi-instance at its body), and what its joins hold."""
    places, collected = [], {}
    for token in tokens:
        spec: Node = token.task_spec
        if token._state & OVER or spec is token.workflow.spec.start:
            continue
        places.append(spec.body.name if spec.body is not None else spec.name)
        if "arrived" in token.internal_data:
            collected[spec.name] = list(token.internal_data["arrived"])
    return places, collected


__all__ = ["Collected", "Reach", "positions", "reach"]
