"""What a stranger would try on the verbs of tasks and requests: nobody reads, moves or breaks what is not theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.model import Task
from ledger.facts import Fact
from tests.web.desk.at_work import Town, Visitor
from tests.web.desk.test_consulting import ASKED
from tests.web.desk.test_hands import hand, number
from tests.web.desk.test_inbox import submit
from workflows.requests import Request
from workflows.sharing.consulting import Consultation

ROOMS = ("absence", "clocks", "comments", "consulting", "copied", "handing_over", "handover", "inbox", "inbox_bulk",
         "inbox_views", "preview", "requests", "returning", "signing_up", "tasks", "urging")
SCRIPT = '<script>alert(1)</script>"\'><img src=x onerror=alert(2)>{{7*7}}'


@pytest.fixture
def task(town: Town) -> int:
    """A legal review that 韩立 holds, with a comment, a signature asked of 许文, and a question to an expert."""
    found = submit(town)
    for login in ("legal2", "approver", "desk"):
        town.visitor(login)
    legal = town.visitor("legal")
    legal.post(f"/tasks/{found}/claim")
    legal.post("/requests/1/comments", {"text": "合同是哪一年的？", "once": "a" * 22})
    assert hand(legal, town, found, "signers", "legal2", "请核对", role="before").status_code == 303
    assert legal.post(f"/tasks/{found}/consultations", ASKED).status_code == 200
    return found


def known(town: Town, rule: str, task: int) -> dict[str, object]:
    """What the numbers in an address are, as a colleague with the right to them sees them."""
    with Session(town.engine) as session:
        consultation = session.scalar(select(func.max(Consultation.id)))
    return {"task_id": task, "request_id": 1, "plan_id": 1, "comment_id": 1, "consultation_id": consultation,
            "person_id": number(town, "legal"), "kind": "task"}


def deeds(town: Town, task: int) -> Iterator[str]:
    """The address of every deed on a task or a request that the rooms have."""
    adapter = town.app.url_map.bind("localhost")
    for rule in town.app.url_map.iter_rules():
        named = known(town, rule.rule, task)
        ours = rule.endpoint.split(".")[0] in ROOMS and set(rule.arguments) <= set(named)
        if ("POST" in (rule.methods or ()) and ours
                and rule.arguments & {"task_id", "request_id", "person_id"}):
            yield adapter.build(rule.endpoint, {name: named[name] for name in rule.arguments}, force_external=False)


SENT = {
    "to": "1", "reason": "出差两周", "question": "请看", "text": "你好", "days": "5", "once": "b" * 22, "version": "1",
    "verdict": "pass", "answers": '{"verdict": "pass"}', "opinion": "可", "to_task": "1", "how": "end",
}


def facts(town: Town) -> int:
    with Session(town.engine) as session:
        return session.scalar(select(func.count()).select_from(Fact)) or 0


def tried(who: Visitor, addresses: list[str], **more: str) -> dict[str, int]:
    return {address: who.post(address, SENT | more).status_code for address in addresses}


def test_a_stranger_does_nothing_with_numbers_of_others(town: Town, task: int) -> None:
    addresses, stranger = sorted(set(deeds(town, task))), town.visitor("stranger")
    assert len(addresses) >= 18
    before = facts(town)
    told = tried(stranger, addresses)
    assert {address: status for address, status in told.items() if status not in (400, 403, 404)} == {}
    assert facts(town) == before


def test_no_deed_is_done_without_the_token_of_its_page(town: Town, task: int) -> None:
    legal, before = town.visitor("legal"), facts(town)
    told = {address: legal.client.post(address, data=SENT).status_code for address in deeds(town, task)}
    assert set(told.values()) == {400} and facts(town) == before


TYPED = ("a\0b", "\\ud800", "\u202e" * 600, SCRIPT * 40, "长" * 9000)


def test_no_deed_breaks_over_what_is_typed(town: Town, task: int) -> None:
    legal, desk, told = town.visitor("legal"), town.visitor("desk"), {}
    for place, address in enumerate(deeds(town, task)):
        for turn, who in enumerate((legal, desk)):
            typed = dict.fromkeys(("reason", "question", "text", "opinion", "answer", "days", "to", "version", "name"),
                                  TYPED[(place + turn) % len(TYPED)])
            told[address, turn] = who.post(address, SENT | typed).status_code
    told["/requests/1/comments", 2] = legal.post("/requests/1/comments", SENT | {"text": "长" * 700_000}).status_code
    assert {asked: status for asked, status in told.items() if status >= 500} == {}


def test_more_than_can_be_asked_are_refused_at_once(town: Town, task: int) -> None:
    sent = {"to": [str(one) for one in range(1, 1001)], "question": "请看", "role": "before", "once": "c" * 22,
            "text": "你好", "version": str(town.row(Task, task).version)}
    legal = town.visitor("legal")
    for address in (f"/tasks/{task}/signers", "/requests/1/copies", "/requests/1/comments"):
        answer = legal.post(address, sent)
        assert answer.status_code == 400 and "一次最多选择" in answer.text and len(answer.text) < 200_000


def test_what_is_typed_is_never_markup_on_any_page(town: Town, task: int) -> None:
    legal, approver, desk = (town.visitor(login) for login in ("legal", "approver", "desk"))
    legal.post("/requests/1/comments", {"text": SCRIPT, "once": "d" * 22})
    hand(legal, town, task, "signers", "approver", SCRIPT, role="before")
    approver.post(f"/requests/1/clock/{task}/pause", {"reason": SCRIPT})
    legal.post(f"/tasks/{task}/consultations", ASKED | {"question": SCRIPT, "expert_name": "<b>冯</b>"})
    pages = [legal.get(f"/tasks/{task}"), desk.get("/requests/1"), legal.get("/requests/1/comments"),
             approver.get("/requests/1/clock"), legal.get("/inbox"), approver.get("/notices")]
    assert all(page.status_code == 200 for page in pages) and sum("alert(1)" in page.text for page in pages) >= 4
    for page in pages:
        assert "<script>alert" not in page.text and "<img src=x" not in page.text and "<b>冯" not in page.text
        assert "49" not in re.findall(r"onerror=alert\(2\)(?:&gt;|>)(\d+)", page.text)
    printed = PdfReader(BytesIO(approver.get("/requests/1/clock.pdf").data))
    assert "alert(1)" in "".join(page.extract_text() for page in printed.pages)


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_no_deed_leads_to_another_site(town: Town, task: int, to: str) -> None:
    legal = town.visitor("legal")
    for address, sent in (("/requests/1/comments", {"text": "你好", "once": "e" * 22}),
                          ("/inbox/bulk", {"verb": "claim", "task": f"{task}-1"}),
                          (f"/tasks/{task}/release", {})):
        answer = legal.post(address, sent | {"next": to})
        assert "evil" not in (answer.location or "") and "javascript" not in (answer.location or "")


def test_nobody_writes_what_the_page_does_not_ask(town: Town, task: int) -> None:
    stolen = {"assignee_id": str(number(town, "stranger")), "group_id": "99", "by_id": "1", "by_name": "别人",
              "completed_by": "1", "state": "completed", "request_id": "99", "task_id": "99", "applicant_id": "1"}
    before = town.row(Request, 1)
    legal = town.visitor("legal")
    legal.post("/requests/1/comments", {"text": "你好", "once": "f" * 22, "task": "999999"} | stolen)
    hand(legal, town, task, "signers", "approver", "请看", role="drawn", **stolen)
    after, found = town.row(Request, 1), town.row(Task, task)
    assert (after.applicant_id, after.group_id) == (before.applicant_id, before.group_id)
    assert (found.state, found.assignee_id, found.group_id) == ("open", number(town, "legal"), before.group_id)
