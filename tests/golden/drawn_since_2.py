"""The constructs that came with format 2."""

from __future__ import annotations

from tests.engine.drawings import (
    boundary,
    drawing,
    end,
    flows,
    mapping,
    message,
    script,
    service,
    start,
    tag,
    task,
    timer,
)
from tests.engine.drawings import extensions as said
from tests.golden.drawn import DAY, MESSAGES, Parked, calls, do, send, wait


def event_sub(id: str, begins: str, *inner: str, interrupting: bool = True) -> str:
    begun = tag("startEvent", f"{id}_s", begins, isInterrupting=str(interrupting).lower())
    return tag("subProcess", id, begun, *inner, triggeredByEvent="true")


def signal(reference: str, id: str) -> str:
    return f'<bpmn:signalEventDefinition id="{id}" signalRef="{reference}"/>'


def compensation(id: str, activity: str = "") -> str:
    named = f' activityRef="{activity}"' if activity else ""
    return f'<bpmn:compensateEventDefinition id="{id}"{named}/>'


def condition(id: str, text: str) -> str:
    return (f'<bpmn:conditionalEventDefinition id="{id}"><bpmn:condition xsi:type="bpmn:tFormalExpression">{text}'
        "</bpmn:condition></bpmn:conditionalEventDefinition>")


def repeat(text: str) -> str:
    return (f'<bpmn:standardLoopCharacteristics><bpmn:loopCondition xsi:type="bpmn:tFormalExpression">{text}'
        "</bpmn:loopCondition></bpmn:standardLoopCharacteristics>")


ENOUGH = '<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">=c = 3</bpmn:completionCondition>'
SIGNAL = tag("signal", "Sig", name="calm")
UNDONE = (tag("association", "as1", sourceRef="undoA", targetRef="U", associationDirection="One"),
          tag("boundaryEvent", "undoA", compensation("c1"), attachedToRef="A"))
HANDLER = task("U").replace("<bpmn:userTask", '<bpmn:userTask isForCompensation="true"')

PARKED = [
    Parked("an event sub-process armed",
        [drawing(start(), task("A"), end(), flows("S A E"),
         event_sub("back", message("W"), task("B"), end("e", outcome="withdrawn"), flows("back_s B e")),
         messages=MESSAGES)],
        [], [send("withdrawn"), do("B", c=1)]),
    Parked("an event sub-process running beside, armed again",
        [drawing(start(), task("A"), end(), flows("S A E"),
         event_sub("ask", message("Y"), task("B"), end("e"), flows("ask_s B e"), interrupting=False),
         messages=MESSAGES)],
        [send("accepted")], [send("accepted"), do("B", c=1), do("A", c=2), do("B", c=3)]),
    Parked("waiting for a signal of its own",
        [drawing(start(), tag("parallelGateway", "F"), tag("intermediateCatchEvent", "hear", signal("Sig", "g1")),
         task("A"),
         tag("intermediateThrowEvent", "say", signal("Sig", "g2")), task("B"), end("E1"), end(),
         flows("S F hear B E1", "F A say E"), head=SIGNAL)],
        [], [do("A", c=1), do("B", c=2)]),
    Parked("an activity that can be undone is done",
        [drawing(start(), task("A"), *UNDONE, HANDLER,
         task("B"), tag("intermediateThrowEvent", "undo", compensation("c2")), task("C"), end(),
         flows("S A B undo C E"))],
        [do("A", c=1)], [do("B", c=2), do("U", c=3), do("C", c=4)]),
    Parked("a handler is undoing",
        [drawing(start(), task("A"), *UNDONE, HANDLER,
         task("B"), tag("intermediateThrowEvent", "undo", compensation("c2")), task("C"), end(),
         flows("S A B undo C E"))],
        [do("A", c=1), do("B", c=2)], [do("U", c=3), do("C", c=4)]),
    Parked("the second round of a standard loop",
        [drawing(start(), task("A", repeat("=c &lt; 3")), task("B"), end(), flows("S A B E"))],
        [do("A", c=1)], [do("A", c=2), do("A", c=3), do("B", c=9)]),
    Parked("halted, a person has to decide",
        [drawing(start(), task("A"), service("X", "flaky"), task("B"), end(), flows("S A X B E"))],
        [do("A", c=0), wait(minutes=6), wait(minutes=11), wait(minutes=21)],
        [["heal"], ["retry"], do("B", c=1)]),
    Parked("halted, tried again by the clock",
        [drawing(start(), task("A"), service("X", "flaky"), task("B"), end(), flows("S A X B E"))],
        [do("A", c=0)], [["heal"], wait(minutes=6), do("B", c=1)]),
    Parked("a condition that has held once",
        [drawing(start(), script("V", "n", "=0"), tag("parallelGateway", "F"), task("A", gives={"n": "=x"}),
         task("B", gives={"n": "=x"}), task("D"), boundary("high", "D", condition("k1", "=n &gt; 5"),
         interrupting=False),
         script("R", "risen", "=if risen = null then 1 else risen + 1"), end("E1"), end("E2"), end("E3"), end(),
         flows("S V F A E1", "F B E2", "F D E", "high R E3"))],
        [do("A", x=7)], [do("B", x=9), do("D", c=1)], {"risen": None}),
    Parked("the second of three reminders",
        [drawing(start(), script("V", "n", "=0"), task("A"),
         boundary("remind", "A", timer("timeCycle", "R3/P1D"), interrupting=False), script("R", "n", "=n + 1"),
         end("E1"), end(), flows("S V A E", "remind R E1"))],
        [DAY], [DAY, DAY, DAY, do("A", c=1)]),
    Parked("one at a time, the others in the queue",
        [drawing(start(), tag("adHocSubProcess", "sub", task("A"), task("B"), task("D"), ENOUGH, ordering="Sequential"),
         task("C"), end(), flows("S sub C E"))],
        [do("A", c=1)], [do("B", c=2), do("D", c=3), do("C", c=4)]),
    Parked("a called process with an event sub-process, in a sub-process with one",
        [drawing(start(),
         tag("subProcess", "sub", start("s"), calls("Q"), end("e"), flows("s call e"),
             event_sub("ask", message("Y"), task("B"), end("eb"), flows("ask_s B eb"), interrupting=False)),
         task("C"), end(), flows("S sub C E"), messages=MESSAGES),
        drawing(start("S2"), task("A"), end("E2"), flows("S2 A E2"), id="Q", messages={"N2": "refused"},
         ).replace(b"</bpmn:process>", event_sub(
             "stop", '<bpmn:messageEventDefinition id="mq" messageRef="N2"/>', said(mapping()),
             task("D"), end("ed"), flows("stop_s D ed")).encode() + b"</bpmn:process>")],
        [send("accepted")], [send("refused"), do("D", c=1), do("B", c=2), do("C", c=3)]),
]
