"""Small drawings that break one rule of the standard each, and legal ones beside them."""

from __future__ import annotations

from tests.engine.drawings import (
    boundary,
    catch,
    end,
    error,
    flow,
    flows,
    gateway,
    script,
    start,
    tag,
    task,
    timer,
)

LINE = flows("S A E")
PLAIN = [start(), task("A"), end(), LINE]
ITEMS = '<bpmn:itemDefinition id="text" structureRef="string"/><bpmn:itemDefinition id="number" structureRef="int"/>'
FORMAL = 'xsi:type="bpmn:tFormalExpression"'


def event(kind: str, id: str, definition: str, inner: str = "", **attributes: str) -> str:
    return tag(kind, id, f'<bpmn:{definition}EventDefinition id="{id}_d">{inner}</bpmn:{definition}EventDefinition>',
               **attributes)


def one(*inner: str) -> list[str]:
    """A process around something called A."""
    return [start(), *inner, end(), LINE]


def at(*inner: str) -> list[str]:
    """A process around something called C."""
    return [start(), *inner, end(), flows("S C E")]


def throw(id: str, definition: str, inner: str = "", **attributes: str) -> str:
    return event("intermediateThrowEvent", id, definition, inner, **attributes)


def link(id: str, name: str, *, to: str = "", back: str = "") -> str:
    inner = (f"<bpmn:target>{to}</bpmn:target>" if to else "") + (f"<bpmn:source>{back}</bpmn:source>" if back else "")
    return f'<bpmn:linkEventDefinition id="{id}" name="{name}">{inner}</bpmn:linkEventDefinition>'


def pools(*processes: str, flows: str = "") -> str:
    named = "".join(f'<bpmn:participant id="pool{each}" processRef="{each}"/>' for each in processes)
    return f'<bpmn:collaboration id="c">{named}<bpmn:participant id="out"/>{flows}</bpmn:collaboration>'


def message_flow(source: str, target: str) -> str:
    return f'<bpmn:messageFlow id="mf" sourceRef="{source}" targetRef="{target}"/>'


def event_sub(*inner: str, flowing: str = "") -> list[str]:
    return [*PLAIN, tag("subProcess", "sub", *inner, triggeredByEvent="true"), flowing]


def io(*inner: str) -> str:
    return f"<bpmn:ioSpecification>{''.join(inner)}</bpmn:ioSpecification>"


def listed(kind: str, *ids: str, more: str = "") -> str:
    refs = "".join(f"<bpmn:data{kind.title()}Refs>{each}</bpmn:data{kind.title()}Refs>" for each in ids)
    return f"<bpmn:{kind}Set>{refs}{more}</bpmn:{kind}Set>"


def data(kind: str, id: str, item: str = "", **more: str) -> str:
    return tag(kind, id, **({"itemSubjectRef": item} if item else {}), **more)


def association(kind: str, id: str, source: str, target: str) -> str:
    return tag(kind, id, f"<bpmn:sourceRef>{source}</bpmn:sourceRef><bpmn:targetRef>{target}</bpmn:targetRef>")


TIMED = timer("timeDuration", "P1D")
UNDO = tag("manualTask", "U", isForCompensation="true")
TIE = '<bpmn:association id="tie" sourceRef="B" targetRef="U"/>'
COMPENSATED = [*PLAIN, event("boundaryEvent", "B", "compensate", attachedToRef="A")]
SUB = tag("subProcess", "sub", start("s"), end("e"), flows("s e"))
IN = io(data("dataInput", "in"), listed("input", "in"), "<bpmn:outputSet/>")
LOOP = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>in</bpmn:loopDataInputRef>" \
       "</bpmn:multiInstanceLoopCharacteristics>"
OPERATION = '<bpmn:interface id="i" name="i"><bpmn:operation id="o" name="o"><bpmn:inMessageRef>m</bpmn:inMessageRef>' \
            "</bpmn:operation></bpmn:interface>"
TYPED = f'{ITEMS}<bpmn:message id="m" name="m" itemRef="text"/>{OPERATION}'

WRONG: dict[str, tuple[str, str, list[str], str]] = {
    "an id used twice outside the process": ("id", "c", PLAIN, pools("P") + '<bpmn:message id="c" name="x"/>'),
    "a signal that is a message": (
        "signal", "B", [*PLAIN, tag("boundaryEvent", "B", '<bpmn:signalEventDefinition signalRef="m"/>',
                                       attachedToRef="A"), flows("B E")], '<bpmn:message id="m" name="m"/>'),
    "a flow to an annotation": ("flow", "x", [*PLAIN, "<bpmn:textAnnotation id='t'/>", flow("A", "t", id="x")], ""),
    "a flow into an event sub-process": (
        "apart", "sub", event_sub(event("startEvent", "s", "message"), end("e"), flows("s e"),
                                   flowing=flow("A", "sub", id="x")), ""),
    "a list that forgets a flow": (
        "flow-list", "A", [start(), tag("userTask", "A", "<bpmn:incoming>x</bpmn:incoming>"), end(),
                           flow("S", "A", id="x"), flow("A", "E", id="y")], ""),
    "a lone conditional flow": ("condition", "x", [start(), task("A"), end(), flows("S A"),
                                                        flow("A", "E", "=c", id="x")], ""),
    "a conditional flow out of an event": (
        "condition", "x", [start(), task("A"), end(), flow("S", "A", "=c", "x"),
                                                                     flows("A E")], ""),
    "a default of somebody else": ("condition", "A", [start(), tag("userTask", "A", default="x"), end(),
                                                         flow("S", "A", id="x"), flows("A E")], ""),
    "a converging gateway that splits": (
        "gateway-direction", "G", [start(), tag("parallelGateway", "G", gatewayDirection="Converging"), task("A"),
                                   task("B"), end(), flows("S G A E", "G B E")], ""),
    "a gateway without a purpose": (
        "idle-gateway", "G", [start(), gateway("parallel", "G"), end(), flows("S G E")], ""),
    "an end without a start": ("start", "P", [task("A"), end(), flows("A E")], ""),
    "a start without an end": ("no-end", "P", [start(), task("A"), flows("S A")], ""),
    "a task that no flow leads to": ("unreachable", "B", [*PLAIN, task("B"), flows("B E")], ""),
    "a task that leads nowhere": ("dead-end", "B", [*PLAIN, task("B"), flows("A B")], ""),
    "a flow that is not immediate": (
        "immediate", "x", [start(), task("A"), end(), flows("S A"),
                           tag("sequenceFlow", "x", sourceRef="A", targetRef="E", isImmediate="false")], ""),
    "a message flow to a gateway": (
        "message-flow", "mf", [start(), gateway("parallel", "G"), task("A"), task("B"), end(),
                               flows("S G A E", "G B E")], pools("P", flows=message_flow("out", "G"))),
    "a message flow inside a pool": ("message-flow", "mf", PLAIN, pools("P", flows=message_flow("A", "poolP"))),
    "a message flow out of a start": ("message-flow", "mf", PLAIN, pools("P", flows=message_flow("S", "out"))),
    "a message flow to a plain start": ("message-flow", "S", PLAIN, pools("P", flows=message_flow("out", "S"))),
    "too few participants": (
        "multiplicity", "pp", PLAIN, '<bpmn:collaboration id="c"><bpmn:participant id="pp" processRef="P">'
        '<bpmn:participantMultiplicity minimum="3" maximum="2"/></bpmn:participant></bpmn:collaboration>'),
    "a choreography task": ("element", "T", [*PLAIN, tag("choreographyTask", "T")], ""),
    "a conversation that calls a choreography": (
        "element", "g", PLAIN, '<bpmn:globalConversation id="g"><bpmn:choreographyRef>h</bpmn:choreographyRef>'
        "</bpmn:globalConversation>"),
    "an error start of a process": ("event", "S", [event("startEvent", "S", "error"), task("A"), end(), LINE], ""),
    "a timer start of a sub-process": (
        "event", "s", one(tag("subProcess", "A", tag("startEvent", "s", TIMED), end("e"), flows("s e"))), ""),
    "a timer end": ("event", "E", [start(), task("A"), tag("endEvent", "E", TIMED), LINE], ""),
    "a catch without a trigger": ("event", "C", at(catch("C")), ""),
    "a terminating throw": ("event", "C", at(throw("C", "terminate")), ""),
    "an error that does not interrupt": ("boundary", "B", [*PLAIN, boundary("B", "A", error(), interrupting=False),
                                                          flows("B E")], ""),
    "an event sub-process with two starts": (
        "start", "sub", event_sub(event("startEvent", "s", "message"), event("startEvent", "t", "message"),
                                             end("e"), flows("s e", "t e")), ""),
    "a cancel end outside a transaction": (
        "cancel", "E", [start(), task("A"), event("endEvent", "E", "cancel"), LINE], ""),
    "a cancel boundary on a sub-process": (
        "boundary", "B", [start(), SUB, end(), flows("S sub E", "B E"),
                        event("boundaryEvent", "B", "cancel", attachedToRef="sub")], ""),
    "a definition borrowed from a throw": (
        "shared-definition", "C", [start(), tag("intermediateThrowEvent", "T", '<bpmn:signalEventDefinition id="g"/>'),
                                   catch("C", "<bpmn:eventDefinitionRef>g</bpmn:eventDefinitionRef>"), end(),
                                   flows("S T C E")], ""),
    "a flow into a boundary event": ("boundary", "B", [*PLAIN, boundary("B", "A", TIMED), flows("A B E")], ""),
    "a boundary event that leads nowhere": ("dead-end", "B", [*PLAIN, boundary("B", "A", TIMED)], ""),
    "a compensation without a handler": ("boundary", "B", COMPENSATED, ""),
    "a compensation task in the flow": ("apart", "U", [*COMPENSATED, UNDO, TIE, flows("A U E")], ""),
    "a compensation of another level": (
        "compensation", "C", [start(), tag("subProcess", "A", start("s"), task("in"), end("e"), flows("s in e")), end(),
                              flows("S A C E"), tag("intermediateThrowEvent", "C",
                                                    '<bpmn:compensateEventDefinition activityRef="in"/>')], ""),
    "a compensation that does not interrupt": ("interrupting", "B", [*PLAIN, event(
        "boundaryEvent", "B", "compensate", attachedToRef="A", cancelActivity="false"), UNDO, TIE], ""),
    "a compensating event": ("compensation", "C", at(tag("intermediateThrowEvent", "C", isForCompensation="true")), ""),
    "a compensation event with a flow": ("compensation", "B", [*COMPENSATED, UNDO, TIE, flows("B E")], ""),
    "a receive task and a message behind an event gateway": (
        "event-gateway", "R", [start(), gateway("eventBased", "G"), tag("receiveTask", "R", messageRef="m"), catch(
            "D", '<bpmn:messageEventDefinition messageRef="m"/>'), end(), flows("S G R E", "G D E")],
        '<bpmn:message id="m" name="m"/>'),
    "a boundary event behind an event gateway": (
        "event-gateway", "R", [start(), gateway("eventBased", "G"), tag("receiveTask", "R", messageRef="m"), catch(
            "D", TIMED), boundary("B", "R", TIMED), end(), flows("S G R E", "G D E", "B E")],
        '<bpmn:message id="m" name="m"/>'),
    "an error end without a code": ("error", "E", [start(), task("A"), event("endEvent", "E", "error"), LINE], ""),
    "an escalation without a code": ("escalation", "C", at(throw("C", "escalation")), ""),
    "a message event without a message": ("message", "C", at(throw("C", "message")), ""),
    "a typed message without an operation": (
        "message-operation", "C", at(catch("C", '<bpmn:messageEventDefinition messageRef="m"/>')), TYPED),
    "a signal without a name": ("signal", "C", at(throw("C", "signal")), ""),
    "a link to nowhere": ("link", "L", [*PLAIN, tag("intermediateThrowEvent", "L", link("l", "x")), flows("A L")], ""),
    "a link with a flow into its other end": (
        "link", "M", [start(), task("A"), tag("intermediateThrowEvent", "L", link("l", "x")), catch("M", link("m",
            "x")), end(),
                      flows("S A L", "A M E")], ""),
    "links that name each other wrongly": (
        "link", "L", [start(), tag("intermediateThrowEvent", "L", link("l", "x", to="other")),
                      catch("M", link("m", "x", back="l")), end(), flows("S L", "M E")], ""),
    "a timer that says two times": (
        "timer", "C", [start(), catch("C", "<bpmn:timerEventDefinition><bpmn:timeDate>2027-01-01</bpmn:timeDate>"
                                           "<bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition>"),
                            end(), flows("S C E")], ""),
    "a cycle that is none": ("timer", "C", at(catch("C", timer("timeCycle", "often"))), ""),
    "an event gateway with one way": (
        "event-gateway", "G", [start(), gateway("eventBased", "G"), catch("C", TIMED), end(),
            flows("S G C E")], ""),
    "a condition behind an event gateway": (
        "condition", "x", [start(), gateway("eventBased", "G"), catch("C", TIMED), catch("D", TIMED), end(),
                                    flows("S G D E", "C E"), flow("G", "C", "=c", id="x")], ""),
    "a task behind an event gateway": (
        "event-gateway", "A", [start(), gateway("eventBased", "G"), catch("C", TIMED), task("A"), end(),
                                      flows("S G C E", "G A E")], ""),
    "a parallel event gateway in the middle": (
        "instantiate", "G", [start(), tag("eventBasedGateway", "G", eventGatewayType="Parallel"), catch("C", TIMED),
                             catch("D", TIMED), end(), flows("S G C E", "G D E")], ""),
    "an instantiating task in the middle": (
        "instantiate", "R", [start(), tag("receiveTask", "R", instantiate="true"), end(), flows("S R E")], ""),
    "a duration in plain language": (
        "formal", "C", at(catch("C", "<bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration>"
                                       "</bpmn:timerEventDefinition>")), ""),
    "a condition in plain words": (
        "formal", "x", [start(), gateway("exclusive", "G", "d"), end(), end("F"), flow("G", "F", id="d"), flows("S G"),
                        flow("G", "E", "it is good", id="x").replace(FORMAL, "")], ""),
    "an empty condition": ("feel", "C", [
        start(), event("intermediateCatchEvent", "C", "conditional", f"<bpmn:condition {FORMAL}/>"), end(),
        flows("S C E")], ""),
    "a method that is no address": ("uri", "A", one(tag("transaction", "A", start("s"), end("e"), flows("s e"),
                                                              method="no such %")), ""),
    "a quantity of none": ("number", "A", one(tag("userTask", "A", startQuantity="0")), ""),
    "a loop with a negative maximum": (
        "number", "A", one(tag("userTask", "A", '<bpmn:standardLoopCharacteristics loopMaximum="-1"/>')), ""),
    "two loop markers": ("multi-instance", "A", one(tag(
        "userTask", "A", "<bpmn:standardLoopCharacteristics/><bpmn:multiInstanceLoopCharacteristics/>")), ""),
    "a behaviour without its event": ("multi-instance", "A", one(tag(
        "userTask", "A", '<bpmn:multiInstanceLoopCharacteristics behavior="One"/>')), ""),
    "a script in another language": (
        "incomplete", "A", one(tag("scriptTask", "A", "<bpmn:script>x</bpmn:script>")), ""),
    "an ad-hoc sub-process with a start": (
        "start", "A", one(tag("adHocSubProcess", "A", start("s"), task("in"))), ""),
    "an empty ad-hoc sub-process": ("ad-hoc", "A", one(tag("adHocSubProcess", "A")), ""),
    "a resource and an expression": (
        "element", "w", one(tag("userTask", "A", tag("performer", "w", "<bpmn:resourceRef>r</bpmn:resourceRef>",
                                                            "<bpmn:resourceAssignmentExpression/>"))), ""),
    "a send task that says nothing": ("incomplete", "A", one(tag("sendTask", "A")), ""),
    "a collection that is none": (
        "collection", "o", [*PLAIN, data("dataObject", "o", "text", isCollection="true")], ITEMS),
    "a state that is not in the name": (
        "data-state", "r", [*PLAIN, tag("dataObject", "o", name="permit"), tag(
            "dataObjectReference", "r", '<bpmn:dataState name="filed"/>', dataObjectRef="o", name="permit")], ""),
    "a property of the file": ("element", "p", PLAIN, '<bpmn:property id="p"/>'),
    "a sub-process with inputs": (
        "io-place", "A", one(tag("subProcess", "A", IN, start("s"), end("e"), flows("s e"))), ""),
    "data that flows into an input": (
        "association-end", "a", [IN, start(), tag("userTask", "A", association("dataOutputAssociation", "a", "o",
            "in")),
                                 end(), LINE], ""),
    "two structures at one association": (
        "association", "a", [start(), tag("userTask", "A", io(data("dataInput", "i", "text"), listed("input", "i")),
                                          association("dataInputAssociation", "a", "o", "i")), end(), LINE,
                             data("dataObject", "o", "number")], ITEMS),
    "an input in no set": (
        "data-set", "i", one(tag("userTask", "A", io(data("dataInput", "i"), "<bpmn:inputSet/>"))), ""),
    "an optional input that is no input": (
        "data-set", "A", one(tag("userTask", "A", io(data("dataInput", "i"), listed(
            "input", "i", more="<bpmn:optionalInputRefs>j</bpmn:optionalInputRefs>")))), ""),
    "an event with too much data": (
        "event-data", "C", at(tag(
            "intermediateCatchEvent", "C", data("dataOutput", "x"), data("dataOutput", "y"),
            listed("output", "x", "y"), '<bpmn:signalEventDefinition signalRef="g"/>')),
        '<bpmn:signal id="g" name="g"/>'),
    "a loop over somebody else's data": (
        "multi-instance", "A", [IN, *one(tag("userTask", "A", LOOP))], ""),
    "an operation without inputs": ("operation-data", "A", one(tag("serviceTask", "A", operationRef="o")), TYPED),
    "a sent message of another structure": (
        "message-data", "A", one(tag("sendTask", "A", io(data("dataInput", "i", "number"), listed("input", "i")),
                                           messageRef="m")), TYPED),
    "a call with inputs that nobody takes": (
        "call-data", "A", one(tag("callActivity", "A", io(data("dataInput", "i"), listed("input", "i")),
                                        calledElement="Q")),
        tag("process", "Q", start("qs"), end("qe"), flows("qs qe"), isExecutable="true")),
    "a service that binds nothing": (
        "element", "P", ["<bpmn:supportedInterfaceRef>i</bpmn:supportedInterfaceRef>", *PLAIN], TYPED),
    "a called process that only a message starts": (
        "called-start", "Q", one(tag("callActivity", "A", calledElement="Q")),
        tag("process", "Q", event("startEvent", "qs", "message"), end("qe"), flows("qs qe"), isExecutable="true")),
}  # fmt: skip

FINE: dict[str, tuple[list[str], str]] = {
    "a plain drawing": (PLAIN, ""),
    "flows that are listed": (
        [tag("startEvent", "S", "<bpmn:outgoing>x</bpmn:outgoing>"),
         tag("endEvent", "E", "<bpmn:incoming>x</bpmn:incoming>"), flow("S", "E", id="x")], ""),
    "a compensation with its handler": ([*COMPENSATED, UNDO, TIE], ""),
    "a pair of links by name": (
        [start(), tag("intermediateThrowEvent", "L", link("l", "x")), catch("M", link("m", "x")), end(),
            flows("S L", "M E")], ""),
    "a pair of links by reference": (
        [start(), tag("intermediateThrowEvent", "L", link("l", "a", to="m")), catch("M", link("m", "a", back="l")),
            end(),
         flows("S L", "M E")], ""),
    "an event sub-process": (event_sub(tag("startEvent", "s", TIMED), end("e"), flows("s e")), ""),
    "a process that a receive task starts": (
        [tag("receiveTask", "R", instantiate="true", messageRef="m"), end(), flows("R E")],
        '<bpmn:message id="m" name="m"/>'),
    "a message flow between pools": (
        PLAIN, pools("P", "Q", flows=message_flow("A", "qa")) + tag(
            "process", "Q", start("qs"), task("qa"), end("qe"), flows("qs qa qe"), isExecutable="true")),
    "a message without a type": (
        at(catch("C", '<bpmn:messageEventDefinition messageRef="m"/>')),
        '<bpmn:message id="m" name="m"/>'),
    "a typed message with an operation": (
        at(catch("C", '<bpmn:messageEventDefinition messageRef="m"><bpmn:operationRef>o</bpmn:operationRef>'
                        "</bpmn:messageEventDefinition>")), TYPED),
    "data that fits": (
        [start(), tag("userTask", "A", io(data("dataInput", "i", "text"), listed("input", "i"), "<bpmn:outputSet/>"),
                      association("dataInputAssociation", "a", "r", "i")), end(), LINE,
         data("dataObject", "o", "text"), tag("dataObjectReference", "r", dataObjectRef="o")], ITEMS),
    "a script in FEEL": (one(script("A", "x", "=1")), ""),
}  # fmt: skip
