"""The signature that somebody keeps, and the ways to sign: whose they are, what they ask for, what is told of them."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import catalog
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from ledger.facts import Fact
from ledger.files import File
from registry.access.accounts import Account
from registry.access.passwords import hashed
from tests.journeys.papers import picture
from tests.web.desk.at_work import Town, Visitor
from tests.web.desk.test_inbox import submit
from tests.web.desk.test_signing import AFTER, decide, sign
from workflows import CATALOG
from workflows.handling import returning
from workflows.requests import Request
from workflows.sharing.signatures import TaskSignature
from workflows.sharing.specimens import Specimen

PASSWORD = "a long enough password"


def visitor(town: Town, login: str) -> Visitor:
    """Somebody who knows a password."""
    found = town.visitor(login, confirmed=False)
    with unit(town.engine) as session:
        account = session.scalars(select(Account).where(Account.person_id == town.company.people[login])).one()
        account.password_hash = hashed(PASSWORD)
    return found


def store(who: Visitor, content: bytes | None = None, **more: str) -> Any:
    file = {"file": (BytesIO(picture("PNG") if content is None else content), "签名.png")}
    return who.post("/account/signature", {"how": "uploaded", **more, **file})


@pytest.fixture
def task(town: Town) -> int:
    """A review that may be signed in any way."""
    words = (b'<zeebe:property name="licet:signature" value="pass"/>'
             b'<zeebe:property name="licet:signatureBy" value="drawn,stored,typed"/>')
    files = CATALOG["application"].files
    with unit(town.engine) as session:
        catalog.deploy(session, {**files, "application.bpmn": files["application.bpmn"].replace(AFTER, AFTER + words)},
                       by=SYSTEM)
    return submit(town)


def how(town: Town) -> str:
    with Session(town.engine) as session:
        return session.scalars(select(TaskSignature.how)).one()


def test_it_is_kept_replaced_and_removed_with_the_password_and_told(town: Town) -> None:
    legal = visitor(town, "legal")
    assert "存一个签名" in legal.get("/account").text
    refused = store(legal)
    assert refused.status_code == 403 and "请输入登录密码" in refused.text
    assert store(legal, password="wrong password").status_code == 403
    assert store(legal, password=PASSWORD).status_code == 303
    page = legal.get("/account").text
    assert "上传的图片" in page and "/account/signature/picture" in page
    assert legal.get("/account/signature/picture").mimetype == "image/png"
    assert store(legal, how="drawn").status_code == 303  # a moment after the password
    assert "手写" in legal.get("/account").text
    assert legal.post("/account/signature/removal").status_code == 303
    assert legal.get("/account/signature/picture").status_code == 409
    with Session(town.engine) as session:
        assert session.scalar(select(func.count()).select_from(Specimen)) == 0
        assert session.scalar(select(func.count()).select_from(File).where(File.name == "signature.png")) == 0
        told = session.scalars(select(Fact.kind).where(Fact.kind.like("signature.%")).order_by(Fact.id)).all()
    assert told == ["signature.kept", "signature.kept", "signature.removed"]


def test_later_it_is_shown_to_whoever_gives_the_password_again(town: Town, clock: Fixed) -> None:
    legal = visitor(town, "legal")
    store(legal, password=PASSWORD)
    clock.advance(timedelta(minutes=11))
    assert legal.get("/account/signature/picture").status_code == 403
    assert "/account/signature/picture" not in legal.get("/account").text
    assert legal.post("/account/signature/removal").status_code == 403
    assert legal.post("/account/signature/confirmation", {"password": PASSWORD}).status_code == 303
    assert "/account/signature/picture" in legal.get("/account").text


def test_nobody_else_sees_or_uses_it(town: Town) -> None:
    store(visitor(town, "legal"), password=PASSWORD)
    with Session(town.engine) as session:
        number = session.scalars(select(Specimen.file_id)).one()
    other = visitor(town, "legal2")
    assert sign(other, "stored", password=PASSWORD).status_code == 409
    for who in (other, town.visitor("legal")):
        assert who.get(f"/files/{number}").status_code == who.get(f"/files/{number}/preview").status_code == 404


def test_one_signs_with_the_specimen_after_the_password(town: Town, task: int) -> None:
    legal = visitor(town, "legal")
    assert sign(legal, "stored", password=PASSWORD).status_code == 409
    store(legal, password=PASSWORD)
    legal = visitor(town, "legal")  # another browser
    asked = sign(legal, "stored")
    assert asked.status_code == 403 and "请输入登录密码" in asked.get_json()["error"]
    mine = sign(legal, "stored", password=PASSWORD).get_json()["id"]
    assert decide(town, task, signature=[mine]).status_code == 200 and how(town) == "stored"
    with Session(town.engine) as session:
        request = session.scalars(select(Request.id)).one()
    legal.post("/account/signature/removal")
    page = town.visitor("desk").get(f"/requests/{request}").text
    assert "上签名（存档签名）" in page and "签名之后办理内容没有改动" in page
    english = town.visitor("desk")
    english.post("/language", {"language": "en"})
    assert "kept signature" in english.get(f"/requests/{request}").text


def test_one_types_ones_own_name_and_the_password_each_time(town: Town, task: int) -> None:
    legal = visitor(town, "legal")
    store(legal, password=PASSWORD)  # fresh: it does not count here
    assert sign(legal, "typed", name="韩立").status_code == 403
    wrong = sign(legal, "typed", name="韩力", password=PASSWORD)
    assert wrong.status_code == 400 and "请输入您自己的姓名：韩立。" in wrong.get_json()["problems"]["name"]
    mine = sign(legal, "typed", name=" 韩 立 ", password=PASSWORD).get_json()["id"]
    assert decide(town, task, signature=[mine]).status_code == 200 and how(town) == "typed"


def test_a_way_that_the_drawing_does_not_name_does_not_sign(town: Town) -> None:
    words = b'<zeebe:property name="licet:signature" value="pass"/>'
    files = CATALOG["application"].files
    with unit(town.engine) as session:
        catalog.deploy(session, {**files, "application.bpmn": files["application.bpmn"].replace(AFTER, AFTER + words)},
                       by=SYSTEM)
    task, legal = submit(town), visitor(town, "legal")
    assert '"licet:ways": "drawn,stored"' in legal.get(f"/tasks/{task}").text
    mine = sign(legal, "typed", name="韩立", password=PASSWORD).get_json()["id"]
    refused = decide(town, task, signature=[mine])
    assert refused.status_code == 400 and "这一步不能用“键入姓名”" in str(refused.get_json()["problems"])


def test_what_signed_one_decision_signs_no_other(town: Town, task: int) -> None:
    mine = sign(town.visitor("legal")).get_json()["id"]
    assert decide(town, task, signature=[mine]).status_code == 200
    with unit(town.engine) as session:
        again = returning.take_back(session, town.company.actor(session, "legal"), task).id
    refused = decide(town, again, signature=[mine])
    assert refused.status_code == 400 and "已经用在别的办理上" in str(refused.get_json()["problems"])


def test_a_way_that_does_not_exist_is_not_drawn(town: Town) -> None:
    words = (b'<zeebe:property name="licet:signature" value="pass"/>'
             b'<zeebe:property name="licet:signatureBy" value="stamped"/>')
    files = CATALOG["application"].files
    found = catalog.check({**files, "application.bpmn": files["application.bpmn"].replace(AFTER, AFTER + words)})
    assert any("stamped" in str(one) for one in found)


@pytest.mark.parametrize("way", ["/account/signature", "/signatures/drawn"])
def test_a_picture_that_is_none_is_refused_with_a_sentence(town: Town, way: str) -> None:
    legal = visitor(town, "legal")
    file = {"file": (BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), "签名.png")}
    refused = legal.post(way, {"password": PASSWORD, **file}, headers={"Accept": "text/html"})
    assert refused.status_code == 400 and "签名要是 PNG 或 JPEG 图片" in refused.text
