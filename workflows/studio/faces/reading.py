"""From a drawing to a list. Whatever is one way in and one way out becomes blocks; the rest is locked where it lies.

An element stands in the list once. Where a way leads to one that stands elsewhere (back to the applicant, on to a
shared ending), a jump says so and is carried unchanged.
"""

from __future__ import annotations

from engine import drawing
from engine.drawing import Element
from engine.rules.sheet import processes
from engine.vocabulary import BPMN, read_extensions
from ledger.errors import NotFound
from workflows.studio.faces import conditions, meeting
from workflows.studio.faces.describing import kind_of, name_of, note_of, said_of, trigger_of, work_of
from workflows.studio.faces.graph import Flow, Scope, kind
from workflows.studio.faces.listing import Block, Branch, Listing

DEEPEST = 24
SIDE_BY_SIDE = {"parallelGateway": "fork", "inclusiveGateway": "several"}
CHOSEN = {"exclusiveGateway": "choice", "eventBasedGateway": "race"}
WHY = {
    "crossing": "几条同时进行的路互相交叉，列表排不出来",
    "entered": "有别处的路走进中间来", "leaves": "有路从中间走到别处",
    "no-join": "同时分开的路没有用同一种网关汇合", "split": "没有网关就分出几条路", "deep": "嵌套太深",
    "unknown": "列表没有这种元素", "unreached": "没有路走到这里",
}
"""Why a part of a drawing is locked; gettext msgids."""


class NoProcess(NotFound):
    """这个文件里没有编号为 {process_id} 的流程。"""


def processes_in(body: bytes) -> list[tuple[str, str]]:
    """(id, name) of every process of a file. Raises BadDiagram for what is no drawing."""
    return [(str(node.get("id")), name_of(node)) for node in processes(drawing.read(body)) if node.get("id")]


def read(body: bytes, process_id: str) -> Listing:
    """The list of a process. Raises BadDiagram for a file that is no drawing, NoProcess."""
    return listed(drawing.read(body), process_id)


def listed(root: Element, process_id: str) -> Listing:
    """The list of a process in a drawing that was read."""
    found = next((node for node in root.iter(f"{{{BPMN}}}process") if node.get("id") == process_id), None)
    if found is None:
        raise NoProcess(process_id=process_id)
    reader = Reader(Scope(found))
    courses = reader.courses()
    return Listing(process_id, name_of(found), courses, reader.left_over())


class Reader:
    """Walks one scope. `placed` are the elements that stand in the list already."""

    def __init__(self, scope: Scope, depth: int = 0) -> None:
        self.scope = scope
        self.placed: set[str] = set()
        self.depth = depth

    def courses(self) -> tuple[Branch, ...]:
        """A course from each start, then whatever happens by its own event."""
        scope = self.scope
        found = []
        for root in scope.roots:
            if root not in self.placed:
                steps, _ = self.course("", root, (), None)
                found.append(Branch(root, name_of(scope.elements[root]), steps,
                                    trigger=trigger_of(scope.elements[root])))
        apart = [each for each, element in scope.elements.items()
                 if element.get("triggeredByEvent") == "true" and each not in self.placed]
        for each in apart:
            block = self.leaf(each, ())
            found.append(Branch(each, block.name, (block,), trigger="event"))
        return tuple(found)

    def left_over(self) -> Block | None:
        """The elements that no way leads to, as a locked block."""
        rest = tuple(each for each in self.scope.elements if each not in self.placed)
        return self.sealed(rest, "unreached", ()) if rest else None

    def course(self, key: str, head: str, stops: tuple[str, ...], meet: str | None
               ) -> tuple[tuple[Block, ...], tuple[str, ...]]:
        """The blocks from an element on, until the ways meet; and the flows by which they arrive there.

        `stops` are the elements that come later in the list, with all that lies behind them.
        """
        steps: list[Block] = []
        coming: tuple[str, ...] = (key,) if key else ()
        at, here = head, 1 << self.scope.number.get(head, 0)
        later = 0
        for stop in stops:
            later |= self.scope.reach(stop)
        while True:
            here = 1 << self.scope.number.get(at, 0)
            back = at in self.placed
            if at == meet and not back:
                return tuple(steps), coming
            if back or later & here:
                return (*steps, self.jump(at, any(flow in self.scope.back for flow in coming))), ()
            block, following = self.block(at, stops, meet)
            steps.append(block)
            if following is None:
                return tuple(steps), ()
            at, coming = following, block.exits

    def jump(self, to: str, back: bool) -> Block:
        """A way that leads to an element which stands elsewhere."""
        element = self.scope.elements[to]
        kind_there = "end" if kind(element) == "endEvent" else ""
        return Block("jump", "", self.called(to), to=to, back=back, said=kind_there)

    def called(self, each: str) -> str:
        """An element's name, or that of the next one that has one."""
        for _ in range(8):
            name = name_of(self.scope.elements[each])
            ahead = self.scope.out[each]
            if name or len(ahead) != 1:
                return name
            each = ahead[0].target
        return ""

    def block(self, at: str, stops: tuple[str, ...], meet: str | None) -> tuple[Block, str | None]:
        """The block that begins at an element, and what follows it."""
        scope, element = self.scope, self.scope.elements[at]
        flows = scope.out[at]
        if len(flows) > 1:
            if len(stops) > DEEPEST or self.depth > DEEPEST:
                return self.locked(at, stops, "deep")
            if kind(element) in CHOSEN and not scope.attached.get(at):
                return self.choice(at, stops, meet)
            if kind(element) in SIDE_BY_SIDE:
                fork = meeting.of_fork(scope, at)
                return self.locked(at, stops, fork.why) if fork.why else self.fork(at, stops, fork)
            return self.locked(at, stops, "split" if kind(element) != "complexGateway" else "unknown")
        following = flows[0].target if flows else None
        ahead = (*stops, following) if following and flows[0].id not in scope.back else stops
        return self.leaf(at, ahead), following

    def leaf(self, at: str, stops: tuple[str, ...]) -> Block:
        """One element, what may happen beside it, and what lies inside it."""
        scope, element = self.scope, self.scope.elements[at]
        self.placed.add(at)
        card = kind_of(element)
        beside = tuple(self.aside(event, stops) for event in scope.attached.get(at, ()))
        exits = tuple(flow.id for flow in scope.out[at])
        if card == "locked":
            return Block("locked", at, name_of(element), why="unknown", holds=(at,), names=(name_of(element),),
                         exits=exits, beside=beside)
        inner: tuple[Branch, ...] = ()
        if card == "sub":
            reader = Reader(Scope(element), self.depth + len(stops) + 1)
            inner = reader.courses() if reader.depth <= DEEPEST else ()
            rest = reader.left_over()
            inner = (*inner, Branch("", "", (rest,))) if rest else inner
        work = work_of(element) if card in ("approve", "fill") else None
        return Block(card, at, name_of(element), note=note_of(element), work=work, said=said_of(element),
                     beside=beside, inner=inner, exits=exits, copy_to=work_of(element).copy_to,
                     result=read_extensions(element).result or "")

    def aside(self, event: str, stops: tuple[str, ...]) -> Branch:
        """What an attached event leads to."""
        element, flows = self.scope.elements[event], self.scope.out[event]
        self.placed.add(event)
        steps: tuple[Block, ...] = ()
        if len(flows) == 1:
            steps, _ = self.course(flows[0].id, flows[0].target, stops, None)
        elif flows:
            block, _ = self.locked(event, stops, "split")
            steps = (block,)
        return Branch(event, name_of(element), steps, entry=flows[0].id if len(flows) == 1 else "",
                      trigger=trigger_of(element), interrupts=element.get("cancelActivity") != "false")

    def choice(self, at: str, stops: tuple[str, ...], within: str | None) -> tuple[Block, str | None]:
        """One of several ways: by conditions, or by what happens first."""
        flows = self.scope.out[at]
        meet = meeting.after_choice(self.scope, flows, within)
        return self.ways(at, CHOSEN[kind(self.scope.elements[at])], meet, stops)

    def fork(self, at: str, stops: tuple[str, ...], fork: meeting.Fork) -> tuple[Block, str | None]:
        """Ways taken together."""
        return self.ways(at, SIDE_BY_SIDE[kind(self.scope.elements[at])], fork.join, stops)

    def ways(self, at: str, card: str, meet: str | None, stops: tuple[str, ...]) -> tuple[Block, str | None]:
        """A gateway with its ways, and where they go on together."""
        element = self.scope.elements[at]
        self.placed.add(at)
        behind = (*stops, meet) if meet else stops
        branches: list[Branch] = []
        arriving: list[str] = []
        for flow in self.scope.out[at]:
            steps, coming = self.course(flow.id, flow.target, behind, meet)
            branches.append(self.branch(element, flow, steps, bool(coming)))
            arriving += coming
        join, exits, following = "", tuple(arriving), meet if arriving else None
        if meet and self.is_join(meet, arriving, card, stops):
            self.placed.add(meet)
            onward = self.scope.out[meet]
            join, exits, following = meet, tuple(flow.id for flow in onward), next((f.target for f in onward), None)
        return Block(card, at, name_of(element), note=note_of(element), branches=tuple(branches), join=join,
                     exits=exits), following

    def is_join(self, meet: str, arriving: list[str], card: str, stops: tuple[str, ...]) -> bool:
        """Whether the element where ways meet is a gateway that does nothing else."""
        wanted = "exclusiveGateway" if card in ("choice", "race") else None
        element = self.scope.elements[meet]
        named = kind(element) == wanted if wanted else kind(element) in SIDE_BY_SIDE
        return (named and meet not in stops and meet not in self.scope.attached and len(self.scope.out[meet]) == 1
                and len(arriving) > 1 and {flow.id for flow in self.scope.into[meet]} == set(arriving))

    def branch(self, gateway: Element, flow: Flow, steps: tuple[Block, ...], goes_on: bool) -> Branch:
        """One way with its condition."""
        said = next((node.text or "" for node in flow.node.iterchildren(f"{{{BPMN}}}conditionExpression")), None)
        return Branch(flow.id, name_of(flow.node), steps,
                      entry="" if kind(gateway) == "eventBasedGateway" else flow.id,
                      condition=conditions.read(said) if said and said.strip() else None,
                      otherwise=gateway.get("default") == flow.node.get("id"), goes_on=goes_on)

    def locked(self, at: str, stops: tuple[str, ...], why: str) -> tuple[Block, str | None]:
        """Everything from an element to the next one that every way passes."""
        scope = self.scope
        onward = scope.surely_after(at) if at in scope.number else None
        later = scope.reach(onward) if onward else 0
        for stop in stops:
            later |= scope.reach(stop)
        held = [each for each in scope.named(scope.reach(at) & ~later) if each not in self.placed or each == at]
        exits = tuple(flow.id for each in held for flow in scope.out[each] if flow.target == onward)
        return self.sealed(tuple(held), why, exits), onward if exits else None

    def sealed(self, held: tuple[str, ...], why: str, exits: tuple[str, ...]) -> Block:
        """A locked block of these elements."""
        self.placed.update(held)
        names = tuple(name for each in held if (name := name_of(self.scope.elements[each])))
        first = self.scope.elements[held[0]]
        return Block("locked", held[0], name_of(first), why=why, holds=held, names=names, exits=exits)


__all__ = ["WHY", "NoProcess", "listed", "processes_in", "read"]
