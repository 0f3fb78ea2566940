"""The link for an expert outside: it shows what was ticked, opens by a POST, answers once, and then is nobody's."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from ledger.clock import Fixed
from ledger.facts import Fact
from ledger.outbox import deliver
from registry.alerts.notices import Notice
from tests.web.desk.at_work import Town
from tests.web.desk.test_correcting import ask as corrections
from tests.web.desk.test_correcting import question
from tests.web.desk.test_inbox import submit
from tests.web.desk.test_moved_on import approve, end
from workflows import triggers
from workflows.requests import Request, RequestFile
from workflows.sharing.consulting import Consultation, ConsultationView

ASKED = {"expert_name": "冯专家", "expert_org": "某设计院", "question": "这样配置专职安全员够不够？", "days": "5"}
TOKEN = re.compile(r'name="csrf-token" content="[^"]+"')
"""What two pages differ in where a second lies between them."""


class Expert:
    """Somebody with the link and no account."""

    def __init__(self, client: FlaskClient, address: str) -> None:
        self.client, self.address = client, address

    def door(self) -> TestResponse:
        return self.client.get(self.address)

    def post(self, path: str = "", data: dict[str, Any] | None = None) -> TestResponse:
        page = self.client.get("/login").text
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert found
        return self.client.post(self.address + path, data={"csrf_token": found[1], **(data or {})})

    def answers(self, **more: str) -> TestResponse:
        return self.post("/answer", {"verdict": "agree", "answer": "够了，符合规定人数。", **more})


@pytest.fixture
def task(town: Town) -> int:
    """A review that 韩立 (legal) has claimed."""
    number = submit(town)
    town.visitor("legal").post(f"/tasks/{number}/claim")
    return number


def ask(town: Town, task: int, **more: Any) -> TestResponse:
    return town.visitor("legal").post(f"/tasks/{task}/consultations", {**ASKED, **more})


def expert(town: Town, task: int, **more: Any) -> Expert:
    page = ask(town, task, **more)
    assert page.status_code == 200, page.text
    link = re.search(r'value="http://localhost(/x/[\w-]{22})"', page.text)
    assert link
    return Expert(town.app.test_client(), link[1])


def facts(town: Town, kind: str) -> int:
    with Session(town.engine) as session:
        return session.scalar(select(func.count()).select_from(Fact).where(Fact.kind == kind)) or 0


def test_the_link_shows_what_was_ticked_and_nothing_else(town: Town, task: int) -> None:
    with Session(town.engine) as session:
        file = session.scalars(select(RequestFile.file_id)).first()
        other = session.scalars(select(Request)).one().content
    page = town.visitor("legal").get(f"/tasks/{task}/consultations/new").text
    field = next(one for one in re.findall(r'name="fields" value="([^"]+)"', page) if one in other)
    visitor = expert(town, task, fields=field, files=str(file))
    door = visitor.door()
    assert "韩立 想请您就一件事给出意见" in door.text and ASKED["question"] not in door.text
    assert door.headers["X-Robots-Tag"] == "noindex, nofollow" and 'name="robots"' in door.text
    opened = visitor.post()
    assert ASKED["question"] in opened.text and str(other[field]) in opened.text
    hidden = [one for key, one in other.items() if key != field and isinstance(one, str) and len(one) > 6]
    assert hidden and not any(one in opened.text for one in hidden if one not in str(other[field]))
    assert visitor.post(f"/files/{file}").status_code == 200
    assert visitor.client.get(f"/files/{file}").status_code in (302, 303)


def test_a_foreign_file_is_nobodys(town: Town, task: int) -> None:
    with Session(town.engine) as session:
        file = session.scalars(select(RequestFile.file_id)).first()
    visitor = expert(town, task)
    visitor.post()
    gone, nothing = visitor.post(f"/files/{file}"), visitor.post("/files/999999")
    assert gone.status_code == 404 and TOKEN.sub("", gone.text) == TOKEN.sub("", nothing.text)
    strange = ask(town, task, files=str(town.visitor("legal").upload().get_json()["id"]))
    assert strange.status_code == 400 and "有的内容已经不在这项申请里" in strange.text


def test_following_a_link_uses_nothing_up_and_opening_is_written_down(town: Town, task: int) -> None:
    visitor = expert(town, task)
    visitor.door()
    visitor.client.head(visitor.address)
    assert facts(town, "consultation.opened") == 0
    visitor.post()
    visitor.post()
    assert facts(town, "consultation.opened") == 1
    with Session(town.engine) as session:
        seen = session.scalars(select(ConsultationView)).all()
        assert len(seen) == 2 and len(seen[0].address_hash) == 32 and "127" not in seen[0].address_hash
        row = session.scalars(select(Consultation)).one()
        assert visitor.address.removeprefix("/x/") not in (row.token_hash, row.question)
    assert "打开 2 次" in town.visitor("legal").get(f"/tasks/{task}").text


def test_one_answer_and_the_asker_is_told(town: Town, task: int) -> None:
    visitor = expert(town, task)
    assert visitor.answers().status_code == 404  # not opened yet
    visitor.post()
    missing = visitor.post("/answer", {"answer": "没有选结论"})
    assert missing.status_code == 400 and "请选择" in missing.text and "没有选结论" in missing.text
    assert "意见已送达 韩立" in visitor.answers().text
    deliver(town.engine, triggers.HANDLERS)
    with Session(town.engine) as session:
        words = [one.text.format(**one.params) for one in session.scalars(select(Notice).where(
            Notice.person_id == town.company.people["legal"]))]
    assert "冯专家 答复了您关于“安全生产许可证 · 华建第一建筑有限公司”的咨询。" in words
    page = town.visitor("legal").get(f"/tasks/{task}").text
    assert "够了，符合规定人数。" in page and "已答复：<strong>同意" in page and "外部专家答复了咨询" in page
    late = visitor.answers(answer="再补充一句")
    assert late.status_code == 404 and "再补充一句" in late.text and facts(town, "consultation.answered") == 1


def test_every_dead_link_looks_the_same(town: Town, task: int, clock: Fixed) -> None:
    used, revoked, over = (expert(town, task) for _ in range(3))
    used.post()
    used.answers()
    with Session(town.engine) as session:
        second = session.scalars(select(Consultation.id).order_by(Consultation.id)).all()[1]
    assert town.visitor("legal").post(f"/tasks/{task}/consultations/{second}/revocation").status_code == 303
    clock.advance(timedelta(days=9))
    unknown = Expert(town.app.test_client(), "/x/" + "A" * 22)
    pages = {re.sub(r'(content|value)="[^"]+"', "", one.door().text.replace(one.address, ""))
             for one in (used, revoked, over, unknown)}
    assert len(pages) == 1
    assert {one.post().status_code for one in (used, revoked, over, unknown)} == {404}
    assert facts(town, "consultation.opened") == 1


@pytest.mark.parametrize("finish", [approve, end], ids=["decided", "terminated"])
def test_a_link_ends_with_its_task(town: Town, task: int, finish: Any) -> None:
    visitor = expert(town, task)
    finish(town, task)
    assert visitor.door().status_code == 404 and visitor.post().status_code == 404


def test_only_whoever_holds_the_task_asks_or_revokes(town: Town, task: int) -> None:
    page = town.visitor("legal2").get(f"/tasks/{task}/consultations/new")
    assert page.status_code == 409 and "该任务由 韩立 办理" in page.text
    assert town.visitor("legal2").post(f"/tasks/{task}/consultations", ASKED).status_code == 409
    assert town.visitor("desk").get(f"/tasks/{task}/consultations/new").status_code in (403, 404)
    expert(town, task)
    with Session(town.engine) as session:
        number = session.scalars(select(Consultation.id)).one()
    revocation = f"/tasks/{task}/consultations/{number}/revocation"
    assert town.visitor("legal2").post(revocation).status_code == 403
    assert town.visitor("legal").post(revocation).status_code == 303
    again = town.visitor("legal").post(revocation)
    assert again.status_code == 409 and "不能再撤销" in again.text


def test_the_applicant_reads_nothing_of_it(town: Town, task: int) -> None:
    visitor = expert(town, task)
    visitor.post()
    visitor.answers()
    with Session(town.engine) as session:
        request = session.scalars(select(Request.id)).one()
    page = town.visitor("desk").get(f"/requests/{request}").text
    assert "够了，符合规定人数。" not in page and "冯专家" not in page


@pytest.mark.parametrize(("more", "words"), [
    ({"expert_name": " "}, "请填写"), ({"question": ""}, "请填写"), ({"days": "31"}, "有效期为 1 至 30 个工作日"),
    ({"days": "x"}, "有效期为 1 至 30 个工作日"), ({"fields": "no_such_field"}, "有的内容已经不在这项申请里"),
])
def test_what_is_missing_is_said_and_nothing_typed_is_lost(
    town: Town, task: int, more: dict[str, str], words: str
) -> None:
    page = ask(town, task, **more)
    assert page.status_code == 400 and words in page.text and "某设计院" in page.text
    with Session(town.engine) as session:
        assert session.scalars(select(Consultation)).all() == []


def test_sent_twice_it_is_one_link(town: Town, task: int) -> None:
    assert ask(town, task, once="abcdefgh2").status_code == 200
    assert ask(town, task, once="abcdefgh2").status_code == 303
    with Session(town.engine) as session:
        assert len(session.scalars(select(Consultation)).all()) == 1


def test_not_too_many_links_at_once(town: Town, task: int) -> None:
    for _ in range(5):
        assert ask(town, task).status_code == 200
    page = ask(town, task)
    assert page.status_code == 400 and "已有 5 份咨询没有答复" in page.text


def test_personal_data_is_marked_and_never_ticked_by_itself(town: Town, task: int) -> None:
    page = town.visitor("legal").get(f"/tasks/{task}/consultations/new").text
    assert "checked" not in page.split("给专家看的内容")[1] and "可能是个人信息" in page


def test_who_applied_asks_no_expert_whose_answer_they_could_not_read(town: Town, task: int) -> None:
    corrections(town, town.visitor("legal"), task, address="请核对门牌号")
    child, desk = question(town, task), town.visitor("desk")
    assert "咨询外部专家" not in desk.get(f"/tasks/{child}").text
    refused = desk.post(f"/tasks/{child}/consultations", ASKED)
    assert refused.status_code == 403 and "申请人可以用评论说明" in refused.text
    assert not facts(town, "consultation.asked")
