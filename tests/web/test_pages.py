"""People, calendar, notices, errors, languages: what people read on the other pages."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from ledger.facts import Fact, record
from ledger.workdays import CalendarYear, calendar
from registry.access.accounts import Account
from registry.alerts.notices import Notice, notify
from tests.web.house import ID_NUMBER, House
from web import home
from web.text import due, masked_name, masked_number


def test_an_id_number_is_never_on_a_page_in_full(house: House) -> None:
    browser = house.browser("hr")
    for page in ("/people?q=王", f"/people/{house.people['welder']}", "/search?q=王"):
        text = browser.get(page).text
        assert ID_NUMBER not in text and "13812345678" not in text
    assert "110101********0214" in browser.get(f"/people/{house.people['welder']}").text


def test_who_may_may_see_it_once_for_a_reason_that_is_kept(house: House) -> None:
    browser, address = house.browser("hr"), f"/people/{house.people['welder']}/disclosure"
    assert browser.post(address, {"reason": " "}).status_code == 400
    answer = browser.post(address, {"reason": "报名考试"})
    assert answer.status_code == 200 and ID_NUMBER in answer.text and "13812345678" in answer.text
    with Session(house.engine) as session:
        kept = session.scalars(select(Fact).where(Fact.kind == "person.unmasked")).one()
    assert kept.after == {"reason": "报名考试"} and kept.actor_id == house.people["hr"]


def test_who_may_not_does_not_and_another_group_s_are_not_there(house: House) -> None:
    assert (
        house.browser("guard").post(f"/people/{house.people['welder']}/disclosure", {"reason": "x"}).status_code == 403
    )
    assert (
        house.browser("hr").post(f"/people/{house.people['foreigner']}/disclosure", {"reason": "x"}).status_code == 404
    )


def test_people_are_found_by_name_pinyin_and_initials(house: House) -> None:
    browser = house.browser("hr")
    for words in ("王建", "wangjianguo", "wjg"):
        assert "王建国" in browser.get("/people", query_string={"q": words}).text, words
    assert "没有符合条件的人员" in browser.get("/people", query_string={"q": "%_"}).text


def test_the_notice_of_a_year_is_entered_day_by_day_and_confirmed(house: House) -> None:
    browser = house.browser("owner")
    spring = {"first": "2027-02-05", "last": "2027-02-11", "kind": "off", "name": "春节"}
    assert browser.post("/calendar/2027/days", spring).status_code == 303
    assert (
        browser.post("/calendar/2027/days", {"first": "2027-02-13", "kind": "work", "name": "春节"}).status_code == 303
    )
    with Session(house.engine) as session:
        days = calendar(session)
        assert not days.is_workday(dt.date(2027, 2, 8)) and days.is_workday(dt.date(2027, 2, 13))
        assert not days.confirmed(dt.date(2027, 2, 8), dt.date(2027, 2, 8))
    assert (
        browser.post("/calendar/2027/confirmation", {"confirmed": "yes", "source": "国办发明电〔2026〕9号"}).status_code
        == 303
    )
    with Session(house.engine) as session:
        assert calendar(session).confirmed(dt.date(2027, 2, 8), dt.date(2027, 2, 8))
        kinds = [
            fact.kind for fact in session.scalars(select(Fact).where(Fact.subject_kind == "calendar").order_by(Fact.id))
        ]
    assert kinds == ["calendar.changed", "calendar.changed", "calendar.confirmed"]


def test_only_days_that_differ_from_their_weekday_are_kept(house: House) -> None:
    browser = house.browser("owner")
    browser.post("/calendar/2027/days", {"first": "2027-02-05", "last": "2027-02-11", "kind": "off"})
    text = browser.get("/calendar/2027").text
    assert text.count("day-off") == 1 + 5  # the legend, and five weekdays of seven
    browser.post("/calendar/2027/days", {"first": "2027-02-01", "last": "2027-02-28", "kind": "weekday"})
    assert browser.get("/calendar/2027").text.count("day-off") == 1


def test_a_wrong_change_of_the_calendar_says_why_and_changes_nothing(house: House) -> None:
    browser = house.browser("owner")
    for sent, said in (
        ({"first": "2026-02-05", "kind": "off"}, "日期要在 2027 年内"),
        ({"first": "x", "kind": "off"}, "请选择日期"),
        ({"first": "2027-02-05", "last": "2027-02-01", "kind": "off"}, "结束日期要在开始日期之后"),
        ({"first": "2027-02-05", "kind": "party"}, "请选择休息、上班或按星期"),
        ({"first": "2027-01-01", "last": "2027-12-31", "kind": "off"}, "一次最多 31 天"),
    ):
        answer = browser.post("/calendar/2027/days", sent)
        assert answer.status_code == 400 and said in answer.text, said
    assert browser.post("/calendar/2027/confirmation", {"confirmed": "yes", "source": " "}).status_code == 400
    with Session(house.engine) as session:
        assert session.get_one(CalendarYear, 2027).revision == 1


def test_a_notice_leads_to_its_subject_and_is_read(house: House) -> None:
    with unit(house.engine) as session:
        fact = record(session, "certificate.window_opened", ("certificate", house.certificates["trade"]), by=SYSTEM)
        notify(session, [house.people["hr"], house.people["legal"]], fact, "{name}可以开始办理延续", {"name": "王建国"})
    browser = house.browser("hr")
    told = browser.get("/counts").json
    assert (told["inbox"], told["notices"]) == (0, 1)
    assert "王建国可以开始办理延续" in browser.get("/notices").text
    with Session(house.engine) as session:
        mine, other = session.scalars(select(Notice.id).order_by(Notice.person_id != house.people["hr"]))
    assert browser.post(f"/notices/{other}/reading").status_code == 404
    assert browser.post(f"/notices/{mine}/reading").location == f"/certificates/{house.certificates['trade']}"
    assert browser.get("/counts").json["notices"] == 0


def test_the_page_speaks_english_when_asked_and_remembers_it(house: House) -> None:
    browser = house.browser("hr")
    assert browser.post("/language", {"language": "en", "next": "/people"}).location == "/people"
    page = browser.get("/people")
    assert '<html lang="en"' in page.text and "People and projects" in page.text
    with Session(house.engine) as session:
        assert session.scalar(select(Account.locale).where(Account.login == "hr")) == "en"
    assert '<html lang="en"' in house.browser("hr").get("/").text
    browser.post("/language", {"language": "xx"})
    assert '<html lang="en"' in browser.get("/").text


def test_errors_come_as_a_page_as_a_fragment_and_as_json(house: House) -> None:
    browser = house.browser("hr")
    page, fragment = (
        browser.get("/certificates/99999"),
        browser.get("/certificates/99999", headers={"HX-Request": "true"}),
    )
    told = browser.get("/certificates/99999", headers={"Accept": "application/json"})
    assert page.status_code == fragment.status_code == told.status_code == 404
    assert "<html" in page.text and "没有找到" in page.text
    assert "<html" not in fragment.text and 'role="alert"' in fragment.text
    assert told.json == {"error": "没有找到该内容，或您无权查看。", "title": "没有找到", "status": 404}


def test_a_defect_of_ours_shows_a_number_and_no_trace(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("the secret of the house")

    browser = house.browser("hr")
    monkeypatch.setattr(home, "_ending", broken)
    answer = browser.get("/")
    assert answer.status_code == 500
    assert "secret" not in answer.text and "Traceback" not in answer.text
    number = answer.text.split("<code>")[1].split("</code>")[0]
    assert number in caplog.text and "ZeroDivisionError" in caplog.text


def test_a_busy_database_is_a_503_that_says_what_was_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise OperationalError("select", {}, Exception("database is locked"))

    browser = house.browser("hr")
    monkeypatch.setattr(home, "_ending", busy)
    answer = browser.get("/")
    assert answer.status_code == 503 and "这一步没有保存" in answer.text and answer.headers["Retry-After"] == "60"


def test_a_database_that_goes_away_while_saving_is_not_said_to_have_kept_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("commit", {}, Exception("server closed the connection unexpectedly"))

    browser = house.browser("hr")
    token = browser.token()
    monkeypatch.setattr("sqlalchemy.orm.Session.commit", away)
    answer = browser.client.post("/logout", data={"csrf_token": token})
    assert answer.status_code == 503 and "可能已经保存" in answer.text and "这一步没有保存" not in answer.text


def test_the_error_page_needs_no_database(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_token: str) -> None:
        raise OperationalError("select", {}, Exception("connection refused"))

    browser = house.browser("hr")
    monkeypatch.setattr(house.app.login_manager, "_user_callback", away)  # type: ignore[attr-defined]
    answer = browser.get("/people")
    assert answer.status_code == 503 and "<html" in answer.text and "这一步没有保存" in answer.text


def test_the_site_says_that_it_is_well(house: House) -> None:
    answer = house.browser().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"ok": True, "database": "up", "redis": "none"})


def test_a_promise_is_said_in_working_days(house: House, clock: Fixed) -> None:
    from ledger.clock import end_of_day, now

    with house.app.test_request_context("/"):
        assert due(end_of_day(dt.date(2026, 11, 24))) == "还剩 2 个工作日"
        assert due(end_of_day(dt.date(2026, 11, 22))) == "今天到期"
        assert due(now() - dt.timedelta(hours=3)) == "已逾期 3 小时"
        assert due(now() - dt.timedelta(days=2)) == "已逾期 2 天"
        assert due(end_of_day(dt.date(2027, 1, 5)), confirmed=False) == "还剩 32 个工作日(日历未确认)"


def test_names_and_numbers_are_masked_from_both_ends() -> None:
    assert [masked_name(name) for name in ("王建国", "王建", "欧阳修文", "")] == ["王**", "王*", "欧**", ""]
    assert masked_number(ID_NUMBER) == "110101********0214"
    assert masked_number("13812345678") == "138****5678"
    assert masked_number("苏A012025000123") == "苏A0*******0123"


def test_a_file_that_never_changes_stays_cached_when_a_browser_asks_again(house: House) -> None:
    client, address = house.app.test_client(), "/static/icon.svg?v=1"
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert {one.headers["Cache-Control"] for one in (first, again)} == {"public, max-age=31536000, immutable"}
    assert "Cookie" not in {name for one in (first, again) for name in one.vary}
