"""Blocks taken out or put elsewhere: what led to a block leads to what followed it, what is left alone goes too."""

from __future__ import annotations

from collections.abc import Iterable

from engine.drawing import Element, children
from engine.vocabulary import BPMN
from workflows.studio.faces.edits import CannotEdit, NothingFollows, NotThere, NowhereToMove, OnlyWayOn, WaysLeadAway
from workflows.studio.faces.geometry import Box
from workflows.studio.faces.graph import Scope, kind
from workflows.studio.faces.listing import Block, Branch, Listing
from workflows.studio.faces.paper import exchange, remove
from workflows.studio.faces.units import FIXED, Course, courses, held, neighbour, swap, taken
from workflows.studio.faces.wiring import IDLE, Wiring


def lift(node: Element) -> None:
    """Take a node out of its parent, to be put elsewhere in it."""
    remove(node)


def found(listing: Listing, block_id: str) -> tuple[Course, int]:
    """The sequence in which a block stands, and where. Raises NotThere."""
    for course in courses(listing):
        at = course.at(block_id)
        if at is not None:
            return course, at
    raise NotThere


def delete(wiring: Wiring, listing: Listing, block_id: str) -> None:
    """Take a block out with what only it led to. Raises CannotEdit where a list cannot tell what is left."""
    course, at = found(listing, block_id)
    blocks = taken(course, at)
    scope = wiring.scope_of(block_id)
    if blocks[0].kind in FIXED or _after_race(scope, block_id):
        raise CannotEdit
    if not blocks[-1].exits:
        raise NothingFollows
    region = {each for each in held(blocks) if each in scope.elements}
    exits = [scope.flows[flow] for flow in blocks[-1].exits if flow in scope.flows]
    target = exits[0].target
    if target in region or len(exits) != len(blocks[-1].exits):
        raise CannotEdit
    shaken = _led_to(scope, region)
    for flow in list(scope.into[block_id]):
        if flow.source not in region:
            if len(blocks) == 1 and not blocks[0].branches and len(exits) == 1:
                wiring.bypass(flow, exits[0])
            else:
                wiring.lead(flow.id, target)
                wiring.picture.connect(flow.id, flow.source, target)
    _sweep(wiring, scope, region)
    wiring.heal([*shaken, target])


def delete_way(wiring: Wiring, block: Block, way: Branch) -> None:
    """Take a way of a gateway out with what lies only on it."""
    scope = wiring.scope_of(block.id)
    region = {each for each in held(way.steps) if each in scope.elements}
    shaken = [*_led_to(scope, region), scope.flows[way.id].target, block.id]
    wiring.cut(way.id)
    _sweep(wiring, scope, region)
    if not _ends(wiring.scope_of(block.id), block.id):
        raise OnlyWayOn
    left = wiring.scope_of(block.id).out[block.id]
    if len(left) == 1:
        for said in list(children(left[0].node, BPMN, "conditionExpression")):
            remove(said)
        wiring.paper.ids[block.id].attrib.pop("default", "")
    wiring.heal(dict.fromkeys(shaken))


def _ends(scope: Scope, start: str) -> bool:
    """Whether some way from an element comes to an end."""
    seen, waiting = {start}, [start]
    while waiting:
        each = waiting.pop()
        if not scope.out[each] and each not in scope.hosts:
            return True
        after = {target for _, target in scope.steps(each)} - seen
        seen |= after
        waiting += after
    return False


def _led_to(scope: Scope, region: set[str]) -> list[str]:
    """The gateways that flows out of a region lead to."""
    return [flow.target for each in region for flow in scope.out[each]
            if flow.target not in region and kind(scope.elements[flow.target]) in IDLE]


def _after_race(scope: Scope, block_id: str) -> bool:
    """Whether an element is what an event-based gateway waits for."""
    return any(kind(scope.elements[flow.source]) == "eventBasedGateway" for flow in scope.into[block_id])


def _sweep(wiring: Wiring, before: Scope, region: set[str]) -> None:
    """Take out those elements of a region that can no longer be reached."""
    scope = Scope(before.node)
    reached: set[str] = set()
    waiting = [root for root in before.roots if root not in region]
    waiting += [each for each in scope.elements if each not in before.number and each not in region]
    while waiting:
        each = waiting.pop()
        if each not in reached:
            reached.add(each)
            waiting += [target for _, target in scope.steps(each)]
    wiring.drop(each for each in scope.elements if each in region and each not in reached)


def move(wiring: Wiring, listing: Listing, block_id: str, down: bool) -> None:
    """Let a block and its neighbour change places. Raises NowhereToMove, CannotEdit."""
    course, at = found(listing, block_id)
    places = swap(course, at, down)
    if places is None:
        raise NowhereToMove(name=course.steps[at].name or block_id)
    upper, lower, coming = places.upper, places.lower, places.coming
    scope = wiring.scope_of(block_id)
    if _after_race(scope, upper[0].id):
        raise CannotEdit
    if _jumps(scope, upper, lower, {*coming, *upper[-1].exits, *lower[-1].exits}):
        raise WaysLeadAway(name=upper[0].name or lower[0].name or block_id)
    target = scope.flows[lower[-1].exits[0]].target
    _swap_places(wiring, scope, upper, lower)
    for flows, to in ((coming, lower[0].id), (lower[-1].exits, upper[0].id), (upper[-1].exits, target)):
        for flow in flows:
            wiring.lead(flow, to)
    _redraw(wiring, {*coming, *upper[-1].exits, *lower[-1].exits}, {*held(upper), *held(lower)})


def move_way(wiring: Wiring, block: Block, way: Branch, down: bool) -> None:
    """Let a way of a gateway and its neighbour change places, on the gateway's own list of its flows too. Raises
    NowhereToMove."""
    other = neighbour(block, way, down)
    if other is None:
        raise NowhereToMove(name=way.name or way.id)
    exchange(wiring.paper.ids[way.id], wiring.paper.ids[other.id])
    listed = {(node.text or "").strip(): node for node in children(wiring.paper.ids[block.id], BPMN, "outgoing")}
    if way.id in listed and other.id in listed:
        exchange(listed[way.id], listed[other.id])


def _jumps(scope: Scope, upper: tuple[Block, ...], lower: tuple[Block, ...], own: set[str]) -> bool:
    """Whether ways lead on from one of two blocks to elsewhere but an end, or into one of them from before."""
    parts = [set(held(blocks)) for blocks in (upper, lower)]
    lies = {each: place for place, part in enumerate(parts) for each in part}
    return any(lies.get(flow.source) != lies.get(flow.target) and flow.id not in scope.back
               and kind(scope.elements[flow.target]) != "endEvent"
               for flow in scope.flows.values() if flow.id not in own)


def _swap_places(wiring: Wiring, scope: Scope, upper: tuple[Block, ...], lower: tuple[Block, ...]) -> None:
    """Let two groups of shapes change places where they stand one behind the other and the places are free."""
    picture = wiring.picture
    groups = [{each for each in held(blocks) if each in scope.elements} for blocks in (upper, lower)]
    around = [_around(box for each in group if (box := picture.box(each)) is not None) for group in groups]
    a, b = around
    if a is None or b is None:
        return
    axis = next((axis for axis in (0, 1) if a.far(axis) < b.lead(axis)), None)
    if axis is None:
        return
    shifts = (b.far(axis) - a.far(axis), a.lead(axis) - b.lead(axis))
    others = [shape.box for shape in picture.shapes.values()
              if not shape.holds and shape.id not in groups[0] | groups[1]]
    moved = [picture.shapes[each].box.moved(axis, by) for group, by in zip(groups, shifts, strict=True)
             for each in group if each in picture.shapes]
    if any(box.touches(other) for box in moved for other in others):
        return
    for group, by in zip(groups, shifts, strict=True):
        picture.shift_group(group, axis, by)


def _around(boxes: Iterable[Box]) -> Box | None:
    known = list(boxes)
    if not known:
        return None
    x, y = min(box.x for box in known), min(box.y for box in known)
    return Box(x, y, max(box.far(0) for box in known) - x, max(box.far(1) for box in known) - y)


def _redraw(wiring: Wiring, flows: set[str], moved: set[str]) -> None:
    """Draw the lines anew that lead to, from or out of what was moved."""
    for flow, node in [(flow, wiring.paper.ids[flow]) for flow in wiring.picture.edges if flow in wiring.paper.ids]:
        ends = node.get("sourceRef", ""), node.get("targetRef", "")
        if kind(node) == "sequenceFlow" and (flow in flows or (ends[0] in moved) != (ends[1] in moved)):
            wiring.picture.connect(flow, *ends)
