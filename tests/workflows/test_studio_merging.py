"""Two people change one file: what each did arrives; only what contradicts is asked."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from engine import drawing
from tests.workflows import edits
from workflows.studio import contents, merging, outline
from workflows.studio.merging import merge

ROOT = Path(__file__).parents[2]
DRAWING = (ROOT / "workflows/joint/joint.bpmn").read_bytes()
TABLE = (ROOT / "workflows/application/second-approval.dmn").read_bytes()
FORM = (ROOT / "forms/library/approve.form").read_bytes()
BLANK = contents.drawn("blank", "空白")
NUMBERS = st.integers(0, 10**9)
FEW = settings(max_examples=15, deadline=None, derandomize=True)


def edited(seed: int, times: int = 3) -> bytes:
    """The drawing after some random edits."""
    def several(root: drawing.Element, random: Random) -> None:
        for _ in range(times):
            random.choice(edits.DRAWING_EDITS)(root, random)

    return edits.of_xml(DRAWING, several, seed)


def named(body: bytes, element: str, name: str) -> bytes:
    root = etree.fromstring(body)
    next(node for node in root.iter() if node.get("id") == element).set("name", name)
    return etree.tostring(root, encoding="utf-8")


def tables(body: bytes, old: str, new: str, times: int = 1) -> bytes:
    assert old.encode() in body
    return body.replace(old.encode(), new.encode(), times)


@given(NUMBERS)
@FEW
def test_what_only_one_changed_arrives_as_it_is(seed: int) -> None:
    changed = edited(seed)
    assert merge("a.bpmn", DRAWING, changed, DRAWING).body == changed
    assert merge("a.bpmn", DRAWING, DRAWING, changed).body == changed
    assert merge("a.bpmn", DRAWING, changed, changed).body == changed


@given(NUMBERS, NUMBERS)
@FEW
def test_any_two_edits_come_together_as_a_drawing_in_which_nothing_hangs_in_the_air(one: int, other: int) -> None:
    theirs, mine = edited(one), edited(other)
    asked = merge("a.bpmn", DRAWING, theirs, mine)
    for choice in ("mine", "theirs"):
        merged = merge("a.bpmn", DRAWING, theirs, mine, {conflict.key: choice for conflict in asked.conflicts})
        assert merged.body and not merged.conflicts
        whole(outline.read("a.bpmn", merged.body))


@given(NUMBERS, NUMBERS)
@FEW
def test_what_is_not_asked_about_is_there(one: int, other: int) -> None:
    base, theirs, mine = (outline.read("a", body) for body in (DRAWING, edited(one), edited(other)))
    asked = merge("a.bpmn", DRAWING, edited(one), edited(other))
    merged = outline.read("a", asked.body or b"")
    for side in (theirs, mine):
        new = {key for key in side.records if key not in base.records}
        assert asked.conflicts or new <= merged.records.keys()
        changed = {(key, name) for key, record in side.records.items() if key in base.records and not record.layout
                   for name, value in record.fields.items() if base.records[key].fields.get(name) != value}
        assert asked.conflicts or all(
            key not in merged.records or merged.records[key].fields.get(name) == side.records[key].fields[name]
            for key, name in changed)


def whole(merged: outline.Outline) -> None:
    """Every flow ends at elements that name it, every shape is of an element."""
    for record in merged.records.values():
        assert not record.of or record.of in merged.records, record
        if record.kind == "sequenceFlow":
            assert {f"#{record.fields['@sourceRef']}", f"#{record.fields['@targetRef']}"} <= merged.records.keys()
        if record.kind in ("incoming", "outgoing"):
            flow = merged.records[f"#{record.fields['text']}"]
            assert f"#{flow.fields['@targetRef' if record.kind == 'incoming' else '@sourceRef']}" == record.parent


@given(NUMBERS, NUMBERS)
@FEW
def test_forms_come_together_component_by_component(one: int, other: int) -> None:
    theirs, mine = edits.form(FORM, one), edits.form(FORM, other)
    assert merge("a.form", FORM, theirs, FORM).body == theirs
    asked = merge("a.form", FORM, theirs, mine)
    settled = merge("a.form", FORM, theirs, mine, {conflict.key: "mine" for conflict in asked.conflicts})
    merged = outline.read("a.form", settled.body or b"")
    assert not settled.conflicts
    new = {key for body in (theirs, mine) for key in outline.read("a.form", body).records if key.startswith("#Field_")}
    assert asked.conflicts or new <= merged.records.keys()


def test_another_name_of_the_same_element_is_asked_about_with_both_names() -> None:
    theirs, mine = named(DRAWING, "J3_sign", "会签甲"), named(DRAWING, "J3_sign", "会签乙")
    conflict, = merge("a.bpmn", DRAWING, theirs, mine).conflicts
    assert (conflict.element, conflict.mine, conflict.theirs) == ("J3_sign", "会签乙", "会签甲")
    assert str(conflict.what) == "名称"
    chosen = merge("a.bpmn", DRAWING, theirs, mine, {conflict.key: "mine"})
    assert "会签乙".encode() in (chosen.body or b"")


def test_names_of_two_elements_are_no_conflict() -> None:
    merged = merge("a.bpmn", DRAWING, named(DRAWING, "J3_sign", "甲"), named(DRAWING, "J4_conclude", "乙"))
    found = outline.read("a", merged.body or b"").records
    assert not merged.conflicts
    assert (found["#J3_sign"].fields["@name"], found["#J4_conclude"].fields["@name"]) == ("甲", "乙")


def test_who_removes_what_another_changed_is_asked() -> None:
    def gone(root: drawing.Element, random: Random) -> None:
        for node in list(root.iter(etree.Element)):
            if "J2_list" in (node.get("id"), node.get("bpmnElement"), (node.text or "").strip()):
                node.getparent().remove(node)

    theirs = edits.of_xml(DRAWING, gone, 0)
    conflict, = merge("a.bpmn", DRAWING, theirs, named(DRAWING, "J2_list", "另一个名字")).conflicts
    assert (conflict.element, conflict.mine, conflict.theirs) == ("J2_list", "另一个名字", None)
    kept = merge("a.bpmn", DRAWING, theirs, named(DRAWING, "J2_list", "另一个名字"), {conflict.key: "mine"})
    found = outline.read("a", kept.body or b"").records
    assert found["#J2_list"].fields["@name"] == "另一个名字"
    assert "di:BPMNShape J2_list" in found


def test_a_line_follows_the_two_elements_that_two_people_moved() -> None:
    def moved(element: str, x: str, line: str = "") -> bytes:
        root = etree.fromstring(BLANK)
        for node in root.iter(etree.Element):
            if node.get("bpmnElement") == element:
                node[0].set("x", x)
            if line and node.get("bpmnElement") == "Flow_1":
                node[0].set("x", line)
        return etree.tostring(root)

    merged = merge("a.bpmn", BLANK, moved("Task_1", "260"), moved("Start_1", "170", "206")).body or b""
    edge = next(node for node in etree.fromstring(merged).iter() if node.get("bpmnElement") == "Flow_1")
    assert [point.get("x") for point in edge] == ["206", "260"]


def test_a_comment_and_words_nobody_knows_are_kept() -> None:
    strange = tables(DRAWING, "<bpmn:process ", '<!-- 谁 --><x:y xmlns:x="urn:x" a="1">甲<x:z/></x:y><bpmn:process ')
    merged = merge("a.bpmn", strange, named(strange, "J3_sign", "甲"), named(strange, "J4_conclude", "乙")).body or b""
    assert "<!-- 谁 -->".encode() in merged
    assert 'a="1">甲<x:z/>'.encode() in merged.replace(b"<x:z></x:z>", b"<x:z/>")


def test_a_new_column_and_a_new_rule_come_together() -> None:
    read = outline.read("a.dmn", TABLE)
    rules = [one for one in read.records.values() if one.kind == "rule"]
    inputs = [one for one in read.records.values() if one.kind == "input" and one.id]
    root = etree.fromstring(TABLE)
    space = etree.QName(root).namespace
    table = next(root.iter(f"{{{space}}}decisionTable"))
    column = etree.Element(f"{{{space}}}input", id="New_column", label="新条件")
    table.insert(list(table).index(table.findall(f"{{{space}}}input")[-1]) + 1, column)
    for rule in table.findall(f"{{{space}}}rule"):
        cell = etree.Element(f"{{{space}}}inputEntry", id=f"{rule.get('id')}_new")
        etree.SubElement(cell, f"{{{space}}}text").text = '"x"'
        rule.insert(list(rule).index(rule.findall(f"{{{space}}}inputEntry")[-1]) + 1, cell)
    theirs = etree.tostring(root)
    other = etree.fromstring(TABLE)
    table = next(other.iter(f"{{{space}}}decisionTable"))
    copied = etree.fromstring(etree.tostring(table.findall(f"{{{space}}}rule")[-1]))
    for node in copied.iter(etree.Element):
        if node.get("id"):
            node.set("id", "New_" + node.get("id"))
    table.append(copied)
    merged = merge("a.dmn", TABLE, theirs, etree.tostring(other))
    drawing.read(merged.body or b"")
    found = etree.fromstring(merged.body or b"")
    cells = [len(rule.findall(f"{{{space}}}inputEntry")) for rule in found.iter(f"{{{space}}}rule")]
    assert not merged.conflicts
    assert cells == [len(inputs) + 1] * (len(rules) + 1)


def test_two_values_of_one_cell_are_asked_about_by_the_name_of_its_column() -> None:
    cell = next(one for one in outline.read("a.dmn", TABLE).records.values()
                if one.kind == "text" and "/cell:" in one.key and one.fields.get("text", "-") != "-")
    old = f"<text>{cell.fields['text']}</text>"
    theirs, mine = (tables(TABLE, old, f"<text>{value}</text>") for value in "12")
    conflicts = merge("a.dmn", TABLE, theirs, mine).conflicts
    assert [(one.mine, one.theirs) for one in conflicts] == [("2", "1")]
    assert str(conflicts[0].where).startswith("第 ")


@pytest.mark.parametrize(("theirs", "mine"), [(b"<a", b"<b"), (None, b"<b"), (b"<a", None)])
def test_what_cannot_be_read_is_one_question(theirs: bytes | None, mine: bytes | None) -> None:
    conflict, = merge("a.bpmn", b"<", theirs, mine).conflicts
    assert merge("a.bpmn", b"<", theirs, mine, {conflict.key: "mine"}).body == mine


def test_a_conflict_of_a_file_has_another_key_in_another_file() -> None:
    keys = {merging.merge(name, b"<", b"<a", b"<b").conflicts[0].key for name in ("a.bpmn", "b.bpmn")}
    assert len(keys) == 2
