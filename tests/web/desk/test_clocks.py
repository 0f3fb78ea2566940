"""The ledger of clocks: who reads it, who moves a deadline, on paper, and what is refused with which words."""

from __future__ import annotations

from io import BytesIO

import pytest
from pypdf import PdfReader

from tests.journeys.answers import filled
from tests.web.desk.at_work import Town


@pytest.fixture
def submitted(town: Town) -> int:
    """A safety licence request that waits for a legal reviewer; its id."""
    request, desk = town.request("desk", "E03", "company"), town.visitor("desk")
    answer = desk.hand_in(town.open_task(request), filled("apply-E03", [desk.upload().get_json()["id"]]))
    assert answer.status_code == 303, answer.text
    return request


def test_the_request_says_when_it_is_promised_and_leads_to_the_ledger(town: Town, submitted: int) -> None:
    page = town.visitor("desk").get(f"/requests/{submitted}")
    assert "承诺办结时间" in page.text and f"/requests/{submitted}/clock" in page.text
    ledger = town.visitor("desk").get(f"/requests/{submitted}/clock")
    assert "开始计时" in ledger.text and "整个申请" in ledger.text and "延长期限" not in ledger.text


def test_whoever_may_reassign_stops_a_clock_resumes_it_and_gives_more_days(town: Town, submitted: int) -> None:
    approver, task = town.visitor("approver"), town.open_task(submitted)
    assert approver.post(f"/requests/{submitted}/clock/{task}/pause", {"reason": "等档案"}).status_code == 303
    page = approver.get(f"/requests/{submitted}/clock")
    assert "等档案" in page.text and "恢复计时" in page.text
    assert "计时暂停" in town.visitor("legal").get("/inbox").text
    assert approver.post(f"/requests/{submitted}/clock/{task}/resumption").status_code == 303
    told = {"reason": "材料多", "days": "3"}
    assert approver.post(f"/requests/{submitted}/clock/{task}/extension", told).status_code == 303
    story = town.visitor("desk").get(f"/requests/{submitted}").text
    assert "暂停计时：等档案" in story and "延长 3 个工作日：材料多" in story


def test_no_reason_no_days_and_a_clock_that_runs_are_refused_with_what_helps(town: Town, submitted: int) -> None:
    approver, task = town.visitor("approver"), town.open_task(submitted)
    answer = approver.post(f"/requests/{submitted}/clock/{task}/pause", {"reason": " "})
    assert answer.status_code == 400 and "请写明原因" in answer.text
    answer = approver.post(f"/requests/{submitted}/clock/{task}/extension", {"reason": "材料多", "days": "0"})
    assert answer.status_code == 400 and "工作日数" in answer.text and "材料多" in answer.text
    answer = approver.post(f"/requests/{submitted}/clock/{task}/resumption")
    assert answer.status_code == 409 and "没有暂停" in answer.text


def test_nobody_else_moves_a_clock_and_strangers_see_none(town: Town, submitted: int) -> None:
    task = town.open_task(submitted)
    for login, status in (("legal", 403), ("desk", 403), ("stranger", 404)):
        answer = town.visitor(login).post(f"/requests/{submitted}/clock/{task}/pause", {"reason": "x"})
        assert answer.status_code == status, login
    assert town.visitor("stranger").get(f"/requests/{submitted}/clock").status_code == 404


def test_the_ledger_is_printed(town: Town, submitted: int) -> None:
    answer = town.visitor("legal").get(f"/requests/{submitted}/clock.pdf")
    assert answer.mimetype == "application/pdf"
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.data)).pages)
    assert "计时台账" in text and "开始计时" in text
