"""Passwords: argon2id at a moderate cost (OWASP: 19 MiB, 2 passes, 1 lane); what one must be says the profile."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from ledger.errors import BadAnswer, Problem
from registry.access import breached
from registry.access.profiles import profile

_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
LONGEST = 200
KINDS: tuple[Callable[[str], bool], ...] = (str.isupper, str.islower, str.isdigit, lambda sign: not sign.isalnum())


@cache
def nobody() -> str:
    """A hash that no password fits, so that an unknown login costs as much as a known one."""
    return _hasher.hash("nobody's password, never accepted")


def check(password: str, *, login: str = "") -> None:
    """BadAnswer with everything the profile has against it as a new password."""
    rules, found = profile(), list[Problem]()
    if not rules.shortest <= len(password) <= rules.longest or len(set(password)) < 4:
        found.append(Problem("密码应为 {least} 到 {most} 个字符，且不能只是重复的字符。",
                             {"least": rules.shortest, "most": rules.longest}))
    if sum(any(kind(sign) for sign in password) for kind in KINDS) < rules.kinds:
        found.append(Problem("大写字母、小写字母、数字、符号中至少要有 {kinds} 种。", {"kinds": rules.kinds}))
    if len(login) >= 4 and login.casefold() in password.casefold():
        found.append(Problem("密码里不能有登录名。"))
    if breached.is_common(password):
        found.append(Problem("这个密码太常见，很容易被猜到，请换一个。"))
    elif breached.is_breached(password):
        found.append(Problem("这个密码在别处泄露过，请换一个。"))
    if found:
        raise BadAnswer({"password": found})


def hashed(password: str) -> str:
    """The hash to store, of a password that was checked."""
    return _hasher.hash(password)


def fits(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one; None costs the same and never fits."""
    try:
        whole = len(password) <= LONGEST  # of a longer one as much is hashed as costs no more, and it never fits
        return _hasher.verify(stored or nobody(), password[:LONGEST]) and stored is not None and whole
    except (VerifyMismatchError, InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """Whether it was made with another cost and should be made again."""
    return _hasher.check_needs_rehash(stored)
