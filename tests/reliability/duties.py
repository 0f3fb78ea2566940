"""Random drawings with duties to be kept apart, parallel branches, sub-processes, clocks and countersigns; and what is
drawn in them, to be asked by whoever judges what became of it without asking the engine."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any
from xml.etree import ElementTree

from tests.engine import drawings as ours
from tests.engine.blocks import Block, Branches, Loop, Pen, Sequence, User
from tests.engine.blocks_scopes import Inside
from tests.engine.conftest import COMPANY, GROUP, person
from tests.engine.processes import drawn

PEOPLE = (person(12, "韩梅", "hr"), person(13, "李雷", "hr", "safety"), person(15, "王芳", "safety"),
          person(16, "赵敏", "safety", "legal"), person(17, "钱多", "legal", "hr"))
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ROLES = ("hr", "safety", "legal")
PROMISED = ours.tag("startEvent", "S", ours.extensions(ours.properties(promise="20"))).encode()


@dataclass
class Countersign:
    """A countersign as it is drawn: its rule, whom it asks, and the task that follows when it passed or failed."""

    rule: str
    percent: int
    early: bool
    sequential: bool
    members: list[dict[str, Any]]
    passed: str = ""
    failed: str = ""


@dataclass
class Sheet:
    """What is drawn: to whom each element is offered ("role@unit"), what it is kept apart from, who votes at it."""

    offers: dict[str, set[str]] = field(default_factory=dict)
    apart: dict[str, list[str]] = field(default_factory=dict)
    votes: dict[str, Countersign] = field(default_factory=dict)
    onward: dict[str, set[str]] = field(default_factory=dict)

    def leads(self, one: str, other: str) -> bool:
        """Whether the way from one element leads to the other (not back through a loop)."""
        todo, found = [one], set[str]()
        while todo:
            for each in self.onward.get(todo.pop(), set()) - found:
                found.add(each)
                todo.append(each)
        return other in found


class Duty(User):
    """A task of some role, kept apart from some of those drawn before it; many have a clock."""

    def __init__(self, random: Random, sheet: Sheet) -> None:
        super().__init__()
        self.random, self.sheet = random, sheet

    def draw(self, pen: Pen) -> tuple[str, str]:
        self.name, random = pen.id("u"), self.random
        before = sorted(self.sheet.offers)
        apart = random.sample(before, min(len(before), random.choice((0, 0, 1, 1, 2))))
        roles = random.sample(ROLES, random.choice((1, 1, 2)))
        self.sheet.apart[self.name] = apart
        self.sheet.offers[self.name] = {f"{role}@{unit}" for role in roles for unit in (COMPANY, GROUP)}
        said = {"notBy": ",".join(apart)} if apart else {}
        if random.random() < 0.6:
            said["sla"] = str(random.randint(1, 4))
            if not apart and random.random() < 0.3:
                said |= {"silence": "agree", "silenceBasis": "内部规定"}
            elif random.random() < 0.3:
                said |= {"escalateAfter": "1", "escalateTo": random.choice(ROLES)}
        gives = {name: f"={name}" for name in ("c", "x")}
        pen.ours.append(ours.task(self.name, groups=",".join(roles), gives=gives, **said))
        return self.name, self.name


class Voted(Block):
    """A countersign of some of the people, and a task on either side of what came out."""

    def __init__(self, random: Random, sheet: Sheet) -> None:
        self.parts = [Duty(random, sheet), Duty(random, sheet)]
        self.random, self.sheet = random, sheet

    def draw(self, pen: Pen) -> tuple[str, str]:
        name, gate, join, default, random = pen.id("w"), pen.id("g"), pen.id("j"), pen.id("d"), self.random
        asked = random.sample(PEOPLE, random.randint(1, 4))
        found = Countersign(random.choice(("all", "any", "percent")), random.choice((50, 67, 100)),
                            random.random() < 0.7, random.random() < 0.3,
                            [{"person_id": one.id, "weight": random.randint(1, 3), "veto": random.random() < 0.2}
                             for one in asked])
        self.sheet.offers[name], self.sheet.apart[name], self.sheet.votes[name] = set(), [], found
        said = {"vote": found.rule, "votePercent": str(found.percent), "voteEarly": str(found.early).lower(),
                "voteWeight": "=one.weight", "voteVeto": "=one.veto", "voteResult": f"r_{name}"}
        rows = ", ".join("{{person_id: {}, weight: {}, veto: {}}}".format(
            one["person_id"], one["weight"], str(one["veto"]).lower()) for one in found.members)
        rounds = ours.loop(f"=[{rows}]", "one", sequential=found.sequential)
        clock = {"sla": "3"} if random.random() < 0.5 else {}
        pen.ours.append(ours.task(name, rounds, groups="", assignee="=one.person_id", gives={}, **said, **clock))
        pen.both(ours.gateway("exclusive", gate, default))
        pen.both(ours.gateway("exclusive", join))
        (found.passed, yes), (found.failed, no) = (part.draw(pen) for part in self.parts)
        pen.ours.append(ours.flow(name, gate, id=pen.id("f")))
        pen.ours.append(ours.flow(gate, found.passed, f"=r_{name}.passed", pen.id("f")))
        pen.ours.append(ours.flow(gate, found.failed, id=default))
        for out in (yes, no):
            pen.flow(out, join)
        return name, join


def grow(random: Random, sheet: Sheet, depth: int) -> Block:
    """A random block."""
    chance = random.random()
    if depth == 0 or chance < 0.2:
        return Duty(random, sheet) if random.random() < 0.7 else Voted(random, sheet)
    if chance < 0.4:
        return Sequence([grow(random, sheet, depth - 1) for _ in range(2)])
    if chance < 0.55:
        return Inside(grow(random, sheet, depth - 1))
    if chance < 0.92:
        kind = random.choice(("parallel", "parallel", "parallel", "inclusive", "exclusive"))
        return Branches(kind, [grow(random, sheet, depth - 1) for _ in range(random.randint(2, 3))])
    return Loop(grow(random, sheet, depth - 1))


def of_people(seed: int) -> tuple[Sheet, bytes]:
    """A process of people: what is drawn, and the drawing."""
    random, sheet = Random(seed), Sheet()
    parts = [Duty(random, sheet), grow(random, sheet, 2), Voted(random, sheet), grow(random, sheet, 2)]
    if random.random() < 0.5:
        parts[1:3] = [Branches("parallel", parts[1:3])]
    drawing = drawn(Sequence(parts))[0].replace(ours.start().encode(), PROMISED)
    sheet.onward = ways(ElementTree.fromstring(drawing))
    return sheet, drawing


def ways(drawing: ElementTree.Element) -> dict[str, set[str]]:
    """Every flow to the next element, into sub-processes and out of them; what leads back in a loop is left out."""
    found: dict[str, set[str]] = defaultdict(set)
    inside = {one.attrib["id"] for one in drawing.iter(f"{BPMN}subProcess")}
    for one in drawing.iter(f"{BPMN}sequenceFlow"):
        source, target = one.attrib["sourceRef"], one.attrib["targetRef"]
        if not (source.startswith("choice") and target.startswith("merge")):
            found[source + "!" if source in inside else source].add(target)
    for sub in drawing.iter(f"{BPMN}subProcess"):
        for one in sub:
            if one.tag == f"{BPMN}startEvent":
                found[sub.attrib["id"]].add(one.attrib["id"])
            if one.tag == f"{BPMN}endEvent":
                found[one.attrib["id"]].add(sub.attrib["id"] + "!")
    return found
