"""Data that is drawn: objects, inputs and outputs, their sets and associations. BPMN 2.0.2, 10.4.

The engine keeps variables, not data objects; what is drawn for readers must still mean something.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.drawing import Element, children
from engine.findings import Finding
from engine.rules.sheet import Sheet, kind
from engine.rules.whole import CONTAINERS, EVENTS, Whole, error, text_of, whole
from engine.vocabulary import BPMN

CARRYING = {"message": "messageRef", "error": "errorRef", "escalation": "escalationRef", "signal": "signalRef"}
SETS = {
    "inputSet": ("dataInputRefs", ("optionalInputRefs", "whileExecutingInputRefs"), "outputSetRefs", "inputSetRefs"),
    "outputSet": (
        "dataOutputRefs", ("optionalOutputRefs", "whileExecutingOutputRefs"), "inputSetRefs", "outputSetRefs",
    ),
}  # fmt: skip
"""set -> (its data, parts of its data, the sets it goes with, what those call it)"""


def item_of(index: Whole, node: Element | None) -> Element | None:
    """The item definition of what holds data; None when it is not said."""
    if node is None:
        return None
    behind = {"dataObjectReference": "dataObjectRef", "dataStoreReference": "dataStoreRef"}.get(kind(node))
    if behind is not None and not node.get("itemSubjectRef"):
        node = index.named(node.get(behind))
    named = None if node is None else index.named(
        node.get("itemSubjectRef") or node.get("itemRef") or node.get("structureRef"))
    return named if named is not None and kind(named) == "itemDefinition" else None


def structure_of(index: Whole, node: Element | None) -> str | None:
    """The structure of what holds data; None when it is not said."""
    item = item_of(index, node)
    return None if item is None else item.get("structureRef")


def agree(index: Whole, one: Element | None, other: Element | None) -> bool:
    """Whether two holders of data may hold the same: unknown structures fit everything."""
    if item_of(index, one) is item_of(index, other):
        return True
    first, second = structure_of(index, one), structure_of(index, other)
    return first is None or second is None or first == second


def collections(sheet: Sheet) -> Iterator[Finding]:
    """isCollection is said alike by a data element and its item definition (10.4.1)."""
    index = whole(sheet)
    for node in index.of("dataObject", "dataInput", "dataOutput"):
        item = item_of(index, node)
        if item is not None and node.get("isCollection", "false") != item.get("isCollection", "false"):
            yield error(sheet, "collection", node, f"isCollection 与 {item.get('id')} 的定义不一致",
                        f"isCollection differs from that of {item.get('id')}",
                        "两处写成一样", "say the same in both places")


def state_names(sheet: Sheet) -> Iterator[Finding]:
    """A data object in a state is named "object [state]" (10.4.1, Data Object References)."""
    index = whole(sheet)
    for node in index.of("dataObjectReference"):
        state = next(children(node, BPMN, "dataState"), None)
        source = index.named(node.get("dataObjectRef"))
        if state is None or source is None or not node.get("name"):
            continue
        wanted = f"{source.get('name', '')} [{state.get('name', '')}]".strip()
        if " ".join(node.get("name", "").split()) != " ".join(wanted.split()):
            yield error(sheet, "data-state", node, f"带状态的数据对象应命名为“{wanted}”",
                        f"a data object in a state is named {wanted!r}", f"改名为“{wanted}”", f"name it {wanted!r}")


def places(sheet: Sheet) -> Iterator[Finding]:
    """A sub-process has no ioSpecification (10.4.1)."""
    for node in whole(sheet).of(*CONTAINERS):
        if next(children(node, BPMN, "ioSpecification"), None) is not None:
            yield error(sheet, "io-place", node, "子流程不能有输入输出说明 ioSpecification",
                        "a sub-process has no ioSpecification",
                        "改写在里面的任务上", "give it to the tasks inside")


def association_ends(sheet: Sheet) -> Iterator[Finding]:
    """Nothing flows into a data input or out of a data output from within (10.4.1, Data Inputs and Outputs)."""
    index = whole(sheet)
    for name, end, wrong in (("dataOutputAssociation", "targetRef", "dataInput"),
                             ("dataInputAssociation", "sourceRef", "dataOutput")):
        for node in index.of(name):
            for child in children(node, BPMN, end):
                if index.kind_of(text_of(child)) == wrong:
                    yield error(sheet, "association-end", node, f"{name} 的 {end} 不能是 {wrong}",
                                f"{end} of a {name} cannot be a {wrong}",
                                "连到数据对象或另一侧的数据", "connect it to a data object")


def associations(sheet: Sheet) -> Iterator[Finding]:
    """Without a transformation there is one source, of the structure of the target (10.4.1, Data Associations)."""
    index = whole(sheet)
    for node in index.of("dataInputAssociation", "dataOutputAssociation"):
        if next(children(node, BPMN, "transformation"), None) is not None:
            continue
        sources = [index.named(text_of(child)) for child in children(node, BPMN, "sourceRef")]
        targets = [index.named(text_of(child)) for child in children(node, BPMN, "targetRef")]
        if len(sources) > 1:
            yield error(sheet, "association", node, "没有转换的数据关联只能有一个来源",
                        "a data association without a transformation has one source",
                        "分成几条关联，或写转换", "draw several associations or write a transformation")
        elif sources and targets and not agree(index, sources[0], targets[0]):
            yield error(sheet, "association", node, "数据关联两端的类型不同", "both ends hold different structures",
                        "统一类型，或写转换", "use one item definition or write a transformation")


def sets(sheet: Sheet) -> Iterator[Finding]:
    """Each data input lies in an input set, each output in an output set; sets know each other (10.4.2)."""
    index = whole(sheet)
    for holder in (*index.of("ioSpecification"), *index.of(*EVENTS)):
        for name, (data, parts, _, _) in SETS.items():
            drawn = list(children(holder, BPMN, name))
            listed = {text for each in drawn for text in _refs(each, data)}
            for node in children(holder, BPMN, data.removesuffix("Refs")):
                if node.get("id") not in listed:
                    yield error(sheet, "data-set", node, f"没有列在任何 {name} 里", f"it is in no {name}",
                                f"列入 {name}", f"list it in an {name}")
            for each in drawn:
                own = set(_refs(each, data))
                for part in parts:
                    if not set(_refs(each, part)) <= own:
                        yield error(sheet, "data-set", each, f"{part} 须同时列在 {data} 里",
                                    f"{part} must be listed in {data} too", f"补到 {data}", f"add it to {data}")
        yield from _pairs(sheet, holder)


def _pairs(sheet: Sheet, holder: Element) -> Iterator[Finding]:
    known = {each.get("id"): each for each in children(holder, BPMN, *SETS)}
    for name, (_, _, others, back) in SETS.items():
        for each in children(holder, BPMN, name):
            for reference in _refs(each, others):
                other = known.get(reference)
                if other is None or each.get("id") not in _refs(other, back):
                    yield error(sheet, "data-set", each, f"{others} 须由对方的 {back} 指回来",
                                f"{others} must be answered by {back} of the other set",
                                f"在对方补上 {back}", f"add {back} there")


def _refs(node: Element, name: str) -> list[str]:
    return [text_of(child) for child in children(node, BPMN, name)]


def event_data(sheet: Sheet) -> Iterator[Finding]:
    """An event with data has one for each trigger, of its structure and in its order (10.4.2, Events)."""
    index = whole(sheet)
    for event in index.of(*EVENTS):
        held, definitions = list(children(event, BPMN, "dataInput", "dataOutput")), index.definitions(event)
        if not held or not definitions:
            continue
        carrying = [drawn for drawn in definitions if kind(drawn).removesuffix("EventDefinition") in CARRYING]
        if len(held) not in (len(carrying), len(definitions)):
            yield error(sheet, "event-data", event, f"{len(definitions)} 种触发，却有 {len(held)} 个数据",
                        f"{len(definitions)} triggers, but {len(held)} data elements",
                        "每种触发写一个数据", "give each trigger one")
            continue
        pairs = zip(held, carrying if len(held) == len(carrying) else definitions, strict=True)
        for data, drawn in pairs:
            reference = CARRYING.get(kind(drawn).removesuffix("EventDefinition"))
            if reference and not agree(index, data, index.named(drawn.get(reference))):
                yield error(sheet, "event-data", event, f"数据 {data.get('id')} 与触发的类型不同",
                            f"data {data.get('id')} differs in structure from its trigger",
                            "统一类型定义", "use the same item definition")


RULES = (collections, state_names, places, association_ends, associations, sets, event_data)
