"""One verb on many rows: a result for each, and none stops the others; the preview and its decision."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.model import Task
from engine.usertasks import tasks
from ledger.db import unit
from tests.web.desk.at_work import Town, Visitor
from tests.web.desk.test_inbox import review, submit
from workflows.handling import bulk, desk


def drafts(town: Town, *people: str) -> list[int]:
    """Drafts of 沈青 (desk), one for each person: tasks that only she has."""
    return [town.open_task(town.request("desk", "P02", name)) for name in people]


def approval(town: Town) -> int:
    """A safety licence that waits for 梁总 (approver)."""
    task = submit(town)
    request = town.row(Task, task).instance_id
    town.visitor("legal").hand_in(task, {"verdict": "pass", "checked": _all(town, task)})
    with unit(town.engine) as session:
        return session.scalars(select(Task.id).where(Task.instance_id == request, Task.state == "open")).one()


def _all(town: Town, task: int, login: str = "legal") -> list[str]:
    with unit(town.engine) as session:
        opened = desk.open_task(session, town.company.actor(session, login), task)
        return [one["value"] for one in opened.data["documents"]]


def act(visitor: Visitor, verb: str, *numbers: int | str, **more: str) -> tuple[int, str]:
    told = {"verb": verb, "task": [str(one) for one in numbers], "next": "/inbox", **more}
    answer = visitor.post("/inbox/bulk", told)
    return answer.status_code, answer.location or answer.text


def test_all_done_leads_back_to_the_list_and_says_how_many(town: Town) -> None:
    task, legal = submit(town), town.visitor("legal")
    assert act(legal, "claim", f"{task}:1") == (303, "/inbox")
    assert "已签收 1 项" in legal.get("/inbox").text
    assert act(legal, "release", task) == (303, "/inbox")
    assert town.row(Task, task).assignee_id is None


def test_each_that_is_refused_says_why_and_the_others_are_done(town: Town) -> None:
    gone, there, hr = review(town, "worker"), review(town, "pm"), town.visitor("hr")
    hr.hand_in(gone, {"verdict": "pass", "checked": _all(town, gone, "hr")})
    status, page = act(hr, "claim", gone, there)
    assert status == 200 and "有 1 项没有办成" in page and "已签收 1 项" in page
    assert "已由 宋雅 于 2026-11-23 10:00 处理" in page and town.row(Task, there).assignee_id


def test_a_task_that_a_colleague_has_taken_says_who_has_it(town: Town) -> None:
    task = submit(town)
    town.visitor("legal2").post(f"/tasks/{task}/claim")
    assert "该任务由 许文 办理：许文 于 2026-11-23 10:00 签收了它。" in act(town.visitor("legal"), "claim", task)[1]


def test_a_form_that_wants_more_says_what_at_which_field(town: Town) -> None:
    task, legal = submit(town), town.visitor("legal")
    status, page = act(legal, "approve", f"{task}:1")
    assert status == 200 and "对照原件逐份核对" in page
    assert town.row(Task, task).state == "open"


def test_a_form_without_a_yes_cannot_be_done_in_bulk(town: Town) -> None:
    [draft] = drafts(town, "worker")
    _, page = act(town.visitor("desk"), "approve", draft)
    assert "“填报申请”要打开逐项填写，不能批量办理。" in page and town.row(Task, draft).state == "open"


def test_an_approval_takes_the_opinion_along(town: Town) -> None:
    task, approver = approval(town), town.visitor("approver")
    assert act(approver, "approve", f"{task}:1", opinion=" 材料齐全 ") == (303, "/inbox")
    with unit(town.engine) as session:
        assert tasks.answers(session, task) == {"verdict": "approve", "opinion": "材料齐全"}


def test_whoever_approves_too_late_reads_who_was_first(town: Town) -> None:
    task, approver = approval(town), town.visitor("approver")
    act(approver, "approve", f"{task}:1")
    _, page = act(approver, "approve", f"{task}:1")
    assert "已由 梁总 于 2026-11-23 10:00 处理" in page


def test_a_page_older_than_the_task_does_not_approve_it(town: Town) -> None:
    task, approver = approval(town), town.visitor("approver")
    approver.post(f"/tasks/{task}/claim")
    _, page = act(approver, "approve", f"{task}:1")
    assert "您打开页面之后，梁总 于 2026-11-23 10:00 签收了它" in page and town.row(Task, task).state == "open"


def test_a_task_of_others_refuses_the_whole(town: Town) -> None:
    task, [draft] = submit(town), drafts(town, "worker")
    status, _ = act(town.visitor("legal"), "claim", task, draft)
    assert status == 404 and town.row(Task, task).assignee_id is None


def test_not_more_than_twenty_at_a_time(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MOST", 1)
    status, page = act(town.visitor("desk"), "claim", *drafts(town, "worker", "pm"))
    assert status == 409 and "一次最多办理 1 项" in page


@pytest.mark.parametrize("sent", [{"verb": "steal", "task": "1"}, {"verb": "claim", "task": "x:1"}])
def test_nonsense_is_refused(town: Town, sent: dict[str, str]) -> None:
    assert town.visitor("legal").post("/inbox/bulk", sent).status_code == 400


def test_nothing_ticked_says_so(town: Town) -> None:
    legal = town.visitor("legal")
    assert act(legal, "claim") == (303, "/inbox") and "还没有选中任务" in legal.get("/inbox").text


def test_the_preview_decides_where_nothing_is_left_to_fill_in(town: Town) -> None:
    task = approval(town)
    page = town.visitor("approver").get(f"/tasks/{task}/preview?next=/inbox").text
    assert 'data-key="a"' in page and 'value="approve"' in page and f"/tasks/{task}#verdict=return" in page
    assert "华建第一建筑有限公司" in page and "<html" not in page


def test_the_preview_of_a_form_to_be_filled_in_opens_it(town: Town) -> None:
    task = submit(town)
    page = town.visitor("legal").get(f"/tasks/{task}/preview").text
    assert "打开办理" in page and 'value="approve"' not in page and 'data-key="r"' in page
    assert f'action="/tasks/{task}/claim"' in page


def test_the_preview_shows_no_more_than_the_task(town: Town) -> None:
    task = submit(town)
    assert town.visitor("stranger").get(f"/tasks/{task}/preview").status_code == 404
    town.visitor("legal2").post(f"/tasks/{task}/claim")
    page = town.visitor("legal").get(f"/tasks/{task}/preview").text
    assert "许文" in page and "data-key" not in page


def test_a_preview_leads_to_no_other_site(town: Town) -> None:
    task = approval(town)
    assert "evil" not in town.visitor("approver").get(f"/tasks/{task}/preview?next=https://evil.example/").text



def test_the_button_of_a_row_approves_it_once(town: Town) -> None:
    task, approver = approval(town), town.visitor("approver")
    assert f'action="/inbox/approvals/{task}"' in approver.get("/inbox").text
    answer = approver.post(f"/inbox/approvals/{task}", {"version": "1", "next": "/inbox?scope=groups"})
    assert (answer.status_code, answer.location) == (303, "/inbox?scope=groups")
    with unit(town.engine) as session:
        assert tasks.answers(session, task) == {"verdict": "approve"}
    again = approver.post(f"/inbox/approvals/{task}", {"version": "1"})
    assert again.status_code == 409 and "已由 梁总 于 2026-11-23 10:00 处理" in again.text


def test_a_row_whose_form_wants_more_is_opened_and_says_what(town: Town) -> None:
    task, legal = submit(town), town.visitor("legal")
    assert "/inbox/approvals/" not in legal.get("/inbox").text
    answer = legal.post(f"/inbox/approvals/{task}", {"version": "1"})
    assert (answer.status_code, answer.location) == (303, f"/tasks/{task}")
    assert "对照原件逐份核对" in legal.get(answer.location).text and town.row(Task, task).state == "open"


def test_a_row_older_than_its_task_or_of_others_is_not_approved(town: Town) -> None:
    task, approver = approval(town), town.visitor("approver")
    approver.post(f"/tasks/{task}/claim")
    assert approver.post(f"/inbox/approvals/{task}", {"version": "1"}).status_code == 409
    assert town.visitor("desk").post(f"/inbox/approvals/{task}", {"version": "2"}).status_code in (403, 404, 409)
    assert town.visitor("hr").post(f"/inbox/approvals/{task}", {"version": "2"}).status_code == 404
    assert town.row(Task, task).state == "open"
