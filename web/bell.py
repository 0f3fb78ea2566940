"""The bell rung after a commit: it wakes the worker, and never keeps a request waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Bell:
    """Hands wake-ups to `send` on a thread of its own; what is asked for twice meanwhile is sent once.

    `send` returns whether it got through. A lost wake-up costs time only (the worker looks by itself every
    15 s), so nothing is tried again; `missed` counts them.
    """

    def __init__(self, send: Callable[[str], bool]) -> None:
        self._send = send
        self._asked: dict[str, None] = {}
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self._busy = False
        self.missed = 0

    def __call__(self, what: str) -> None:
        """Ask for a wake-up and return at once."""
        with self._change:
            self._asked[what] = None
            if self._thread is None or not self._thread.is_alive():  # first use, or the first after a fork
                self._thread = threading.Thread(target=self._ring, name="bell", daemon=True)
                self._thread.start()
            self._change.notify_all()

    def quiet(self, seconds: float) -> bool:
        """Wait until everything asked for has been tried; False when that takes longer."""
        with self._change:
            return self._change.wait_for(lambda: not self._asked and not self._busy, seconds)

    def _ring(self) -> None:
        while True:
            with self._change:
                self._busy = False
                self._change.notify_all()
                self._change.wait_for(lambda: bool(self._asked))
                what = next(iter(self._asked))
                del self._asked[what]
                self._busy = True
            if not self._send(what):
                self.missed += 1
