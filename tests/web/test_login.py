"""Signing in and out: ASVS 7.2-7.4, 3.7.2; attacks A40, A48, A73-A76."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from registry.access.accounts import Account, disable
from registry.access.sign_ins import WebSession
from registry.access.throttle import SignInTry, counted
from tests.servers import Redis
from tests.web.house import PASSWORD, House


def test_nobody_gets_past_the_door_without_signing_in(house: House) -> None:
    answer = house.browser().get("/certificates?family=P")
    assert answer.status_code == 302
    assert answer.location == "/login?next=/certificates?family%3DP"


def test_after_signing_in_one_is_where_one_wanted_to_go(house: House) -> None:
    answer = house.browser().sign_in("hr", next="/people?q=w")
    assert (answer.status_code, answer.location) == (303, "/people?q=w")


ELSEWHERE = [
    "//evil.example",
    "https://evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "/\t/evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    " //evil.example",
    "",
]


@pytest.mark.asvs("3.7.2")
@pytest.mark.attack("A48")
def test_the_door_never_leads_to_another_site(house: House) -> None:
    assert {target: house.browser().sign_in("hr", next=target).location for target in ELSEWHERE} == dict.fromkeys(
        ELSEWHERE, "/"
    )


@pytest.mark.asvs("6.3.8")
@pytest.mark.attack("A76")
def test_a_wrong_password_and_an_unknown_name_read_the_same(house: House) -> None:
    one, two = (house.browser().sign_in(login, "wrong password") for login in ("hr", "nobody"))
    assert one.status_code == two.status_code == 401
    assert "账号或密码不对" in one.text
    token = re.compile(r'(name="csrf_token" value|name="csrf-token" content)="[^"]*"')  # random in every page
    assert token.sub("", one.text).replace('value="hr"', "") == token.sub("", two.text).replace('value="nobody"', "")


def test_wrong_passwords_are_counted_though_the_answer_is_a_refusal(house: House) -> None:
    house.browser().sign_in("hr", "wrong password")
    with Session(house.engine) as session:
        failed = select(SignInTry.failed).where(SignInTry.key == counted("hr").own)
        assert session.scalar(failed) == 1


@pytest.mark.asvs("7.4.1")
@pytest.mark.attack("A74")
def test_signing_out_kills_the_sign_in_for_a_stolen_cookie_too(house: House) -> None:
    browser, thief = house.browser("hr"), house.browser()
    stolen = browser.client.get_cookie("licet")
    assert stolen
    thief.client.set_cookie("licet", stolen.value)
    assert thief.get("/people").status_code == 200
    assert browser.post("/logout").status_code == 303
    assert thief.get("/people").status_code == 302
    assert browser.get("/people").status_code == 302


@pytest.mark.asvs("7.4.2")
def test_a_disabled_account_dies_with_the_next_request(house: House) -> None:
    browser = house.browser("hr")
    with unit(house.engine) as session:
        disable(session, session.scalars(select(Account).where(Account.login == "hr")).one(), by=SYSTEM)
    assert browser.get("/people").status_code == 302


@pytest.mark.asvs("7.2.4")
@pytest.mark.attack("A73")
def test_a_cookie_planted_before_signing_in_is_worth_nothing_after(house: House) -> None:
    browser = house.browser()
    browser.get("/login")
    planted = browser.client.get_cookie("licet")
    browser.sign_in("hr")
    attacker = house.browser()
    attacker.client.set_cookie("licet", planted.value if planted else "")
    assert attacker.get("/people").status_code == 302


@pytest.mark.asvs("7.2.4")
def test_signing_in_again_ends_the_sign_in_before(house: House) -> None:
    browser, thief = house.browser("hr"), house.browser()
    old = browser.client.get_cookie("licet")
    token = browser.token()
    browser.client.post("/login", data={"csrf_token": token, "login": "hr", "password": PASSWORD})
    thief.client.set_cookie("licet", old.value if old else "")
    assert thief.get("/people").status_code == 302


@pytest.mark.asvs("7.3.1", "7.3.2")
def test_a_sign_in_ends_after_two_idle_hours_and_after_twelve_in_all(house: House, clock: Fixed) -> None:
    idle = house.browser("hr")
    clock.advance(timedelta(hours=2, seconds=1))
    assert idle.get("/people").status_code == 302
    busy = house.browser("hr")
    for _ in range(8):
        clock.advance(timedelta(minutes=89))
        assert busy.get("/people").status_code == 200
    clock.advance(timedelta(minutes=30))
    assert busy.get("/people").status_code == 302


def test_a_page_left_open_keeps_no_sign_in_alive(house: House, clock: Fixed) -> None:
    browser = house.browser("hr")
    for _ in range(5):
        clock.advance(timedelta(minutes=25))
        status = browser.get("/counts", headers={"Accept": "application/json"}).status_code
    assert status == 401
    assert browser.get("/people").status_code == 302


def test_the_table_of_sign_ins_cannot_be_used_to_sign_in(house: House) -> None:
    house.browser("hr")
    with Session(house.engine) as session:
        row = session.scalars(select(WebSession)).one()
    browser = house.browser()
    with browser.client.session_transaction() as cookie:
        cookie["_user_id"] = row.token_hash
    assert browser.get("/people").status_code == 302


def test_old_sign_ins_are_forgotten(house: House, clock: Fixed) -> None:
    house.browser("hr")
    house.browser("legal")
    clock.advance(timedelta(days=91))
    house.browser("hr")
    with Session(house.engine) as session:
        kept = session.scalars(select(Account.login).join(WebSession).order_by(WebSession.id)).all()
    assert kept == ["legal", "hr"]


@pytest.mark.asvs("6.2.2", "7.4.3")
@pytest.mark.attack("A74")
def test_a_new_password_ends_the_other_sign_ins_only(house: House) -> None:
    here, there = house.browser("hr"), house.browser("hr")
    changed = {"old": PASSWORD, "new": "seven blue diggers", "again": "seven blue diggers"}
    assert here.post("/account/password", changed).status_code == 303
    assert here.get("/people").status_code == 200
    assert there.get("/people").status_code == 302
    assert house.browser().sign_in("hr").status_code == 401


WRONG = [
    ("wrong", "seven blue diggers", "seven blue diggers", "现在的密码不对"),
    (PASSWORD, "seven blue diggers", "seven red diggers", "两次输入的新密码不一样"),
    (PASSWORD, "short", "short", "密码应为 10 到 200 个字符"),
]


@pytest.mark.asvs("6.2.3")
def test_a_password_that_cannot_be_changed_says_why(house: House) -> None:
    browser = house.browser("hr")
    for old, new, again, said in WRONG:
        answer = browser.post("/account/password", {"old": old, "new": new, "again": again})
        assert answer.status_code == 400
        assert said in answer.text


@pytest.mark.asvs("7.5.2")
def test_one_ends_ones_own_sign_ins_and_nobody_elses(house: House) -> None:
    here, there, other = house.browser("hr"), house.browser("hr"), house.browser("legal")
    with Session(house.engine) as session:
        first, second, third = session.scalars(select(WebSession.id).order_by(WebSession.id))
    assert here.post(f"/account/sign-ins/{third}/end").status_code == 404
    assert here.post(f"/account/sign-ins/{second}/end").status_code == 303
    assert (here.get("/").status_code, there.get("/").status_code, other.get("/").status_code) == (200, 302, 200)


@pytest.mark.asvs("8.3.2")
def test_a_role_taken_away_is_gone_with_the_next_request(house: House) -> None:
    from registry.access.grants import RoleGrant, revoke

    browser = house.browser("owner")
    assert browser.get("/calendar/2026").status_code == 200
    with unit(house.engine) as session:
        revoke(
            session,
            session.scalars(select(RoleGrant).where(RoleGrant.person_id == house.people["owner"])).one(),
            by=SYSTEM,
        )
    assert browser.get("/calendar/2026").status_code == 403


def _tries(engine: Engine, folder: Path, count: int, redis_url: str = "", **more: str) -> list[int]:
    house = House(engine, folder, found=False, redis_url=redis_url)
    try:
        browser = house.browser()
        return [browser.sign_in("hr", "wrong password", **more).status_code for _ in range(count)]
    finally:
        house.close()


@pytest.mark.asvs("6.3.1")
@pytest.mark.attack("A75")
def test_the_sixth_wrong_try_is_put_off_and_told_for_how_long(house: House) -> None:
    browser = house.browser()
    assert [browser.sign_in("hr", "wrong password").status_code for _ in range(5)] == [401] * 5
    answer = browser.sign_in("hr", PASSWORD)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "16") and "16 秒后再试" in answer.text


@pytest.mark.asvs("6.3.8")
@pytest.mark.attack("A76")
def test_a_name_that_nobody_has_is_put_off_in_the_same_words(house: House) -> None:
    told = []
    for login in ("hr", "nobody"):
        browser = house.browser()
        answers = [browser.sign_in(login, "wrong password") for _ in range(6)]
        told.append([(one.status_code, one.headers.get("Retry-After")) for one in answers])
    assert told[0] == told[1] and told[0][-1] == (429, "16")


def test_tries_are_counted_by_all_processes_together_without_a_redis(house: House, tmp_path: Path) -> None:
    assert _tries(house.engine, tmp_path, 3) == [401] * 3
    assert _tries(house.engine, tmp_path, 3) == [401, 401, 429]


def test_tries_are_counted_while_redis_is_down_too(house: House, tmp_path: Path, redis_server: Redis) -> None:
    url = redis_server.url
    redis_server.stop()
    assert _tries(house.engine, tmp_path, 6, url)[-1] == 429


@pytest.mark.asvs("6.1.1")
@pytest.mark.attack("A75")
def test_strangers_never_keep_the_owner_out_of_the_browser_she_uses(house: House, clock: Fixed) -> None:
    """A75: somebody who tries for ever from anywhere makes only new browsers wait."""
    hers, stranger = house.browser("hr"), house.browser()
    hers.post("/logout")
    for _ in range(12):
        stranger.sign_in("hr", "wrong password")
    assert stranger.sign_in("hr").status_code == 429
    assert hers.sign_in("hr").status_code == 303


def test_the_mark_of_a_known_browser_is_worth_nothing_for_another_account(house: House) -> None:
    hers, stranger = house.browser("hr"), house.browser()
    mark = hers.client.get_cookie("licet-known")
    assert mark and mark.http_only and mark.same_site == "Lax"
    for _ in range(5):
        stranger.sign_in("legal", "wrong password")
    hers.post("/logout")
    assert hers.sign_in("legal").status_code == 429


def test_a_known_browser_waits_too_after_its_own_wrong_tries(house: House) -> None:
    hers = house.browser("hr")
    hers.post("/logout")
    assert [hers.sign_in("hr", "wrong password").status_code for _ in range(6)] == [401] * 5 + [429]


@pytest.mark.asvs("6.3.1")
@pytest.mark.attack("A75")
def test_one_password_tried_on_many_names_is_put_off_by_the_address(house: House, clock: Fixed) -> None:
    """A75: spraying."""
    answers = [house.browser().sign_in(f"name{number}", "Spring2026!").status_code for number in range(51)]
    assert answers == [401] * 50 + [429]
    clock.advance(timedelta(seconds=16))
    assert house.browser().sign_in("hr").status_code == 303


@pytest.mark.asvs("7.5.2")
def test_the_sign_ins_of_an_account_say_where_from_and_the_others_end_together(house: House) -> None:
    here, there = house.browser("hr"), house.browser("hr")
    page = here.get("/account").text
    assert page.count("127.0.0.1") == 2 and "结束其他登录" in page
    assert here.post("/account/sign-ins/end").status_code == 303
    assert (here.get("/people").status_code, there.get("/people").status_code) == (200, 302)
    assert "结束其他登录" not in here.get("/account").text


def test_the_address_of_a_sign_in_is_not_readable_in_the_table(house: House) -> None:
    house.browser("hr")
    with Session(house.engine) as session:
        row = session.scalars(select(WebSession)).one()
    assert row.address == "127.0.0.1" and b"127.0.0.1" not in (row.address_sealed or b"")


def test_an_old_password_has_to_be_changed_before_anything_else(house: House, clock: Fixed, tmp_path: Path) -> None:
    strict = House(house.engine, tmp_path, found=False, profile="dengbao3")
    assert strict.browser("hr").get("/people").location == "/account/factors"
    clock.advance(timedelta(days=90))
    browser = strict.browser("hr")
    assert browser.get("/people").location == "/account/password/due"
    assert browser.get("/counts", headers={"Accept": "application/json"}).status_code == 403
    same = {"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}
    assert "至少要有 3 种" in browser.post("/account/password", same).text
    new = {"old": PASSWORD, "new": "Seven blue diggers 7", "again": "Seven blue diggers 7"}
    assert browser.post("/account/password", new).status_code == 303
    assert browser.get("/people").location == "/account/factors"
    strict.close()


def test_a_strict_site_ends_a_sign_in_after_half_an_hour(house: House, clock: Fixed, tmp_path: Path) -> None:
    strict = House(house.engine, tmp_path, found=False, profile="dengbao3")
    browser = strict.browser("hr")
    clock.advance(timedelta(minutes=30))
    assert browser.get("/people").location == "/account/factors"
    clock.advance(timedelta(minutes=30, seconds=1))
    assert browser.get("/people").location == "/login?next=/people"
    strict.close()
