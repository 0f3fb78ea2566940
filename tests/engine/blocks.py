"""Random structured processes: drawn for the engine, drawn for stock SpiffWorkflow, and played by a model of 60 lines.

A block knows how to draw itself and how it behaves; the model is the judge when the engine and the library differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.engine import drawings as ours

Condition = Callable[[int], bool]
STOCK = 'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@dataclass
class Pen:
    """Draws both dialects at once."""

    ours: list[str] = field(default_factory=list)
    stock: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def id(self, letter: str) -> str:
        self.numbers[letter] = self.numbers.get(letter, 0) + 1
        return f"{letter}{self.numbers[letter]}"

    def both(self, text: str) -> None:
        self.ours.append(text)
        self.stock.append(text)

    def flow(self, a: str, b: str, key: str = "", id: str = "") -> None:
        id = id or self.id("f")
        self.ours.append(ours.flow(a, b, FEEL[key.split(":")[0]].format(key.split(":")[1]) if key else "", id))
        self.stock.append(ours.flow(a, b, key, id))


FEEL = {"even": "=modulo(c + {}, 2) = 0", "again": "=modulo(c, 3) = 1"}
HOLDS: dict[str, Callable[[int, int], bool]] = {"even": lambda c, k: (c + k) % 2 == 0, "again": lambda c, _: c % 3 == 1}


def holds(key: str, c: int) -> bool:
    """Whether a condition is true (what FEEL must find, and what the stock engine is told)."""
    name, number = key.split(":")
    return HOLDS[name](c, int(number))


class Block:
    """Begun with the value of c; `do` completes a task and says whether the block is over."""

    parts: list[Block]

    def begin(self, c: int) -> bool:
        """True when the block is over at once."""
        raise NotImplementedError

    def do(self, name: str, c: int) -> bool:
        raise NotImplementedError

    def ready(self) -> list[str]:
        raise NotImplementedError

    def draw(self, pen: Pen) -> tuple[str, str]:
        raise NotImplementedError

    def looped_join(self, inside: bool = False) -> bool:
        """A parallel or inclusive block inside a loop, in no sub-process of its own: stock fires such joins early."""
        return any(part.looped_join(inside) for part in self.parts)


class User(Block):
    def __init__(self, boundary: str) -> None:
        self.parts, self.open, self.boundary, self.name = [], False, boundary, ""

    def begin(self, c: int) -> bool:
        self.open = True
        return False

    def do(self, name: str, c: int) -> bool:
        if self.open and name == self.name:
            self.open = False
            return True
        return False

    def ready(self) -> list[str]:
        return [self.name] if self.open else []

    def draw(self, pen: Pen) -> tuple[str, str]:
        self.name = pen.id("u")
        pen.ours.append(ours.task(self.name))
        pen.stock.append(ours.tag("userTask", self.name))
        if self.boundary:
            event, end = pen.id("b"), pen.id("e")
            interrupting = self.boundary == "interrupting"
            pen.ours.append(
                ours.boundary(event, self.name, ours.timer("timeDuration", "PT9H"), interrupting=interrupting)
            )
            pen.stock.append(
                ours.boundary(event, self.name, ours.timer("timeDuration", "hours:9"), interrupting=interrupting)
            )
            pen.both(ours.end(end))
            pen.flow(event, end)
        return self.name, self.name


class Sequence(Block):
    def __init__(self, parts: list[Block]) -> None:
        self.parts, self.at = parts, 0

    def begin(self, c: int) -> bool:
        return self._from(0, c)

    def _from(self, at: int, c: int) -> bool:
        self.at = at
        while self.at < len(self.parts):
            if not self.parts[self.at].begin(c):
                return False
            self.at += 1
        return True

    def do(self, name: str, c: int) -> bool:
        return self.parts[self.at].do(name, c) and self._from(self.at + 1, c)

    def ready(self) -> list[str]:
        return self.parts[self.at].ready() if self.at < len(self.parts) else []

    def draw(self, pen: Pen) -> tuple[str, str]:
        ends = [part.draw(pen) for part in self.parts]
        for (_, out), (into, _) in zip(ends, ends[1:], strict=False):
            pen.flow(out, into)
        return ends[0][0], ends[-1][1]


class Branches(Block):
    """exclusive, parallel or inclusive; the first branch is the default."""

    def __init__(self, kind: str, parts: list[Block]) -> None:
        self.kind, self.parts, self.running = kind, parts, list[Block]()

    def begin(self, c: int) -> bool:
        chosen = [n for n in range(1, len(self.parts)) if self.kind == "parallel" or holds(f"even:{n}", c)]
        if self.kind == "parallel":
            chosen = [0, *chosen]
        elif self.kind == "exclusive":
            chosen = chosen[:1]
        self.running = [self.parts[n] for n in chosen or [0]]
        self.running = [part for part in self.running if not part.begin(c)]
        return not self.running

    def do(self, name: str, c: int) -> bool:
        self.running = [part for part in self.running if not part.do(name, c)]
        return not self.running

    def ready(self) -> list[str]:
        return [name for part in self.running for name in part.ready()]

    def draw(self, pen: Pen) -> tuple[str, str]:
        split, join, default = pen.id("g"), pen.id("j"), pen.id("d")
        plain = self.kind == "parallel"
        pen.both(ours.gateway(self.kind, split, "" if plain else default))
        pen.both(ours.gateway(self.kind, join))
        for number, part in enumerate(self.parts):
            into, out = part.draw(pen)
            pen.flow(split, into, "" if plain or not number else f"even:{number}", "" if number or plain else default)
            pen.flow(out, join)
        return split, join

    def looped_join(self, inside: bool = False) -> bool:
        return (inside and self.kind != "exclusive") or super().looped_join(inside)


class Loop(Block):
    def __init__(self, part: Block) -> None:
        self.parts = [Sequence([User(""), part])]

    def begin(self, c: int) -> bool:
        return self.parts[0].begin(c)

    def do(self, name: str, c: int) -> bool:
        while self.parts[0].do(name, c):
            if not holds("again:0", c):
                return True
            self.parts[0].begin(c)
            return False
        return False

    def ready(self) -> list[str]:
        return self.parts[0].ready()

    def draw(self, pen: Pen) -> tuple[str, str]:
        merge, choice, default, out = pen.id("m"), pen.id("x"), pen.id("d"), pen.id("o")
        pen.both(ours.gateway("exclusive", merge))
        pen.both(ours.gateway("exclusive", choice, default))
        pen.both(ours.tag("intermediateThrowEvent", out))
        into, over = self.parts[0].draw(pen)
        pen.flow(merge, into)
        pen.flow(over, choice)
        pen.flow(choice, merge, "again:0")
        pen.flow(choice, out, id=default)
        return merge, out

    def looped_join(self, inside: bool = False) -> bool:
        return super().looped_join(True)


class Inside(Block):
    """An embedded sub-process around a block."""

    def __init__(self, part: Block) -> None:
        self.parts = [part]

    def begin(self, c: int) -> bool:
        return self.parts[0].begin(c)

    def do(self, name: str, c: int) -> bool:
        return self.parts[0].do(name, c)

    def ready(self) -> list[str]:
        return self.parts[0].ready()

    def draw(self, pen: Pen) -> tuple[str, str]:
        sub, begin, end = pen.id("sub"), pen.id("s"), pen.id("e")
        outer_ours, outer_stock = pen.ours, pen.stock
        pen.ours, pen.stock = [ours.start(begin), ours.end(end)], [ours.start(begin), ours.end(end)]
        into, out = self.parts[0].draw(pen)
        pen.flow(begin, into)
        pen.flow(out, end)
        outer_ours.append(ours.tag("subProcess", sub, *pen.ours))
        outer_stock.append(ours.tag("subProcess", sub, *pen.stock))
        pen.ours, pen.stock = outer_ours, outer_stock
        return sub, sub

    def looped_join(self, inside: bool = False) -> bool:
        return super().looped_join(False)


def grow(random: Random, depth: int, alone: bool = True) -> Block:
    """A random block; beside parallel branches (`alone` False) nothing interrupts, or a join would wait for ever."""
    chance = random.random()
    if depth == 0 or chance < 0.35:
        return User(random.choice(["", "", "", "interrupting" if alone else "", "beside"]))
    if chance < 0.55:
        return Sequence([grow(random, depth - 1, alone) for _ in range(random.randint(2, 3))])
    if chance < 0.63:
        return Inside(grow(random, depth - 1))
    if chance < 0.90:
        kind = random.choice(["exclusive", "parallel", "parallel", "inclusive"])
        single = alone and kind == "exclusive"
        return Branches(kind, [grow(random, depth - 1, single) for _ in range(random.randint(2, 3))])
    return Loop(grow(random, depth - 1, alone))


def process(seed: int) -> tuple[Block, bytes, bytes]:
    """A block with its drawing for the engine and for the stock library."""
    random = Random(seed)
    block, pen = Sequence([grow(random, 3) for _ in range(3)]), Pen()
    into, out = block.draw(pen)
    pen.both(ours.start())
    pen.both(ours.end())
    pen.flow("S", into)
    pen.flow(out, "E")
    stock = f'<bpmn:process id="P" isExecutable="true">{"".join(pen.stock)}</bpmn:process>'
    return (
        block,
        ours.drawing(*pen.ours),
        f'<bpmn:definitions {STOCK} id="d" targetNamespace="urn:x">{stock}</bpmn:definitions>'.encode(),
    )
