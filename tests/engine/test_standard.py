"""What the standard forbids is refused, each by the rule of that name; what is legal beside it is not."""

from __future__ import annotations

import pytest

from engine import catalog
from engine.findings import Finding
from tests.engine.drawings import NAMESPACES, drawing, end, tag, task
from tests.engine.offences import FINE, PLAIN, WRONG

KNOWN = {rule for rule, *_ in WRONG.values()} - {"incomplete"}


def found(inner: list[str], head: str) -> list[Finding]:
    return catalog.check({"d.bpmn": drawing(*inner, head=head)})


@pytest.mark.parametrize("name", WRONG)
def test_refused_is(name: str) -> None:
    rule, element, inner, head = WRONG[name]
    told = [one for one in found(inner, head) if (one.rule, one.element) == (rule, element)]
    assert told, found(inner, head)
    assert all(one.severity == "error" and one.zh and one.en and one.fix_zh and one.fix_en for one in told)


def test_a_public_process_is_not_executable() -> None:
    body = drawing(*PLAIN).replace(b'isExecutable="true"', b'isExecutable="true" processType="Public"')
    assert "public" in {one.rule for one in catalog.check({"d.bpmn": body})}




@pytest.mark.parametrize("name", FINE)
def test_not_refused_is(name: str) -> None:
    inner, head = FINE[name]
    assert [one for one in found(inner, head) if one.rule in KNOWN and one.severity == "error"] == []


def test_a_reference_that_decides_nothing_is_only_warned_of() -> None:
    head = '<bpmn:message id="m" name="m" itemRef="nothing"/>'
    (told,) = [one for one in found(PLAIN, head) if one.rule == "reference"]
    assert told.severity == "warning" and told.element == "m"


def test_a_process_that_is_not_executable_is_not_judged() -> None:
    other = tag("process", "Q", task("alone"), end("qe"))
    assert "start-end" not in {one.rule for one in found(PLAIN, other)}


def test_a_file_that_is_no_drawing_breaks_no_rule() -> None:
    body = f"<bpmn:definitions {NAMESPACES}><bpmn:process isExecutable='true'/></bpmn:definitions>"
    assert catalog.check({"d.bpmn": body.encode()})
