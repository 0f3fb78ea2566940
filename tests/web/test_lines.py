"""消息渠道 and 我的收件方式: set up by administrators, tried by a button; one's own addresses, masked."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.db import unit
from registry.access.grants import grant_role
from registry.alerts.letters import lines, sending
from registry.alerts.letters.model import Contact, Letter, Line, Wish
from registry.people.persons import Person
from registry.people.units import Unit
from tests.registry.alerts.ways import way_of
from tests.web.house import Browser, House
from web.i18n import spoken

HOOK = {"title": "值班群", "key": "robot-key-0123456789", "base_url": "https://qyapi.weixin.qq.com"}


@pytest.fixture
def admin(house: House) -> Browser:
    """The worker, made the group's administrator."""
    with unit(house.engine) as session:
        grant_role(session, session.get_one(Person, house.people["worker"]), "administrator",
                   session.get_one(Unit, house.units["group"]), by=SYSTEM)
    return house.browser("worker")


def test_a_channel_is_added_changed_and_stopped_and_its_secret_is_never_shown(house: House, admin: Browser) -> None:
    assert "还没有消息渠道" in admin.get("/lines").text
    assert admin.post("/lines/new/wecom_robot", HOOK).location == "/lines"
    page = admin.get("/lines").text
    assert "值班群" in page and "还没有测试过" in page
    form = admin.get("/lines/1").text
    assert "qyapi.weixin.qq.com" in form and HOOK["key"] not in form + page
    assert admin.post("/lines/1", {**HOOK, "key": "", "title": "安全群"}).location == "/lines"
    moved = admin.post("/lines/1", {**HOOK, "key": "", "base_url": "https://example.org"})
    assert moved.status_code == 400 and "服务器地址变了" in moved.text
    assert admin.post("/lines/1/stop").status_code == 303 and "已停用" in admin.get("/lines").text
    assert admin.post("/lines/1/use").status_code == 303
    with Session(house.engine) as session:
        line = session.get_one(Line, 1)
        assert (line.title, line.stopped_at, lines.settings_of(line).key) == ("安全群", None, HOOK["key"])


@pytest.mark.parametrize(("wrong", "said"), [
    ({"base_url": "http://127.0.0.1:6379"}, "https://"), ({"title": ""}, "请填写"), ({"key": ""}, "请填写"),
    ({"base_url": "https://user:x@example.org"}, "https://"),
])
def test_what_is_wrong_with_a_channel_is_said_at_the_field_and_nothing_is_kept(
    house: House, admin: Browser, wrong: dict[str, str], said: str
) -> None:
    answer = admin.post("/lines/new/wecom_robot", {**HOOK, **wrong})
    assert answer.status_code == 400 and said in answer.text and HOOK["key"] not in answer.text
    with Session(house.engine) as session:
        assert session.scalar(select(Line.id)) is None


def test_every_channel_has_a_form(admin: Browser) -> None:
    for name in ("email", "aliyun_sms", "tencent_sms", "wecom_robot", "wecom_app", "dingtalk_robot", "feishu_robot",
                 "webhook"):
        assert admin.get(f"/lines/new/{name}").status_code == 200
    assert admin.get("/lines/new/pigeon").status_code == 404


def test_a_test_message_leaves_and_a_letter_that_did_not_is_sent_again(house: House, admin: Browser) -> None:
    admin.post("/lines/new/wecom_robot", HOOK)
    with way_of("wecom_robot") as way:
        with unit(house.engine) as session:
            line = session.get_one(Line, 1)
            by = _actor(session, house)
            lines.change(session, line, {"key": way.provider.key, "base_url": way.settings.base_url}, title="值班群",
                         by=by, local=True)
        assert admin.post("/lines/1/trial").status_code == 303
        assert "等待发送" in admin.get("/lines").text
        way.provider.key = "another"
        assert sending.sweep(house.engine, way.http, spoken, "")
        page = admin.get("/lines").text
        assert "没有发出" in page and "93000" in page
        way.provider.key = HOOK["key"]
        assert admin.post("/lines/letters/1/again").status_code == 303
        assert sending.sweep(house.engine, way.http, spoken, "")
        assert "值班群 可以送达" in way.provider.taken[-1][0] and "已发出" in admin.get("/lines").text
        assert admin.post("/lines/letters/1/again").status_code == 404


def _actor(session: Session, house: House):
    from registry.access.accounts import actor_for

    return actor_for(session, session.get_one(Person, house.people["worker"]))


def test_only_administrators_of_the_group_come_here(house: House, admin: Browser) -> None:
    admin.post("/lines/new/wecom_robot", HOOK)
    for login in ("custodian", "stranger"):
        browser = house.browser(login)
        for address in ("/lines", "/lines/1", "/lines/new/email"):
            assert browser.get(address).status_code == 403
        assert browser.post("/lines/1/trial").status_code == 403
    with Session(house.engine) as session:
        assert session.scalar(select(Letter.id)) is None


def test_ones_own_addresses_are_kept_masked_and_taken_away(house: House) -> None:
    browser = house.browser("custodian")
    assert browser.post("/account/letters", {"mailbox": "a b@example", "person": ""}).status_code == 400
    sent = {"mailbox": "ke.eper@example.org", "person": "", "mobile": "yes", "digest": "yes"}
    assert browser.post("/account/letters", sent).location == "/account"
    page = browser.get("/account/letters").text
    assert "k***r@example.org" in page and "ke.eper" not in page
    with Session(house.engine) as session:
        assert session.scalars(select(Wish.digest)).one() and b"eper" not in session.scalars(
            select(Contact.address)).one()
    browser.post("/account/letters", {"mailbox": "", "person": "", "no_mailbox": "yes"})
    with Session(house.engine) as session:
        assert session.scalar(select(Contact.person_id)) is None


