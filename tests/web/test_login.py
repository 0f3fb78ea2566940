"""Signing in and out: ASVS 7.2-7.4, 3.7.2; attacks A40, A48, A73-A76."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from registry.access.accounts import Account, disable
from tests.servers import Redis
from tests.web.house import PASSWORD, House
from web.web_session import WebSession


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


def test_the_door_never_leads_to_another_site(house: House) -> None:
    assert {target: house.browser().sign_in("hr", next=target).location for target in ELSEWHERE} == dict.fromkeys(
        ELSEWHERE, "/"
    )


def test_a_wrong_password_and_an_unknown_name_read_the_same(house: House) -> None:
    one, two = (house.browser().sign_in(login, "wrong password") for login in ("hr", "nobody"))
    assert one.status_code == two.status_code == 401
    assert "账号或密码不对" in one.text
    token = re.compile(r'(name="csrf_token" value|name="csrf-token" content)="[^"]*"')  # random in every page
    assert token.sub("", one.text).replace('value="hr"', "") == token.sub("", two.text).replace('value="nobody"', "")


def test_wrong_passwords_are_counted_though_the_answer_is_a_refusal(house: House) -> None:
    house.browser().sign_in("hr", "wrong password")
    with Session(house.engine) as session:
        assert session.scalar(select(Account.failed).where(Account.login == "hr")) == 1


def test_signing_out_kills_the_sign_in_for_a_stolen_cookie_too(house: House) -> None:
    browser, thief = house.browser("hr"), house.browser()
    stolen = browser.client.get_cookie("licet")
    assert stolen
    thief.client.set_cookie("licet", stolen.value)
    assert thief.get("/people").status_code == 200
    assert browser.post("/logout").status_code == 303
    assert thief.get("/people").status_code == 302
    assert browser.get("/people").status_code == 302


def test_a_disabled_account_dies_with_the_next_request(house: House) -> None:
    browser = house.browser("hr")
    with unit(house.engine) as session:
        disable(session, session.scalars(select(Account).where(Account.login == "hr")).one(), by=SYSTEM)
    assert browser.get("/people").status_code == 302


def test_a_cookie_planted_before_signing_in_is_worth_nothing_after(house: House) -> None:
    browser = house.browser()
    browser.get("/login")
    planted = browser.client.get_cookie("licet")
    browser.sign_in("hr")
    attacker = house.browser()
    attacker.client.set_cookie("licet", planted.value if planted else "")
    assert attacker.get("/people").status_code == 302


def test_signing_in_again_ends_the_sign_in_before(house: House) -> None:
    browser, thief = house.browser("hr"), house.browser()
    old = browser.client.get_cookie("licet")
    token = browser.token()
    browser.client.post("/login", data={"csrf_token": token, "login": "hr", "password": PASSWORD})
    thief.client.set_cookie("licet", old.value if old else "")
    assert thief.get("/people").status_code == 302


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


def test_a_password_that_cannot_be_changed_says_why(house: House) -> None:
    browser = house.browser("hr")
    for old, new, again, said in WRONG:
        answer = browser.post("/account/password", {"old": old, "new": new, "again": again})
        assert answer.status_code == 400
        assert said in answer.text


def test_one_ends_ones_own_sign_ins_and_nobody_elses(house: House) -> None:
    here, there, other = house.browser("hr"), house.browser("hr"), house.browser("legal")
    with Session(house.engine) as session:
        first, second, third = session.scalars(select(WebSession.id).order_by(WebSession.id))
    assert here.post(f"/account/sign-ins/{third}/end").status_code == 404
    assert here.post(f"/account/sign-ins/{second}/end").status_code == 303
    assert (here.get("/").status_code, there.get("/").status_code, other.get("/").status_code) == (200, 302, 200)


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


def _tries(engine: Engine, folder: Path, redis_url: str, count: int) -> list[int]:
    house = House(engine, folder, found=False, limits=True, redis_url=redis_url)
    try:
        browser = house.browser()
        return [browser.sign_in("hr", "wrong password").status_code for _ in range(count)]
    finally:
        house.close()


def test_the_eleventh_wrong_try_within_a_minute_is_put_off(engine: Engine, tmp_path: Path, clock: Fixed) -> None:
    assert _tries(engine, tmp_path, "", 11) == [401] * 10 + [429]


def test_tries_are_counted_by_all_processes_together(
    engine: Engine, tmp_path: Path, clock: Fixed, redis_url: str
) -> None:
    assert _tries(engine, tmp_path, redis_url, 10) == [401] * 10
    assert _tries(engine, tmp_path, redis_url, 1) == [429]


def test_tries_are_counted_while_redis_is_down_too(
    engine: Engine, tmp_path: Path, clock: Fixed, redis_server: Redis
) -> None:
    url = redis_server.url
    redis_server.stop()
    assert _tries(engine, tmp_path, url, 11)[-1] == 429
