"""Tokens that a provider lends for a while, kept in this process until shortly before they end."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections.abc import Callable

from ledger import clock

EARLY = dt.timedelta(minutes=5)
"""So long before its end a token is not used any more."""


class Tokens:
    """One token for each account. Threads that find none at the same time each fetch one: nobody waits for another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[str, dt.datetime]] = {}

    def get(self, account: tuple[str, ...], fetch: Callable[[], tuple[str, int]]) -> str:
        """The token of an account; `fetch` gives a new one and for how many seconds it holds."""
        name = _name(account)
        with self._lock:
            token, until = self._kept.get(name, ("", clock.now()))
        if clock.now() >= until:
            token, seconds = fetch()
            with self._lock:
                self._kept[name] = token, clock.now() + dt.timedelta(seconds=seconds) - EARLY
        return token

    def drop(self, account: tuple[str, ...], token: str) -> None:
        """The provider does not know this token any more; one that came after it stays."""
        name = _name(account)
        with self._lock:
            if self._kept.get(name, ("",))[0] == token:
                del self._kept[name]


def _name(account: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(account).encode()).hexdigest()
