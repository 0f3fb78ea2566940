"""Names that are markup, formulas or turn the writing round; and names that an applicant is not told at all."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.model import Task
from ledger import clock as clocks
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from ledger.errors import fill
from ledger.outbox import deliver
from ledger.texts import upright
from registry.alerts.notices import Notice
from registry.people.persons import Person, create_person, leave, person_of
from registry.people.units import unit_of
from tests.web.desk.at_work import PDF, Town, Visitor
from tests.web.desk.test_absence import asked, hide_names
from tests.web.desk.test_consulting import ASKED
from tests.web.desk.test_hands import hand, number
from tests.web.desk.test_inbox import submit
from workflows import triggers
from workflows.sharing.comments import Comment

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NAME = '=<img src=x onerror=alert(1)>%(n)s{title}"\''
TURNED = "\u202e甲\u2066乙\u200f\x07\x1b[31m丙"


def hostile(town: Town, *logins: str) -> None:
    """These people are called as nobody is."""
    with unit(town.engine) as session:
        for place, login in enumerate(logins):
            session.execute(update(Person).where(Person.id == number(town, login)).values(name=f"{NAME}{place}"))


def clean(page: object) -> str:
    """The text of an answer in which nobody's name became a tag, an attribute or a header."""
    status, text, headers = page.status_code, page.text, page.headers  # type: ignore[attr-defined]
    assert status < 400, (status, text[:300])
    assert "<img src=x" not in text and not re.search(r"[\u202a-\u202e\u2066-\u2069\x07\x1b]", text)
    assert all("\n" not in value and "img src" not in value for value in headers.values())
    return str(text)


def pages(town: Town, task: int, *visitors: Visitor) -> str:
    person = number(town, "legal")
    found = []
    for who in visitors:
        for address in ("/inbox", "/inbox?scope=took_part", "/notices", "/requests/1", f"/tasks/{task}",
                        f"/tasks/{task}/preview", "/requests/1/comments", "/requests/1/clock", "/absence",
                        f"/people/{person}/handover", f"/tasks/{task}/signers", f"/tasks/{task}/transfer",
                        "/requests/1/copies/new?q=%3D", "/inbox/counts", "/requests/1/state.json"):
            page = who.get(address, follow_redirects=True)
            found.append(clean(page) if page.status_code < 400 else "")
    return "\n".join(found)


def test_a_name_is_never_markup_wherever_it_is_told(town: Town) -> None:
    task = submit(town)
    hostile(town, "legal", "legal2", "approver", "desk", "hr")
    legal, second, approver, desk, hr = (town.visitor(one) for one in ("legal", "legal2", "approver", "desk", "hr"))
    legal.post(f"/tasks/{task}/claim")
    for step in (
        lambda: hand(legal, town, task, "transfer", "legal2", TURNED),
        lambda: hand(second, town, task, "delegation", "legal", TURNED),
        lambda: legal.post(f"/tasks/{task}/resolution", {"opinion": TURNED, "version": town.row(Task, task).version}),
        lambda: hand(second, town, task, "signers", "approver", TURNED, role="before"),
        lambda: second.post("/requests/1/comments", {"text": f"@{NAME}1 {TURNED}", "to": number(town, "approver"),
                                                     "once": "a" * 22, "files": (BytesIO(PDF), f"{TURNED}.pdf")}),
        lambda: second.post("/requests/1/copies", {"to": [number(town, "hr")]}),
        lambda: second.post(f"/tasks/{task}/consultations", ASKED | {"expert_name": TURNED, "question": TURNED}),
        lambda: approver.post(f"/requests/1/clock/{task}/pause", {"reason": TURNED}),
        lambda: second.post("/inbox/views", {"name": TURNED, "q": TURNED}),
        lambda: second.post(f"/absence?substitute={number(town, 'legal')}", asked(reason=TURNED)),
    ):
        page = step()
        assert page.status_code in (200, 303), page.text[:500]
        clean(page)
    with unit(town.engine) as session:
        leave(session, person_of(session, number(town, "legal")), on=clocks.today() + timedelta(days=3), by=SYSTEM)
    deliver(town.engine, triggers.HANDLERS)
    told = pages(town, task, legal, second, approver, desk, hr)
    assert told.count("&lt;img src=x") > 40 and told.count("甲乙[31m丙") > 10
    printed = PdfReader(BytesIO(approver.get("/requests/1/clock.pdf").data))
    assert "甲乙[31m丙" in "".join("".join(page.extract_text() for page in printed.pages).split())
    with Session(town.engine) as session:
        assert session.scalars(select(Comment.text)).one() == f"@{NAME}1 甲乙[31m丙"


def test_a_person_is_entered_without_what_turns_a_name_round(town: Town) -> None:
    with unit(town.engine) as session:
        place = unit_of(session, town.company.units["company"])
        assert create_person(session, unit=place, name=TURNED, by=SYSTEM).name == "甲乙[31m丙"
    assert upright("一行\n二行\t三\u200d") == "一行\n二行\t三\u200d"
    assert fill("{by} 评论了“{title}”", {"by": "{title}", "title": "甲"}) == "{title} 评论了“甲”"


def test_an_applicant_who_is_told_no_names_reads_none_in_any_answer(town: Town, clock: Fixed) -> None:
    """Neither of who was faster, nor of who asks, nor in a notice, nor in the preview of the list."""
    hide_names(town, "false")
    task = submit(town)
    legal, desk = town.visitor("legal"), town.visitor("desk")
    legal.post(f"/tasks/{task}/claim")
    legal.post("/requests/1/comments", {"text": "请看", "once": "a" * 22})
    fields = {"fields": ["address"], "sentence.address": "与许可证不符", "version": town.row(Task, task).version}
    assert legal.post(f"/tasks/{task}/corrections", fields).status_code == 303
    with Session(town.engine) as session:
        question = session.scalars(select(Task.id).where(Task.parent_id == task)).one()
    clock.advance(timedelta(hours=5))
    legal, desk = town.visitor("legal"), town.visitor("desk")
    urged = desk.post(f"/requests/1/tasks/{task}/urging", follow_redirects=True).text
    assert "正在暂停计时" in urged or "正在等别人签意见或补正" in urged
    read = [desk.get(f"/tasks/{question}"), desk.get(f"/tasks/{question}/preview"), desk.get("/requests/1")]
    assert all(page.status_code == 200 for page in read)
    legal.post(f"/tasks/{task}/corrections/{question}/removal")
    read += [desk.hand_in(question, {"verdict": "answer"}), desk.get(f"/tasks/{question}")]
    assert read[-2].status_code == 409 and "办理人员" in read[-2].text
    deliver(town.engine, triggers.HANDLERS)
    read.append(desk.get("/notices"))
    assert [page.request.path for page in read if "韩立" in page.text] == []
    with Session(town.engine) as session:
        told = session.scalars(select(Notice).where(Notice.person_id == number(town, "desk"))).all()
    assert told and not any("韩立" in str(one.params) for one in told)
