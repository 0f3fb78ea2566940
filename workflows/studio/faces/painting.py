"""The picture beside the process: room is made for what is new, so that nothing overlaps and lines stay square.

Everything beyond a cut moves by the same amount, pools, lanes and open sub-processes across it grow; lines are bent
again where only one of their ends moved. Lengths are those of the drawing (about pixels).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.drawing import Element, children, split_tag
from workflows.studio.faces.geometry import Box, Point, bend, cornered, docked, elbow, route, squared, tidy
from workflows.studio.faces.graph import kind
from workflows.studio.faces.paper import Paper, new, put, remove

BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
HOLDING = ("participant", "lane", "subProcess", "adHocSubProcess", "transaction")
GAP = 50.0
TRIES = 8


@dataclass
class Shape:
    """A shape with its place."""

    id: str
    node: Element
    box: Box
    holds: bool
    host: str


class Picture:
    """The shapes and lines of a file; without a picture in the file every verb does nothing."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.shapes: dict[str, Shape] = {}
        self.edges: dict[str, Element] = {}
        for node in paper.root.iter(f"{{{BPMNDI}}}BPMNShape", f"{{{BPMNDI}}}BPMNEdge"):
            shown = (node.get("bpmnElement") or "").rpartition(":")[2]
            if split_tag(node)[1] == "BPMNEdge":
                self.edges.setdefault(shown, node)
            elif (box := read_box(node)) is not None:
                self.shapes.setdefault(shown, Shape(shown, node, box, self._holds(shown, node), self._host(shown)))

    def _holds(self, shown: str, node: Element) -> bool:
        element = self.paper.ids.get(shown)
        return element is not None and kind(element) in HOLDING and node.get("isExpanded") != "false"

    def _host(self, shown: str) -> str:
        element = self.paper.ids.get(shown)
        return "" if element is None else element.get("attachedToRef", "")

    def box(self, shown: str) -> Box | None:
        """Where an element is drawn."""
        found = self.shapes.get(shown)
        return None if found is None else found.box

    def points(self, flow: str) -> list[Point]:
        """The bends of a line with its ends; nothing where it is not drawn."""
        edge = self.edges.get(flow)
        return [] if edge is None else read_points(edge)

    def line_of(self, flow: str, source: str, target: str) -> list[Point]:
        """A line as it is drawn, or as it would be."""
        found, a, b = self.points(flow), self.box(source), self.box(target)
        if len(found) > 1 or a is None or b is None:
            return found
        return route(a, b)

    def put_shape(self, shown: str, box: Box, beside: str) -> None:
        """Draw a new element on the page of another one."""
        page = self._page(beside)
        if page is None:
            return
        node = new(page, BPMNDI, "BPMNShape", {"id": f"{shown}_di", "bpmnElement": shown})
        node.append(new(page, DC, "Bounds", box.written()))
        if (element := self.paper.ids.get(shown)) is not None and kind(element) == "exclusiveGateway":
            node.set("isMarkerVisible", "true")
            label = new(node, BPMNDI, "BPMNLabel", {})  # beside the corner: lines leave above and below
            label.append(new(label, DC, "Bounds", Box(box.middle[0] - 100, box.y - 10, 90, 14).written()))
            node.append(label)
        put(page, node)
        self.shapes[shown] = Shape(shown, node, box, False, "")

    def put_edge(self, flow: str, points: list[Point], beside: str) -> None:
        """Draw a line, or draw it anew."""
        page, edge = self._page(beside), self.edges.get(flow)
        if edge is not None:
            write_points(edge, tidy(cornered(points)))
        elif page is not None and len(points) > 1:
            node = new(page, BPMNDI, "BPMNEdge", {"id": f"{flow}_di", "bpmnElement": flow})
            for x, y in tidy(cornered(points)):
                node.append(new(page, DI, "waypoint", {"x": number(x), "y": number(y)}))
            put(page, node)
            self.edges[flow] = node

    def connect(self, flow: str, source: str, target: str, *, elbowed: bool = False) -> None:
        """Draw a line between two elements where it fits."""
        a, b = self.box(source), self.box(target)
        if a is not None and b is not None:
            self.put_edge(flow, elbow(a, b) if elbowed else route(a, b), source)

    def drop(self, shown: str) -> None:
        """Take an element out of the picture."""
        shape, edge = self.shapes.pop(shown, None), self.edges.pop(shown, None)
        for node in (shape.node if shape else None, edge):
            if node is not None:
                remove(node)

    def _page(self, beside: str) -> Element | None:
        node = self.shapes[beside].node if beside in self.shapes else self.edges.get(beside)
        return None if node is None else node.getparent()

    def _same_page(self, page: Element | None) -> Iterator[Shape]:
        return (shape for shape in self.shapes.values() if shape.node.getparent() is page)

    def make_room(self, beside: str, axis: int, at: float, by: float) -> None:
        """Move everything that begins beyond `at` (axis 0: to the right, 1: below) on the page of `beside`."""
        page = self._page(beside)
        if page is None or by <= 0:
            return
        moved = self._moved(page, axis, at)
        for shape in list(self._same_page(page)):
            if shape.id in moved:
                self.shift(shape, axis, by)
            elif shape.holds and shape.box.lead(axis) < at < shape.box.far(axis):
                shape.box = shape.box.grown(axis, by)
                write_box(shape.node, shape.box)
        for flow, edge in self.edges.items():
            if edge.getparent() is page:
                self._move_line(flow, edge, moved, axis, at, by)

    def _moved(self, page: Element, axis: int, at: float) -> set[str]:
        moved = {shape.id for shape in self._same_page(page) if not shape.host and shape.box.lead(axis) >= at}
        return moved | {shape.id for shape in self._same_page(page) if shape.host in moved}

    def shift(self, shape: Shape, axis: int, by: float) -> None:
        """Move a shape with its label."""
        shape.box = shape.box.moved(axis, by)
        for bounds in shape.node.iter(f"{{{DC}}}Bounds"):
            shift_box(bounds, axis, by)

    def shift_group(self, group: set[str], axis: int, by: float) -> None:
        """Move shapes with what lies in them, and the lines between them."""
        inside = set(group)
        for each in group:
            if each in self.paper.ids:
                inside |= {str(node.get("id")) for node in self.paper.ids[each].iter("*") if node.get("id")}
        for each in inside & set(self.shapes):
            self.shift(self.shapes[each], axis, by)
        for flow, edge in self.edges.items():
            ends = self._ends(flow)
            if ends is not None and ends[0] in inside and ends[1] in inside:
                write_points(edge, [(x + (by if axis == 0 else 0), y + (by if axis == 1 else 0))
                                    for x, y in read_points(edge)])
                for bounds in edge.iter(f"{{{DC}}}Bounds"):
                    shift_box(bounds, axis, by)

    def _move_line(self, flow: str, edge: Element, moved: set[str], axis: int, at: float, by: float) -> None:
        points, ends = read_points(edge), self._ends(flow)
        if len(points) < 2:
            return
        beyond = [point[axis] >= at for point in points]
        if ends is not None:
            bend(points, beyond, axis, ends[0] in moved, ends[1] in moved)
        made = [(x + (by if far and axis == 0 else 0), y + (by if far and axis == 1 else 0))
                for (x, y), far in zip(points, beyond, strict=True)]
        if made != points:
            write_points(edge, squared(made, points))
        for bounds in edge.iter(f"{{{DC}}}Bounds"):
            if float(bounds.get("xy"[axis], "0")) >= at:
                shift_box(bounds, axis, by)

    def _ends(self, flow: str) -> tuple[str, str] | None:
        node = self.paper.ids.get(flow)
        return None if node is None else (node.get("sourceRef", ""), node.get("targetRef", ""))

    def settle(self, box: Box, beside: str, scope: str, along: int) -> Box:
        """A place for a new shape near `box` where nothing is; room is made across `along` until it is free."""
        across = 1 - along
        self._deepen(box, beside)
        for _ in range(TRIES):
            met = next((shape.box for shape in self._same_page(self._page(beside))
                        if not shape.holds and shape.box.touches(box)), None)
            if met is None:
                break
            if met.centre(across) >= box.centre(across):
                self.make_room(beside, across, met.lead(across), box.far(across) + 30 - met.lead(across))
            else:
                by = met.far(across) + 30 - box.lead(across)
                self.make_room(beside, across, box.lead(across), by)
                box = box.moved(across, by)
        self._widen(box, beside, scope)
        return box

    def _deepen(self, box: Box, beside: str) -> None:
        """The lane of a neighbour grows until it holds what is put below that."""
        own = self.box(beside)
        lanes = [shape.box for shape in self._same_page(self._page(beside)) if shape.holds and own is not None
                 and kind(self.paper.ids[shape.id]) == "lane"
                 and all(shape.box.lead(axis) <= own.centre(axis) <= shape.box.far(axis) for axis in (0, 1))]
        lane = min(lanes, key=lambda each: each.height, default=None)
        if lane is not None and box.lead(1) < lane.far(1) + 200:
            self.make_room(beside, 1, lane.far(1) - 0.5, box.far(1) + 20 - lane.far(1))

    def _widen(self, box: Box, beside: str, scope: str) -> None:
        """The pool or sub-process around grows until it holds the new shape."""
        around = next((shape for shape in self._same_page(self._page(beside)) if shape.holds and (
            shape.id == scope or self.paper.ids[shape.id].get("processRef", "").rpartition(":")[2] == scope)), None)
        if around is None:
            return
        for axis in (0, 1):
            lacking = box.far(axis) + 30 - around.box.far(axis)
            if lacking > 0:
                self.make_room(beside, axis, around.box.far(axis) - 0.5, lacking)

    def insert_on(self, flow: str, source: str, target: str, size: tuple[float, float], scope: str
                  ) -> tuple[Box, list[Point]] | None:
        """Room for a shape on a line's first stretch: where it goes, and the bends from it to the target."""
        points = self.line_of(flow, source, target)
        if len(points) < 2:
            return None
        if not self.points(flow):
            self.put_edge(flow, points, source)
        axis = 0 if abs(points[1][0] - points[0][0]) >= abs(points[1][1] - points[0][1]) else 1
        forward = points[1][axis] >= points[0][axis]
        length = abs(points[1][axis] - points[0][axis])
        wanted = size[axis] + (2 * GAP if len(points) == 2 else GAP + 20)
        own = self.box(source)
        cut = points[0][axis] + 1 if forward or own is None else own.lead(axis)
        self.make_room(source, axis, cut, wanted - length)
        start, length = self.points(flow)[0], max(wanted, length)
        gap = (length - size[axis]) / 2 if len(points) == 2 else GAP
        lead = start[axis] + gap if forward else start[axis] - gap - size[axis]
        box = self.settle(Box.around(start, size, axis, lead), source, scope, axis)
        points = self.points(flow)
        self.put_edge(flow, [points[0], docked(box, points[0], axis)], source)
        return box, [docked(box, points[1], axis), *points[1:]]

    def insert_before(self, target: str, flows: list[str], size: tuple[float, float], scope: str) -> Box | None:
        """Room for a shape where several lines arrive: it takes the place of their target, which moves on."""
        place = self.box(target)
        if place is None:
            return None
        lines = {flow: self.points(flow) for flow in flows}
        box = Box.centred(place.middle, size)
        box = box.moved(0, max(0.0, place.lead(0) - box.lead(0)))
        self.make_room(target, 0, place.lead(0), size[0] + GAP)
        box = self.settle(box, target, scope, 0)
        for flow, points in lines.items():
            if len(points) > 1:
                axis = 0 if points[-1][1] == points[-2][1] else 1
                self.put_edge(flow, [*points[:-1], docked(box, points[-2], axis)], target)
        return box


def number(value: float) -> str:
    """A length as it is written."""
    return str(int(value)) if value == int(value) else f"{value:.1f}"


def read_box(node: Element) -> Box | None:
    """The bounds of a shape; None where they are missing or no numbers."""
    bounds = next(children(node, DC, "Bounds"), None)
    if bounds is None:
        return None
    try:
        x, y, width, height = (float(bounds.get(key, "")) for key in ("x", "y", "width", "height"))
    except ValueError:
        return None
    sizes = (x, y, width, height)
    return Box(*sizes) if all(abs(size) < 1_000_000 for size in sizes) else None


def write_box(node: Element, box: Box) -> None:
    """Set the bounds of a shape."""
    for bounds in children(node, DC, "Bounds"):
        for key, value in box.written().items():
            bounds.set(key, value)


def shift_box(bounds: Element, axis: int, by: float) -> None:
    """Move bounds as they are written."""
    key = "xy"[axis]
    try:
        bounds.set(key, number(float(bounds.get(key, "0")) + by))
    except (ValueError, OverflowError):
        return


def read_points(edge: Element) -> list[Point]:
    """The points of a line; none where they are no numbers."""
    try:
        found = [(float(node.get("x", "")), float(node.get("y", ""))) for node in children(edge, DI, "waypoint")]
    except ValueError:
        return []
    return found if all(abs(x) < 1_000_000 and abs(y) < 1_000_000 for x, y in found) else []


def write_points(edge: Element, points: list[Point]) -> None:
    """Set the points of a line, its label stays."""
    old = list(children(edge, DI, "waypoint"))
    for node, (x, y) in zip(old, points, strict=False):
        node.set("x", number(x))
        node.set("y", number(y))
    for node in old[len(points):]:
        remove(node)
    last = old[min(len(old), len(points)) - 1] if old else None
    for x, y in points[len(old):]:
        node = new(edge, DI, "waypoint", {"x": number(x), "y": number(y)})
        put(edge, node, last)
        last = node
