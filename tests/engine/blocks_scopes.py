"""Blocks with an inside: sub-processes, called processes, terminate and error ends, multi-instance."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.engine import drawings as ours
from tests.engine.blocks import Block, Frame, Pen, Place, Shown, User, Vars, holds


class Inside(Block):
    """An embedded sub-process around a block."""

    def __init__(self, part: Block) -> None:
        self.parts, self.main, self.frame, self.name = [part], False, Frame(), ""

    def begin(self, at: Place) -> bool:
        self.frame = Frame()
        self.main = not self.parts[0].begin(self.place(at))
        return self._over()

    def place(self, at: Place) -> Place:
        return Place(at.vars, self.frame)

    def _over(self) -> bool:
        return not self.main and not self.frame.strays and self.closed()

    def closed(self) -> bool:
        """Nothing is left inside; what comes out of it does."""
        return True

    def do(self, name: str, value: int) -> bool:
        for stray in self.frame.strays:
            if any(one.name == name for one in stray.ready()):
                stray.do(name, value)
                self.frame.strays.remove(stray)
                return self._over()
        if not self.main or not self.parts[0].do(name, value):
            return False
        self.main = False
        return self.after_main()

    def after_main(self) -> bool:
        return self._over()

    def ready(self) -> list[Shown]:
        beside = [Shown(one.name, one.vars, True) for stray in self.frame.strays for one in stray.ready()]
        return beside + (self.parts[0].ready() if self.main else [])

    def events(self) -> list[str]:
        return self.parts[0].events() if self.main else []

    def running_parts(self) -> list[Block]:
        return self.parts if self.main else []

    def draw(self, pen: Pen) -> tuple[str, str]:
        self.name, loop = pen.id("sub"), pen.take_loop()
        with pen.inside() as (in_ours, in_stock):
            self.draw_inside(pen)
        pen.ours.append(ours.tag("subProcess", self.name, *loop("ours"), *in_ours))
        pen.stock.append(ours.tag("subProcess", self.name, *loop("stock"), *in_stock))
        return self.name, self.name

    def draw_inside(self, pen: Pen) -> None:
        begin, end = pen.id("s"), pen.id("e")
        pen.both(ours.start(begin))
        pen.both(ours.end(end))
        into, out = self.parts[0].draw(pen)
        pen.flow(begin, into)
        pen.flow(out, end)


class Call(Inside):
    """A called process: it gets every variable, and gives back those that it writes."""

    inner: Vars | None = None
    outer: Vars | None = None

    def place(self, at: Place) -> Place:
        self.outer, self.inner = at.vars, Vars(self.name, at.vars.told, **at.vars.seen())
        return Place(self.inner, self.frame)

    def closed(self) -> bool:
        assert self.inner is not None and self.outer is not None
        for name in self.names() | {"c"}:
            if name in self.inner.data:
                self.outer.set(name, self.inner.data[name])
        return True

    def draw(self, pen: Pen) -> tuple[str, str]:
        self.name = pen.id("call")
        target = f"Q_{self.name}"
        with pen.inside(self.name) as (in_ours, in_stock):
            self.draw_inside(pen)
        pen.called[0].append(ours.tag("process", target, *in_ours, name=target, isExecutable="true"))
        pen.called[1].append(ours.tag("process", target, *in_stock, isExecutable="true"))
        given = {name: f"={name}" for name in sorted(self.names() | {"c"})}
        named = ours.zeebe("calledElement", processId=target, propagateAllChildVariables="false")
        called = ours.extensions(named, ours.mapping(None, given))
        pen.ours.append(ours.tag("callActivity", self.name, called))
        pen.stock.append(ours.tag("callActivity", self.name, calledElement=target))
        return self.name, self.name


class Ending(Inside):
    """A sub-process with two paths, of which the second ends everything in it (terminate)."""

    copies = True

    def __init__(self, part: Block, last: Block) -> None:
        super().__init__(part)
        self.parts, self.running = [part, last], list[Block]()

    def begin(self, at: Place) -> bool:
        self.frame = Frame()
        self.running = [part for part in self.parts if not part.begin(self.place(at))]
        return self._finish(self.parts[1] not in self.running)

    def _finish(self, ended: bool) -> bool:
        self.main = not ended and bool(self.running)
        if ended:
            self.running, self.frame = [], Frame()
        return ended

    def do(self, name: str, value: int) -> bool:
        for stray in self.frame.strays:
            if any(one.name == name for one in stray.ready()):
                stray.do(name, value)
                self.frame.strays.remove(stray)
                return False
        last = self.parts[1] in self.running
        self.running = [part for part in self.running if not part.do(name, value)]
        return self._finish(last and self.parts[1] not in self.running)

    def ready(self) -> list[Shown]:
        beside = [Shown(one.name, one.vars, True) for stray in self.frame.strays for one in stray.ready()]
        return beside + [one for part in self.running for one in part.ready()]

    def events(self) -> list[str]:
        return [one for part in self.running for one in part.events()]

    def running_parts(self) -> list[Block]:
        return self.running

    def unsettled(self) -> set[str]:
        return (self.names() if self.running else set()) | super().unsettled()

    def draw_inside(self, pen: Pen) -> None:
        begin, fork, end, stop = pen.id("s"), pen.id("g"), pen.id("e"), pen.id("e")
        pen.both(ours.start(begin))
        pen.both(ours.gateway("parallel", fork))
        pen.both(ours.end(end))
        pen.both(ours.end(stop, ours.terminate()))
        pen.flow(begin, fork)
        for part, last in zip(self.parts, (end, stop), strict=True):
            into, out = part.draw(pen)
            pen.flow(fork, into)
            pen.flow(out, last)


class Failing(Inside):
    """A sub-process that ends with an error when c is odd; the error is handled by a task."""

    def __init__(self, part: Block) -> None:
        super().__init__(part)
        self.parts, self.handling = [part, User()], False
        self.at: Place | None = None

    def begin(self, at: Place) -> bool:
        self.at, self.handling = at, False
        self.frame = Frame()
        self.main = not self.parts[0].begin(self.place(at))
        return self._over() if self.main else self.after_main()

    def after_main(self) -> bool:
        assert self.at is not None
        if holds("even:1", self.at.vars.seen()["c"]):
            self.frame, self.handling = Frame(), True
            self.parts[1].begin(self.at)
            return False
        return self._over()

    def do(self, name: str, value: int) -> bool:
        return self.parts[1].do(name, value) if self.handling else super().do(name, value)

    def ready(self) -> list[Shown]:
        return self.parts[1].ready() if self.handling else super().ready()

    def running_parts(self) -> list[Block]:
        return self.parts[:1] if self.main else []

    def draw(self, pen: Pen) -> tuple[str, str]:
        host, _ = super().draw(pen)
        caught, merge = pen.id("b"), pen.id("merge")
        pen.both(ours.boundary(caught, host, ours.error("Err")))
        pen.both(ours.gateway("exclusive", merge))
        into, out = self.parts[1].draw(pen)
        pen.flow(caught, into)
        pen.flow(host, merge)
        pen.flow(out, merge)
        return host, merge

    def draw_inside(self, pen: Pen) -> None:
        begin, choice, default, end, bad = map(pen.id, ("s", "choice", "d", "e", "e"))
        head = ours.tag("error", "Err", name="failed", errorCode="failed")
        if head not in pen.heads:
            pen.heads.append(head)
        pen.both(ours.start(begin))
        pen.both(ours.gateway("exclusive", choice, default))
        pen.both(ours.end(end))
        pen.both(ours.end(bad, ours.error("Err")))
        into, out = self.parts[0].draw(pen)
        pen.flow(begin, into)
        pen.flow(out, choice)
        pen.flow(choice, bad, "even:1")
        pen.flow(choice, end, id=default)


class Rounds(Block):
    """A multi-instance task or sub-process; what each round answers last is gathered in a list."""

    def __init__(self, body: Block, last: User, count: int, *, sequential: bool, stops: bool) -> None:
        self.parts, self.last, self.count, self.sequential, self.stops = [body], last, count, sequential, stops
        self.running: dict[int, tuple[Block, Vars]] = {}
        self.out: list[Any] = []
        self.begun, self.ended, self.number = 0, 0, ""
        self.at: Place | None = None

    def begin(self, at: Place) -> bool:
        self.at, self.out, self.running, self.begun, self.ended = at, [None] * self.count, {}, 0, 0
        at.vars.set(f"d_items{self.number}", list(range(1, self.count + 1)))
        for _ in range(1 if self.sequential else self.count):
            self._next()
        return self._close() if not self.count else False

    def _next(self) -> None:
        assert self.at is not None
        body, vars = deepcopy(self.parts[0]), Vars("", {}, self.at.vars)
        for one, _ in body.all():
            if isinstance(one, User):
                one.round = f"#{self.begun}"
        self.running[self.begun] = body, vars
        self.begun += 1
        body.begin(Place(vars, Frame()))

    def do(self, name: str, value: int) -> bool:
        for number, (body, vars) in list(self.running.items()):
            if body.do(name, value):
                del self.running[number]
                self.out[number], self.ended = vars.data[f"d_{self.last.name}"], self.ended + 1
                if self.ended == self.count or (self.stops and holds("stop:0", vars.data["c"])):
                    return self._close()
                if self.sequential:
                    self._next()
        return False

    def _close(self) -> bool:
        assert self.at is not None
        self.running = {}
        self.at.vars.set(f"d_out{self.number}", self.out)
        return True

    def ready(self) -> list[Shown]:
        return [one for body, _ in self.running.values() for one in body.ready()]

    def running_parts(self) -> list[Block]:
        return [body for body, _ in self.running.values()]

    def names(self) -> set[str]:
        return {f"d_items{self.number}", f"d_out{self.number}"}

    def unsettled(self) -> set[str]:
        return {f"d_out{self.number}"} | self.parts[0].names() if self.running else set()

    def draw(self, pen: Pen) -> tuple[str, str]:
        self.number = pen.id("")
        before = f"p{self.number}"
        items, text = f"d_items{self.number}", str(list(range(1, self.count + 1)))
        pen.ours.append(ours.script(before, items, f"={text}"))
        begin = f"<bpmn:script>{items}={text};d_out{self.number}=</bpmn:script>"
        pen.stock.append(ours.tag("scriptTask", before, begin))
        pen.loop = self._loop
        into, out = self.parts[0].draw(pen)
        pen.flow(before, into)
        return before, out

    def _loop(self, dialect: str) -> tuple[str, ...]:
        items, out, who = (f"{word}{self.number}" for word in ("d_items", "d_out", "who"))
        gathered = f"d_{self.last.name}"
        if dialect == "ours":
            condition = "=modulo(c, 3) = 0" if self.stops else ""
            made = ours.loop(f"={items}", who, out, f"={gathered}", condition=condition, sequential=self.sequential)
        else:
            stop = "<bpmn:completionCondition>stop:0@round</bpmn:completionCondition>" if self.stops else ""
            made = (
                f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(self.sequential).lower()}">'
                f"<bpmn:loopDataInputRef>{items}</bpmn:loopDataInputRef>"
                f"<bpmn:loopDataOutputRef>{out}</bpmn:loopDataOutputRef>"
                f'<bpmn:inputDataItem id="{who}" name="{who}"/>'
                f'<bpmn:outputDataItem id="{gathered}" name="{gathered}"/>{stop}'
                "</bpmn:multiInstanceLoopCharacteristics>"
            )
        return (made,)


__all__ = ["Call", "Ending", "Failing", "Inside", "Rounds"]
