"""One-time codes of RFC 6238: six digits, every 30 seconds, HMAC-SHA-1 as every authenticator program has it."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import secrets
from urllib.parse import quote

SECONDS, DIGITS, DRIFT = 30, 6, 1
"""A code of one step before or after is taken too: clocks differ, and people type slowly."""


def new_secret() -> bytes:
    """160 bits, as RFC 4226 recommends."""
    return secrets.token_bytes(20)


def spelled(secret: bytes) -> str:
    """The secret as people type it into their program."""
    return base64.b32encode(secret).decode()


def address(secret: bytes, login: str, issuer: str = "Licet") -> str:
    """What the square for the phone's camera says."""
    return f"otpauth://totp/{quote(issuer)}:{quote(login)}?secret={spelled(secret)}&issuer={quote(issuer)}"


def step_at(at: dt.datetime) -> int:
    """The number of the time step."""
    return int(at.timestamp()) // SECONDS


def code_of(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of a time step."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    start = mac[-1] & 15
    number = int.from_bytes(mac[start:start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}}"


def fitting(secret: bytes, code: str, at: dt.datetime) -> int | None:
    """The step whose code this is, of those that are taken at this moment; None if it is none of theirs."""
    now, found = step_at(at), None
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(code_of(secret, step).encode(), code.encode()):
            found = step
    return found
