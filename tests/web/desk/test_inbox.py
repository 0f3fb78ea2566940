"""The inbox: what waits for whom, in words, found, claimed, and never more queries for more tasks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event

from ledger.clock import Fixed
from tests.journeys.answers import filled
from tests.web.desk.at_work import Town


def submit(town: Town) -> int:
    """A safety licence request that waits for a legal reviewer; the id of that task."""
    request, desk = town.request("desk", "E03", "company"), town.visitor("desk")
    desk.hand_in(town.open_task(request), filled("apply-E03", [desk.upload().get_json()["id"]]))
    return town.open_task(request, "A3_legal")


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
    assert legal.get("/inbox/counts").get_json() == {"all": 1, "groups": 1, "mine": 0}
    answer = legal.post(f"/tasks/{task}/claim", {"next": "/inbox"})
    assert answer.location == "/inbox"
    assert legal.get("/inbox/counts").get_json() == {"all": 1, "groups": 0, "mine": 1}
    assert town.visitor("legal2").get("/inbox/counts").get_json()["all"] == 0
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
    tasks = [town.open_task(town.request("desk", "P02", name)) for name in people]
    monkeypatch.setattr("web.inbox.PAGE", 4)
    desk = town.visitor("desk")
    first = desk.get("/inbox").text
    assert [task for task in tasks if f'href="/tasks/{task}"' in first] == tasks[-4:]
    second = desk.get(f"/inbox?after={tasks[-4]}").text
    assert [task for task in tasks if f'href="/tasks/{task}"' in second] == tasks[-8:-4]
    assert "回到最新" in second


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
