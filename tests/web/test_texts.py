"""提醒文字: edited and tried in the browser by administrators; what is wrong is said at its place."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.db import unit
from registry.access.grants import grant_role
from registry.alerts.templates import values
from registry.alerts.templates.model import AlertTemplate
from registry.people.persons import Person
from registry.people.units import Unit
from tests.web.house import Browser, House

PAGE = "/lines/texts/before"
FORM = {"channel": "", "language": "zh", "subject": "{{ 证件 }}剩 {{ 剩余天数 }} 天", "body": "", "seen": ""}


@pytest.fixture
def admin(house: House) -> Browser:
    """The worker, made the group's administrator, who also sees the personal certificates of the company."""
    with unit(house.engine) as session:
        person = session.get_one(Person, house.people["worker"])
        grant_role(session, person, "administrator", session.get_one(Unit, house.units["group"]), by=SYSTEM)
        grant_role(session, person, "hr", session.get_one(Unit, house.units["company"]), by=SYSTEM)
    return house.browser("worker")


def rows(house: House) -> list[AlertTemplate]:
    with Session(house.engine, expire_on_commit=False) as session:
        return list(session.scalars(select(AlertTemplate).order_by(AlertTemplate.id)))


def test_a_text_is_changed_seen_in_the_list_and_taken_back(house: House, admin: Browser) -> None:
    assert "还没到期" in admin.get("/lines/texts").text and "提醒文字" in admin.get("/lines").text
    page = admin.get(PAGE).text
    assert "{{ 证件 }}（{{ 持有人 }}）将于 {{ 到期日 }} 到期，还有 {{ 剩余天数 }} 天。" in page
    assert admin.post(PAGE, FORM).location == f"{PAGE}?channel=&language=zh"
    assert "{{ 证件 }}剩 {{ 剩余天数 }} 天" in admin.get("/lines/texts").text
    page = admin.get(PAGE).text
    assert "测试worker" in page and "在用" in page and "安全生产许可证剩 30 天" in page
    assert admin.post(f"{PAGE}/shipped", {**FORM, "seen": "1"}).status_code == 303
    assert "现在用系统自带的文字" in admin.get(PAGE).text and rows(house)[0].ended_by_name == "测试worker"


@pytest.mark.parametrize("field", ["subject", "body"])
def test_a_broken_one_is_refused_at_its_place_and_what_was_typed_stays(
    house: House, admin: Browser, field: str
) -> None:
    answer = admin.post(PAGE, {**FORM, field: "还有 {{ lefft }} 天"})
    assert answer.status_code == 400 and "第 1 行第 7 个字：没有叫“lefft”的值。" in answer.text
    assert "还有 {{ <mark>lefft</mark> }} 天" in answer.text and f'aria-describedby="h-{field}"' in answer.text
    assert rows(house) == []


def test_the_preview_shows_each_channel_and_a_real_case(house: House, admin: Browser) -> None:
    case = str(house.certificates["trade"])
    found = admin.get(f"/lines/texts/cases?q={'王建国'}").text
    assert f'value="{case}"' in found and "王建国" in found
    told = {**FORM, "subject": "{{ holder }}剩 {{ left }} 天", "body": "{{ code }}到 {{ day|年月日 }}"}
    page = admin.post(f"{PAGE}/preview", {**told, "case": case}).text
    assert "王建国剩 70 天" in page and "LC-P02-000001到 2027年1月31日" in page and "上限 2048 字节" in page
    assert "江海一建剩 30 天" in admin.post(f"{PAGE}/preview", told).text
    assert "<mark>for</mark>" in admin.post(f"{PAGE}/preview", {**told, "body": "{% for x in y %}{% endfor %}"}).text
    assert admin.post(f"{PAGE}/preview", {**told, "case": str(house.certificates["foreign"])}).status_code == 404
    assert rows(house) == []


def test_who_may_not_read_certificates_tries_with_the_example(house: House) -> None:
    with unit(house.engine) as session:
        grant_role(session, session.get_one(Person, house.people["owner"]), "administrator",
                   session.get_one(Unit, house.units["group"]), by=SYSTEM)
    browser = house.browser("owner")
    assert "王建国" not in browser.get("/lines/texts/cases?q=王建国").text
    case = {**FORM, "case": str(house.certificates["trade"])}
    assert browser.post(f"{PAGE}/preview", case).status_code == 404


def test_a_long_sum_is_shown_in_the_parts_in_which_it_leaves(admin: Browser) -> None:
    told = {**FORM, "channel": "wecom_robot", "subject": "{{ 张数 }} 张到期", "count": "50"}
    page = admin.post("/lines/texts/digest/preview", told).text
    assert "分成 3 条" in page and "（3/3）" in page


def test_somebody_who_was_slower_is_told_and_loses_nothing(house: House, admin: Browser) -> None:
    admin.post(PAGE, FORM)
    answer = admin.post(PAGE, {**FORM, "subject": "我写的"})
    assert answer.status_code == 409 and "我写的" in answer.text and len(rows(house)) == 1


@pytest.mark.parametrize("situation", list(values.SITUATIONS))
def test_every_text_has_its_page_in_both_languages_and_the_shipped_one_is_a_good_one(
    admin: Browser, situation: str
) -> None:
    for channel in ("", "email", "aliyun_sms"):
        for tongue in ("zh", "en"):
            page = admin.get(f"/lines/texts/{situation}?channel={channel}&language={tongue}")
            assert page.status_code == 200
            assert channel == "aliyun_sms" or "text-place" not in page.text
    assert admin.get("/lines/texts/nothing").status_code == 404


def test_only_administrators_come_here(house: House, admin: Browser) -> None:
    for login in ("custodian", "stranger", "owner"):
        browser = house.browser(login)
        for address in (PAGE, "/lines/texts", "/lines/texts/cases"):
            assert browser.get(address).status_code == 403
        assert {browser.post(f"{PAGE}{way}", FORM).status_code for way in ("", "/shipped", "/preview")} == {403}


def test_html_is_text(admin: Browser) -> None:
    page = admin.post(f"{PAGE}/preview", {**FORM, "subject": "<script>alert(1)</script>{{ holder }}"}).text
    assert "<script>" not in page and "&lt;script&gt;" in page
