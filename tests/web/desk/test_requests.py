"""Starting a request, where it stands, and the authority's answers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.journeys.answers import filled
from tests.web.desk.at_work import Town
from workflows.requests import AuthorityAnswer, Request


def step(town: Town, request: int, element: str, login: str, **more: Any) -> None:
    """`login` does the open task at this element, answering everything with the first verdict."""
    visitor, task = town.visitor(login), town.open_task(request, element)
    page = visitor.get(f"/tasks/{task}").text
    data = json.loads(page.split('data-part="data">')[1].split("</script>")[0])
    key = json.loads(page.split('data-part="schema">')[1].split("</script>")[0])["id"]
    answers = {**filled(key, [visitor.upload().get_json()["id"]], data), **more}
    answer = visitor.hand_in(task, answers, script=True)
    assert answer.status_code == 200, answer.get_json()


def filed(town: Town) -> int:
    """A request filed with the authority; its id."""
    request = town.request()
    step(town, request, "A1_fill", "applicant")
    for element, login in (("A3_pm", "pm"), ("A3_legal", "legal"), ("A3_hr", "hr"), ("A3_safety", "safety")):
        if element in open_elements(town, request):
            step(town, request, element, login)
    step(town, request, "A4_approve", "approver")
    if "A4_second" in open_elements(town, request):
        step(town, request, "A4_second", "vice")
    step(town, request, "A5_file", "custodian")
    return request


def open_elements(town: Town, request: int) -> set[str]:
    return set(town.visitor("applicant").get(f"/requests/{request}/state.json").get_json()["active"])


def test_only_what_may_be_applied_for_is_offered(town: Town) -> None:
    assert "建筑工程施工许可证" in town.visitor("applicant").get("/requests/new").text
    page = town.visitor("applicant").get("/requests/new?type=J03").text
    assert "滨江花园一期" in page
    assert "您目前没有可以发起的申请" in town.visitor("approver").get("/requests/new").text


def test_starting_opens_the_form_and_twice_the_same_one(town: Town) -> None:
    applicant = town.visitor("applicant")
    told = {"type": "J03", "holder": f"unit-{town.company.units['project']}"}
    first, second = applicant.post("/requests", told), applicant.post("/requests", told)
    assert first.status_code == 303
    assert first.location == second.location == f"/tasks/{town.open_task(1)}"


@pytest.mark.parametrize(("told", "status"), [
    ({"type": "X99", "holder": "unit-1"}, 400), ({"type": "J03", "holder": "unit-one"}, 400),
    ({"type": "J03"}, 400), ({"type": "J03", "holder": "unit-999999"}, 404),
])
def test_a_request_for_what_is_not_offered_is_refused(town: Town, told: dict[str, str], status: int) -> None:
    assert town.visitor("applicant").post("/requests", told).status_code == status


def test_nobody_applies_for_another_companys_project(town: Town) -> None:
    told = {"type": "J03", "holder": f"unit-{town.company.units['project']}"}
    assert town.visitor("stranger").post("/requests", told).status_code in (403, 404)
    with Session(town.engine) as session:
        assert session.scalar(select(func.count()).select_from(Request)) == 0


def test_the_page_says_where_it_is_who_is_next_and_by_when(town: Town) -> None:
    request = town.request()
    step(town, request, "A1_fill", "applicant")
    page = town.visitor("applicant").get(f"/requests/{request}").text
    for words in ("单位初审", "项目经理", "还剩 2 个工作日", "提交申请", "材料.pdf", "data-marks="):
        assert words in page


@pytest.mark.parametrize("path", ["", "/diagram.bpmn", "/state.json", "/answers/new?kind=accepted"])
def test_a_request_of_others_is_not_there(town: Town, path: str) -> None:
    request = town.request()
    assert town.visitor("stranger").get(f"/requests/{request}{path}").status_code == 404
    assert town.visitor("applicant").get(f"/requests/999999{path}").status_code == 404


def test_the_list_shows_mine_and_only_what_i_may_see(town: Town) -> None:
    town.request()
    assert "SQ-2026-000001" in town.visitor("applicant").get("/requests").text
    assert "SQ-2026-000001" in town.visitor("legal").get("/requests?scope=all").text
    assert "SQ-2026-000001" not in town.visitor("stranger").get("/requests?scope=all").text
    assert "SQ-2026-000001" in town.visitor("applicant").get("/requests?q=滨江").text
    assert "没有找到" in town.visitor("applicant").get("/requests?q=_____").text


def test_the_list_goes_on_behind_its_last_row_whatever_came_since(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.requests.requests.PAGE", 2)
    there, desk = [town.request("desk", "P02", name) for name in ("worker", "pm", "hr", "legal", "safety")], "desk"
    address, found = "/requests?scope=all", list[int]()
    while address:
        page = town.visitor(desk).get(address).text
        found += [int(number) for number in re.findall(r'data-row-link href="/requests/(\d+)"', page)]
        assert "共 5 条" in page or "共 6 条" in page
        if len(found) == 2:
            town.request("desk", "P02", "approver")
        after = re.search(r'rel="next" href="([^"]+)"', page)
        address = after[1].replace("&amp;", "&") if after else ""
    assert found == there[::-1] and "回到第一页" in page
    for nothing in ("0", "1", "x", "-3", "9" * 18):
        assert "SQ-2026-" in town.visitor(desk).get(f"/requests?scope=all&after={nothing}").text


def test_a_long_list_is_not_counted_to_its_end(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.requests.COUNT_TO", 3)
    for name in ("worker", "pm", "hr", "legal"):
        town.request("desk", "P02", name)
    monkeypatch.setattr("web.requests.requests.PAGE", 2)
    assert "共 3+ 条" in town.visitor("desk").get("/requests").text


def test_the_drawing_is_the_one_it_runs_on(town: Town) -> None:
    answer = town.visitor("applicant").get(f"/requests/{town.request()}/diagram.bpmn")
    assert (answer.status_code, answer.mimetype) == (200, "application/xml")
    assert b"A1_fill" in answer.data


def test_the_custodian_is_offered_the_answers_that_can_come_now(town: Town) -> None:
    request = filed(town)
    page = town.visitor("custodian").get(f"/requests/{request}").text
    for kind in ("accepted", "supplement", "refused"):
        assert f"/requests/{request}/answers/new?kind={kind}" in page
    assert "kind=granted" not in page
    assert "answers/new" not in town.visitor("applicant").get(f"/requests/{request}").text


def test_an_answer_of_another_stage_is_refused(town: Town) -> None:
    request = filed(town)
    custodian = town.visitor("custodian")
    assert custodian.get(f"/requests/{request}/answers/new?kind=granted").status_code == 409
    assert custodian.post(f"/requests/{request}/answers?kind=granted", {"answers": "{}"}).status_code == 409
    assert custodian.get(f"/requests/{request}/answers/new?kind=bribed").status_code == 404
    assert town.visitor("applicant").get(f"/requests/{request}/answers/new?kind=accepted").status_code in (403, 409)


def test_an_acceptance_moves_the_request_on_once(town: Town) -> None:
    request = filed(town)
    custodian = town.visitor("custodian")
    paper = custodian.upload().get_json()["id"]
    page = custodian.get(f"/requests/{request}/answers/new?kind=accepted")
    assert page.status_code == 200
    told = {"answers": json.dumps(filled("answer", [paper], kind="accepted"))}
    assert custodian.post(f"/requests/{request}/answers?kind=accepted", told).status_code == 303
    assert custodian.post(f"/requests/{request}/answers?kind=accepted", told).status_code == 409
    with Session(town.engine) as session:
        assert session.scalar(select(func.count()).select_from(AuthorityAnswer)) == 1
    assert "已受理" in town.visitor("applicant").get(f"/requests/{request}").text


def test_an_answer_with_something_missing_comes_back_with_what_was_typed(town: Town) -> None:
    request = filed(town)
    told = {"answers": json.dumps({"kind": "accepted", "document_no": "受〔2026〕12号", "verdict": "done"})}
    answer = town.visitor("custodian").post(f"/requests/{request}/answers?kind=accepted", told)
    assert answer.status_code == 400
    assert "受〔2026〕12号" in answer.text


def test_a_start_sent_again_leads_to_what_it_opened_even_when_that_was_handed_in(town: Town) -> None:
    """The answer to a POST may be lost; the browser or the person sends it once more."""
    applicant = town.visitor("applicant")
    page = applicant.get("/requests/new?type=J03").text
    once = page.split('name="once" value="')[1].partition('"')[0]
    told = {"type": "J03", "holder": f"unit-{town.company.units['project']}", "once": once}
    assert applicant.post("/requests", told).status_code == 303
    step(town, 1, "A1_fill", "applicant")
    again = applicant.post("/requests", told)
    assert again.status_code == 303
    with Session(town.engine) as session:
        assert session.scalar(select(func.count()).select_from(Request)) == 1
    other = applicant.post("/requests", {**told, "once": once[::-1]})
    assert other.status_code == 303 and other.location != again.location


def test_an_answer_sent_again_is_recorded_once_and_a_second_one_is_refused(town: Town) -> None:
    request, keeper = filed(town), town.visitor("custodian")
    page = keeper.get(f"/requests/{request}/answers/new?kind=accepted").text
    address = page.split('data-action="')[1].partition('"')[0].replace("&amp;", "&")
    told = {"answers": json.dumps({**filled("answer", [keeper.upload().get_json()["id"]], {}), "kind": "accepted"})}
    first, again = keeper.post(address, told), keeper.post(address, told)
    assert (first.status_code, first.location) == (again.status_code, again.location) == (303, f"/requests/{request}")
    assert keeper.post(address.partition("&once=")[0], told).status_code == 409
    with Session(town.engine) as session:
        assert session.scalar(select(func.count()).select_from(AuthorityAnswer)) == 1
