"""The demonstration is made by running the processes, and nothing in it names a person where it must not."""

import json

import pytest
from lxml import etree
from sqlalchemy import func, select

import workflows.sample
from engine.model import Definition, Incident, Instance, Task
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.facts import Fact
from registry.access.grants import holders
from registry.people.identity import check_id_number
from workflows.requests import Request

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_sqlite
def test_the_demonstration_has_forty_requests_in_every_state(engine, clock, tmp_path):
    workflows.sample.load(engine, tmp_path)
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Request)) == 40
        stages = set(session.scalars(select(Instance.stage).where(Instance.state == "active")))
        outcomes = set(session.scalars(select(Instance.outcome).where(Instance.state == "completed")))
        assert stages >= {"draft", "correction", "unit_review", "approval", "filing", "filed", "accepted", "granted"}
        assert outcomes >= {"registered", "rejected", "refused", "void", "denied"}
        assert session.scalar(select(func.count()).select_from(Incident)) == 0
        kinds = set(session.scalars(select(Fact.kind).where(Fact.kind.like("request.%"))))
        assert kinds >= {"request.commented", "request.copied", "request.urged"}
        offers = session.scalars(select(Task.offer).where(Task.state == "open", Task.assignee_id.is_(None))).all()
        assert offers and all(holders(session, offer) for offer in offers)


@on_sqlite
def test_no_fact_holds_an_id_number(engine, walk):
    case = walk("P02").granted()
    case.do("custodian", "A10_register", "done")
    case.do("hr", "A11_compare", "match")
    with reading(engine) as session:
        for fact in session.scalars(select(Fact)):
            words = json.dumps([fact.before, fact.after], ensure_ascii=False).replace('"', " ").split()
            assert not [word for word in words if len(word) == 18 and check_id_number(word).ok]


@on_sqlite
def test_publishing_unchanged_processes_again_makes_no_new_version(engine, company):
    with unit(engine) as session:
        before = session.scalar(select(func.count()).select_from(Definition))
        workflows.publish(session, by=SYSTEM)
        assert session.scalar(select(func.count()).select_from(Definition)) == before


def test_every_step_in_a_drawing_has_a_function_and_every_function_a_place():
    for process in workflows.CATALOG.values():
        kinds = etree.fromstring(process.diagram).iter("{http://camunda.org/schema/zeebe/1.0}taskDefinition")
        assert {node.get("type") for node in kinds} == set(process.steps)


def test_the_forms_that_a_process_understands_are_drawn():
    for process in workflows.CATALOG.values():
        drawings = [etree.fromstring(body) for name, body in process.files.items() if name.endswith(".bpmn")]
        forms = [node.get("formId") for drawn in drawings
                 for node in drawn.iter("{http://camunda.org/schema/zeebe/1.0}formDefinition")]
        begun = tuple(form.split('"')[1] for form in forms if form.startswith('="'))  # ="transfer-" + subtype
        known = {*process.answered, *process.checked, *process.given}
        assert {key for key in known - set(forms) if not begun or not key.startswith(begun)} == set()
