"""A verb on a task that has moved on says who did what and when, and keeps what was typed; why me, why not me."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from flask import url_for
from werkzeug.test import TestResponse

from engine import instances
from engine.model import Task
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from registry.access.grants import grant_role
from registry.people.persons import person_of
from tests.journeys.answers import filled
from tests.web.desk.at_work import Town
from tests.web.desk.test_inbox import submit
from web.app import RESOURCES
from web.desk.verbs import VERBS, Verb

for name in RESOURCES:  # each adds its verbs when it is imported
    import_module(f"web.{name}")
TYPED = "合同第三页缺签字日期"


def act(town: Town, verb: Verb, task: int, login: str, version: int = 1) -> TestResponse:
    """The POST of a verb, as its page sends it, with the reason that it keeps."""
    with town.app.test_request_context():
        address = url_for(verb.act or verb.endpoint, task_id=task)
    typed = {verb.keeps: TYPED} if verb.keeps else {}
    return town.visitor(login).post(address, {"version": version, **typed})


def approve(town: Town, task: int, login: str = "legal") -> None:
    assert town.visitor(login).hand_in(task, filled("review", [], {"documents": []}, verdict="return", returns=[
        {"field": "address", "reason": "与规划许可证不一致，请核对门牌号"}])).status_code == 303


def end(town: Town, task: int) -> None:
    with unit(town.engine) as session:
        instance = session.get_one(Task, task).instance_id
        instances.terminate(session, instance, by=town.company.actor(session, "owner"), reason="项目停建")


@pytest.mark.parametrize(("finish", "words"), [
    (end, ("钱程", "因终止流程而取消")), (approve, ("韩立", "处理")),
], ids=["the process ended", "somebody else decided"])
def test_whoever_is_too_late_with_any_verb_reads_who_what_and_when(
    town: Town, finish: Callable[[Town, int], None], words: tuple[str, ...]
) -> None:
    task = submit(town)
    finish(town, task)
    assert len(VERBS) >= 2
    for verb in VERBS:
        late = act(town, verb, task, "legal2")
        assert late.status_code == 409, verb.key
        assert all(word in late.text for word in (*words, "2026-11-23 10:00", TYPED if verb.keeps else "")), verb.key


def test_who_claims_second_reads_who_was_first_and_gets_on(town: Town) -> None:
    task = submit(town)
    town.visitor("legal").post(f"/tasks/{task}/claim")
    late = town.visitor("legal2").post(f"/tasks/{task}/claim")
    assert late.status_code == 409
    for words in ("该任务由 韩立 办理：韩立 于 2026-11-23 10:00 签收了它。", f'href="/tasks/{task}"', 'href="/inbox"'):
        assert words in late.text


def test_a_script_is_told_in_one_sentence(town: Town) -> None:
    task = submit(town)
    town.visitor("legal").post(f"/tasks/{task}/claim")
    late = town.visitor("legal2").post(f"/tasks/{task}/claim", headers={"Accept": "application/json"})
    assert late.get_json()["error"] == "该任务由 韩立 办理：韩立 于 2026-11-23 10:00 签收了它。"


def test_what_was_typed_into_a_form_is_kept_when_the_process_ends(town: Town) -> None:
    task = submit(town)
    end(town, task)
    answers: dict[str, Any] = filled("review", [], {"documents": []}, opinion=TYPED)
    late = town.visitor("legal").hand_in(task, answers)
    assert late.status_code == 409
    for words in ("钱程", "因终止流程而取消", TYPED):
        assert words in late.text


def test_the_page_of_a_task_that_was_cancelled_says_how(town: Town) -> None:
    task = submit(town)
    end(town, task)
    assert "该任务已由 钱程 于 2026-11-23 10:00 因终止流程而取消" in town.visitor("legal").get(f"/tasks/{task}").text


def test_beside_a_task_it_says_why_it_is_mine(town: Town, clock: Fixed) -> None:
    task, legal = submit(town), town.visitor("legal")
    assert "您是“华建第一建筑有限公司”的法务经营。" in legal.get(f"/tasks/{task}").text
    clock.advance(timedelta(minutes=5))
    legal.post(f"/tasks/{task}/claim")
    page = legal.get(f"/tasks/{task}").text
    assert "为什么由我办理" in page and "您于 2026-11-23 10:05 签收。" in page
    english = town.visitor("legal")
    english.post("/language", {"language": "en"})
    assert "You claimed it at 2026-11-23 10:05." in english.get(f"/tasks/{task}").text


def test_beside_a_task_it_says_why_it_is_not_mine(town: Town) -> None:
    task = submit(town)
    town.visitor("legal").post(f"/tasks/{task}/claim")
    page = town.visitor("legal2").get(f"/tasks/{task}").text
    assert "为什么不由我办理" in page and "韩立 从 2026-11-23 10:00 起在办理。" in page


def test_whoever_applied_reads_that_somebody_else_decides(town: Town) -> None:
    task = submit(town)
    with unit(town.engine) as session:
        desk = person_of(session, town.company.people["desk"])
        grant_role(session, desk, "legal", town.company.unit(session, "company"), by=SYSTEM)
    page = town.visitor("desk").get(f"/tasks/{task}").text
    assert "您是本申请的申请人" in page and "data-readonly" in page
    assert town.visitor("desk").post(f"/tasks/{task}/claim").status_code == 403


def test_a_verb_stands_on_the_page_only_while_it_may_be_done(town: Town) -> None:
    task, legal = submit(town), town.visitor("legal")
    assert f'action="/tasks/{task}/claim"' in legal.get(f"/tasks/{task}").text
    legal.post(f"/tasks/{task}/claim")
    page = legal.get(f"/tasks/{task}").text
    assert f'action="/tasks/{task}/release"' in page and f'action="/tasks/{task}/claim"' not in page
    assert "/release" not in town.visitor("legal2").get(f"/tasks/{task}").text
