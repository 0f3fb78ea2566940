"""Small BPMN drawings, built in a line each: `drawing(start(), task("A"), end(), flows("S A E"))`."""

from __future__ import annotations

from itertools import count
from xml.sax.saxutils import quoteattr

NAMESPACES = (
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
)
_numbers = count(1)


def tag(kind: str, id: str, *inner: str, **attributes: str) -> str:
    """A BPMN element."""
    written = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return f'<bpmn:{kind} id="{id}"{written}>{"".join(inner)}</bpmn:{kind}>'


def zeebe(kind: str, **attributes: str) -> str:
    """A Zeebe extension element."""
    return f"<zeebe:{kind}" + "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items()) + "/>"


def extensions(*inner: str) -> str:
    """The extension elements of an element."""
    return f"<bpmn:extensionElements>{''.join(inner)}</bpmn:extensionElements>" if any(inner) else ""


def properties(**found: str) -> str:
    """licet:* properties: properties(sla="2", notBy="A")."""
    lines = "".join(zeebe("property", name=f"licet:{key}", value=value) for key, value in found.items())
    return f"<zeebe:properties>{lines}</zeebe:properties>" if lines else ""


def mapping(takes: dict[str, str] | None = None, gives: dict[str, str] | None = None) -> str:
    """An ioMapping: {target: source}."""
    lines = [zeebe("input", source=source, target=target) for target, source in (takes or {}).items()]
    lines += [zeebe("output", source=source, target=target) for target, source in (gives or {}).items()]
    return f"<zeebe:ioMapping>{''.join(lines)}</zeebe:ioMapping>" if lines else ""


def start(id: str = "S") -> str:
    return tag("startEvent", id)


def end(id: str = "E", *inner: str, outcome: str = "") -> str:
    return tag("endEvent", id, extensions(properties(outcome=outcome)) if outcome else "", *inner)


def task(
    id: str,
    *inner: str,
    groups: str = "hr",
    form: str = "",
    assignee: str = "",
    gives: dict[str, str] | None = None,
    takes: dict[str, str] | None = None,
    users: str = "",
    due: str = "",
    **found: str,
) -> str:
    """A user task; answers named in `gives` become variables (default: c)."""
    who = {"candidateGroups": groups, "assignee": assignee, "candidateUsers": users}
    return tag(
        "userTask",
        id,
        extensions(
            zeebe("userTask"),
            zeebe("formDefinition", formId=form) if form else "",
            zeebe("assignmentDefinition", **{key: value for key, value in who.items() if value}),
            zeebe("taskSchedule", dueDate=due) if due else "",
            mapping(takes, {"c": "=c"} if gives is None else gives),
            properties(**found),
        ),
        *inner,
        name=f"任务{id}",
    )


def script(id: str, variable: str, expression: str) -> str:
    return tag("scriptTask", id, extensions(zeebe("script", expression=expression, resultVariable=variable)))


def service(id: str, step: str, *inner: str, gives: dict[str, str] | None = None) -> str:
    return tag("serviceTask", id, extensions(zeebe("taskDefinition", type=step), mapping(None, gives)), *inner)


def decision(id: str, decision_id: str, variable: str) -> str:
    return tag(
        "businessRuleTask", id, extensions(zeebe("calledDecision", decisionId=decision_id, resultVariable=variable))
    )


def gateway(kind: str, id: str, default: str = "") -> str:
    return tag(f"{kind}Gateway", id, **({"default": default} if default else {}))


def timer(kind: str, text: str) -> str:
    inner = f'<bpmn:{kind} xsi:type="bpmn:tFormalExpression">{text}</bpmn:{kind}>'
    return f'<bpmn:timerEventDefinition id="t{next(_numbers)}">{inner}</bpmn:timerEventDefinition>'


def message(reference: str) -> str:
    return f'<bpmn:messageEventDefinition id="m{next(_numbers)}" messageRef="{reference}"/>'


def error(reference: str = "") -> str:
    attribute = f' errorRef="{reference}"' if reference else ""
    return f'<bpmn:errorEventDefinition id="r{next(_numbers)}"{attribute}/>'


def terminate() -> str:
    return f'<bpmn:terminateEventDefinition id="x{next(_numbers)}"/>'


def signal(reference: str) -> str:
    return f'<bpmn:signalEventDefinition id="g{next(_numbers)}" signalRef="{reference}"/>'


def escalation(reference: str = "") -> str:
    attribute = f' escalationRef="{reference}"' if reference else ""
    return f'<bpmn:escalationEventDefinition id="z{next(_numbers)}"{attribute}/>'


def conditional(text: str) -> str:
    inner = f'<bpmn:condition xsi:type="bpmn:tFormalExpression">{text}</bpmn:condition>'
    return f'<bpmn:conditionalEventDefinition id="k{next(_numbers)}">{inner}</bpmn:conditionalEventDefinition>'


def link(name: str) -> str:
    return f'<bpmn:linkEventDefinition id="l{next(_numbers)}" name="{name}"/>'


def compensate(activity: str = "") -> str:
    attribute = f' activityRef="{activity}"' if activity else ""
    return f'<bpmn:compensateEventDefinition id="o{next(_numbers)}"{attribute}/>'


def cancel() -> str:
    return f'<bpmn:cancelEventDefinition id="y{next(_numbers)}"/>'


def throw(id: str, *inner: str) -> str:
    return tag("intermediateThrowEvent", id, *inner)


def sub(id: str, *inner: str, **attributes: str) -> str:
    """An embedded sub-process; its own elements follow."""
    return tag("subProcess", id, *inner, **attributes)


def event_sub(
    id: str, trigger: str, *inner: str, interrupting: bool = True, gives: dict[str, str] | None = None
) -> str:
    """An event sub-process; its start event is called "<id>_s" and must be connected by the caller."""
    begin = tag("startEvent", f"{id}_s", extensions(mapping(None, gives)) if gives else "", trigger,
                isInterrupting=str(interrupting).lower())
    return tag("subProcess", id, begin, *inner, triggeredByEvent="true")


def association(source: str, target: str) -> str:
    return tag("association", f"a{next(_numbers)}", sourceRef=source, targetRef=target, associationDirection="One")


def boundary(id: str, host: str, *inner: str, interrupting: bool = True) -> str:
    return tag("boundaryEvent", id, *inner, attachedToRef=host, cancelActivity=str(interrupting).lower())


def catch(id: str, *inner: str) -> str:
    return tag("intermediateCatchEvent", id, *inner)


def loop(
    collection: str, element: str, gathered: str = "", each: str = "", *, condition: str = "", sequential: bool = False
) -> str:
    said = {"inputCollection": collection, "inputElement": element, "outputCollection": gathered, "outputElement": each}
    inner = extensions(zeebe("loopCharacteristics", **{key: value for key, value in said.items() if value}))
    inner += (
        f'<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">{condition}</bpmn:completionCondition>'
        if condition
        else ""
    )
    kind = "bpmn:multiInstanceLoopCharacteristics"
    return f'<{kind} isSequential="{str(sequential).lower()}">{inner}</{kind}>'


def flow(source: str, target: str, condition: str = "", id: str = "") -> str:
    inner = (
        f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{condition}</bpmn:conditionExpression>'
        if condition
        else ""
    )
    return tag("sequenceFlow", id or f"f{next(_numbers)}", inner, sourceRef=source, targetRef=target)


def flows(*chains: str) -> str:
    """flows("S A E", "A B") connects S-A, A-E and A-B."""
    return "".join(flow(a, b) for chain in chains for a, b in zip(chain.split(), chain.split()[1:], strict=False))


def drawing(
    *inner: str,
    id: str = "P",
    head: str = "",
    messages: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    signals: dict[str, str] | None = None,
    escalations: dict[str, str] | None = None,
) -> bytes:
    """A whole file with one executable process."""
    known = "".join(tag("message", key, name=name) for key, name in (messages or {}).items())
    known += "".join(tag("error", key, name=code, errorCode=code) for key, code in (errors or {}).items())
    known += "".join(tag("signal", key, name=name) for key, name in (signals or {}).items())
    known += "".join(
        tag("escalation", key, name=code, escalationCode=code) for key, code in (escalations or {}).items())
    process = tag("process", id, *inner, name=f"流程{id}", isExecutable="true")
    names = f'{NAMESPACES} id="drawing" targetNamespace="urn:x"'
    return f"<bpmn:definitions {names}>{head}{known}{process}</bpmn:definitions>".encode()
