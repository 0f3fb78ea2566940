"""The task page: reading, claiming, drafting, handing in, and every way in which that is refused."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.model import Task, TaskAnswer
from tests.journeys.answers import filled
from tests.web.desk.at_work import Town


@pytest.fixture
def draft(town: Town) -> int:
    """The open form of a fresh construction permit request."""
    return town.open_task(town.request())


def applied(town: Town, **more: Any) -> dict[str, Any]:
    """The application, completely filled in."""
    return filled("apply-J03", [town.visitor("applicant").upload().get_json()["id"]], **more)


def submitted(town: Town) -> int:
    """A safety licence request that waits for a legal reviewer; its id."""
    request, desk = town.request("desk", "E03", "company"), town.visitor("desk")
    answer = desk.hand_in(town.open_task(request), filled("apply-E03", [desk.upload().get_json()["id"]]))
    assert answer.status_code == 303, answer.text
    return request


def saved(town: Town) -> int:
    with Session(town.engine) as session:
        return session.scalar(select(func.count()).select_from(TaskAnswer)) or 0


def test_the_page_holds_the_form_and_what_is_needed_to_decide(town: Town, draft: int) -> None:
    page = town.visitor("applicant").get(f"/tasks/{draft}")
    assert page.status_code == 200
    for words in ("填报申请", "滨江花园一期", "陈小满", 'data-part="schema"', "doc_land_use", "data-diagram="):
        assert words in page.text


@pytest.mark.parametrize(("method", "path"), [
    ("get", ""), ("post", ""), ("post", "/claim"), ("post", "/release"), ("post", "/draft"), ("post", "/checks"),
])
def test_a_task_of_others_is_not_there(town: Town, draft: int, method: str, path: str) -> None:
    stranger = town.visitor("stranger")
    if method == "get":
        answer = stranger.get(f"/tasks/{draft}{path}")
    else:
        answer = stranger.post(f"/tasks/{draft}{path}", json={"answers": {}, "check": "uscc", "value": "1"})
    assert answer.status_code == 404
    assert "滨江花园" not in answer.text


def test_nobody_gets_in_without_signing_in(town: Town, draft: int) -> None:
    answer = town.app.test_client().get(f"/tasks/{draft}")
    assert (answer.status_code, "/login" in answer.location) == (302, True)


def test_a_post_without_the_token_changes_nothing(town: Town, draft: int) -> None:
    answer = town.visitor("applicant").client.post(f"/tasks/{draft}", data={"answers": json.dumps(applied(town))})
    assert answer.status_code == 400
    assert saved(town) == 0


def test_a_draft_is_found_again(town: Town, draft: int) -> None:
    applicant = town.visitor("applicant")
    answer = applicant.put(f"/tasks/{draft}/draft", {"answers": {"address": "江南大道 100 号"}})
    assert (answer.status_code, answer.headers["Licet-Saved-At"]) == (204, "2026-11-23 10:00")
    page = town.visitor("applicant").get(f"/tasks/{draft}")
    assert _part(page.text, "data")["address"] == "江南大道 100 号"
    assert "草稿已保存" in page.text


def test_a_submission_moves_the_request_on(town: Town, draft: int) -> None:
    answer = town.visitor("applicant").hand_in(draft, applied(town))
    assert answer.status_code == 303
    assert town.row(Task, draft).state == "completed"


def test_the_script_is_told_where_to_go(town: Town, draft: int) -> None:
    answer = town.visitor("applicant").hand_in(draft, applied(town), script=True)
    assert (answer.status_code, answer.get_json()["location"][:1]) == (200, "/")


def test_what_is_missing_is_said_at_its_field_and_the_rest_is_kept(town: Town, draft: int) -> None:
    answers = applied(town, address="", scale="十二栋住宅")
    page = town.visitor("applicant").hand_in(draft, answers)
    assert page.status_code == 400
    problems = json.loads(page.text.split('data-part="problems">')[1].split("</script>")[0])
    assert problems["address"] == ["请填写"]
    assert "十二栋住宅" in _part(page.text, "answers")["scale"]
    told = town.visitor("applicant").hand_in(draft, answers, script=True).get_json()
    assert (told["status"], list(told["problems"])) == (400, ["address"])
    assert saved(town) == 0


def _part(page: str, name: str) -> Any:
    return json.loads(page.split(f'data-part="{name}">')[1].split("</script>")[0])


@pytest.mark.parametrize(("extra", "field"), [
    ({"holder_name": "别的项目"}, "holder_name"), ({"approved": True}, "approved"), ({"verdict": "approve"}, "verdict"),
])
def test_what_is_not_the_applicants_to_fill_is_refused(
    town: Town, draft: int, extra: dict[str, Any], field: str
) -> None:
    told = town.visitor("applicant").hand_in(draft, applied(town, **extra), script=True)
    assert told.status_code == 400
    assert field in told.get_json()["problems"]
    assert saved(town) == 0


@pytest.mark.parametrize("body", ["", "[]", "{", '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 100_000])
def test_answers_that_are_no_json_object_are_refused(town: Town, draft: int, body: str) -> None:
    assert town.visitor("applicant").post(f"/tasks/{draft}", {"answers": body}).status_code == 400


def test_a_draft_beyond_two_megabytes_is_refused(town: Town, draft: int) -> None:
    applicant = town.visitor("applicant")
    assert applicant.put(f"/tasks/{draft}/draft", {"answers": {"remark": "字" * 1_000_000}}).status_code == 413
    assert "草稿已保存" not in applicant.get(f"/tasks/{draft}").text


def test_a_file_of_somebody_else_cannot_be_handed_in(town: Town, draft: int) -> None:
    foreign = town.visitor("stranger").upload().get_json()["id"]
    told = town.visitor("applicant").hand_in(draft, filled("apply-J03", [foreign]), script=True)
    assert told.status_code in (400, 404)
    assert saved(town) == 0


def test_the_first_to_claim_has_it_and_the_second_reads_who(town: Town) -> None:
    task = town.open_task(submitted(town), "A3_legal")
    assert town.visitor("legal").post(f"/tasks/{task}/claim").status_code == 303
    late = town.visitor("legal2").post(f"/tasks/{task}/claim")
    assert late.status_code == 409
    assert "韩立" in late.text
    assert "由 韩立 处理中" in town.visitor("legal2").get(f"/tasks/{task}").text


def test_a_released_task_can_be_claimed_by_the_other(town: Town) -> None:
    task = town.open_task(submitted(town), "A3_legal")
    town.visitor("legal").post(f"/tasks/{task}/claim")
    assert town.visitor("legal").post(f"/tasks/{task}/release").status_code == 303
    assert town.visitor("legal2").post(f"/tasks/{task}/claim").status_code == 303


def test_the_second_to_decide_reads_who_was_first_and_keeps_what_was_typed(town: Town) -> None:
    task = town.open_task(submitted(town), "A3_legal")
    documents = _part(town.visitor("legal").get(f"/tasks/{task}").text, "data")
    answers = filled("review", [], documents, opinion="材料齐全，合同第三页缺签字日期")
    assert town.visitor("legal").hand_in(task, answers).status_code == 303
    late = town.visitor("legal2").hand_in(task, answers)
    assert late.status_code == 409
    for words in ("韩立", "2026-11-23 10:00", "合同第三页缺签字日期"):
        assert words in late.text
    assert town.visitor("legal2").hand_in(task, answers, script=True).status_code == 409


def test_a_stale_page_is_refused(town: Town) -> None:
    task = town.open_task(submitted(town), "A3_legal")
    legal = town.visitor("legal")
    documents = _part(legal.get(f"/tasks/{task}").text, "data")
    stale = legal.hand_in(task, filled("review", [], documents), version=town.row(Task, task).version - 1)
    assert stale.status_code == 409
    assert town.row(Task, task).state == "open"


def test_a_reviewer_returns_it_with_a_reason_at_the_field(town: Town) -> None:
    request = submitted(town)
    task = town.open_task(request, "A3_legal")
    returns = [{"field": "address", "reason": "与规划许可证不一致，请核对门牌号"}]
    answer = town.visitor("legal").hand_in(task, {"verdict": "return", "returns": returns})
    assert answer.status_code == 303
    again = town.open_task(request, "A1_correct")
    page = town.visitor("desk").get(f"/tasks/{again}").text
    assert "单位地址" in page
    assert "请核对门牌号" in page
    assert "韩立" in page


def test_who_did_the_task_reads_it_afterwards_and_cannot_change_it(town: Town) -> None:
    task = town.open_task(submitted(town), "A3_legal")
    legal = town.visitor("legal")
    documents = _part(legal.get(f"/tasks/{task}").text, "data")
    legal.hand_in(task, filled("review", [], documents))
    page = legal.get(f"/tasks/{task}")
    assert (page.status_code, "data-readonly" in page.text, "data-part=\"actions\"" in page.text) == (200, True, False)
    assert _part(page.text, "answers")["verdict"] == "pass"


def test_of_many_hands_at_once_exactly_one_wins(town: Town) -> None:
    task = town.open_task(submitted(town), "A3_legal")
    documents = _part(town.visitor("legal").get(f"/tasks/{task}").text, "data")
    answers = filled("review", [], documents)
    visitors = [town.visitor(login) for login in ("legal", "legal2") * 3]
    with ThreadPoolExecutor(len(visitors)) as pool:
        done = list(pool.map(lambda visitor: visitor.hand_in(task, answers, script=True), visitors))
    assert sorted(answer.status_code for answer in done) == [200, 409, 409, 409, 409, 409]
    assert all("处理" in answer.get_json()["error"] for answer in done if answer.status_code == 409)


def test_of_two_claims_at_once_one_wins(town: Town) -> None:
    task = town.open_task(submitted(town), "A3_legal")
    visitors = [town.visitor(login) for login in ("legal", "legal2")]
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda visitor: visitor.post(f"/tasks/{task}/claim").status_code, visitors))
    assert sorted(done) == [303, 409]


ODD: list[dict[str, Any]] = [
    {"address": "a\0b"}, {"address": "\ud800"}, {"a\0b": "x"}, {"doc_land_use": [10**30]}, {"doc_land_use": 10**30},
    {"address": {"x": 1}}, {"area": 10**400}, {"started_on": "9999-99-99"}, {"address": ["x"] * 5000},
]


def test_answers_that_nothing_can_keep_are_refused(town: Town, draft: int) -> None:
    applicant = town.visitor("applicant")
    good = applied(town)
    told = [(applicant.hand_in(draft, {**good, **more}, script=True).status_code,
             applicant.post(f"/tasks/{draft}/draft", json.dumps({"answers": {**good, **more}}),
                            content_type="application/json").status_code,
             applicant.get(f"/tasks/{draft}").status_code) for more in ODD]
    assert {status for status, _, _ in told} == {400} and saved(town) == 0
    assert {kept for _, kept, _ in told} <= {204, 400} and {page for *_, page in told} == {200}


def test_a_check_that_makes_no_sense_is_refused(town: Town, draft: int) -> None:
    applicant = town.visitor("applicant")
    for body in ([], {"check": []}, {"check": "uscc", "value": 1}, {"check": "uscc", "value": "\0"}, {"check": "x"}, 1):
        assert applicant.post(f"/tasks/{draft}/checks", json=body).status_code == 400, body
