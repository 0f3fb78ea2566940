"""Passwords: argon2id at a moderate cost (OWASP: 19 MiB, 2 passes, 1 lane)."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from ledger.errors import BadAnswer, Problem

_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
SHORTEST, LONGEST = 10, 200


@cache
def nobody() -> str:
    """A hash that no password fits, so that an unknown login costs as much as a known one."""
    return _hasher.hash("nobody's password, never accepted")


def hashed(password: str) -> str:
    """The hash to store; BadAnswer for a password that is too short, too long or of a single character."""
    if not SHORTEST <= len(password) <= LONGEST or len(set(password)) < 4:
        raise BadAnswer({"password": [Problem("密码应为 {least} 到 {most} 个字符，且不能只是重复的字符。",
                                              {"least": SHORTEST, "most": LONGEST})]})
    return _hasher.hash(password)


def fits(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one; None costs the same and never fits."""
    try:
        return _hasher.verify(stored or nobody(), password[:LONGEST]) and stored is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """Whether it was made with another cost and should be made again."""
    return _hasher.check_needs_rehash(stored)
