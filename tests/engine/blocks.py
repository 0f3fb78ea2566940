"""Random structured processes: drawn for the engine, drawn for stock SpiffWorkflow, and played by a model.

A block knows how to draw itself and how it behaves; the model is the judge when the engine and the library differ.
Here: variables, tasks, sequences, gateways, loops. blocks_scopes.py: what has an inside. blocks_events.py: events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.engine import drawings as ours

STOCK = 'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
FEEL = {
    "even": "=modulo(c + {}, 2) = 0", "most": "=modulo(c + {}, 3) != 0", "again": "=modulo(c, 3) = 1",
    "stop": "=modulo(c, 3) = 0",
}
HOLDS: dict[str, Callable[[int, int], bool]] = {
    "even": lambda c, k: (c + k) % 2 == 0, "most": lambda c, k: (c + k) % 3 != 0,
    "again": lambda c, _: c % 3 == 1, "stop": lambda c, _: c % 3 == 0,
}


def holds(key: str, c: int) -> bool:
    """Whether a condition "even:1@scope" is true for c (what FEEL must find, and what the stock engine is told)."""
    name, number = key.partition("@")[0].split(":")
    return HOLDS[name](c, int(number))


def feel(key: str) -> str:
    """The same condition in FEEL."""
    name, number = key.partition("@")[0].split(":")
    return FEEL[name].format(number)


class Vars:
    """The variables of the process, of a called process, or of one round (which sees those around it)."""

    def __init__(self, key: str, told: dict[str, int], outer: Vars | None = None, **data: Any) -> None:
        self.key, self.told, self.outer, self.data = key, told, outer, data
        if "c" in data:
            told[key] = data["c"]

    def set(self, name: str, value: Any) -> None:
        self.data[name] = value
        if name == "c" and self.outer is None:
            self.told[self.key] = value

    def seen(self) -> dict[str, Any]:
        return {**(self.outer.seen() if self.outer else {}), **self.data}


class Frame:
    """A process or sub-process: what runs in it beside its flow (the handlers of events that do not interrupt)."""

    def __init__(self) -> None:
        self.strays: list[Block] = []


@dataclass(frozen=True)
class Place:
    """Where a block runs."""

    vars: Vars
    frame: Frame


@dataclass(frozen=True)
class Shown:
    """A task that somebody may do: its name (with "#round") and the variables it sees."""

    name: str
    vars: Vars
    stray: bool = False


def nothing(_dialect: str) -> tuple[str, ...]:
    """Nothing is drawn."""
    return ()


@dataclass
class Pen:
    """Draws both dialects at once."""

    ours: list[str] = field(default_factory=list)
    stock: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    called: tuple[list[str], list[str]] = field(default_factory=lambda: ([], []))
    numbers: dict[str, int] = field(default_factory=dict)
    scope: str = "P"
    loop: Callable[[str], tuple[str, ...]] = nothing

    def take_loop(self) -> Callable[[str], tuple[str, ...]]:
        """What is drawn inside the next activity, by dialect, if a loop was said for it."""
        loop, self.loop = self.loop, nothing
        return loop

    def id(self, letter: str) -> str:
        self.numbers[letter] = self.numbers.get(letter, 0) + 1
        return f"{letter}{self.numbers[letter]}"

    def both(self, text: str) -> None:
        self.ours.append(text)
        self.stock.append(text)

    def flow(self, a: str, b: str, key: str = "", id: str = "") -> None:
        id = id or self.id("f")
        self.ours.append(ours.flow(a, b, feel(key) if key else "", id))
        self.stock.append(ours.flow(a, b, f"{key}@{self.scope}" if key else "", id))

    @contextmanager
    def inside(self, scope: str = "") -> Iterator[tuple[list[str], list[str]]]:
        """What is drawn meanwhile lies inside something (`scope`: a process with variables of its own)."""
        kept, self.ours, self.stock = (self.ours, self.stock, self.scope), [], []
        self.scope = scope or self.scope
        yield self.ours, self.stock
        self.ours, self.stock, self.scope = kept


class Block:
    """Begun at a place; `do` completes a task or lets an event happen and says whether the block is over."""

    parts: list[Block]
    copies = False  # whether its paths work on copies of the variables in stock SpiffWorkflow

    def begin(self, at: Place) -> bool:
        """True when the block is over at once."""
        raise NotImplementedError

    def do(self, name: str, value: int) -> bool:
        raise NotImplementedError

    def ready(self) -> list[Shown]:
        raise NotImplementedError

    def events(self) -> list[str]:
        """The events that may happen now."""
        return []

    def draw(self, pen: Pen) -> tuple[str, str]:
        raise NotImplementedError

    def names(self) -> set[str]:
        """The variables it writes."""
        return {name for part in self.parts for name in part.names()}

    def unsettled(self) -> set[str]:
        """Variables that paths which have not met again write."""
        return {name for part in self.running_parts() for name in part.unsettled()}

    def running_parts(self) -> list[Block]:
        return self.parts

    def all(self, above: tuple[Block, ...] = ()) -> Iterator[tuple[Block, tuple[Block, ...]]]:
        """Every block inside, with those around it."""
        yield self, above
        for part in self.parts:
            yield from part.all((*above, self))


class User(Block):
    """A task; its answer becomes c and a variable of its own."""

    def __init__(self) -> None:
        self.parts, self.open, self.name, self.round = [], False, "", ""
        self.at: Place | None = None

    def begin(self, at: Place) -> bool:
        self.open, self.at = True, at
        return False

    def do(self, name: str, value: int) -> bool:
        if not self.open or name != self.name + self.round or self.at is None:
            return False
        self.open = False
        self.at.vars.set("c", value)
        self.at.vars.set(f"d_{self.name}", value)
        return True

    def ready(self) -> list[Shown]:
        return [Shown(self.name + self.round, self.at.vars)] if self.open and self.at else []

    def draw(self, pen: Pen) -> tuple[str, str]:
        self.name, loop = pen.id("u"), pen.take_loop()
        pen.ours.append(ours.task(self.name, *loop("ours"), gives={"c": "=c", f"d_{self.name}": "=c"}))
        pen.stock.append(ours.tag("userTask", self.name, *loop("stock")))
        return self.name, self.name

    def names(self) -> set[str]:
        return {f"d_{self.name}"}


class Script(Block):
    """A script task: one variable."""

    def __init__(self, value: int) -> None:
        self.parts, self.value, self.name = [], value, ""

    def begin(self, at: Place) -> bool:
        at.vars.set(f"d_{self.name}", self.value)
        return True

    def do(self, name: str, value: int) -> bool:
        return False

    def ready(self) -> list[Shown]:
        return []

    def draw(self, pen: Pen) -> tuple[str, str]:
        self.name = pen.id("v")
        pen.ours.append(ours.script(self.name, f"d_{self.name}", f"={self.value}"))
        pen.stock.append(ours.tag("scriptTask", self.name, f"<bpmn:script>d_{self.name}={self.value}</bpmn:script>"))
        return self.name, self.name

    def names(self) -> set[str]:
        return {f"d_{self.name}"}


class Sequence(Block):
    def __init__(self, parts: list[Block]) -> None:
        self.parts, self.number = parts, 0
        self.at: Place | None = None

    def begin(self, at: Place) -> bool:
        self.at = at
        return self._from(0)

    def _from(self, number: int) -> bool:
        self.number = number
        assert self.at is not None
        while self.number < len(self.parts):
            if not self.parts[self.number].begin(self.at):
                return False
            self.number += 1
        return True

    def do(self, name: str, value: int) -> bool:
        now = self.running_parts()
        return bool(now) and now[0].do(name, value) and self._from(self.number + 1)

    def running_parts(self) -> list[Block]:
        return self.parts[self.number:self.number + 1] if self.at else []

    def ready(self) -> list[Shown]:
        return [one for part in self.running_parts() for one in part.ready()]

    def events(self) -> list[str]:
        return [one for part in self.running_parts() for one in part.events()]

    def draw(self, pen: Pen) -> tuple[str, str]:
        ends = [part.draw(pen) for part in self.parts]
        for (_, out), (into, _) in zip(ends, ends[1:], strict=False):
            pen.flow(out, into)
        return ends[0][0], ends[-1][1]


class Branches(Block):
    """exclusive, parallel or inclusive; the first branch is the default."""

    def __init__(self, kind: str, parts: list[Block]) -> None:
        self.kind, self.parts, self.running = kind, parts, list[Block]()
        self.copies, self.key = kind != "exclusive", "most" if kind == "inclusive" else "even"

    def begin(self, at: Place) -> bool:
        c = at.vars.seen()["c"]
        chosen = [n for n in range(1, len(self.parts)) if self.kind == "parallel" or holds(f"{self.key}:{n}", c)]
        if self.kind == "parallel":
            chosen = [0, *chosen]
        elif self.kind == "exclusive":
            chosen = chosen[:1]
        self.running = [self.parts[n] for n in chosen or [0]]
        self.running = [part for part in self.running if not part.begin(at)]
        return not self.running

    def do(self, name: str, value: int) -> bool:
        self.running = [part for part in self.running if not part.do(name, value)]
        return not self.running

    def ready(self) -> list[Shown]:
        return [one for part in self.running for one in part.ready()]

    def events(self) -> list[str]:
        return [one for part in self.running for one in part.events()]

    def running_parts(self) -> list[Block]:
        return self.running

    def unsettled(self) -> set[str]:
        return (self.names() if self.copies and self.running else set()) | super().unsettled()

    def draw(self, pen: Pen) -> tuple[str, str]:
        split, join, default = pen.id("g"), pen.id("j"), pen.id("d")
        plain = self.kind == "parallel"
        pen.both(ours.gateway(self.kind, split, "" if plain else default))
        pen.both(ours.gateway(self.kind, join))
        for number, part in enumerate(self.parts):
            into, out = part.draw(pen)
            condition = "" if plain or not number else f"{self.key}:{number}"
            pen.flow(split, into, condition, "" if number or plain else default)
            pen.flow(out, join)
        return split, join


class Loop(Block):
    """A task and a block, again while c says so."""

    def __init__(self, part: Block) -> None:
        self.parts = [Sequence([User(), part])]
        self.at: Place | None = None

    def begin(self, at: Place) -> bool:
        self.at = at
        return self.parts[0].begin(at)

    def do(self, name: str, value: int) -> bool:
        if not self.parts[0].do(name, value):
            return False
        assert self.at is not None
        if not holds("again:0", self.at.vars.seen()["c"]):
            return True
        self.parts[0].begin(self.at)
        return False

    def ready(self) -> list[Shown]:
        return self.parts[0].ready()

    def events(self) -> list[str]:
        return self.parts[0].events()

    def draw(self, pen: Pen) -> tuple[str, str]:
        merge, choice, default, out = pen.id("merge"), pen.id("choice"), pen.id("d"), pen.id("o")
        pen.both(ours.gateway("exclusive", merge))
        pen.both(ours.gateway("exclusive", choice, default))
        pen.both(ours.tag("intermediateThrowEvent", out))
        into, over = self.parts[0].draw(pen)
        pen.flow(merge, into)
        pen.flow(over, choice)
        pen.flow(choice, merge, "again:0")
        pen.flow(choice, out, id=default)
        return merge, out


__all__ = ["Block", "Branches", "Frame", "Loop", "Pen", "Place", "STOCK", "Script", "Sequence", "Shown", "User", "Vars"]
