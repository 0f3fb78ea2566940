"""What the corpus is made of: one drawing per construct, with what is done before the instance is parked and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.engine.drawings import (
    boundary,
    catch,
    drawing,
    end,
    error,
    extensions,
    flow,
    flows,
    gateway,
    loop,
    mapping,
    message,
    script,
    service,
    start,
    tag,
    task,
    terminate,
    timer,
    zeebe,
)

Doing = list[Any]
"""["do", element, answers] · ["send", message, payload] · ["wait", seconds] (the clock moves, what is due fires)"""


@dataclass(frozen=True)
class Parked:
    """One instance of the corpus."""

    name: str
    files: list[bytes]
    before: list[Doing]
    after: list[Doing]
    variables: Mapping[str, Any] = field(default_factory=dict)


def do(element: str, **answers: Any) -> Doing:
    return ["do", element, answers]


def send(name: str, **payload: Any) -> Doing:
    return ["send", name, payload]


def wait(**how: float) -> Doing:
    names = {"days": 86400, "hours": 3600, "minutes": 60}
    return ["wait", sum(names[name] * value for name, value in how.items())]


DAY = wait(days=1, minutes=1)


def calls(target: str, takes: dict[str, str] | None = None, gives: dict[str, str] | None = None) -> str:
    return tag("callActivity", "call", extensions(zeebe("calledElement", processId=target), mapping(takes, gives)))


def typed() -> str:
    """A context with a value of every type."""
    return (
        '={amount: 12.50, big: 12345678901234567890.123, day: date("2027-02-28"), clock: time("08:30:00"), '
        'moment: date and time("2027-01-01T08:00:00+08:00"), '
        'zoned: date and time("2027-01-01T08:00:00@Asia/Shanghai"), '
        'local: date and time("2027-01-01T08:00:00"), days: duration("P5DT3H"), months: duration("P1Y2M"), '
        'low: [1..10), days open: (date("2026-01-01")..date("2026-12-31")], yes: true, nothing: null, text: "证件", '
        "list: [1, [2, {deep: 3.0}], null]}"
    )


SCRIPTED = script("V", "people", '=["甲", "乙", "丙"]')
SIGNED = {"opinion": "=o"}
MESSAGES = {"Y": "accepted", "N": "refused", "W": "withdrawn", "K": "paid"}

PARKED = [
    Parked("a task with a deadline, after one that bars its doer",
        [drawing(start(), task("A"),
         task("B", sla="2", escalateAfter="1", escalateTo="approver", notBy="A", stage="two"),
         end(outcome="granted"), flows("S A B E"))],
        [do("A", c=1)], [wait(days=8), do("B", c=2)]),
    Parked("a parallel join with one branch in",
        [drawing(start(), gateway("parallel", "F"), task("A", gives={"a": "=x"}), task("B", gives={"b": "=x"}),
         task("D", gives={"d": "=x"}), gateway("parallel", "J"), task("C"), end(),
         flows("S F A J", "F B J", "F D J", "J C E"))],
        [do("B", x=2)], [do("D", x=3), do("A", x=1), do("C", c=4)]),
    Parked("an inclusive join with one branch in",
        [drawing(start(), gateway("inclusive", "F", "d"), task("A"), task("B", gives={"b": "=x"}), task("D"),
         gateway("inclusive", "J"), task("C"), end(), flows("S F", "A J", "B J", "D J", "J C E"),
         flow("F", "A", "=n &gt; 1"), flow("F", "B", "=n &gt; 2"), flow("F", "D", id="d"))],
        [do("A", c=1)], [do("B", x=2), do("C", c=3)], {"n": 5}),
    Parked("signers side by side, one has signed",
        [drawing(start(), SCRIPTED, task("A", loop("=people", "who", "votes", "=vote"), gives={"vote": "=v + who"}),
         task("B"), end(), flows("S V A B E"))],
        [do("A", v="是")], [do("A", v="否"), do("A", v="弃"), do("B", c=1)]),
    Parked("signers one after another, until one refuses",
        [drawing(start(), SCRIPTED,
         task("A", loop("=people", "who", "votes", "=c", condition="=c = 0", sequential=True)),
         task("B"), end(), flows("S V A B E"))],
        [do("A", c=1)], [do("A", c=0), do("B", c=2)]),
    Parked("a sub-process for each of a list, in the middle",
        [drawing(start(), SCRIPTED,
         tag("subProcess", "sub", loop("=people", "who", "all", "=first + second"), start("s"),
             task("A", gives={"first": "=x"}), task("B", gives={"second": "=x"}), end("e"), flows("s A B e")),
         task("C"), end(), flows("S V sub C E"))],
        [do("A", x=1), do("A", x=2)], [do("B", x=10), do("B", x=20), do("A", x=3), do("B", x=30), do("C", c=1)]),
    Parked("inside a sub-process with inputs and two paths",
        [drawing(start(), script("V", "n", "=7"),
         tag("subProcess", "sub", extensions(mapping({"m": "=n + 1"}, {"out": "=got"})), start("s"),
             gateway("parallel", "F"), task("A", gives={"got": "=m + x"}), task("B"), end("e1"), end("e2"),
             flows("s F A e1", "F B e2")),
         task("C"), end(), flows("S V sub C E"))],
        [do("B", c=1)], [do("A", x=5), do("C", c=9)]),
    Parked("inside a called process",
        [drawing(start(), script("V", "n", "=7"), calls("Q", {"m": "=n"}, {"r": "=m + c"}), task("B"), end(),
         flows("S V call B E")),
        drawing(start(), task("A"), task("A2"), end(), flows("S A A2 E"), id="Q")],
        [do("A", c=1)], [do("A2", c=2), do("B", c=3)]),
    Parked("a called process in a sub-process for each of a list",
        [drawing(start(), SCRIPTED,
         tag("subProcess", "sub", loop("=people", "who", "all", "=said", sequential=True), start("s"),
             calls("Q", {"m": "=who"}, {"said": "=m + c"}), end("e"), flows("s call e")),
         end(), flows("S V sub E")),
        drawing(start(), task("A"), end(), flows("S A E"), id="Q")],
        [do("A", c="1")], [do("A", c="2"), do("A", c="3")]),
    Parked("an event-based gateway, a message will come",
        [drawing(start(), gateway("eventBased", "G"),
         catch("yes", extensions(mapping(None, {"no": "=no"})), message("Y")),
         catch("no", message("N")), catch("silence", timer("timeDuration", "P3D")), task("A"), task("B"),
         task("C"), end(), flows("S G yes A E", "G no B E", "G silence C E"), messages=MESSAGES)],
        [], [send("accepted", no="2026-1"), do("A", c=1)]),
    Parked("an event-based gateway, nothing will come",
        [drawing(start(), gateway("eventBased", "G"), catch("yes", message("Y")),
         catch("silence", timer("timeDuration", "P3D")), task("A"), task("C"), end(),
         flows("S G yes A E", "G silence C E"), messages=MESSAGES)],
        [], [wait(days=4), do("C", c=1)]),
    Parked("a boundary timer that interrupts",
        [drawing(start(), task("A"), boundary("late", "A", timer("timeDuration", "P1D")), task("B"), end(), end("E2"),
         flows("S A E", "late B E2"))],
        [], [DAY, do("B", c=1)]),
    Parked("boundary events that do not interrupt, one has happened",
        [drawing(start(), task("A"), boundary("late", "A", timer("timeDuration", "P1D"), interrupting=False),
         boundary("asked", "A", message("Y"), interrupting=False), task("B"), task("C"), end(), end("E2"),
         end("E3"), flows("S A E", "late B E2", "asked C E3"), messages=MESSAGES)],
        [send("accepted"), do("C", c=1)], [send("accepted"), DAY, do("A", c=2), do("B", c=3), do("C", c=4)]),
    Parked("a message withdraws a sub-process",
        [drawing(start(), tag("subProcess", "sub", start("s"), task("A"), task("B"), end("e"), flows("s A B e")),
         boundary("back", "sub", message("W")), task("C"), end(), end("E2", outcome="withdrawn"),
         flows("S sub E", "back C E2"), messages=MESSAGES)],
        [do("A", c=1)], [send("withdrawn"), do("C", c=2)]),
    Parked("waiting for a date and for a message",
        [drawing(start(), gateway("parallel", "F"),
         catch("M", extensions(mapping(None, {"sum": "=sum"})), message("K")),
         catch("T", timer("timeDate", "2026-11-30")), gateway("parallel", "J"), task("A"), end(),
         flows("S F M J", "F T J", "J A E"), messages=MESSAGES)],
        [], [send("paid", sum=100), wait(days=10), do("A", c=1)]),
    Parked("a join in the second round of a loop",
        [drawing(start(), gateway("exclusive", "M"), gateway("parallel", "F"), task("A"), task("B"),
         gateway("parallel", "J"), task("C"), gateway("exclusive", "X", "out"), end(),
         flows("S M F A J", "F B J", "J C X"), flow("X", "M", "=c = 1"), flow("X", "E", id="out"))],
        [do("B"), do("A"), do("C", c=1), do("A")], [do("B"), do("C", c=0)]),
    Parked("variables of every type",
        [drawing(start(), script("V", "all", typed()), task("A", gives={"day.after": "=x"}), task("B"), end(),
         flows("S V A B E"))],
        [do("A", x="deep")], [do("B", c=1)]),
    Parked("an error will end a sub-process",
        [drawing(start(), tag("subProcess", "sub", start("s"), gateway("parallel", "F"), task("A"), task("B"), end("e"),
                      end("bad", error("R")), flows("s F A e", "F B bad")),
         boundary("caught", "sub", error("R")), task("C"), end(), end("E2"), flows("S sub E", "caught C E2"),
         errors={"R": "returned"})],
        [], [do("B"), do("C", c=1)]),
    Parked("a step and a terminate end are still to come",
        [drawing(start(), gateway("parallel", "F"), task("A"), service("X", "number", gives={"no": "=number"}),
         task("B"),
         end(), end("stop", terminate()), flows("S F A X stop", "F B E"))],
        [], [do("A", c=41)]),
]
