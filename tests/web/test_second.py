"""The second step of signing in, and the page on which one adds it: ASVS 6.3.3, 6.5.1, 7.4.3; A78."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.clock import Fixed
from registry.access import totp
from registry.access.accounts import Account
from registry.access.factors import Totp
from registry.access.sign_ins import WebSession
from tests.web.house import Browser, House
from tests.web.test_resets import admin

__all__ = ["admin"]


def code(house: House, clock: Fixed, login: str = "hr") -> str:
    with Session(house.engine) as session:
        row = session.scalars(select(Totp).join(Account).where(Account.login == login)).one()
        return totp.code_of(row.secret, totp.step_at(clock()))


def linked(house: House, clock: Fixed, browser: Browser | None = None) -> list[str]:
    """hr links a program; the codes on paper."""
    browser = browser or house.browser("hr")
    assert browser.post("/account/factors/totp").status_code == 303
    page = browser.post("/account/factors/totp/confirmation", {"code": code(house, clock)})
    assert page.status_code == 200
    clock.advance(timedelta(minutes=5))
    return re.findall(r'<li class="licet-code">([a-z2-9]{5}-[a-z2-9]{5})</li>', page.text)


@pytest.mark.asvs("6.3.3")
def test_with_a_program_the_password_is_half_of_it(house: House, clock: Fixed) -> None:
    assert len(linked(house, clock)) == 10
    browser = house.browser()
    assert browser.sign_in("hr", next="/people").location == "/login/second"
    assert browser.get("/people").status_code == 302
    answer = browser.post("/login/second", {"code": code(house, clock)})
    assert (answer.status_code, answer.location) == (303, "/people")
    assert browser.get("/people").status_code == 200
    with Session(house.engine) as session:
        assert session.scalars(select(WebSession.how).order_by(WebSession.id.desc())).first() == "password+totp"


@pytest.mark.asvs("6.5.1")
@pytest.mark.attack("A78")
def test_a_code_signs_in_once(house: House, clock: Fixed) -> None:
    linked(house, clock)
    one, two = house.browser(), house.browser()
    for browser in (one, two):
        browser.sign_in("hr")
    seen = code(house, clock)
    assert one.post("/login/second", {"code": seen}).status_code == 303
    assert two.post("/login/second", {"code": seen}).status_code == 401


@pytest.mark.asvs("6.5.1")
def test_a_code_on_paper_signs_in_too(house: House, clock: Fixed) -> None:
    codes = linked(house, clock)
    browser = house.browser()
    browser.sign_in("hr")
    assert browser.post("/login/second", {"code": codes[0].upper()}).status_code == 303
    assert "9 个恢复码" in browser.get("/account/factors").text


@pytest.mark.asvs("6.3.1")
@pytest.mark.attack("A78")
def test_wrong_codes_are_put_off_whatever_the_password(house: House, clock: Fixed) -> None:
    linked(house, clock)
    for _round in range(2):  # a new sign-in with the right password does not begin the count anew
        browser = house.browser()
        browser.sign_in("hr")
        answers = [browser.post("/login/second", {"code": "000000"}).status_code for _ in range(3)]
    assert answers == [401, 401, 429]
    assert browser.post("/login/second", {"code": code(house, clock)}).status_code == 429
    clock.advance(timedelta(seconds=16))
    assert browser.post("/login/second", {"code": code(house, clock)}).status_code == 303


def test_half_a_sign_in_is_over_after_five_minutes_and_works_in_no_other_browser(house: House, clock: Fixed) -> None:
    linked(house, clock)
    browser, other = house.browser(), house.browser()
    browser.sign_in("hr")
    assert other.post("/login/second", {"code": code(house, clock)}).location == "/login"
    clock.advance(timedelta(minutes=5))
    assert browser.get("/login/second").location == "/login"
    assert browser.post("/login/second", {"code": code(house, clock)}).location == "/login"


def test_half_a_sign_in_opens_nothing_twice(house: House, clock: Fixed) -> None:
    """The cookie of before the second step, copied, is worth nothing after it."""
    codes = linked(house, clock)
    browser, thief = house.browser(), house.browser()
    browser.sign_in("hr")
    half = browser.client.get_cookie("licet")
    assert half and browser.post("/login/second", {"code": codes[0]}).status_code == 303
    thief.client.set_cookie("licet", half.value)
    assert thief.get("/login/second").location == "/login"


@pytest.mark.asvs("7.4.3")
def test_linking_ends_the_other_sign_ins_and_the_secret_is_shown_only_until_then(house: House, clock: Fixed) -> None:
    here, there = house.browser("hr"), house.browser("hr")
    here.post("/account/factors/totp")
    page = here.get("/account/factors/totp").text
    assert "data:image/svg+xml" in page
    assert here.post("/account/factors/totp/confirmation", {"code": "000000"}).status_code == 400
    linked(house, clock, here)
    assert here.get("/account/factors/totp").status_code == 404
    assert (here.get("/people").status_code, there.get("/people").status_code) == (200, 302)


@pytest.mark.asvs("7.5.1")
def test_a_factor_is_changed_only_by_whoever_gives_the_password(house: House, clock: Fixed) -> None:
    browser = house.browser("hr")
    linked(house, clock, browser)
    clock.advance(timedelta(minutes=6))
    for address in ("totp/removal", "codes", "totp"):
        assert browser.post(f"/account/factors/{address}").status_code == 403
    assert browser.post("/account/factors/totp/removal", {"confirmation": "four green cranes"}).status_code == 303
    assert house.browser().sign_in("hr").location == "/"


@pytest.mark.asvs("6.3.3")
def test_a_strict_site_lets_nobody_past_without_a_second_factor(house: House, clock: Fixed) -> None:
    strict = House(house.engine, house.config.data, found=False, profile="dengbao3")
    browser = strict.browser("hr")
    assert browser.get("/people").location == "/account/factors"
    assert "按规定" in browser.get("/account/factors").text
    linked(strict, clock, browser)
    assert browser.get("/people").status_code == 200
    strict.close()


@pytest.mark.asvs("6.5.6")
def test_an_administrator_frees_whoever_lost_phone_and_paper(house: House, clock: Fixed, admin: Browser) -> None:
    browser = house.browser("hr")
    linked(house, clock, browser)
    address = f"/people/{house.people['hr']}/account/factors/removal"
    assert house.browser("legal").post(address).status_code == 403
    assert admin.post(address).status_code == 303
    assert browser.get("/people").status_code == 302
    assert house.browser().sign_in("hr").location == "/"
