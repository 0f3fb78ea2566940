"""Every model gives a 《办事指南》 in step with it."""

from __future__ import annotations

import pytest

import workflows
from engine.drawing import read
from engine.vocabulary import BPMN
from registry.certificates.catalogue import shipped
from workflows.process import Process
from workflows.studio.guidance import Guidance, of_files
from workflows.studio.passages import APPLICANT, ROLE, Step

workflows.install()


def guide(process: Process, type_code: str = "", **changed: bytes) -> Guidance:
    files = {**process.files, **{f"{name}.bpmn": body for name, body in changed.items()}}
    return of_files(files, process.id, type_code)


def step(found: Guidance, name: str) -> Step:
    return next(one for one in found.tasks if one.name == name)


@pytest.mark.parametrize("name", sorted(workflows.CATALOG))
def test_every_shipped_process_gives_one_with_each_of_its_user_tasks(name: str) -> None:
    process = workflows.CATALOG[name]
    drawn = {node.get("id") for node in read(process.diagram).iter(f"{{{BPMN}}}userTask")}
    assert drawn <= {one.element for one in guide(process).tasks}


def test_it_says_who_in_which_order_until_when_and_which_ways_lead_on() -> None:
    found = guide(workflows.CATALOG["application"], "P02")
    names = [one.name for one in found.tasks]
    assert names.index("填报申请") < names.index("人力资源初审") < names.index("审批") < names.index("登记证件")
    first, approval = step(found, "填报申请"), step(found, "审批")
    assert [one.sort for one in first.who] == [APPLICANT]
    assert [(one.sort, one.key) for one in approval.who] == [(ROLE, "approver")] and approval.days == 2
    assert {way.to for way in approval.ways} >= {"驳回", "修改补正"} and found.promise == 20


def test_the_papers_are_those_of_the_form_that_the_type_has() -> None:
    for code in ("P05", "J05"):
        own = {one.name for one in guide(workflows.CATALOG["application"], code).materials if one.own}
        assert {one.name for one in shipped()[code].documents} <= own
    assert "考前安全技术培训证明" in {one.name for one in guide(workflows.CATALOG["application"], "P02").materials}
    assert "apply" in guide(workflows.CATALOG["application"]).unnamed_forms


def test_what_is_changed_in_the_model_changes_it() -> None:
    process = workflows.CATALOG["application"]
    body = process.diagram.replace("人力资源初审".encode(), "人事复核".encode()).replace(
        b'name="licet:promise" value="20"', b'name="licet:promise" value="15"')
    found = guide(process, application=body)
    assert "人事复核" in [one.name for one in found.tasks] and found.promise == 15
    assert "人力资源初审" not in [one.name for one in found.tasks]


def test_a_called_process_is_told_inside_the_step_that_calls_it() -> None:
    calls = [one for one in guide(workflows.CATALOG["renewal"]).steps if one.sort == "call"]
    assert calls and all(any(inner.sort == "task" for inner in one.inside) for one in calls)
