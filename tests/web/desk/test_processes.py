"""Process owners: what is deployed, and a drawing that the engine would not run faithfully."""

from __future__ import annotations

from io import BytesIO

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

import workflows
from engine import catalog
from engine.model import Definition
from engine.resources import Resource
from ledger.actor import SYSTEM
from ledger.db import unit
from tests.web.desk.at_work import Town

SHIPPED = workflows.CATALOG["application"].files


def upload(town: Town, files: dict[str, bytes], login: str = "owner") -> TestResponse:
    return town.visitor(login).post("/processes", {"files": [(BytesIO(body), name) for name, body in files.items()]})


def rows(town: Town) -> tuple[int, int]:
    with Session(town.engine) as session:
        return tuple(session.scalar(select(func.count()).select_from(model)) or 0 for model in (Definition, Resource))  # type: ignore[return-value]


def changed(**words: str) -> dict[str, bytes]:
    """The shipped files, with words of the drawing replaced."""
    body = SHIPPED["application.bpmn"].decode()
    for old, new in words.items():
        assert old in body
        body = body.replace(old, new)
    return {**SHIPPED, "application.bpmn": body.encode()}


def test_the_owner_sees_what_runs(town: Town) -> None:
    town.request()
    page = town.visitor("owner").get("/processes").text
    for words in ("证件申领", "第 1 版", "使用中"):
        assert words in page
    shown = town.visitor("owner").get("/processes/1")
    assert "data-diagram=" in shown.text
    assert town.visitor("owner").get("/processes/1/diagram.bpmn").data == SHIPPED["application.bpmn"]


@pytest.mark.parametrize("path", ["/processes", "/processes/1", "/processes/1/diagram.bpmn", "/processes/new"])
def test_nobody_else_gets_there(town: Town, path: str) -> None:
    assert town.visitor("legal").get(path).status_code in (403, 404)
    assert upload(town, SHIPPED, "legal").status_code == 403


def test_a_changed_drawing_becomes_a_draft_and_changes_nothing_that_runs(town: Town) -> None:
    before = rows(town)[0]
    answer = upload(town, changed(填报申请="填写申请表"))
    assert answer.location == "/studio/drafts/1/release", answer.text
    assert "申请发布“证件申领”" in town.visitor("owner").get(answer.location).text
    assert rows(town)[0] == before


def test_the_same_files_again_are_no_new_version(town: Town) -> None:
    before = rows(town)
    assert upload(town, dict(SHIPPED)).location == "/processes/1"
    assert rows(town) == before


def test_what_the_engine_would_not_do_is_refused_with_element_and_line(town: Town) -> None:
    before = rows(town)
    answer = upload(town, changed(**{'type="prevalidate"': 'type="no_such_step"'}))
    assert answer.status_code == 422
    assert "A2_prevalidate" in answer.text
    assert "行" in answer.text
    assert rows(town) == before


@pytest.mark.parametrize("body", [
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', b"not xml", b"<a/>",
])
def test_what_is_no_drawing_is_refused(town: Town, body: bytes) -> None:
    answer = upload(town, {"evil.bpmn": body})
    assert answer.status_code in (400, 422)
    assert "没有" in answer.text or "发布" in answer.text or "流程图" in answer.text
    assert "root:" not in answer.text


def test_a_file_of_another_kind_or_none_is_refused(town: Town) -> None:
    assert upload(town, {"a.exe": b"MZ"}).status_code == 400
    assert upload(town, {"only.dmn": b"<x/>"}).status_code == 400
    assert town.visitor("owner").post("/processes", {}).status_code == 400


def test_more_than_two_megabytes_are_refused(town: Town) -> None:
    assert upload(town, {"big.bpmn": b"<" + b"x" * 3_000_000}).status_code == 413


def test_what_was_published_before_a_newer_version_is_not_said_to_be_in_force(town: Town) -> None:
    with unit(town.engine) as session:
        catalog.deploy(session, changed(填报申请="填写申请表"), by=SYSTEM)
    owner = town.visitor("owner")
    answer = owner.post("/processes", {"files": [(BytesIO(body), name) for name, body in SHIPPED.items()]})
    page = owner.get(answer.location).text
    assert "内容与第 1 版完全相同" in page and "这一版现在没有生效" in page


def test_the_owner_takes_away_every_file_of_a_version(town: Town) -> None:
    owner = town.visitor("owner")
    for name, body in SHIPPED.items():
        assert name in owner.get("/processes/1").text
        assert owner.get(f"/processes/1/files/{name}").data == body
    assert owner.get("/processes/1/files/other.dmn").status_code == 404
