"""The inbox: what waits for whom, in words, found, claimed, and never more queries for more tasks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from engine.model import Task
from engine.usertasks import tasks
from ledger import clock as clocks
from ledger.clock import Fixed
from ledger.db import unit
from tests.journeys.answers import filled
from tests.web.desk.at_work import Town, Visitor
from workflows.requests import Request
from workflows.sharing.copies import RequestCopy


def review(town: Town, holder: str) -> int:
    """A worker's request that waits for 宋雅 (hr), and for others; the id of her task."""
    request, desk = town.request("desk", "P02", holder), town.visitor("desk")
    desk.hand_in(town.open_task(request), filled("apply-P02", [desk.upload().get_json()["id"]]))
    return town.open_task(request, "A3_hr")


def submit(town: Town) -> int:
    """A safety licence request that waits for a legal reviewer; the id of that task."""
    request, desk = town.request("desk", "E03", "company"), town.visitor("desk")
    desk.hand_in(town.open_task(request), filled("apply-E03", [desk.upload().get_json()["id"]]))
    return town.open_task(request, "A3_legal")


def waiting(visitor: Visitor) -> dict[str, int]:
    """What the tabs of open tasks count."""
    told = visitor.get("/inbox/counts").get_json()
    return {key: told[key] for key in ("all", "groups", "mine")}


def listed(page: str) -> list[int]:
    """The tasks or requests of a page, in its order."""
    return [int(number) for number in re.findall(r'data-id="[tr](\d+)"', page)]


@contextmanager
def counted(town: Town) -> Iterator[list[str]]:
    """The statements that the site sends meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.append(statement)

    with town.app.app_context():
        from web.session import db

        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def test_a_task_says_what_for_whom_since_when_and_by_when(town: Town) -> None:
    submit(town)
    page = town.visitor("legal").get("/inbox").text
    for words in ("安全生产许可证", "华建第一建筑有限公司", "法务经营初审", "刚刚", "还剩 2 个工作日", "签收"):
        assert words in page


def test_what_is_late_says_so_in_words(town: Town, clock: Fixed) -> None:
    submit(town)
    clock.advance(timedelta(days=3))
    assert "已逾期" in town.visitor("legal").get("/inbox").text


def test_claiming_moves_it_from_the_group_to_me(town: Town) -> None:
    task, legal = submit(town), town.visitor("legal")
    assert waiting(legal) == {"all": 1, "groups": 1, "mine": 0}
    answer = legal.post(f"/tasks/{task}/claim", {"next": "/inbox"})
    assert answer.location == "/inbox"
    assert waiting(legal) == {"all": 1, "groups": 0, "mine": 1}
    assert waiting(town.visitor("legal2"))["all"] == 0
    assert "我已签收" in legal.get("/inbox?scope=mine").text


def test_claiming_never_leads_to_another_site(town: Town) -> None:
    task, legal = submit(town), town.visitor("legal")
    assert legal.post(f"/tasks/{task}/claim", {"next": "https://evil.example/"}).location == "/"


def test_nobody_sees_the_tasks_of_another_company(town: Town) -> None:
    submit(town)
    page = town.visitor("stranger").get("/inbox").text
    assert "华建第一" not in page
    assert "都处理完了" in page


def test_search_finds_by_holder_and_number_and_says_when_it_finds_nothing(town: Town) -> None:
    submit(town)
    legal = town.visitor("legal")
    assert "法务经营初审" in legal.get("/inbox?q=第一建筑").text
    assert "法务经营初审" in legal.get("/inbox?q=SQ-2026-000001").text
    empty = legal.get("/inbox?q=%25")
    assert "没有找到" in empty.text


def test_the_second_page_goes_on_where_the_first_ended(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    people = ("worker", "applicant", "pm", "hr", "legal", "safety", "approver", "custodian", "desk")
    there = [town.open_task(town.request("desk", "P02", name)) for name in people]
    monkeypatch.setattr("web.desk.inbox.PAGE", 4)
    desk = town.visitor("desk")
    address, found = "/inbox?order=newest", list[int]()
    while address:
        page = desk.get(address).text
        found += listed(page)
        after = re.search(r'rel="next" href="([^"]+)"', page)
        address = after[1].replace("&amp;", "&") if after else ""
    assert found == there[::-1]
    assert "回到第一页" in page and 'data-live-url' not in page


def test_a_last_page_that_was_worked_off_shows_what_is_left(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.desk.inbox.PAGE", 1)
    first, last, hr = review(town, "worker"), review(town, "pm"), town.visitor("hr")
    after = re.search(r'rel="next" href="([^"]+)"', hr.get("/inbox").text)
    assert after is not None
    there = after[1].replace("&amp;", "&")
    assert listed(hr.get(there).text) == [last]
    with unit(town.engine) as session:
        tasks.claim(session, last, town.company.actor(session, "hr"))
    page = hr.get(there.replace("/inbox?", "/inbox?scope=groups&")).text
    assert listed(page) == [first] and "回到第一页" not in page


def test_late_of_what_one_has_done_is_what_others_have_not(town: Town, clock: Fixed) -> None:
    """The filter says: only what is late. A task that is done is not, but its request may be."""
    submit(town)
    desk = town.visitor("desk")
    assert listed(desk.get("/inbox?scope=took_part&overdue=1").text) == []
    clock.advance(timedelta(days=30))
    assert len(listed(town.visitor("desk").get("/inbox?scope=took_part&overdue=1").text)) == 1


@pytest.mark.parametrize("after", ["x", "1-", "9" * 18 + "-1", "-1-1", "0-0"])
def test_a_place_that_is_none_is_the_first_page_or_an_empty_one(town: Town, after: str) -> None:
    town.request("desk", "P02", "worker")
    assert town.visitor("desk").get(f"/inbox?after={after}").status_code == 200


def test_what_is_due_first_stands_first(town: Town, clock: Fixed) -> None:
    first = review(town, "worker")
    clock.advance(timedelta(days=1))
    second, hr = review(town, "pm"), town.visitor("hr")
    assert listed(hr.get("/inbox").text) == [first, second]
    assert listed(hr.get("/inbox?order=newest").text) == [second, first]


def test_each_tab_shows_what_it_says(town: Town) -> None:
    task, desk, legal = submit(town), town.visitor("desk"), town.visitor("legal")
    request = town.row(Task, task).instance_id
    with Session(town.engine) as session:
        number = session.scalars(select(Request.id).where(Request.instance_id == request)).one()
    assert listed(desk.get("/inbox?scope=started").text) == [number]
    assert "填报申请" in desk.get("/inbox?scope=took_part").text
    assert listed(legal.get("/inbox?scope=started").text) == listed(legal.get("/inbox?scope=took_part").text) == []
    with unit(town.engine) as session:
        session.add(RequestCopy(group_id=1, request_id=number, person_id=town.company.people["pm"], why="asked",
                                by_name="韩立", at=clocks.now()))
    copied = town.visitor("pm").get("/inbox?scope=copied").text
    assert listed(copied) == [number] and "未读" in copied
    assert town.visitor("pm").get("/inbox/counts").get_json()["copied"] == 1


@pytest.mark.parametrize(("asked", "found"), [
    ("process=application", True), ("process=renewal", False), ("step=A3_legal", True), ("step=A4_approve", False),
    ("type=E03", True), ("type=P02", False), ("overdue=1", False), ("unit=1", True), ("unit=999999", False),
    ("unit=x", True), ("type=E03&step=A3_legal&q=第一", True),
])
def test_the_list_is_narrowed_by_what_the_address_says(town: Town, asked: str, found: bool) -> None:
    task = submit(town)
    asked = asked.replace("unit=1", f"unit={town.company.units['group']}")
    page = town.visitor("legal").get(f"/inbox?{asked}").text
    assert listed(page) == ([task] if found else [])
    assert found or "没有符合筛选条件的" in page


def test_the_filters_offer_what_there_is(town: Town) -> None:
    submit(town)
    page = town.visitor("legal").get("/inbox?filters=1").text
    for option in ('value="application"', 'value="A3_legal"', 'value="E03"', ">华建第一建筑有限公司</option>"):
        assert option in page
    assert 'value="P02"' not in page
    for tab in ("started", "took_part", "copied"):
        assert town.visitor("desk").get(f"/inbox?scope={tab}&filters=1&overdue=1&step=A3_legal").status_code == 200


def test_a_view_is_saved_found_again_and_deleted(town: Town) -> None:
    submit(town)
    legal = town.visitor("legal")
    answer = legal.post("/inbox/views", {"name": " 安许 初审 ", "scope": "groups", "type": "E03", "next": "x"})
    assert answer.location == "/inbox?scope=groups&type=E03"
    page = legal.get(answer.location).text
    assert "安许 初审" in page
    number = re.search(r"/inbox/views/(\d+)/delete", page)
    assert number and "安许 初审" not in town.visitor("legal2").get("/inbox").text
    assert town.visitor("legal2").post(number[0]).status_code == 404
    assert legal.post(number[0]).status_code == 303 and "安许 初审" not in legal.get("/inbox").text


def test_a_view_without_a_name_or_one_too_many_is_refused_with_a_sentence(town: Town) -> None:
    legal = town.visitor("legal")
    legal.post("/inbox/views", {"name": " ", "type": "E03"})
    assert "名称要有 1 到 60 个字" in legal.get("/inbox").text
    for number in range(21):
        legal.post("/inbox/views", {"name": f"视图 {number}", "type": "E03"})
    assert "最多保存 20 个视图" in legal.get("/inbox").text
    legal.post("/inbox/views", {"name": "视图 3", "type": "P02"})
    assert "/inbox?type=P02" in legal.get("/inbox").text


def test_the_part_alone_is_the_same_list(town: Town) -> None:
    task = submit(town)
    part = town.visitor("legal").get("/inbox/list?scope=groups").text
    assert listed(part) == [task] and "<html" not in part and 'href="/inbox?scope=mine"' in part


def test_more_tasks_cost_no_more_queries(town: Town) -> None:
    desk = town.visitor("desk")
    town.request("desk", "P02", "worker")
    desk.get("/inbox")
    with counted(town) as few:
        desk.get("/inbox")
    for name in ("applicant", "pm", "hr", "legal", "safety"):
        town.request("desk", "P02", name)
    with counted(town) as many:
        desk.get("/inbox")
    assert len(many) == len(few)
