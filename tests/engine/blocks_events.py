"""Blocks that wait for an event: alone, behind an event-based gateway, or at the boundary of an activity."""

from __future__ import annotations

from copy import deepcopy

from tests.engine import drawings as ours
from tests.engine.blocks import Block, Pen, Place, Shown, User


def waiting(pen: Pen, kind: str, event: str) -> tuple[str, str]:
    """What an event waits for, drawn for both: a message of its own name, or a timer of nine hours."""
    if kind == "timer":
        return ours.timer("timeDuration", "PT9H"), ours.timer("timeDuration", "hours:9")
    pen.heads.append(ours.tag("message", f"M_{event}", name=event))
    drawn = ours.message(f"M_{event}")
    return drawn, drawn


def carried(kind: str, event: str) -> str:
    """The mapping of what a message brings."""
    return ours.extensions(ours.mapping(None, {f"d_{event}": "=value"})) if kind == "message" else ""


class Wait(Block):
    """An intermediate catch event; a message brings a variable."""

    def __init__(self, kind: str) -> None:
        self.parts, self.kind, self.name, self.open = [], kind, "", False
        self.at: Place | None = None

    def begin(self, at: Place) -> bool:
        self.open, self.at = True, at
        return False

    def do(self, name: str, value: int) -> bool:
        if not self.open or name != self.name or self.at is None:
            return False
        self.open = False
        if self.kind == "message":
            self.at.vars.set(f"d_{self.name}", value)
        return True

    def ready(self) -> list[Shown]:
        return []

    def events(self) -> list[str]:
        return [self.name] if self.open else []

    def names(self) -> set[str]:
        return {f"d_{self.name}"}

    def draw(self, pen: Pen) -> tuple[str, str]:
        self.name = pen.id(f"{self.kind}_")
        for lines, drawn, before in zip(
            (pen.ours, pen.stock), waiting(pen, self.kind, self.name), (carried(self.kind, self.name), ""), strict=True
        ):
            lines.append(ours.tag("intermediateCatchEvent", self.name, before, drawn))
        return self.name, self.name


class First(Block):
    """An event-based gateway: the first of its events decides what comes next."""

    def __init__(self, waits: list[Wait], parts: list[Block]) -> None:
        self.waits, self.then, self.parts = waits, parts, [*waits, *parts]
        self.chosen: Block | None = None
        self.at: Place | None = None

    def begin(self, at: Place) -> bool:
        self.at, self.chosen = at, None
        for each in self.waits:
            each.begin(at)
        return False

    def do(self, name: str, value: int) -> bool:
        if self.chosen is not None:
            return self.chosen.do(name, value)
        if name not in self.events() or self.at is None:
            return False
        number = [each.name for each in self.waits].index(name)
        self.waits[number].do(name, value)
        for each in self.waits:
            each.open = False
        self.chosen = self.then[number]
        return self.chosen.begin(self.at)

    def ready(self) -> list[Shown]:
        return self.chosen.ready() if self.chosen else []

    def events(self) -> list[str]:
        return self.chosen.events() if self.chosen else [name for each in self.waits for name in each.events()]

    def running_parts(self) -> list[Block]:
        return [self.chosen] if self.chosen else []

    def draw(self, pen: Pen) -> tuple[str, str]:
        gateway, merge = pen.id("g"), pen.id("merge")
        pen.both(ours.gateway("eventBased", gateway))
        pen.both(ours.gateway("exclusive", merge))
        for wait, part in zip(self.waits, self.then, strict=True):
            event, _ = wait.draw(pen)
            into, out = part.draw(pen)
            pen.flow(gateway, event)
            pen.flow(event, into)
            pen.flow(out, merge)
        return gateway, merge


class Guarded(Block):
    """An activity with a boundary event and a task that handles it; interrupting, it takes the activity's place."""

    def __init__(self, host: Block, kind: str, *, interrupting: bool) -> None:
        self.parts, self.kind, self.interrupting = [host, User()], kind, interrupting
        self.name, self.handling, self.times, self.open = "", False, 0, False
        self.at: Place | None = None
        self.copies = not interrupting

    def begin(self, at: Place) -> bool:
        self.at, self.handling, self.times = at, False, 0
        self.open = not self.parts[0].begin(at)
        return not self.open

    def do(self, name: str, value: int) -> bool:
        host, handler = self.parts
        if self.handling:
            return handler.do(name, value)
        if name in self._own():
            return self._happen(value)
        if not self.open or not host.do(name, value):
            return False
        self.open = False
        return True

    def _happen(self, value: int) -> bool:
        assert self.at is not None
        self.times += 1
        if self.kind == "message":
            self.at.vars.set(f"d_{self.name}", value)
        if self.interrupting:
            self.open, self.handling = False, True
            return self.parts[1].begin(self.at)
        stray = deepcopy(self.parts[1])
        stray.begin(self.at)
        self.at.frame.strays.append(stray)
        return False

    def _own(self) -> list[str]:
        return [self.name] if self.open and (self.kind == "message" or not self.times) else []

    def ready(self) -> list[Shown]:
        return self.parts[1].ready() if self.handling else self.parts[0].ready() if self.open else []

    def events(self) -> list[str]:
        return self._own() + (self.parts[0].events() if self.open else [])

    def running_parts(self) -> list[Block]:
        return self.parts[:1] if self.open else []

    def names(self) -> set[str]:
        return super().names() | {f"d_{self.name}"}

    def draw(self, pen: Pen) -> tuple[str, str]:
        into, out = self.parts[0].draw(pen)
        self.name = pen.id(f"{self.kind}_")
        drawn = waiting(pen, self.kind, self.name)
        pen.ours.append(ours.boundary(
            self.name, out, carried(self.kind, self.name), drawn[0], interrupting=self.interrupting))
        pen.stock.append(ours.boundary(self.name, out, drawn[1], interrupting=self.interrupting))
        handler, handled = self.parts[1].draw(pen)
        pen.flow(self.name, handler)
        if not self.interrupting:
            end = pen.id("e")
            pen.both(ours.end(end))
            pen.flow(handled, end)
            return into, out
        merge = pen.id("merge")
        pen.both(ours.gateway("exclusive", merge))
        pen.flow(out, merge)
        pen.flow(handled, merge)
        return into, merge


class Reminded(User):
    """A task with a timer of nine hours at its boundary that leads to an end; here it never happens."""

    def __init__(self, *, interrupting: bool) -> None:
        super().__init__()
        self.interrupting = interrupting

    def draw(self, pen: Pen) -> tuple[str, str]:
        drawn = super().draw(pen)
        event, end = pen.id("b"), pen.id("e")
        for lines, waits in zip((pen.ours, pen.stock), waiting(pen, "timer", event), strict=True):
            lines.append(ours.boundary(event, self.name, waits, interrupting=self.interrupting))
        pen.both(ours.end(end))
        pen.flow(event, end)
        return drawn


__all__ = ["First", "Guarded", "Reminded", "Wait"]
