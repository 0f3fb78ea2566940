"""Numbers of others in every address and form of tasks and requests: what is not theirs is to a visitor as if it were
not there, nothing is half done, and no list is too long for a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from engine.model import Task
from engine.usertasks.hands import TaskPlan
from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import unit
from ledger.outbox import deliver
from registry.access.appointing import appoint
from registry.access.substitutions import Substitution
from registry.access.substitutions import end as end_substitution
from registry.people.persons import person_of
from tests.web.desk.at_work import Town, Visitor
from tests.web.desk.test_consulting import ASKED
from tests.web.desk.test_hands import children, hand, number
from tests.web.desk.test_inbox import review, submit
from tests.web.desk.test_strangers import SENT, facts
from workflows import triggers
from workflows.handling.inbox import InboxView
from workflows.requests import RequestFile, of_instance
from workflows.sharing.consulting import Consultation

NUMBERS = {"task_id", "request_id", "person_id", "view_id", "substitution_id"}
ASIDE = ("steward", "people", "tenure", "joining", "affected", "custody", "static", "matters_at", "companies")
"""Rooms with numbers of these kinds that are not about tasks; they have tests of their own."""
NOBODY = 10**9


@pytest.fixture
def task(town: Town) -> int:
    """A review that 韩立 holds, with everything there can be beside it: a comment, a question to an expert, a
    signature, a correction (of another task's applicant), a view, an appointment."""
    found = submit(town)
    for login in ("legal2", "approver", "desk", "custodian", "stranger"):
        town.visitor(login)
    legal = town.visitor("legal")
    legal.post(f"/tasks/{found}/claim")
    legal.post("/requests/1/comments", {"text": "合同是哪一年的？", "once": "a" * 22})
    assert legal.post(f"/tasks/{found}/consultations", ASKED).status_code == 200
    assert hand(legal, town, found, "signers", "approver", "请核对", role="after").status_code == 303
    legal.post("/inbox/views", {"name": "我的", "scope": "mine"})
    with unit(town.engine) as session:
        who, other = (person_of(session, number(town, login)) for login in ("legal", "legal2"))
        start = clock.start_of_day(clock.today()) + timedelta(days=30)
        appoint(session, who, other, from_at=start, until_at=start + timedelta(days=1),
                by=town.company.actor(session, "legal"))
    return found


def known(town: Town, task: int) -> dict[str, Any]:
    """The number of each kind of thing that is there."""
    with Session(town.engine) as session:
        consultation, view, appointment, plan = (session.scalar(select(func.max(kind.id))) for kind in (
            Consultation, InboxView, Substitution, TaskPlan))
    return {"task_id": task, "request_id": 1, "plan_id": plan, "comment_id": 1, "consultation_id": consultation,
            "person_id": number(town, "legal"), "kind": "task", "view_id": view, "substitution_id": appointment,
            "question_id": task}


def addresses(town: Town, method: str, numbers: dict[str, Any], *about: str) -> Iterator[tuple[Rule, str]]:
    """Every address of the rooms for this method whose numbers are known."""
    adapter = town.app.url_map.bind("localhost")
    for rule in town.app.url_map.iter_rules():
        if (method in (rule.methods or ()) and rule.arguments & (set(about) or NUMBERS)
                and rule.arguments <= set(numbers) and rule.endpoint.split(".")[0] not in ASIDE):
            yield rule, adapter.build(rule.endpoint, {name: numbers[name] for name in rule.arguments}, method=method)


def answered(page: TestResponse) -> tuple[int, str, str, str]:
    """What an answer tells: nothing of it that is what was asked, or changes with every request."""
    said = page.data.decode("utf-8", "replace").replace(page.request.path, "")
    text = re.sub(r'(content|value|nonce)="[^"]*"', "", said)
    return page.status_code, re.sub(r"\d{6,}", "", text), page.headers.get("Location", ""), page.mimetype


def asked(who: Visitor, method: str, address: str) -> TestResponse:
    return who.get(address) if method == "GET" else who.post(address, SENT)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_not_theirs_is_to_a_stranger_as_if_it_were_not_there(town: Town, task: int) -> None:
    stranger, here, before = town.visitor("stranger"), known(town, task), facts(town)
    there = {**here, **dict.fromkeys(NUMBERS, NOBODY)}
    told: dict[str, list[Any]] = {}
    for method in ("GET", "POST"):
        for numbers in (here, there):
            for rule, address in addresses(town, method, numbers):
                if not rule.rule.endswith("events"):
                    told.setdefault(f"{method} {rule.rule}", []).append(answered(asked(stranger, method, address)))
    assert len(told) > 50
    assert {rule: [one[0] for one in two] for rule, two in told.items() if two[0] != two[1]} == {}
    assert {rule for rule, two in told.items() if two[0][0] < 400} == set()
    assert facts(town) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_thing_of_another_task_is_not_reached_through_ones_own(town: Town, task: int) -> None:
    """宋雅 holds a review of another request; the numbers beside the first are not those beside the second."""
    second, hr, here = review(town, "worker"), town.visitor("hr"), known(town, task)
    assert hr.post(f"/tasks/{second}/claim").status_code == 303 and hr.get("/inbox").status_code == 200
    request, before = second_request(town, second), facts(town)
    inner = {"plan_id", "comment_id", "consultation_id", "question_id"}
    told: dict[str, list[Any]] = {}
    for other in (here, {**here, **dict.fromkeys(inner, NOBODY)}):
        for method in ("GET", "POST"):
            crossed = {**other, "task_id": second, "request_id": request}
            for rule, address in addresses(town, method, crossed, *inner):
                told.setdefault(f"{method} {rule.rule}", []).append(answered(asked(hr, method, address)))
        for address in (f"/requests/{request}/clock/{{}}/pause", f"/requests/{request}/tasks/{{}}/urging"):
            page = hr.post(address.format(other["task_id"] if other is here else NOBODY), {"reason": "等材料"})
            told.setdefault(address, []).append(answered(page))
    assert len(told) >= 7
    assert {rule: [one[0] for one in two] for rule, two in told.items() if two[0] != two[1]} == {}
    assert {two[0][0] for two in told.values()} == {404} and facts(town) == before


def second_request(town: Town, task: int) -> int:
    with Session(town.engine) as session:
        return of_instance(session, session.get_one(Task, task).instance_id).id


ODD: tuple[dict[str, Any], ...] = (
    {}, {"to": "-1", "version": "-1", "days": "-5", "task": "-1:-1", "files": "-1", "item": "-1", "weight": "-9"},
    {"to": ["1", "1", "2"], "version": ["1", "2"], "reason": ["一", "二"], "answers": ["{}", "[]"],
     "how": ["end", "x"], "fields": ["address"] * 50, "verdict": ["pass", "return"], "text": ["一", "二"],
     "days": ["1", "2"], "do": ["end"]},
    {"to": "9" * 18, "version": "9" * 18, "days": "9" * 18, "task": "9" * 18, "weight": "9" * 18, "reason": "x",
     "question": "x", "answers": "[1]", "item": "9" * 18, "files": "9" * 18, "instance_version": "9" * 18,
     "what": "join"},
    {"to": "1e3", "version": "0x1", "days": "1.5", "answers": '{"verdict": [1], "opinion": {"a": null}}',
     "what": "leave", "verdict": "nothing", "role": "drawn", "how": "nothing", "do": "nothing", "kind": "x",
     "task": "x:y"},
    {"answers": "{" * 3000, "reason": "字" * 5000, "question": "字" * 5000, "opinion": "字" * 5000, "to": "１２"},
)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_no_form_that_somebody_bent_breaks_or_is_half_done(town: Town, task: int) -> None:
    """What is refused leaves no fact; the holder, whoever leads there and the applicant try in turn."""
    visitors, told, here = [town.visitor(login) for login in ("legal", "approver", "desk")], {}, known(town, task)
    before = facts(town)
    for turn, sent in enumerate(ODD):
        posts = [*addresses(town, "POST", here), *((None, one) for one in (
            "/inbox/bulk", "/inbox/handing", "/inbox/views", f"/absence?substitute={number(town, 'pm')}"))]
        for place, (_rule, address) in enumerate(posts):
            if address.endswith(("/release", "/end")):
                continue
            page, left = visitors[(place + turn) % 3].post(address, sent), facts(town)
            if page.status_code >= 500 or (page.status_code >= 400 and left != before):
                told[address, turn] = page.status_code
            before = left
    assert told == {}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_ten_thousand_at_once_are_refused_with_a_sentence(town: Town, task: int) -> None:
    legal, before = town.visitor("legal"), facts(town)
    many = [f"{one}:1" for one in range(1, 1501)]
    for address, sent, said in (
        ("/inbox/bulk", {"verb": "claim", "task": many}, "一次最多办理 20 项"),
        ("/inbox/bulk", {"verb": "approve", "task": [f"{task}:1"] * 1500}, ""),
        ("/inbox/bulk", {"verb": "hand", "task": many}, ""),
        ("/inbox/handing", {"to": "1", "reason": "出差", "task": many}, "一次最多办理 20 项"),
        (f"/tasks/{task}/corrections", {"fields": [f"f{one}" for one in range(1500)]}, ""),
        (f"/tasks/{task}/consultations", {**ASKED, "fields": [f"f{one}" for one in range(1500)]}, "刷新页面重新勾选"),
        (f"/people/{number(town, 'legal')}/handover/task", {"do": "end", "item": many}, ""),
    ):
        page = legal.post(address, sent)
        assert page.status_code in (200, 400, 403, 404, 409), (address, page.status_code)
        assert said in page.text and len(page.text) < 300_000
    page = legal.post("/inbox/bulk", {"verb": "claim", "task": [f"{one}:1" for one in range(10_000)]})
    assert page.status_code == 409 and "一次最多办理 20 项" in page.text
    assert facts(town) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_deed_of_the_rooms_wants_the_token_of_its_page(town: Town, task: int) -> None:
    legal, before = town.visitor("legal"), facts(town)
    posts = [address for _rule, address in addresses(town, "POST", known(town, task))]
    posts += ["/inbox/bulk", "/inbox/handing", "/inbox/views", "/absence", "/x/" + "A" * 22, f"/x/{'A' * 22}/answer"]
    assert len(posts) > 35
    told = {address: legal.client.post(address, data=SENT).status_code for address in posts}
    assert {address: status for address, status in told.items() if status != 400} == {}
    foreign = {address: legal.post(address, SENT, headers={"Origin": "https://evil.example"}).status_code
               for address in posts}
    assert set(foreign.values()) == {400} and facts(town) == before and children(town, task) == []


def opened(town: Town, who: Visitor, numbers: dict[str, Any], file: int) -> dict[str, tuple[int, bool, bool]]:
    """Of every page of these numbers: how a visitor is answered, and whether the company and the draft are told."""
    found = {rule.rule: address for rule, address in addresses(town, "GET", numbers)
             if "absence" not in rule.rule and not rule.rule.endswith(".pdf")}
    found |= {"file": f"/files/{file}", "picture": f"/files/{file}/preview"}
    told = {rule: answered(who.get(address)) for rule, address in found.items()}
    return {rule: (status, "华建第一" in text, "还没有想好" in text) for rule, (status, text, *_) in told.items()}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_substitute_reads_is_what_they_stand_in_for_and_while_they_do(town: Town, task: int) -> None:
    """路人甲 stands in for 韩立 for a day, in applications: nothing else of his is theirs, nothing is afterwards."""
    here, stranger = known(town, task), town.visitor("stranger")
    other = {**here, "task_id": review(town, "worker"), "request_id": 2}  # human resources', nothing of 韩立
    with Session(town.engine) as session:
        file, theirs = (session.scalars(select(RequestFile.file_id).where(RequestFile.request_id == one)).first() or 0
                        for one in (1, 2))
    town.visitor("legal").put(f"/tasks/{task}/draft", {"answers": {"opinion": "还没有想好"}})
    before = opened(town, stranger, here, file), opened(town, stranger, other, theirs)
    with unit(town.engine) as session:
        who, whom = (person_of(session, number(town, login)) for login in ("stranger", "legal"))
        start = clock.start_of_day(clock.today())
        row = appoint(session, whom, who, from_at=start, until_at=start + timedelta(days=1), processes={"application"},
                      by=town.company.actor(session, "legal")).id
    now = opened(town, stranger, here, file)
    assert {now[rule][0] for rule in ("/requests/<int:request_id>", "/tasks/<int:task_id>", "file")} == {200}
    assert not any(draft for _status, _company, draft in now.values())
    assert opened(town, stranger, other, theirs) == before[1]
    assert stranger.post(f"/tasks/{task}/claim").status_code == 303
    with unit(town.engine) as session:
        end_substitution(session, session.get_one(Substitution, row), by=SYSTEM)
    late = stranger.hand_in(task, {"verdict": "pass"})
    assert late.status_code == 409 and "您的代理已经结束" in late.text
    deliver(town.engine, triggers.HANDLERS)
    assert opened(town, stranger, here, file) == before[0]
    assert town.row(Task, task).assignee_id == number(town, "legal")
