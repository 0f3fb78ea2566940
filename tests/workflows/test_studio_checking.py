"""What is wrong in a draft: its drawing, what its tables leave open, and whether anybody could do its tasks."""

from __future__ import annotations

import datetime as dt
from html import escape

import pytest
from sqlalchemy.orm import Session

from ledger import clock as clocks
from tests.registry.organisation import organisation
from workflows.studio import checking

DRAWING = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="t"
 xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"><process id="p" isExecutable="true"><startEvent id="s"/>
<sequenceFlow id="a" sourceRef="s" targetRef="t"/><userTask id="t" name="法务审查"><extensionElements>
<zeebe:assignmentDefinition candidateGroups="{role}"/>{words}</extensionElements></userTask>
<sequenceFlow id="b" sourceRef="t" targetRef="e"/><endEvent id="e"/></process></definitions>"""
SLA = '<zeebe:properties><zeebe:property name="licet:sla" value="3"/>{more}</zeebe:properties>'
TABLE = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="m" name="m" namespace="t">
<decision id="days" name="时限"><variable name="days"/><decisionTable hitPolicy="UNIQUE" id="t">
<input id="i" label="天数"><inputExpression id="ie" typeRef="number"><text>n</text></inputExpression></input>
<output id="o" typeRef="number"/>{rules}</decisionTable></decision></definitions>"""
RULE = """<rule id="r{number}"><inputEntry id="c{number}"><text>{cell}</text></inputEntry>
<outputEntry id="d{number}"><text>1</text></outputEntry></rule>"""


def table(one: str, two: str) -> dict[str, bytes]:
    rules = "".join(RULE.format(number=number, cell=escape(cell)) for number, cell in ((1, one), (2, two)))
    return {"days.dmn": TABLE.format(rules=rules).encode()}


def drawn(role: str = "legal", words: str = SLA.format(more="")) -> dict[str, bytes]:
    return {"p.bpmn": DRAWING.format(role=role, words=words).encode()}


def rules(session: Session, files: dict[str, bytes]) -> list[str]:
    return [found.rule for found in checking.check(session, files).people]


@pytest.mark.parametrize(("two", "kind"), [("> 5", "gap"), ("> 2", "overlap")])
def test_what_a_table_leaves_open_is_an_error_with_an_example(session: Session, two: str, kind: str) -> None:
    found = [one for one in checking.check(session, table("<= 3", two)).proofs if one.kind == kind]
    assert found[0].example
    assert found[0].finding.severity == "error"
    assert (found[0].finding.element, found[0].finding.file) == ("days", "days.dmn")


def test_a_whole_table_has_nothing_to_say(session: Session) -> None:
    assert checking.check(session, table("<= 3", "> 3")).proofs == ()


def test_an_overlap_names_its_two_rules_by_id(session: Session) -> None:
    found = next(one for one in checking.check(session, table("<= 3", "> 2")).proofs if one.kind == "overlap")
    assert found.rule_ids == ("r1", "r2")


def test_a_role_that_nobody_holds_today_is_told(session: Session) -> None:
    found = checking.check(session, drawn()).people
    assert [one.rule for one in found] == ["nobody-holds"]
    assert "法务" in found[0].zh
    assert found[0].element == "t"


def test_four_eyes_with_one_pair_of_eyes_are_told(session: Session, clock: clocks.Fixed) -> None:
    org = organisation(session)
    words = SLA.format(more='<zeebe:property name="licet:notBy" value="x"/>')
    org.actor("legal")
    assert rules(session, drawn(words=words)) == ["one-holder"]
    org.actor("legal")
    assert rules(session, drawn(words=words)) == []
    clock.advance(dt.timedelta(days=-1))
    assert rules(session, drawn(words=words)) == ["nobody-holds"]


def test_what_was_found_before_never_hides_who_holds_a_role_now_or_what_a_table_says_now(session: Session) -> None:
    files = drawn() | table("<= 3", "> 5")
    first = checking.check(session, files, group_id=None)
    again = checking.check(session, files)
    assert (again.drawn, again.proofs) == (first.drawn, first.proofs) and again.drawn is first.drawn
    assert [one.rule for one in again.people] == ["nobody-holds"]
    organisation(session).actor("legal")
    assert checking.check(session, files).people == ()
    assert checking.check(session, drawn() | table("<= 3", "> 3")).proofs == ()


def test_a_task_without_a_deadline_is_told(session: Session) -> None:
    assert "no-deadline" in rules(session, drawn(words=""))
    assert "no-deadline" not in rules(session, drawn())


@pytest.mark.parametrize("body", [b"", b"<", b"<!DOCTYPE x>", b"\xff\xfe\x00", b"<definitions/>"])
def test_a_file_that_cannot_be_read_is_a_finding_and_no_crash(session: Session, body: bytes) -> None:
    checked = checking.check(session, {"a.bpmn": body, "b.dmn": body})
    assert checked.errors
