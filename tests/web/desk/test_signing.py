"""A drawing that wants a signature, or copies, when a task is done: `licet:signature`, `licet:copyTo`."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import catalog
from engine.model import TaskAnswer
from forms.lint import findings
from forms.schema import load
from forms.signing import with_signature
from ledger.actor import SYSTEM
from ledger.db import unit
from ledger.errors import Refused
from ledger.outbox import deliver
from tests.journeys.answers import filled
from tests.journeys.papers import picture
from tests.web.desk.at_work import PDF, PNG, Town, Visitor
from tests.web.desk.test_inbox import submit
from workflows import CATALOG, triggers
from workflows.requests import Request
from workflows.sharing.copies import RequestCopy
from workflows.sharing.signatures import TaskSignature

AFTER = b'<zeebe:property name="licet:escalateTo" value="legal_head"/>'


@pytest.fixture
def task(town: Town) -> int:
    """A review by the legal department under which the drawing wants a signature to pass, and a copy to the keeper."""
    words = (b'<zeebe:property name="licet:signature" value="pass"/>'
             b'<zeebe:property name="licet:copyTo" value="custodian"/>')
    files = CATALOG["application"].files
    drawn = files["application.bpmn"].replace(AFTER, AFTER + words)
    assert drawn.count(words) == 1
    with unit(town.engine) as session:
        catalog.deploy(session, {**files, "application.bpmn": drawn}, by=SYSTEM)
    return submit(town)


def sign(who: Visitor, way: str = "drawn", content: bytes = b"", **more: str) -> Any:
    """What the form sends when somebody signs."""
    file = {} if way == "stored" else {"file": (BytesIO(content or picture("PNG")), "signature.png")}
    return who.post(f"/signatures/{way}", {**more, **file}, headers={"Accept": "application/json"})


def decide(town: Town, task: int, login: str = "legal", **more: Any) -> Any:
    page = town.visitor(login).get(f"/tasks/{task}").text
    documents = json.loads(page.split('data-part="data">')[1].split("</script>")[0])
    return town.visitor(login).hand_in(task, {**filled("review", [], documents), **more}, script=True)


def test_without_a_signature_it_does_not_pass_but_can_be_returned(town: Town, task: int) -> None:
    page = town.visitor("legal").get(f"/tasks/{task}").text
    assert '"licet-signature"' in page and "签名" in page
    refused = decide(town, task)
    assert refused.status_code == 400 and refused.get_json()["problems"] == {"signature": ["请签名"]}
    wrong = {"field": "address", "reason": "请核对门牌号，与规划许可证不一致"}
    returned = decide(town, task, verdict="return", returns=[wrong], checked=[])
    assert returned.status_code == 200, returned.get_json()


def test_a_signature_stands_under_what_was_decided_and_tells_when_that_was_changed(town: Town, task: int) -> None:
    mine = sign(town.visitor("legal")).get_json()["id"]
    assert decide(town, task, signature=[mine]).status_code == 200
    with Session(town.engine) as session:
        request = session.scalars(select(Request.id)).one()
        row = session.scalars(select(TaskSignature)).one()
        assert (row.task_id, row.file_id, row.by_id) == (task, mine, town.company.people["legal"])
    page = town.visitor("desk").get(f"/requests/{request}").text
    for words in ("签名之后办理内容没有改动", "在“法务经营初审”上签名（手写）", f"/files/{mine}/preview"):
        assert words in page
    with unit(town.engine) as session:  # as nobody can through any page
        answers = session.get_one(TaskAnswer, task).answers
        session.execute(update(TaskAnswer).where(TaskAnswer.task_id == task).values(
            answers={**answers, "opinion": "补写的意见"}))
    assert "签名与办理内容对不上" in town.visitor("desk").get(f"/requests/{request}").text


def test_nobody_signs_with_what_is_not_their_own_picture(town: Town, task: int) -> None:
    foreign = sign(town.visitor("legal2")).get_json()["id"]
    legal = town.visitor("legal")
    papers = [legal.upload(*one).get_json()["id"] for one in ((PDF, "signature.pdf"), (PNG, "signature.png"))]
    for file, words in ((foreign, "不是您上传的"), *((one, "不是您在这里签的名") for one in papers)):
        refused = decide(town, task, signature=[file])
        assert refused.status_code == 400 and words in str(refused.get_json()["problems"]["signature"])


def test_a_drawing_copies_to_a_role_when_the_task_is_done(town: Town, task: int) -> None:
    town.visitor("custodian")
    decide(town, task, signature=[sign(town.visitor("legal")).get_json()["id"]])
    for _ in range(2):
        deliver(town.engine, triggers.HANDLERS)
    with Session(town.engine) as session:
        copy = session.scalars(select(RequestCopy)).one()
        assert (copy.person_id, copy.why, copy.element_id) == (town.company.people["custodian"], "drawn", "A3_legal")
    page = town.visitor("custodian").get("/notices").text
    assert "“安全生产许可证 · 华建第一建筑有限公司”按流程抄送给您。" in page


def test_the_field_stands_only_where_the_form_has_the_verdict() -> None:
    review = load("review")
    signed = with_signature(review, ["pass", "nothing"])
    assert [one.needs for one in signed.verdicts] == [("signature",), ("returns",)] and findings(signed) == []
    assert with_signature(review, ["nothing"]) is review
    assert with_signature(signed, ["pass"]) is signed


END = b'<zeebe:property name="licet:outcome" value="void"/>'
START = b'<zeebe:property name="licet:promise"'


def copying(at: bytes, role: bytes) -> dict[str, bytes]:
    """The drawing of an application, with copies for a role asked for at an element."""
    files = CATALOG["application"].files
    drawn = files["application.bpmn"]
    assert drawn.count(at) == 1
    word = b'<zeebe:property name="licet:copyTo" value="%b"/>' % role
    return {**files, "application.bpmn": drawn.replace(at, word + at)}


def test_a_drawing_copies_to_a_role_when_the_process_ends_there(town: Town) -> None:
    with unit(town.engine) as session:
        catalog.deploy(session, copying(END, b"custodian"), by=SYSTEM)
    given_up, other = town.request("desk", "E03", "company"), town.request("desk", "P02", "worker")
    assert town.visitor("desk").hand_in(town.open_task(given_up), {"verdict": "abandon"}).status_code == 303
    deliver(town.engine, triggers.HANDLERS)
    with Session(town.engine) as session:
        copy = session.scalars(select(RequestCopy)).one()
        assert (copy.request_id, copy.person_id, copy.element_id) == (
            given_up, town.company.people["custodian"], "End_void") and other != given_up


@pytest.mark.parametrize(("at", "role"), [(START, b"custodian"), (END, b"custodiann")])
def test_copies_are_asked_for_at_a_task_or_an_end_by_roles_that_exist(town: Town, at: bytes, role: bytes) -> None:
    with unit(town.engine) as session, pytest.raises(Refused):
        catalog.deploy(session, copying(at, role), by=SYSTEM)
