"""Signing in as people do it: a passkey in a device, a program on the phone, a forgotten password."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import CDPSession, Route
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.db import unit
from registry.access import resets, totp
from registry.access.accounts import Account
from registry.access.factors import Passkey, Totp
from tests.journeys.company import PASSWORD
from tests.journeys.person import Person
from tests.journeys.site import Site
from tests.journeys.way import Arrive

pytestmark = pytest.mark.browser
WAYS = [("desk", False), ("narrow", True)]


@pytest.fixture
def named(site: Site) -> Site:
    """The site under a name: a device makes no key for a number."""
    site.address = site.address.replace("127.0.0.1", "localhost")
    return site


def device(person: Person) -> tuple[CDPSession, str]:
    """A device that knows its owner's finger; a key of it makes itself known by itself."""
    line = person.context.new_cdp_session(person.page)
    line.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}
    made = line.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return line, str(made["authenticatorId"])


def enter(person: Person, *, again: bool = False) -> None:
    (person.go if again else person.come_in)("/login")
    person.page.fill("input[name=login]", "legal")
    person.page.fill("input[name=password]", PASSWORD)
    person.hit(person.page.locator("form:has(input[name=password]) button"))


def leave(person: Person) -> None:
    person.go("/account")
    person.follow("退出登录")


def by_passkey(person: Person) -> None:
    person.go("/login")
    person.follow("用通行密钥登录")
    person.hands.press(person.named("用通行密钥登录"))


def add(person: Person) -> None:
    person.go("/account/factors")
    person.follow("添加通行密钥")
    person.write("给它起个名字", "笔记本")
    person.hands.press(person.page.locator("form[data-passkey] button"))
    person.page.wait_for_url("**/account/factors")
    person.look()


def counted(site: Site) -> int:
    with Session(site.engine) as session:
        return session.scalars(select(Passkey.sign_count)).one()


@pytest.mark.parametrize(("way", "english"), WAYS)
def test_somebody_adds_a_passkey_and_signs_in_with_it_alone(
    arrive: Arrive, named: Site, way: str, english: bool
) -> None:
    legal = arrive("", way=way, english=english)
    device(legal)
    enter(legal)
    add(legal)
    before = counted(named)
    leave(legal)
    by_passkey(legal)
    legal.page.wait_for_url(f"{named.address}/")
    legal.look()
    assert counted(named) > before
    legal.go("/account/factors")
    legal.follow("删除")
    leave(legal)
    by_passkey(legal)
    legal.page.locator("[data-passkey-problem]").or_(legal.page.locator(".alert")).first.wait_for(state="visible")


def test_an_answer_of_a_device_is_taken_once(arrive: Arrive, named: Site) -> None:
    """A replay: the same signed answer, sent again by whoever saw it."""
    legal, sent = arrive("", way="desk"), list[str]()
    device(legal)
    enter(legal)
    add(legal)
    leave(legal)

    def seen(route: Route) -> None:
        sent.append(route.request.post_data or "")
        route.continue_()

    legal.page.route("**/login/passkey", seen)
    by_passkey(legal)
    legal.page.wait_for_url(f"{named.address}/")
    leave(legal)
    told: dict[str, Any] = {name: values[0] for name, values in parse_qs(sent[0]).items()}
    token = re.search(r'name="csrf_token" value="([^"]+)"', legal.context.request.get(named.address + "/login").text())
    assert token and told["credential"]
    again = legal.context.request.post(named.address + "/login/passkey", form={**told, "csrf_token": token[1]},
                                       max_redirects=0)
    assert again.headers["location"] == "/login"


def test_a_device_that_does_not_know_its_owner_or_has_been_copied_is_refused(arrive: Arrive, named: Site) -> None:
    legal = arrive("", way="desk")
    line, number = device(legal)
    enter(legal)
    add(legal)
    leave(legal)
    with unit(named.engine) as session:
        session.scalars(select(Passkey)).one().sign_count = 1000  # the other copy has been used so often
    by_passkey(legal)
    legal.page.wait_for_url("**/login")
    legal.page.get_by_text("没有登录成功").wait_for()
    line.send("WebAuthn.setUserVerified", {"authenticatorId": number, "isUserVerified": False})
    by_passkey(legal)
    legal.page.locator("[data-passkey-problem]").wait_for(state="visible", timeout=70_000)


@pytest.mark.parametrize(("way", "english"), WAYS)
def test_somebody_links_a_program_and_signs_in_with_its_code(
    arrive: Arrive, site: Site, way: str, english: bool
) -> None:
    legal = arrive("", way=way, english=english)
    enter(legal)
    legal.go("/account/factors")
    legal.follow("绑定手机验证器")
    legal.typed.add(_secret(site)[1])
    legal.write("2. 输入它显示的 6 位数字", _code(site))
    legal.hit(legal.page.locator("main form button.btn-primary"))
    legal.follow("我已记好")
    site.clock.advance(timedelta(minutes=1))
    leave(legal)
    enter(legal, again=True)
    legal.write("验证码", "000000")
    legal.expected.add(401)
    legal.follow("登录")
    legal.write("验证码", _code(site))
    legal.follow("登录")
    assert legal.page.url == f"{site.address}/"


def _secret(site: Site) -> tuple[bytes, str]:
    with Session(site.engine) as session:
        secret = session.scalars(select(Totp)).one().secret
    return secret, totp.spelled(secret)


def _code(site: Site) -> str:
    return totp.code_of(_secret(site)[0], totp.step_at(site.clock()))


@pytest.mark.parametrize(("way", "english"), WAYS)
def test_somebody_who_forgot_the_password_sets_a_new_one(arrive: Arrive, site: Site, way: str, english: bool) -> None:
    legal = arrive("", way=way, english=english)
    legal.come_in("/login")
    legal.follow("忘记密码")
    legal.write("账号", "legal")
    legal.follow("寄链接")
    with unit(site.engine) as session:
        account = session.scalars(select(Account).where(Account.login == "legal")).one()
        token = resets.make(session, account, by=SYSTEM).token
    legal.go(f"/password/new/{token}")
    legal.typed.add("legal")
    for name in ("new", "again"):
        legal.page.fill(f"input[name={name}]", "seven blue diggers")
    legal.follow("设置新密码")
    legal.page.fill("input[name=login]", "legal")
    legal.page.fill("input[name=password]", "seven blue diggers")
    legal.hit(legal.page.locator("form:has(input[name=password]) button"))
    assert legal.page.url == f"{site.address}/"


def test_what_matters_asks_for_the_password_and_goes_on(arrive: Arrive, site: Site) -> None:
    hr = arrive("", way="narrow")
    hr.come_in("/login")
    hr.page.fill("input[name=login]", "hr")
    hr.page.fill("input[name=password]", PASSWORD)
    hr.hit(hr.page.locator("form:has(input[name=password]) button"))
    site.clock.advance(timedelta(minutes=11))
    hr.go("/account/factors")
    hr.expected.add(403)
    hr.follow("绑定手机验证器")
    hr.page.fill("input[name=confirmation]", PASSWORD)
    hr.follow("确认并继续")
    assert hr.page.url.endswith("/account/factors/totp")
