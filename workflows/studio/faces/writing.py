"""Edits of a list, made in the drawing it was read from. What an edit does not touch stays as it is written.

Each verb raises CannotEdit (or one of its kind) with what to do instead, and has changed nothing then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from engine.vocabulary import ZEEBE
from workflows.studio.faces import conditions, taking
from workflows.studio.faces.asking import AGREE, ask, condition, condition_of
from workflows.studio.faces.conditions import Row
from workflows.studio.faces.edits import (
    END,
    ON,
    ONE,
    AddBranch,
    Asked,
    CannotEdit,
    Change,
    Delete,
    DeleteBranch,
    Edit,
    Insert,
    InsertChoice,
    LastBranch,
    Move,
    MoveBranch,
    NoSuchWay,
    NothingFollows,
    NotThere,
    OnlyWayOn,
    Otherwise,
    Recondition,
    Way,
)
from workflows.studio.faces.geometry import Box
from workflows.studio.faces.graph import kind
from workflows.studio.faces.listing import FORKS, PEOPLE, Block, Branch, Listing
from workflows.studio.faces.paper import Paper, mark, new, put, put_inside, say_property
from workflows.studio.faces.reading import NoProcess, listed
from workflows.studio.faces.units import held
from workflows.studio.faces.wiring import Wiring

TASK, GATEWAY, EVENT = (100.0, 80.0), (50.0, 50.0), (36.0, 36.0)
ASKABLE = (*PEOPLE, "end")
REFUSED = "rejected"
"""The outcome of an end that the list makes for a refusal."""


def write(body: bytes, process_id: str, edits: Iterable[Edit]) -> bytes:
    """The file after the edits, one after the other; its own bytes without any. Raises CannotEdit, NoProcess,
    BadDiagram."""
    for edit in edits:
        body = _written(body, process_id, edit)
    return body


def _written(body: bytes, process_id: str, edit: Edit) -> bytes:
    paper = Paper(body, repr(edit))
    if paper.process(process_id) is None:
        raise NoProcess(process_id=process_id)
    try:
        DOERS[type(edit)](Wiring(paper), listed(paper.root, process_id), edit)
    except (KeyError, ValueError) as error:  # an element without an id, or text that XML cannot hold
        raise CannotEdit from error
    return paper.body_now()


def the(listing: Listing, block_id: str) -> Block:
    """The block, or NotThere."""
    found = listing.one(block_id) if block_id else None
    if found is None:
        raise NotThere
    return found


def way_of(listing: Listing, flow: str) -> tuple[Block, Branch]:
    """A way of a gateway with its block, or NotThere."""
    found = next(((block, way) for block, way in listing.branches() if way.id == flow and way in block.branches), None)
    if found is None:
        raise NotThere
    return found


def place(wiring: Wiring, listing: Listing, after: str, way: str) -> list[str]:
    """The flows at a place of the list. Raises NotThere, NothingFollows."""
    if way:
        found = next((each for _, each in listing.branches() if each.entry == way), None)
        if found is None:
            raise NotThere
        return [way]
    exits = list(the(listing, after).exits)
    if not exits or any(flow not in wiring.paper.ids for flow in exits):
        raise NothingFollows
    return exits


def thread(wiring: Wiring, flows: list[str], name: str, word: str, size: tuple[float, float], said: dict[str, str]
           ) -> tuple[str, str]:
    """Put a new element on flows that lead to one place; its id, and the flow that leads on from it."""
    picture, ids = wiring.picture, wiring.paper.ids
    source, target = str(ids[flows[0]].get("sourceRef")), str(ids[flows[0]].get("targetRef"))
    scope = str(ids[source].getparent().get("id"))  # type: ignore[union-attr]
    box: Box | None
    tail = []
    if len(flows) == 1:
        spot = picture.insert_on(flows[0], source, target, size, scope)
        box, tail = spot if spot else (None, [])
    else:
        box = picture.insert_before(target, flows, size, scope)
    made = wiring.paper.fresh(word)
    wiring.add(name, made, source, said)
    wiring.drawn(made, box, source)
    for flow in flows:
        wiring.lead(flow, made)
    onward = wiring.connect(made, target)
    if tail:
        picture.put_edge(onward, tail, made)
    else:
        picture.connect(onward, made, target)
    return made, onward


def task(wiring: Wiring, element_id: str, asked: Asked, person: str) -> None:
    """The words of a new task; one that approves gives its verdict on."""
    node = wiring.paper.ids[element_id]
    mark(node, "userTask")
    if person == "approve":
        line = new(node, ZEEBE, "output", {"source": "=verdict", "target": f"{element_id}_verdict"})
        put_inside(node, "ioMapping", line)
    ask(node, asked)


def _change(wiring: Wiring, listing: Listing, edit: Change) -> None:
    block = the(listing, edit.block)
    asked = edit.asked
    if block.kind not in ASKABLE and asked != Asked(name=asked.name):
        raise CannotEdit
    if block.kind == "end":
        asked = Asked(name=asked.name, copy_to=asked.copy_to)
    ask(wiring.paper.ids[block.id], asked)


def _insert(wiring: Wiring, listing: Listing, edit: Insert) -> None:
    flows = place(wiring, listing, edit.after, edit.way)
    made, onward = thread(wiring, flows, "userTask", "Task", TASK, {"name": edit.asked.name or ""})
    task(wiring, made, edit.asked, edit.kind)
    if edit.kind == "approve" and any(way.to != ON for way in edit.ways):
        _verdicts(wiring, made, onward, edit, fork_around(listing, edit))


def fork_around(listing: Listing, edit: Insert) -> tuple[Block, Branch] | None:
    """The innermost ways taken together in which an edit's place lies, in its own scope."""
    ways = next((ways for course in listing.courses if (ways := _down(course.steps, edit)) is not None), ())
    for block, way in reversed(ways):
        if way in block.inner:
            return None
        if block.kind in FORKS:
            return block, way
    return None


def _down(steps: tuple[Block, ...], edit: Insert) -> tuple[tuple[Block, Branch], ...] | None:
    """The ways into which one goes to an edit's place, outermost first; None where it is not here."""
    if edit.after and any(block.id == edit.after for block in steps):
        return ()
    for block in steps:
        for way in block.ways:
            below = () if edit.way and way.entry == edit.way else _down(way.steps, edit)
            if below is not None:
                return ((block, way), *below)
    return None


def _verdicts(wiring: Wiring, made: str, onward: str, edit: Insert, around: tuple[Block, Branch] | None) -> None:
    """The choice behind a new approval: on where it agrees, the last other way where nothing else fits."""
    voted = edit.asked.mode not in (None, ONE)
    going = tuple(way.verdict for way in edit.ways if way.to == ON) or AGREE
    others = [way for way in edit.ways if way.to != ON]
    others = others[-1:] if voted else others
    gateway, onward = thread(wiring, [onward], "exclusiveGateway", "Gateway", GATEWAY,
                             {"name": f"{edit.asked.name or ''}？"})
    node, verdict = wiring.paper.ids[onward], f"{made}_verdict"
    agreed = (Row(f"{made}_vote.passed", "true") if voted else
              Row(verdict, "=", going) if len(going) == 1 else Row(verdict, "in", going))
    node.set("name", next((way.label for way in edit.ways if way.to == ON), ""))
    put_condition(node, (agreed,), True)
    for way in others:
        last = way is others[-1]
        text = "" if last else conditions.write((Row(verdict, "=", (way.verdict,)),))
        flow = _refusal(wiring, gateway, way, text, around)
        if last:
            wiring.paper.ids[gateway].set("default", flow)


def _refusal(wiring: Wiring, gateway: str, way: Way, text: str, around: tuple[Block, Branch] | None) -> str:
    """A way to an end of its own, or to an element that is there. `around`: the ways taken together in which it lies;
    nothing leads out of those, and an end in them ends everything, for their join would wait for ever."""
    picture = wiring.picture
    if way.to != END:
        scope = wiring.scope_of(gateway)
        node = scope.elements.get(way.to)
        if around is not None and way.to not in held(around[1].steps):
            raise NoSuchWay(to=way.to[:80])
        if node is None or kind(node) in ("startEvent", "boundaryEvent") or way.to == gateway:
            raise NoSuchWay(to=way.to[:80])
        flow = wiring.connect(gateway, way.to, name=way.label, condition=text)
        picture.connect(flow, gateway, way.to)
        return flow
    end = wiring.paper.fresh("End")
    beside = picture.box(gateway)
    scope_id = str(wiring.paper.ids[gateway].getparent().get("id"))  # type: ignore[union-attr]
    box = None
    if beside is not None:
        box = Box.centred((beside.middle[0], beside.far(1) + 78), EVENT)
        box = picture.settle(box, gateway, scope_id, 0)
    wiring.add("endEvent", end, gateway, {"name": way.label})
    say_property(wiring.paper.ids[end], "licet:outcome", REFUSED)
    if around is not None and around[0].join:
        wiring.paper.make(wiring.paper.ids[end], "terminateEventDefinition", {"id": wiring.paper.fresh("Terminate")})
    wiring.drawn(end, box, gateway)
    flow = wiring.connect(gateway, end, name=way.label, condition=text)
    picture.connect(flow, gateway, end)
    return flow


def put_condition(flow: Any, rows: tuple[Row, ...], together: bool) -> None:
    """Set a flow's condition from rows. Raises CannotEdit for rows that FEEL would read otherwise."""
    text = conditions.write(rows, together)
    if not rows or conditions.read(text).rows != rows:
        raise CannotEdit
    condition(flow, text)


def _insert_choice(wiring: Wiring, listing: Listing, edit: InsertChoice) -> None:
    flows = place(wiring, listing, edit.after, edit.way)
    gateway, onward = thread(wiring, flows, "exclusiveGateway", "Gateway", GATEWAY, {"name": edit.name})
    join, _ = thread(wiring, [onward], "exclusiveGateway", "Gateway", GATEWAY, {})
    around = wiring.picture.box(gateway)
    if around is not None:
        wiring.picture.make_room(gateway, 0, around.far(0) + 1, TASK[0] + 20)
    _side(wiring, gateway, join, edit.label, (edit.rows, edit.together), edit.asked, [gateway, join])
    wiring.paper.ids[gateway].set("default", onward)
    _last(wiring, onward)


def _add_branch(wiring: Wiring, listing: Listing, edit: AddBranch) -> None:
    block = the(listing, edit.block)
    if block.kind != "choice" or not block.exits:
        raise CannotEdit
    meet = block.join or str(wiring.paper.ids[block.exits[0]].get("targetRef"))
    if kind(wiring.paper.ids[meet]) in ("parallelGateway", "inclusiveGateway"):
        raise CannotEdit
    _side(wiring, block.id, meet, edit.label, (edit.rows, edit.together), edit.asked, held((block,)))
    default = wiring.paper.ids[block.id].get("default")
    if default in wiring.paper.ids:
        _last(wiring, str(default))


def _side(wiring: Wiring, gateway: str, meet: str, label: str, said: tuple[tuple[Row, ...], bool], asked: Asked,
          above: list[str]) -> None:
    """A task below what is there, on a way of its own."""
    picture, scope = wiring.picture, str(wiring.paper.ids[gateway].getparent().get("id"))  # type: ignore[union-attr]
    start = picture.box(gateway)
    box = None
    if start is not None:
        lowest = max(found.far(1) for each in above if (found := picture.box(each)) is not None)
        box = picture.settle(Box(start.far(0) + 40, lowest + 40, *TASK), gateway, scope, 0)
    made = wiring.paper.fresh("Task")
    wiring.add("userTask", made, gateway, {"name": asked.name or ""})
    task(wiring, made, asked, "approve")
    wiring.drawn(made, box, gateway)
    coming, going = wiring.connect(gateway, made, name=label), wiring.connect(made, meet)
    put_condition(wiring.paper.ids[coming], *said)
    picture.connect(coming, gateway, made, elbowed=True)
    picture.connect(going, made, meet, elbowed=True)


def _last(wiring: Wiring, flow: str) -> None:
    """Write a flow behind the others of its source: the list tells the other ways first."""
    node = wiring.paper.ids[flow]
    parent = node.getparent()
    own = wiring.scope_of(str(node.get("sourceRef"))).out[str(node.get("sourceRef"))]
    if parent is not None and own and own[-1].id != flow:
        taking.lift(node)
        put(parent, node, own[-1].node)


def _delete_branch(wiring: Wiring, listing: Listing, edit: DeleteBranch) -> None:
    block, way = way_of(listing, edit.flow)
    if way.otherwise or block.kind not in ("choice", "several", "fork"):
        raise LastBranch
    if way.goes_on and not any(other.goes_on for other in block.branches if other is not way):
        raise OnlyWayOn
    taking.delete_way(wiring, block, way)


def _recondition(wiring: Wiring, listing: Listing, edit: Recondition) -> None:
    block, way = way_of(listing, edit.flow)
    node = wiring.paper.ids[edit.flow]
    if edit.label is not None:
        node.set("name", edit.label)
    if not edit.rows:
        return
    if way.otherwise or block.kind not in ("choice", "several"):
        raise LastBranch
    if way.condition is None or way.condition.rows != edit.rows or way.condition.together != edit.together:
        put_condition(node, edit.rows, edit.together)


def _otherwise(wiring: Wiring, listing: Listing, edit: Otherwise) -> None:
    block, way = way_of(listing, edit.flow)
    if block.kind not in ("choice", "several"):
        raise CannotEdit
    gateway, ids = wiring.paper.ids[block.id], wiring.paper.ids
    former = gateway.get("default")
    if former == edit.flow:
        return
    if former in ids:
        said = [each.condition for each in block.branches if each.condition is not None and each.id != former]
        if len(said) != len(block.branches) - 1:
            raise CannotEdit
        condition(ids[str(former)], " and ".join(conditions.negated(each) for each in said))
    condition(ids[edit.flow], None)
    gateway.set("default", edit.flow)


DOERS: dict[type, Callable[[Wiring, Listing, Any], None]] = {
    Change: _change, Insert: _insert, InsertChoice: _insert_choice, AddBranch: _add_branch,
    Delete: lambda wiring, listing, edit: taking.delete(wiring, listing, edit.block), DeleteBranch: _delete_branch,
    Move: lambda wiring, listing, edit: taking.move(wiring, listing, edit.block, edit.down),
    MoveBranch: lambda wiring, listing, edit: taking.move_way(wiring, *way_of(listing, edit.flow), edit.down),
    Recondition: _recondition, Otherwise: _otherwise,
}

__all__ = ["condition_of", "write"]
