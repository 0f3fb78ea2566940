"""The ways through one scope of a drawing: what lies ahead of what, where ways meet, which flows lead back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.drawing import Element, children, split_tag
from engine.rules.sheet import FLOW_NODES
from engine.vocabulary import BPMN

NODES = FLOW_NODES | {"complexGateway", "choreographyTask", "callChoreography", "subChoreography", "event"}
MADE = "Listed_"
"""How the ids begin that the list gives. What it made does not count where main and side ways are told apart, so that
working in the list never turns the list round."""


@dataclass(frozen=True)
class Flow:
    """A sequence flow; one without an id is numbered."""

    id: str
    source: str
    target: str
    node: Element


def kind(node: Element) -> str:
    """The local name of an element."""
    return split_tag(node)[1]


class Scope:
    """A process or sub-process. What is ahead knows no flows that lead back; sets of elements are bits of a number, in
    the order in which a walk from the starts meets the elements (`order`)."""

    def __init__(self, node: Element) -> None:
        self.node = node
        self.elements = {child.get("id", ""): child for child in node.iterchildren(f"{{{BPMN}}}*")
                         if child.get("id") and kind(child) in NODES}
        self.flows = {flow.id: flow for flow in self._flows()}
        self.out: dict[str, list[Flow]] = {each: [] for each in self.elements}
        self.into: dict[str, list[Flow]] = {each: [] for each in self.elements}
        for flow in self.flows.values():
            self.out[flow.source].append(flow)
            self.into[flow.target].append(flow)
        self.attached: dict[str, list[str]] = {}
        for each, element in self.elements.items():
            host = element.get("attachedToRef", "")
            if kind(element) == "boundaryEvent" and host in self.elements and host != each:
                self.attached.setdefault(host, []).append(each)
        self.hosts = {event: host for host, events in self.attached.items() for event in events}
        self.roots = self._roots()
        self.back: set[str] = set()
        self.order = self._walk()
        self.number = {each: place for place, each in enumerate(self.order)}
        self._look_ahead()

    def _flows(self) -> Iterator[Flow]:
        for place, node in enumerate(children(self.node, BPMN, "sequenceFlow")):
            source, target = node.get("sourceRef", ""), node.get("targetRef", "")
            if source in self.elements and target in self.elements:
                yield Flow(node.get("id") or f"#{place}", source, target, node)

    def _roots(self) -> list[str]:
        """Where ways begin: plain starts first, then other starts, then whatever no flow leads to."""
        loose = [each for each, element in self.elements.items()
                 if not self.into[each] and each not in self.hosts and not stands_apart(element)]
        return sorted(loose, key=lambda each: (kind(self.elements[each]) != "startEvent",
                                               triggered(self.elements[each])))

    def steps(self, each: str) -> list[tuple[str, str]]:
        """Where a walk goes on from an element: (flow or attached event, element)."""
        return ([(flow.id, flow.target) for flow in self.out[each]]
                + [(event, event) for event in self.attached.get(each, ())])

    def _walk(self) -> list[str]:
        """The elements in reverse postorder from the roots; notes the flows that lead back."""
        done: list[str] = []
        state: dict[str, int] = {}
        for root in reversed(self.roots):
            if root in state:
                continue
            state[root] = 1
            stack = [(root, iter(reversed(self.steps(root))))]
            while stack:
                at, ways = stack[-1]
                for key, target in ways:
                    if state.get(target) == 1:
                        self.back.add(key)
                    elif target not in state:
                        state[target] = 1
                        stack.append((target, iter(reversed(self.steps(target)))))
                        break
                else:
                    state[at] = 2
                    done.append(at)
                    stack.pop()
        return done[::-1]

    def _look_ahead(self) -> None:
        size = len(self.order)
        self._made = sum(1 << place for place, each in enumerate(self.order) if each.startswith(MADE))
        self._reach, self._ends, self._surely, self._returns = [0] * size, [0] * size, [0] * size, [False] * size
        for place in range(size - 1, -1, -1):
            each = self.order[place]
            after = [self.number[target] for key, target in self.steps(each) if key not in self.back]
            reach, ends, surely = 1 << place, 0, -1
            self._returns[place] = any(key in self.back for key, _ in self.steps(each))
            for following in after:
                reach |= self._reach[following]
                ends |= self._ends[following]
                self._returns[place] |= self._returns[following]
                surely &= self._surely[following]
            if not after and not self.out[each] and not each.startswith(MADE):
                ends = 1 << place
            self._reach[place], self._ends[place] = reach, ends
            self._surely[place] = (surely if after else 0) | 1 << place

    def reach(self, each: str) -> int:
        """What can be reached from an element without going back, itself included."""
        return self._reach[self.number[each]] if each in self.number else 0

    def ends(self, each: str) -> int:
        """The ends that can be reached from an element without going back."""
        return self._ends[self.number[each]] if each in self.number else 0

    def drawn(self, each: str) -> int:
        """How many elements lie ahead that the list did not make."""
        return (self.reach(each) & ~self._made).bit_count()

    def returns(self, each: str) -> bool:
        """Whether some way from an element goes back."""
        return each in self.number and self._returns[self.number[each]]

    def named(self, bits: int) -> list[str]:
        """The elements of a set, in order."""
        found = []
        while bits:
            lowest = bits & -bits
            found.append(self.order[lowest.bit_length() - 1])
            bits ^= lowest
        return found

    def surely_after(self, each: str) -> str | None:
        """The next element that every way from this one passes."""
        later = self._surely[self.number[each]] & ~(1 << self.number[each])
        return self.order[(later & -later).bit_length() - 1] if later else None


def triggered(element: Element) -> bool:
    """Whether an event waits for something."""
    return any(kind(child).endswith("EventDefinition") for child in element.iterchildren(f"{{{BPMN}}}*"))


def stands_apart(element: Element) -> bool:
    """Whether no flow is meant to lead to an element: an event sub-process, a compensation handler."""
    return element.get("triggeredByEvent") == "true" or element.get("isForCompensation") == "true"
