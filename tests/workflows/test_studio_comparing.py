"""What two versions say differently, in people's words."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from forms.schema import load
from workflows import CATALOG
from workflows.studio.comparing import File, compare
from workflows.studio.faces.edits import MoveBranch
from workflows.studio.faces.reading import read
from workflows.studio.faces.writing import write

ROOT = Path(__file__).parents[2]
DRAWING = (ROOT / "workflows/joint/joint.bpmn").read_text()
TABLE = (ROOT / "workflows/application/second-approval.dmn").read_text()
FORM = (ROOT / "forms/library/approve.form").read_text()


def compared(name: str, before: str, *changes: tuple[str, str]) -> File:
    after = before
    for old, new in changes:
        assert old in after
        after = after.replace(old, new, 1)
    found, = compare({name: before.encode()}, {name: after.encode()})
    return found


def told(file: File) -> list[tuple[str, str, list[tuple[str, str | None, str | None]]]]:
    return [(one.state, str(one.title), [(str(each.what), each.before, each.after) for each in one.changes])
            for one in file.parts]


def test_a_name_and_a_role_are_told_with_both_values() -> None:
    share = 'name="licet:votePercent" value='
    found = compared("a.bpmn", DRAWING, ('name="会签"', 'name="联合会签"'), (f'{share}"=percent"', f'{share}"80"'))
    changes = [("名称", "会签", "联合会签"), ("通过比例", "=percent", "80")]
    assert told(found) == [("changed", "人工任务“联合会签”", changes)]


def test_what_is_only_drawn_elsewhere_is_listed_apart() -> None:
    root = etree.fromstring(DRAWING.encode())
    shape = next(node for node in root.iter() if node.get("bpmnElement") == "J3_sign")
    shape[0].set("x", "7")
    found, = compare({"a.bpmn": DRAWING.encode()}, {"a.bpmn": etree.tostring(root)})
    assert [one.id for one in found.moved] == ["J3_sign"]
    assert found.meant == ()


def test_the_same_said_in_another_way_is_no_difference() -> None:
    again = etree.tostring(etree.fromstring(DRAWING.encode()), encoding="utf-16").decode("utf-16")
    again = again.split("?>", 1)[1].replace("bpmn:", "b:").replace("xmlns:bpmn=", "xmlns:b=")
    found, = compare({"a.bpmn": DRAWING.encode()}, {"a.bpmn": again.encode()})
    assert found.state == "same"


def test_a_flow_without_a_name_is_told_by_what_it_connects() -> None:
    flow = '<bpmn:sequenceFlow id="New" sourceRef="J2_list" targetRef="J4_conclude"/>'
    found = compared("a.bpmn", DRAWING, ("</bpmn:process>", f"{flow}</bpmn:process>"))
    assert told(found)[0][:2] == ("added", "顺序流“列出会签人 → 记明结果”")


def test_forms_roles_and_steps_are_told_by_their_names() -> None:
    body = CATALOG["renewal"].files["renewal.bpmn"].decode()
    found = compared("a.bpmn", body, ('formId="approve"', 'formId="renew-review"'),
                     ('name="licet:escalateTo" value="approver"', 'name="licet:escalateTo" value="legal"'),
                     ('name="licet:notBy" value="N4_review"', 'name="licet:notBy" value="N3_gap"'))
    said = {words for _, _, changes in told(found) for words in changes}
    assert ("表单", "审批", "审核续期材料") in said and ("升级给", "审批人", "法务经营") in said
    assert ("不得与之为同一人的任务", "审核续期材料", "补齐缺口") in said


def test_a_form_of_the_version_is_told_by_its_own_title() -> None:
    drawn = DRAWING.replace('formId="joint-sign"', 'formId="own"').encode()
    own = FORM.replace('"licet:title": "审批"', '"licet:title": "自家的意见"').encode()
    file = next(one for one in compare({"a.bpmn": DRAWING.encode()}, {"a.bpmn": drawn, "own.form": own})
                if one.name == "a.bpmn")
    assert [("表单", load("joint-sign").title, "自家的意见")] == [words for _, _, all_ in told(file) for words in all_]


def test_another_order_of_the_conditions_is_told_at_their_gateway() -> None:
    body = CATALOG["renewal"].files["renewal.bpmn"]
    choice = read(body, "renewal").one("G5")
    assert choice is not None
    moved = write(body, "renewal", [MoveBranch(choice.branches[0].id, True)])
    found, = compare({"a.bpmn": body}, {"a.bpmn": moved})
    assert told(found) == [("changed", "排他网关“审批意见？”", [("先看哪个条件", "同意 → 驳回", "驳回 → 同意")])]


def test_cells_rules_and_their_order_are_told() -> None:
    found = compared("a.dmn", TABLE, ("<text>&gt;= 5000</text>", "<text>&gt;= 3000</text>"))
    rows = found.tables[0].rows
    assert [row.state for row in rows] == ["same", "changed", "same"]
    assert [(cell.before, cell.after) for cell in rows[1].cells if cell.differs] == [(">= 5000", ">= 3000")]
    root = etree.fromstring(TABLE.encode())
    rule = next(node for node in root.iter() if str(node.tag).endswith("}rule"))
    rule.getparent().append(rule)
    moved, = compare({"a.dmn": TABLE.encode()}, {"a.dmn": etree.tostring(root)})
    assert [(row.state, row.before, row.after) for row in moved.tables[0].rows][-1] == ("moved", 1, 3)


def test_a_field_of_a_form_is_told_by_its_title() -> None:
    found = compared("a.form", FORM, ('"label": "意见"', '"label": "审批意见"'))
    assert told(found) == [("changed", "表单栏目“审批意见”", [("标题", "意见", "审批意见")])]


def test_files_that_came_went_or_cannot_be_read() -> None:
    before = {"a.bpmn": b"<a/>", "b.dmn": b"<", "c.form": b"{}"}
    found = compare(before, {"b.dmn": b"<x", "c.form": b"{}", "d.form": b"{}"})
    assert [(one.name, one.state) for one in found] == [
        ("a.bpmn", "removed"), ("b.dmn", "unreadable"), ("c.form", "same"), ("d.form", "added")]
