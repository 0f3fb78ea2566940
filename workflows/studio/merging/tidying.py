"""What follows from other parts is brought in line with them: flows at both ends, lanes, the cells of rules."""

from __future__ import annotations

from collections.abc import Sequence

from workflows.studio.outline import Outline, Record
from workflows.studio.outline.cells import CELL, ENTRIES, column_of

ENDS = {"incoming": "@targetRef", "outgoing": "@sourceRef"}


def tidy(merged: Outline, versions: Sequence[Outline]) -> None:
    """Bring everything that is said twice to say the same, in the versions' own words where one has them."""
    _ends(merged, versions)
    _lanes(merged)
    for record in list(merged.records.values()):
        if record.kind == "rule":
            _cells(merged, record, versions)


def _ends(merged: Outline, versions: Sequence[Outline]) -> None:
    """An element names a flow as coming in or going out exactly when the flow ends there."""
    said = {(one.kind, one.parent, one.fields.get("text", "").strip()): one
            for version in reversed(versions) for one in version.records.values() if one.kind in ENDS}
    flows = {one.id: one for version in versions for one in version.records.values() if one.kind == "sequenceFlow"}
    for (kind, parent, name), record in said.items():
        flow = merged.records.get(f"#{name}")
        if name not in flows:
            continue
        belongs = flow is not None and f"#{flow.fields.get(ENDS[kind])}" == parent
        if not belongs and record.key in merged.records:
            _take_out(merged, record.key)
        elif belongs and record.key not in merged.records and parent in merged.records:
            _put_in(merged, record)


def _put_in(merged: Outline, record: Record) -> None:
    merged.records[record.key] = Record(record.key, dict(record.fields), record.of, record.layout)
    siblings = merged.records[record.parent].children
    leading = ("documentation", "extensionElements", "incoming", *(("outgoing",) if record.kind == "outgoing" else ()))
    at = next((n for n, key in enumerate(siblings) if merged.records[key].kind not in leading), len(siblings))
    siblings.insert(at, record.key)


def _take_out(merged: Outline, key: str) -> None:
    record = merged.records.pop(key)
    if record.parent in merged.records:
        merged.records[record.parent].children.remove(key)


def _lanes(merged: Outline) -> None:
    """An element moved to two lanes by two people lies in one."""
    for key, record in list(merged.records.items()):
        if record.kind != "flowNodeRef":
            continue
        held = merged.records.get(f"#{record.fields.get('text', '').strip()}")
        lane = next((one.id for one in merged.above(record.parent) if one.id), "")
        if held is not None and "lane" in held.fields and lane not in held.fields["lane"].split():
            _take_out(merged, key)


def _cells(merged: Outline, rule: Record, versions: Sequence[Outline]) -> None:
    """A rule has one cell for each column, in the columns' order; a column that is new to it says nothing yet."""
    table = merged.records.get(rule.parent)
    if table is None:
        return
    counted = dict.fromkeys(ENTRIES, 0)
    found = []
    space = rule.fields["tag"].removesuffix("rule")
    for column in (merged.records[key] for key in table.children):
        if column.kind in ENTRIES:
            counted[column.kind] += 1
            key = f"{rule.key}/{CELL}{column.id or f'{column.kind}:{counted[column.kind]}'}"
            if key not in merged.records:
                if column.kind == "annotation":
                    continue
                _new_cell(merged, rule, key, f"{space}{ENTRIES[column.kind]}", space)
            found.append(key)
    others = [key for key in rule.children if not column_of(key)]
    for key in rule.children:
        if column_of(key) and key not in found:
            for inner in list(merged.within(key)):
                merged.records.pop(inner.key)
    rule.children = others + found


def _new_cell(merged: Outline, rule: Record, key: str, tag: str, space: str) -> None:
    merged.records[key] = Record(key, {"tag": tag, "parent": rule.key}, children=[f"{key}/{space}text"])
    merged.records[f"{key}/{space}text"] = Record(f"{key}/{space}text", {"tag": f"{space}text", "parent": key})


