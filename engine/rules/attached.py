"""What is attached to activities or stands beside the flows: boundary events, event sub-processes, links."""

from __future__ import annotations

from collections.abc import Iterator

from engine.drawing import Element, children
from engine.findings import Finding
from engine.rules.sheet import ACTIVITIES, CONTAINERS, Sheet, Space, Text, by_event, kind, links_of, triggers
from engine.vocabulary import BPMN


def boundary_events(sheet: Sheet) -> Iterator[Finding]:
    """A boundary event is attached to an activity that can wait, fail, escalate or be undone."""
    for space, event in sheet.elements("boundaryEvent"):
        host = space.by_id.get(event.get("attachedToRef", ""))
        if host is None or kind(host) not in ACTIVITIES:
            yield sheet.found("boundary", event, Text(
                "没有附着在同一层的任务或子流程上", "it is not attached to an activity",
                "拖到任务的边框上", "drag it onto the border of a task"))
        else:
            yield from _attached(sheet, space, event, host)
        if "error" in triggers(event) and event.get("cancelActivity") == "false":
            yield sheet.found("boundary", event, Text(
                "错误边界事件必须中断", "an error boundary event interrupts", "设为中断", "make it interrupting"))
        if space.incoming.get(event.get("id", "")):
            yield sheet.found("boundary", event, Text(
                "连线不能指向边界事件", "a flow leads into the boundary event", "删除这条连线", "remove that flow"))


def _attached(sheet: Sheet, space: Space, event: Element, host: Element) -> Iterator[Finding]:
    for trigger in triggers(event):
        hosts = HOSTS.get(trigger, ACTIVITIES)
        if kind(host) not in hosts:
            zh, en = NEVER.get(trigger, NEVER[""])
            yield sheet.found("boundary", event, Text(
                zh, en, "附着到子流程上，或删除它", "attach it to a sub-process or remove it"))
        elif trigger in WAITING_TRIGGERS and kind(host) in AUTOMATIC and not _loops(host):
            yield sheet.found("boundary", event, Text(
                "自动任务不等待，这个事件不会发生", "an automatic task does not wait: this event never happens",
                "附着到用户任务或子流程上", "attach it to a user task or sub-process"), severity="warning")
        elif trigger == "compensate" and not space.handlers.get(event.get("id", "")):
            yield sheet.found("boundary", event, Text(
                "补偿事件没有连到补偿活动", "no compensation activity is associated with it",
                "用关联线连到一个标为补偿的活动", "associate it with an activity marked for compensation"))


def _loops(host: Element) -> bool:
    return any(True for _ in children(host, BPMN, "multiInstanceLoopCharacteristics"))


WAITING_TRIGGERS = frozenset({"timer", "message", "signal", "conditional"})
AUTOMATIC = frozenset({"task", "manualTask", "scriptTask", "businessRuleTask", "sendTask"})
HOSTS = {
    "error": frozenset({"serviceTask", "sendTask", "scriptTask"}) | CONTAINERS,
    "escalation": CONTAINERS,
    "cancel": frozenset({"transaction"}),
}
NEVER = {
    "error": ("附着的任务不会触发它：人工任务不抛错误", "it can never fire: user tasks throw no errors"),
    "escalation": ("升级只来自子流程或被调用的流程", "only sub-processes and called processes escalate"),
    "cancel": ("取消事件只能附着在事务上", "a cancel event belongs to a transaction"),
    "": ("附着的任务不会触发它", "it can never fire here"),
}


def cancellations(sheet: Sheet) -> Iterator[Finding]:
    """A cancel end event lies in a transaction (BPMN 2.0, 10.5.3)."""
    for space, event in sheet.elements("endEvent"):
        if "cancel" in triggers(event) and kind(space.node) != "transaction":
            yield sheet.found("cancel", event, Text(
                "取消结束事件只能画在事务里", "a cancel end event belongs inside a transaction",
                "改为错误结束事件", "draw an error end event"))


def event_sub_processes(sheet: Sheet) -> Iterator[Finding]:
    """Nothing leads into an event sub-process or out of it; nor does a flow touch a compensation activity."""
    for space, element in sheet.elements(*ACTIVITIES):
        own = element.get("id", "")
        apart = by_event(element) or element.get("isForCompensation") == "true"
        if apart and (space.incoming.get(own) or space.outgoing.get(own)):
            yield sheet.found("apart", element, Text(
                "事件子流程和补偿活动不能有连线", "event sub-processes and compensation activities have no flows",
                "删除这些连线", "remove the flows"))
        if by_event(element) and space.boundary.get(own):
            yield sheet.found("apart", element, Text(
                "事件子流程上不能有边界事件", "nothing is attached to an event sub-process", "删除边界事件",
                "remove the boundary event"))


def links(sheet: Sheet) -> Iterator[Finding]:
    """A link has a name, one end and at least one beginning in the same scope (BPMN 2.0, 10.5.5)."""
    for space in sheet.spaces:
        ends = [end for led in space.links.values() for end in led]
        for event in space.of("intermediateCatchEvent", "intermediateThrowEvent"):
            own = event.get("id", "")
            paired = len(space.links.get(own, [])) == 1 if own in space.links else own in ends
            if links_of(event) and not paired:
                named = "、".join(each.get("name", "") for each in links_of(event))
                yield sheet.found("link", event, Text(
                    f"链接“{named}”须在同一层成对：一个终点，至少一个起点",
                    f"link {named!r} needs one end and at least one beginning in the same scope",
                    "补上另一端，或直接画连线", "add its other end or draw the flow itself"))
            linked = "link" in triggers(event)
            into = space.incoming.get(event.get("id", "")) if kind(event) == "intermediateCatchEvent" else (
                space.outgoing.get(event.get("id", "")))
            if linked and into:
                yield sheet.found("link", event, Text(
                    "链接的终点没有入线，起点没有出线",
                    "a link's end has no incoming and its beginning no outgoing flow",
                    "删除这条连线", "remove that flow"))


RULES = (boundary_events, cancellations, event_sub_processes, links)
