"""The demonstration is made by running the processes, and nothing in it names a person where it must not."""

import json
from dataclasses import replace

import pytest
from lxml import etree
from sqlalchemy import func, select

import workflows.sample
from engine import catalog, instances
from engine.model import Definition, Incident, Instance, Task
from engine.rehearsal import comparing, playing, recording, scripts
from ledger.actor import SYSTEM
from ledger.clock import now as present
from ledger.db import reading, unit
from ledger.facts import Fact
from ledger.workdays import calendar
from registry.access.grants import holders
from registry.access.handovers import Handover
from registry.access.substitutions import Substitution
from registry.people.identity import check_id_number
from registry.sample import SIZES
from workflows import story
from workflows.handling.inbox import InboxView
from workflows.joint.membership import poll_of
from workflows.requests import Request
from workflows.sharing import consulting
from workflows.sharing.comments import CommentMention
from workflows.sharing.consulting import Consultation
from workflows.sharing.copies import RequestCopy

ACTED = {
    "task.transferred", "task.delegated", "task.sign_asked", "task.returned", "task.kept", "request.withdrawn",
    "clock.paused", "consultation.asked", "request.commented", "request.copied", "request.copy_read", "request.urged",
    "substitution.made", "handover.begun", "handover.moved", "task.escalated", "correction.asked",
    "correction.answered", "correction.reopened", "instance.reopened", "consultation.answered", "task.signature",
}
"""What somebody does in the demonstration with work in other hands."""
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_sqlite
def test_the_demonstration_has_requests_in_every_state(engine, clock, tmp_path):
    """With one request for each path, and fewer certificates than `make run`: that takes half the time."""
    size = replace(SIZES["demo"], certificates=600, requests=len(workflows.sample.PATHS))
    links = workflows.sample.load(engine, tmp_path, size=size)
    with reading(engine) as session:
        assert [consulting.living(session, link.removeprefix("/x/")) is not None for link in links] == [True]
        stages = set(session.scalars(select(Instance.stage).where(Instance.state == "active")))
        outcomes = set(session.scalars(select(Instance.outcome).where(Instance.ended_at.is_not(None))))
        assert stages >= {"draft", "correction", "unit_review", "approval", "filing", "filed", "accepted", "granted",
                          "joint_signing"}
        assert outcomes >= {"registered", "rejected", "refused", "void", "denied", "called_off"}
        assert session.scalar(select(func.count()).select_from(Incident)) == 0
        offers = session.scalars(select(Task.offer).where(Task.state == "open", Task.assignee_id.is_(None))).all()
        assert offers and all(holders(session, offer) for offer in offers)
        assert any("vice_president@1" in offer for offer in offers)
        told = set(session.scalars(select(Fact.kind).distinct()))
        assert told >= ACTED, ACTED - told
        asked = {*session.scalars(select(Task.hold)), *session.scalars(select(Task.role))}
        assert asked >= {"before", "after", "correction"}
        assert session.scalars(select(Task.id).where(Task.state == "open", Task.due_at < present())).all()
        read = session.scalars(select(RequestCopy.read_at)).all()
        assert None in read and len(set(read)) > 1
        for table in (InboxView, Substitution, CommentMention, Consultation):
            assert session.scalar(select(func.count()).select_from(table)), table
        assert set(session.scalars(select(Handover.state))) == {"open"}
        returned = session.scalars(select(Request).join(Instance).join(Fact, Fact.subject_id == Instance.id).where(
            Fact.subject_kind == "instance", Fact.kind == "task.returned")).first()
        told = [line for line in story.of_request(session, returned) if line.kind == "task.returned"]
        assert told and all("reason" in line.params and "reason" not in line.after for line in told)  # said once
        poll = session.scalars(select(Request).where(Request.process_id == "joint")).one()
        assert {one.said for one in poll_of(session, poll).members} == {"yes", None}
    assert played_as_it_was(engine) >= {"returned", "withdrawn", "corrected", "reopened"}


def played_as_it_was(engine):
    """All requests ended where they are, each played by its own drawing comes out as it did; how some had gone back."""
    with unit(engine) as session:
        for number in session.scalars(select(Instance.id).where(Instance.ended_at.is_(None))).all():
            instances.terminate(session, number, by=SYSTEM, reason="-")
    went = set()
    with reading(engine) as session:
        days = calendar(session)
        for record in recording.records(session, session.scalars(select(Instance.id)).all()):
            assert isinstance(record, recording.Record), record
            found = playing.play(record, catalog.plan(session, record.definition_id), days, scripts.Exactly)
            assert comparing.faithful(record, found), (record.process_id, found)
            went |= {back.kind for all_ in record.back.values() for back in all_} | {
                back.kind for back in record.reopened}
    return went


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
