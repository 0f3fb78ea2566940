"""What was done by hand is taken back on the pages of the cockpit, one instance or many."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.operations.interventions import Intervention
from tests.web.desk.at_work import Town
from tests.web.desk.test_cockpit import LIST, ONE, said
from tests.web.watched import Watched
from workflows.requests import Request


@pytest.fixture
def watched(town: Town) -> Watched:
    return Watched(town.engine, town.company)


@ONE
def test_an_end_and_a_move_are_taken_back_until_something_follows(town: Town, watched: Watched) -> None:
    it, owner = watched.start(), town.visitor("owner")
    page = said(owner, f"{LIST}/{it}/termination")
    assert "已终止" in page and "撤销终止" in page and watched.states(it) == ["terminated"]
    with Session(town.engine) as session:
        number = session.scalars(select(Intervention.id)).one()
    assert town.visitor("legal").post(f"/cockpit/interventions/{number}/undo", {"reason": "x"}).status_code == 403
    page = said(owner, f"/cockpit/interventions/{number}/undo")
    assert "已撤销终止" in page and watched.states(it) == ["active"]
    assert "不能再撤销" in said(owner, f"/cockpit/interventions/{number}/undo")
    said(owner, f"{LIST}/{it}/modification", start="A", version=str(watched.row(it).version))
    assert "撤销调整" in owner.get(f"{LIST}/{it}").text
    watched.answer(it, "ok")
    assert "撤销调整" not in owner.get(f"{LIST}/{it}").text.split("人工处理记录")[1].split("</li>")[0]
    assert owner.post("/cockpit/interventions/99/undo", {"reason": "x"}).status_code == 404


@ONE
def test_many_are_put_elsewhere_after_a_preview(town: Town, watched: Watched) -> None:
    it, owner = watched.start(), town.visitor("owner")
    address = f"/cockpit/batches/new?verb=modify&instance={it}"
    assert "现在停在" in owner.get(address).text
    page = owner.get(f"{address}&from=A&start=A").text
    assert "这样处理的话" in page and "可以整批撤销" in page
    form = {"verb": "modify", "instance": str(it), "reason": "统一改"}
    assert owner.post("/cockpit/batches", form).status_code == 400
    assert owner.post("/cockpit/batches", {**form, "from": "A", "start": "A"}).status_code == 303
    watched.work()
    assert "已处理" in owner.get("/cockpit/batches/1").text


@ONE
def test_the_end_of_a_request_is_not_taken_back_where_another_was_begun(town: Town) -> None:
    first, owner = town.request("desk", "E03", "company"), town.visitor("owner")
    with Session(town.engine) as session:
        it = session.get_one(Request, first).instance_id
    said(owner, f"{LIST}/{it}/termination")
    town.request("desk", "E03", "company")
    with Session(town.engine) as session:
        number = session.scalars(select(Intervention.id)).one()
    assert "正在办理" in said(owner, f"/cockpit/interventions/{number}/undo")
