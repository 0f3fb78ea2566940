"""Signing in at a provider by OpenID Connect, against a real one on loopback: A72, A40; ASVS 10.5.1-10.5.4, 6.8.1."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.clock import Fixed
from registry.access.outside import OutsideIdentity
from tests.servers import spare_port
from tests.web.house import PASSWORD, Browser, House
from tests.web.identity_provider import BACK, CLIENT, SECRET
from web.provider import Provider

ROOT = Path(__file__).resolve().parents[2]


class There:
    """The provider's process."""

    def __init__(self) -> None:
        self.port = spare_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.web.identity_provider", str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while True:
            try:
                requests.get(f"{self.issuer}/keys", timeout=1)
                return
            except requests.RequestException:
                assert time.monotonic() < end, "the provider did not start"
                time.sleep(0.05)

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def tell(self, **said: object) -> dict[str, list[str]]:
        answer: dict[str, list[str]] = requests.post(f"{self.issuer}/tell", json=said, timeout=5).json()
        return answer


@pytest.fixture(scope="module")
def started() -> Iterator[There]:
    made = There()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def there(started: There, clock: Fixed) -> There:
    clock.move_to(dt.datetime.fromtimestamp(time.time(), dt.UTC))  # the provider's process knows no other time
    if started.process is None:
        started.start()
    started.tell(who="subject-1", calls_itself=started.issuer)
    return started


@pytest.fixture
def site(house: House, there: There) -> Iterator[House]:
    made = House(house.engine, house.config.data, found=False, oidc=(there.issuer, CLIENT, "江海统一登录"),
                 oidc_secret=SECRET)
    made.people = house.people
    yield made
    made.close()


def through(browser: Browser, address: str = "/login/oidc", **sent: str) -> str:
    """To the provider; the address to come back to."""
    gone = browser.post(address, sent)
    assert gone.status_code == 303, gone.text
    back = requests.get(gone.location, allow_redirects=False, timeout=5).headers["Location"]
    assert back.startswith(BACK), back
    return back.removeprefix("http://localhost")


def linked(site: House) -> Browser:
    browser = site.browser("hr")
    assert browser.get(through(browser, "/account/factors/outside")).location == "/account/factors"
    return browser


def words(browser: Browser) -> str:
    return browser.get("/login", follow_redirects=True).text


def test_whoever_has_linked_signs_in_and_lands_where_they_wanted(site: House, there: There) -> None:
    assert "已绑定" in linked(site).get("/account/factors").text
    browser = site.browser()
    assert "江海统一登录" in browser.get("/login").text
    assert browser.get(through(browser, next="/people")).location == "/people"
    assert browser.get("/people").status_code == 200


@pytest.mark.asvs("10.5.2")
def test_a_stranger_with_the_same_e_mail_address_is_nobody(site: House, there: There) -> None:
    linked(site)
    there.tell(who="subject-2")
    browser = site.browser()
    assert browser.get(through(browser)).location == "/login"
    assert "还没有绑定账号" in words(browser) and browser.get("/people").status_code == 302


def test_the_request_carries_state_nonce_and_a_hashed_verifier(site: House, there: There) -> None:
    linked(site)
    browser = site.browser()
    asked = parse_qs(urlsplit(browser.post("/login/oidc").location).query)
    assert asked["code_challenge_method"] == ["S256"] and len(asked["code_challenge"][0]) == 43
    assert len(asked["state"][0]) >= 43 and len(asked["nonce"][0]) >= 43 and asked["redirect_uri"] == [BACK]
    assert there.tell()["seen"][-1] not in str(asked)


LIES = {
    "another issuer": {"iss": "https://evil.example"}, "another audience": {"aud": ["somebody else"]},
    "one audience of several, not told whom it is for": {"aud": [CLIENT, "other"]},
    "for another of several": {"aud": [CLIENT, "other"], "azp": "other"}, "no subject": {"sub": ""},
    "another nonce": {"nonce": "n" * 43}, "over": {"exp": 1_700_000_000}, "from the future": {"iat": 4_000_000_000},
    "another key": {"key": True}, "no signature": {"alg": "none"}, "no time": {"exp": None},
}


@pytest.mark.parametrize("lies", LIES.values(), ids=LIES)
@pytest.mark.asvs("10.5.1", "10.5.4")
@pytest.mark.attack("A72")
def test_what_does_not_prove_who_it_is_signs_nobody_in_and_says_no_more(
    site: House, there: There, lies: dict[str, object]
) -> None:
    linked(site)
    there.tell(lies=lies)
    browser = site.browser()
    assert browser.get(through(browser)).location == "/login"
    assert "没有登录成功，请再试一次" in words(browser) and browser.get("/people").status_code == 302


@pytest.mark.attack("A40")
def test_a_way_back_works_once_and_in_the_browser_that_was_sent(site: House, there: There) -> None:
    linked(site)
    browser, other = site.browser(), site.browser()
    back = through(browser)
    assert other.get(back).location == "/login" and other.get("/people").status_code == 302
    planted = through(other)  # login CSRF: somebody is made to open another's way back
    assert browser.get(planted).location == "/login"
    assert browser.get(back).location == "/"
    browser.post("/logout")
    assert browser.get(back).location == "/login" and browser.get("/people").status_code == 302


def test_a_way_back_is_over_after_five_minutes(site: House, there: There, clock: Fixed) -> None:
    linked(site)
    browser = site.browser()
    back = through(browser)
    clock.advance(dt.timedelta(minutes=5))
    assert browser.get(back).location == "/login" and "请再试一次" in words(browser)


def test_another_issuer_named_on_the_way_back_is_refused(site: House, there: There) -> None:
    linked(site)
    browser = site.browser()
    assert browser.get(through(browser) + "&iss=https://evil.example").location == "/login"
    assert browser.get("/people").status_code == 302


def test_linking_takes_a_sign_in_that_lasts_and_an_identity_that_is_free(site: House, there: There) -> None:
    linked(site)
    other = site.browser("legal")
    other.get(through(other, "/account/factors/outside"))
    assert "已经绑定了账号" in other.get("/account/factors").text
    there.tell(who="subject-3")
    back = through(other, "/account/factors/outside")
    other.post("/logout")
    assert other.get(back).location == "/login"
    with Session(site.engine) as session:
        assert session.scalars(select(OutsideIdentity.subject)).all() == ["subject-1"]


def test_linking_and_unlinking_ask_for_the_password(site: House, there: There, clock: Fixed) -> None:
    browser = linked(site)
    with Session(site.engine) as session:
        number = session.scalars(select(OutsideIdentity.id)).one()
    clock.advance(dt.timedelta(minutes=11))
    for address in ("/account/factors/outside", f"/account/factors/outside/{number}/removal"):
        assert browser.post(address).status_code == 403
    gone = browser.post(f"/account/factors/outside/{number}/removal", {"confirmation": PASSWORD})
    assert gone.status_code == 303 and "未绑定" in browser.get("/account/factors").text


def test_nobody_ends_the_link_of_another(site: House, there: There) -> None:
    linked(site)
    with Session(site.engine) as session:
        number = session.scalars(select(OutsideIdentity.id)).one()
    site.browser("legal").post(f"/account/factors/outside/{number}/removal")
    with Session(site.engine) as session:
        assert session.scalars(select(OutsideIdentity.id)).all() == [number]


def test_signing_out_leads_by_the_provider(site: House, there: There) -> None:
    linked(site)
    browser = site.browser()
    browser.get(through(browser))
    away = browser.post("/logout").location
    assert away.startswith(f"{there.issuer}/bye?client_id={CLIENT}") and browser.get("/people").status_code == 302


def test_while_the_provider_is_down_passwords_work_and_the_page_says_so(house: House, there: There) -> None:
    there.stop()
    site = House(house.engine, house.config.data, found=False, oidc=(there.issuer, CLIENT, ""), oidc_secret=SECRET)
    browser = site.browser()
    assert browser.post("/login/oidc").location == "/login"
    assert "暂时不可用" in words(browser)
    assert browser.sign_in("hr").status_code == 303
    there.start()
    site.close()


@pytest.mark.asvs("10.5.3")
def test_a_provider_that_calls_itself_otherwise_is_not_believed(site: House, there: There) -> None:
    there.tell(calls_itself="https://evil.example")
    browser = site.browser()
    assert browser.post("/login/oidc").location == "/login" and "暂时不可用" in words(browser)


def test_a_provider_without_tls_is_refused_at_start() -> None:
    with pytest.raises(ValueError, match="https"):
        Provider("http://login.example.cn", CLIENT, SECRET)


def test_the_policy_of_the_page_lets_a_form_lead_to_the_provider_and_nowhere_else(site: House, there: There) -> None:
    policy = site.browser().get("/login").headers["Content-Security-Policy"]
    assert f"form-action 'self' {there.issuer};" in policy
