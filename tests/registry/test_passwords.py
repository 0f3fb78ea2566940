"""What a password must be: the profiles of ASVS and of 等保, the lists, the former passwords."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.actor import SYSTEM
from ledger.errors import BadAnswer
from registry.access import breached, passwords, profiles
from registry.access.accounts import authenticate, create_account, set_password
from tests.registry.organisation import Organisation


@pytest.fixture
def strict() -> Iterator[None]:
    profiles.choose("dengbao3")
    yield
    profiles.choose(profiles.USUAL)


def said(password: str, login: str = "") -> list[str]:
    try:
        passwords.check(password, login=login)
    except BadAnswer as error:
        return [str(one) for one in error.problems["password"]]
    return []


@pytest.mark.parametrize("password", ["four green cranes", "对对对错错错早午晚夜深", "x7" * 3 + "yz" * 97])
@pytest.mark.asvs("6.2.5", "6.2.9")
def test_asvs_asks_for_length_and_for_no_kinds_of_characters(password: str) -> None:
    assert said(password) == []


@pytest.mark.parametrize(("password", "words"), [
    ("short", "10 到 200 个字符"), ("y7" * 101, "10 到 200"), ("aaabbbaaabbb", "重复"), ("1234567890", "太常见"),
    ("Password123!", "太常见"), ("QWERTYUIOP", "太常见"), ("wang.fang-2026", "登录名"),
])
@pytest.mark.asvs("6.2.1", "6.2.4", "6.2.11")
def test_a_password_that_is_easy_to_guess_is_refused_with_the_reason(password: str, words: str) -> None:
    assert any(words in one for one in said(password, "wang.fang"))


@pytest.mark.asvs("6.2.4")
def test_the_short_list_holds_more_than_the_3000_that_asvs_asks_for() -> None:
    assert len([one for one in breached.common() if len(one) >= 8]) > 3000


def test_dengbao_asks_for_three_kinds_of_four(strict: None) -> None:
    assert any("至少要有 3 种" in one for one in said("four green cranes"))
    assert said("Four green cranes") == [] and said("four9green cranes") == []


def test_dengbao_lets_none_of_the_last_five_passwords_come_again(org: Organisation, strict: None) -> None:
    words = [f"Crane number {count} here" for count in range(7)]
    account = create_account(org.session, org.person(), login="hr", password=words[0], by=SYSTEM)
    for one in words[1:6]:
        set_password(org.session, account, one, by=SYSTEM)
    for one in words[1:6]:
        with pytest.raises(BadAnswer, match="有内容"):
            set_password(org.session, account, one, by=SYSTEM)
    set_password(org.session, account, words[0], by=SYSTEM)
    assert authenticate(org.session, "hr", words[0]) is account


@pytest.fixture
def long_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As "Have I Been Pwned" hands it out: 5,000 hashes in order, with counts."""
    file = tmp_path / "breached.txt"
    digests = sorted(hashlib.sha1(f"leaked password {count}".encode()).hexdigest().upper() for count in range(5000))
    file.write_text("".join(f"{one}:{count}\r\n" for count, one in enumerate(digests)))
    monkeypatch.setenv(breached.VARIABLE, str(file))
    return file


def test_every_password_of_the_long_list_is_found_and_no_other(long_list: Path) -> None:
    ends = sorted(range(5000), key=lambda count: hashlib.sha1(f"leaked password {count}".encode()).digest())
    sought = {ends[0], ends[1], ends[-2], ends[-1], *range(0, 5000, 25)}
    assert all(breached.is_breached(f"leaked password {count}") for count in sought)
    assert not any(breached.is_breached(f"private password {count}") for count in range(200))


@pytest.mark.asvs("6.2.12")
def test_a_password_that_leaked_elsewhere_is_refused(long_list: Path) -> None:
    assert said("leaked password 42") == ["这个密码在别处泄露过，请换一个。"] and said("leaked password 42x") == []


def test_a_site_with_an_unknown_profile_does_not_start() -> None:
    with pytest.raises(ValueError, match="asvs, dengbao3"):
        profiles.choose("none")


@pytest.mark.asvs("6.2.8")
def test_a_password_is_read_to_its_last_character() -> None:
    whole = "x7yz" * 50
    stored = passwords.hashed(whole)
    assert passwords.fits(stored, whole)
    for other in (whole + "!", whole[:-1], whole.upper(), " " + whole, whole + " "):
        assert not passwords.fits(stored, other)
