"""Can a parallel join wait for ever? The token game, played through for every scope small enough to be played.

Elements that leave no choice are moved on first, so that only choices branch. A scope with inclusive gateways is not
judged (their joins wait only for what can still come), nor one with more positions than MOST_POSITIONS.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.drawing import Element, children
from engine.findings import Finding
from engine.rules.sheet import ACTIVITIES, Sheet, Space, Text, kind, triggers
from engine.vocabulary import BPMN

MOST_POSITIONS = 4000
MOST_TOKENS = 24
Marking = tuple[str, ...]
"""The flows that carry a token, sorted; a flow may carry several."""


def stuck_joins(sheet: Sheet) -> Iterator[Finding]:
    """A parallel join that can wait for a branch that was not taken."""
    for space in sheet.spaces:
        if len(space.of("startEvent")) != 1 or not space.of("parallelGateway") or _beyond(space):
            continue
        for join in sorted(_stuck(space)):
            yield sheet.found("stuck", space.by_id[join], Text(
                "并行汇合可能永远等不齐：有的分支不一定会走到",
                "this parallel join may wait for ever: not every branch into it is always taken",
                "排他分支用排他网关汇合", "join exclusive branches with an exclusive gateway"))


def _beyond(space: Space) -> bool:
    """What the token game here does not play: inclusive joins, conditional flows of activities, links, quantities."""
    conditional = any(
        kind(space.by_id[flow.get("sourceRef", "")]) in ACTIVITIES
        for flow in space.flows
        if flow.get("sourceRef", "") in space.by_id and list(children(flow, BPMN, "conditionExpression")))
    counted = any(element.get(name, "1") != "1" for element in space.elements
                  for name in ("startQuantity", "completionQuantity"))
    return bool(space.of("inclusiveGateway")) or conditional or counted or bool(space.links)


def _stuck(space: Space) -> set[str]:
    start = space.of("startEvent")[0].get("id", "")
    first = _sorted(_out(space, start))
    seen, todo, found = {first}, [first], set[str]()
    while todo:
        marking = todo.pop()
        following = list(_moves(space, marking))
        if not following:
            found.update(flow.get("targetRef", "") for flow in space.flows if flow.get("id") in marking)
        for position in following:
            if position not in seen and len(position) <= MOST_TOKENS:
                seen.add(position)
                todo.append(position)
        if len(seen) > MOST_POSITIONS:
            return set()
    return found & {gateway.get("id", "") for gateway in space.of("parallelGateway")}


def _moves(space: Space, marking: Marking) -> Iterator[Marking]:
    """The positions after one move; a single one where some element leaves no choice."""
    choices: list[list[Marking]] = []
    for element in _reached(space, marking):
        after = _after(space, element, marking)
        if len(after) == 1:
            yield after[0]
            return
        if after:
            choices.append(after)
    for after in choices:
        yield from after


def _reached(space: Space, marking: Marking) -> list[Element]:
    carrying = set(marking)
    ids = dict.fromkeys(flow.get("targetRef", "") for flow in space.flows if flow.get("id") in carrying)
    return [space.by_id[element_id] for element_id in ids if element_id in space.by_id]


def _after(space: Space, element: Element, marking: Marking) -> list[Marking]:
    """Every position after this element has taken its tokens and sent on its own; none if it must wait."""
    element_id = element.get("id", "")
    incoming = [flow.get("id", "") for flow in space.incoming.get(element_id, [])]
    carried = [flow for flow in incoming if flow in marking]
    if kind(element) == "parallelGateway":
        if len(carried) < len(incoming):
            return []
        taken = carried
    else:
        taken = carried[:1]
    rest = list(marking)
    for flow in taken:
        rest.remove(flow)
    if kind(element) == "endEvent" and {"terminate", "error", "cancel"} & set(triggers(element)):
        return [()]
    return [_sorted([*rest, *sent]) for sent in _sent(space, element)]


def _sent(space: Space, element: Element) -> list[list[str]]:
    """The alternatives: which flows get a token."""
    out = _out(space, element.get("id", ""))
    if kind(element) in ("exclusiveGateway", "eventBasedGateway"):
        return [[flow] for flow in out]
    ways = [out]
    for event in space.boundary.get(element.get("id", ""), []):
        aside = _out(space, event.get("id", ""))
        ways.append(aside if event.get("cancelActivity", "true") == "true" else [*out, *aside])
    return ways


def _out(space: Space, element_id: str) -> list[str]:
    return [flow.get("id", "") for flow in space.outgoing.get(element_id, [])]


def _sorted(flows: list[str]) -> Marking:
    return tuple(sorted(flows))


RULES = (stuck_joins,)
