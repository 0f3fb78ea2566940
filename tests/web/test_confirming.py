"""Before what matters somebody shows once more that it is them: ASVS 7.5.1, 7.5.3."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.clock import Fixed
from ledger.facts import Fact
from registry.access.sign_ins import WebSession
from tests.web.house import PASSWORD, House

SENSITIVE = {
    "accounts.close", "accounts.reopen", "accounts.reset", "accounts.remove_factors", "accounts.give",
    "accounts.revoke", "people.disclose", "factors.begin", "factors.remove", "factors.codes",
    "oidc.go_and_link", "oidc.unlink", "passkeys.begin",
    "passkeys.remove", "reached.keep", "account.end_others", "account.end_sign_in",
    "steward_acts.disclose", "releases.decide", "register_export.certificates", "register_export.comparison",
}
"""Rights, personal data, releases, exports. One is taken away here only after thinking about it."""


def unmasked(house: House) -> int:
    with Session(house.engine) as session:
        return len(session.scalars(select(Fact).where(Fact.kind == "person.unmasked")).all())


@pytest.mark.asvs("7.5.1", "7.5.3")
def test_what_matters_is_guarded(house: House) -> None:
    views = house.app.view_functions.items()
    assert {name for name, view in views if getattr(view, "is_sensitive", False)} >= SENSITIVE


@pytest.mark.asvs("7.5.3")
def test_ten_minutes_after_signing_in_the_password_is_asked_for_and_what_was_typed_is_kept(
    house: House, clock: Fixed
) -> None:
    browser, address = house.browser("hr"), f"/people/{house.people['welder']}/disclosure"
    clock.advance(timedelta(minutes=10, seconds=1))
    asked = browser.post(address, {"reason": "核对\"证件\""})
    assert asked.status_code == 403 and "110101199003070214" not in asked.text and unmasked(house) == 0
    assert re.search(r'name="reason" value="核对&#34;证件&#34;"', asked.text)
    shown = browser.post(address, {"reason": "核对", "confirmation": PASSWORD})
    assert shown.status_code == 200 and "110101199003070214" in shown.text and unmasked(house) == 1
    assert browser.post(address, {"reason": "再看一次"}).status_code == 200


def test_a_wrong_password_is_counted_and_put_off(house: House, clock: Fixed) -> None:
    browser, address = house.browser("hr"), f"/people/{house.people['welder']}/disclosure"
    clock.advance(timedelta(minutes=11))
    for _ in range(5):
        assert "密码不对" in browser.post(address, {"reason": "核对", "confirmation": "wrong"}).text
    assert "16 秒后再试" in browser.post(address, {"reason": "核对", "confirmation": PASSWORD}).text
    assert unmasked(house) == 0
    clock.advance(timedelta(seconds=16))
    assert browser.post(address, {"reason": "核对", "confirmation": PASSWORD}).status_code == 200


def test_who_has_shown_it_need_not_again_because_the_form_was_wrong(house: House, clock: Fixed) -> None:
    browser, address = house.browser("hr"), f"/people/{house.people['welder']}/disclosure"
    clock.advance(timedelta(minutes=11))
    assert browser.post(address, {"reason": " ", "confirmation": PASSWORD}).status_code == 400
    assert browser.post(address, {"reason": "核对"}).status_code == 200


def test_a_cookie_of_a_better_minute_confirms_nothing(house: House, clock: Fixed) -> None:
    """What was shown stands in the row of the sign-in, not in the cookie that a thief has copied."""
    browser = house.browser("hr")
    with Session(house.engine) as session:
        row = session.scalars(select(WebSession)).one()
        row.confirmed_at = None
        session.commit()
    assert browser.post(f"/people/{house.people['welder']}/disclosure", {"reason": "核对"}).status_code == 403


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {"Accept": "application/json"}])
def test_a_script_is_told_where_to_go(house: House, clock: Fixed, headers: dict[str, str]) -> None:
    browser = house.browser("hr")
    clock.advance(timedelta(minutes=11))
    answer = browser.post(f"/people/{house.people['welder']}/disclosure", {"reason": "核对"}, headers=headers)
    assert answer.status_code == 403 and answer.get_json()["login"] == "/account"
