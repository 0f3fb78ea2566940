"""One-time codes: the vectors of RFC 6238, drift, replay, codes on paper."""

from __future__ import annotations

import datetime as dt

import pytest

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.errors import BadAnswer
from registry.access import factors, totp
from registry.access.accounts import Account, create_account
from tests.registry.organisation import Organisation

VECTORS = {59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924",
           2000000000: "69279037", 20000000000: "65353130"}
"""RFC 6238, appendix B, SHA-1."""


@pytest.fixture
def account(org: Organisation) -> Account:
    return create_account(org.session, org.person(), login="hr", password="four green cranes", by=SYSTEM)


def secret(org: Organisation, account: Account) -> bytes:
    row = org.session.get_one(factors.Totp, account.id)
    return row.secret


def code(org: Organisation, account: Account, clock: Fixed, steps: int = 0) -> str:
    return totp.code_of(secret(org, account), totp.step_at(clock()) + steps)


@pytest.fixture
def linked(org: Organisation, account: Account, clock: Fixed) -> list[str]:
    """The codes on paper of somebody who has just linked a program."""
    factors.begin_totp(org.session, account)
    codes = factors.confirm_totp(org.session, account, code(org, account, clock), by=SYSTEM)
    clock.advance(dt.timedelta(minutes=5))
    return codes


@pytest.mark.parametrize(("seconds", "digits"), VECTORS.items())
def test_a_code_is_that_of_the_standard(seconds: int, digits: str) -> None:
    step = totp.step_at(dt.datetime.fromtimestamp(seconds, dt.UTC))
    assert totp.code_of(b"12345678901234567890", step, 8) == digits


def test_a_program_counts_from_its_first_right_code_on(org: Organisation, account: Account, clock: Fixed) -> None:
    factors.begin_totp(org.session, account)
    with pytest.raises(BadAnswer):
        factors.confirm_totp(org.session, account, "000000", by=SYSTEM)
    assert factors.totp_of(org.session, account.id) is None
    assert len(factors.confirm_totp(org.session, account, code(org, account, clock), by=SYSTEM)) == 10
    assert factors.totp_of(org.session, account.id) is not None
    with pytest.raises(BadAnswer, match="有内容"):
        factors.begin_totp(org.session, account)


@pytest.mark.parametrize(("steps", "how"), [(-2, ""), (-1, "totp"), (0, "totp"), (1, "totp"), (2, "")])
def test_a_code_may_be_one_step_early_or_late(
    org: Organisation, account: Account, clock: Fixed, linked: list[str], steps: int, how: str
) -> None:
    assert factors.check_second(org.session, account, code(org, account, clock, steps)) == how


@pytest.mark.asvs("6.5.1")
@pytest.mark.attack("A78")
def test_a_code_is_taken_once_and_none_before_it_afterwards(
    org: Organisation, account: Account, clock: Fixed, linked: list[str]
) -> None:
    """A78: a code seen over somebody's shoulder."""
    before, now = code(org, account, clock, -1), code(org, account, clock)
    assert factors.check_second(org.session, account, f" {now[:3]} {now[3:]} ") == "totp"
    assert factors.check_second(org.session, account, now) == factors.check_second(org.session, account, before) == ""


def test_the_first_code_cannot_be_used_again_to_sign_in(org: Organisation, account: Account, clock: Fixed) -> None:
    factors.begin_totp(org.session, account)
    first = code(org, account, clock)
    factors.confirm_totp(org.session, account, first, by=SYSTEM)
    assert factors.check_second(org.session, account, first) == ""


def test_each_code_on_paper_works_once_however_it_is_typed(
    org: Organisation, account: Account, linked: list[str]
) -> None:
    for number, typed in enumerate([linked[0], linked[1].upper(), linked[2].replace("-", " "), linked[3] + " "]):
        assert factors.check_second(org.session, account, typed) == "paper"
        assert factors.check_second(org.session, account, typed) == ""
        assert factors.codes_left(org.session, account.id) == 9 - number
    assert factors.check_second(org.session, account, "") == factors.check_second(org.session, account, "-") == ""


def test_new_codes_end_the_old_ones_and_those_of_others_fit_nobody(
    org: Organisation, account: Account, linked: list[str]
) -> None:
    other = create_account(org.session, org.person(), login="legal", password="four green cranes", by=SYSTEM)
    assert factors.check_second(org.session, other, linked[0]) == ""
    new = factors.new_codes(org.session, account, by=SYSTEM)
    assert factors.check_second(org.session, account, linked[0]) == ""
    assert factors.check_second(org.session, account, new[0]) == "paper"


def test_the_tables_show_neither_the_secret_nor_a_code(
    org: Organisation, account: Account, linked: list[str]
) -> None:
    row = org.session.get_one(factors.Totp, account.id)
    assert row.secret not in row.secret_sealed and len(row.secret) == 20
    kept = [one.code_hash for one in org.session.query(factors.RecoveryCode)]
    assert len(kept) == 10 and not {one.replace("-", "") for one in linked} & set(kept)


def test_what_the_camera_reads_is_what_programs_expect() -> None:
    assert totp.address(b"12345678901234567890", "wang fang") == (
        "otpauth://totp/Licet:wang%20fang?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Licet")
