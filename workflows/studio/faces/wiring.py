"""Elements and flows put in, taken out and led elsewhere, with everything in the file that names them."""

from __future__ import annotations

from collections.abc import Iterable

from engine.drawing import Element, children
from engine.vocabulary import BPMN
from workflows.studio.faces.geometry import Box
from workflows.studio.faces.graph import Flow, Scope, kind
from workflows.studio.faces.painting import Picture
from workflows.studio.faces.paper import (
    Paper,
    add_standard,
    child_of,
    formal,
    new,
    properties,
    put,
    remove,
    say_property,
)

IDLE = ("exclusiveGateway", "inclusiveGateway", "parallelGateway")
NAMING = ("licet:notBy", "licet:reads")


class Wiring:
    """A file with its picture. Asks the file anew for its flows, so that several changes may follow one another."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.picture = Picture(paper)

    def scope_of(self, element_id: str) -> Scope:
        """The scope an element lies in."""
        parent = self.paper.ids[element_id].getparent()
        assert parent is not None
        return Scope(parent)

    def lists(self, node: Element) -> bool:
        """Whether the elements of this process list their flows."""
        process = next((each for each in node.iterancestors() if kind(each) == "process"), node)
        return next(process.iter(f"{{{BPMN}}}incoming", f"{{{BPMN}}}outgoing"), None) is not None

    def note(self, element_id: str, which: str, flow: str, there: bool) -> None:
        """Keep an element's list of incoming or outgoing flows."""
        node = self.paper.ids[element_id]
        found = [child for child in children(node, BPMN, which) if (child.text or "").strip() == flow]
        if not there:
            for child in found:
                remove(child)
        elif not found and self.lists(node):
            made = new(node, BPMN, which, {})
            made.text = flow
            add_standard(node, made)

    def lead(self, flow: str, target: str) -> None:
        """Let a flow lead to another element."""
        node = self.paper.ids[flow]
        self.note(str(node.get("targetRef")), "incoming", flow, there=False)
        node.set("targetRef", target)
        self.note(target, "incoming", flow, there=True)

    def connect(self, source: str, target: str, *, name: str = "", condition: str = "") -> str:
        """A new flow behind the others of its source."""
        beside = self.paper.ids[source].getparent()
        assert beside is not None
        flow = self.paper.fresh("Flow")
        said = {"id": flow, "sourceRef": source, "targetRef": target} | ({"name": name} if name else {})
        flows = list(children(beside, BPMN, "sequenceFlow"))
        own = [each for each in flows if each.get("sourceRef") == source]
        last = (own or flows)[-1] if flows else self._last_node(beside)
        made = self.paper.make(beside, "sequenceFlow", said, last)
        if condition:
            put(made, formal(made, "conditionExpression", f"={condition}"))
        self.note(source, "outgoing", flow, there=True)
        self.note(target, "incoming", flow, there=True)
        return flow

    def _last_node(self, scope: Element) -> Element | None:
        nodes = Scope(scope).elements
        return nodes[list(nodes)[-1]] if nodes else None

    def cut(self, flow: str) -> None:
        """Take a flow out."""
        node = self.paper.ids[flow]
        source = self.paper.ids[str(node.get("sourceRef"))]
        if source.get("default") == flow:
            del source.attrib["default"]
        self.note(str(node.get("sourceRef")), "outgoing", flow, there=False)
        self.note(str(node.get("targetRef")), "incoming", flow, there=False)
        self.picture.drop(flow)
        self.paper.drop(node)

    def add(self, name: str, element_id: str, beside: str, said: dict[str, str]) -> Element:
        """A new element behind `beside`, in its lane until it is drawn."""
        neighbour = self.paper.ids[beside]
        parent = neighbour.getparent()
        assert parent is not None
        return self.paper.make(parent, name, {"id": element_id, **said}, neighbour)

    def drawn(self, element_id: str, box: Box | None, beside: str) -> None:
        """Draw a new element and put it into the lane in which it lies, else into that of its neighbour."""
        if box is not None:
            self.picture.put_shape(element_id, box, beside)
        mine = next((ref for ref in self._lane_refs() if (ref.text or "").strip() == beside), None)
        lane = self._lane_at(box, beside) if box is not None else None
        holder = lane if lane is not None else (mine.getparent() if mine is not None else None)
        if holder is None:
            return
        ref = new(holder, BPMN, "flowNodeRef", {})
        ref.text = element_id
        put(holder, ref, mine if mine is not None and mine.getparent() is holder else self._last_ref(holder))

    def _lane_refs(self) -> Iterable[Element]:
        return self.paper.root.iter(f"{{{BPMN}}}flowNodeRef")

    def _last_ref(self, lane: Element) -> Element | None:
        refs = list(children(lane, BPMN, "flowNodeRef"))
        return refs[-1] if refs else None

    def _lane_at(self, box: Box, beside: str) -> Element | None:
        """The innermost lane of the neighbour's process whose shape holds the box's middle."""
        parent = self.paper.ids[beside].getparent()
        for lane in parent.iter(f"{{{BPMN}}}lane") if parent is not None else ():
            place = self.picture.box(str(lane.get("id")))
            inside = place is not None and all(place.lead(a) <= box.centre(a) <= place.far(a) for a in (0, 1))
            if inside and child_of(lane, BPMN, "childLaneSet") is None:
                return lane
        return None

    def drop(self, element_ids: Iterable[str]) -> None:
        """Take elements out with their flows, and every mention of them."""
        gone = [each for each in element_ids if each in self.paper.ids]
        inside = {str(node.get("id")) for each in gone for node in self.paper.ids[each].iter("*") if node.get("id")}
        for each in gone:
            scope = self.scope_of(each)
            for flow in dict.fromkeys(f.id for f in (*scope.out.get(each, ()), *scope.into.get(each, ()))):
                self.cut(flow)
        for each in gone:
            self.paper.drop(self.paper.ids[each])
        for each in inside:
            self.picture.drop(each)
        self._forget(inside)

    def _forget(self, gone: set[str]) -> None:
        for ref in [ref for ref in self._lane_refs() if (ref.text or "").strip() in gone]:
            remove(ref)
        for name in ("association", "messageFlow"):
            for line in list(self.paper.root.iter(f"{{{BPMN}}}{name}")):
                if {line.get("sourceRef"), line.get("targetRef")} & gone:
                    self.picture.drop(str(line.get("id")))
                    self.paper.drop(line)
        for node in list(self.paper.root.iter(f"{{{BPMN}}}userTask")):
            for line in list(properties(node)):
                if line.get("name") in NAMING:
                    words = [word.strip() for word in line.get("value", "").split(",")]
                    left = [word for word in words if word not in gone]
                    if left != words:
                        say_property(node, line.get("name", ""), ",".join(left) or None)

    def heal(self, gateways: Iterable[str]) -> None:
        """Take out those of these gateways that neither split nor join any more; what led to them leads on."""
        for each in gateways:
            if each not in self.paper.ids or kind(self.paper.ids[each]) not in IDLE:
                continue
            scope = self.scope_of(each)
            out, into = scope.out[each], scope.into[each]
            if len(out) == 1 and len(into) == 1 and out[0].target != each:
                self.bypass(into[0], out[0])
                self.drop([each])

    def bypass(self, coming: Flow, going: Flow) -> None:
        """Let a flow lead to where another one leads that begins at its end; their lines are joined."""
        first, second = self.picture.points(coming.id), self.picture.points(going.id)
        between = self.picture.box(coming.target)
        self.lead(coming.id, going.target)
        if len(first) > 1 and len(second) > 1 and between is not None:
            self.picture.put_edge(coming.id, [*first, between.middle, *second], coming.source)
        else:
            self.picture.connect(coming.id, coming.source, going.target)
