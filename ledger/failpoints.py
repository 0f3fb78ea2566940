"""Named places where a test may kill, stop or delay the process. Off unless LICET_FAILPOINTS is set.

LICET_FAILPOINTS="engine.fire.before_commit=kill;outbox.sent=raise:2;x=sleep:0.5"
kill ends the process at once (SIGKILL), raise raises FailpointHit, sleep waits;
":n" is the n-th passing (seconds for sleep).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class FailpointHit(RuntimeError):
    """A failpoint raised on request of a test."""


_plan: dict[str, tuple[str, str]] = {}
_passed: dict[str, int] = {}
_meet: Callable[[str], None] | None = None
names: set[str] = set()


def arm(text: str | None) -> None:
    """Read a plan (see the module's text); None or "" switches every failpoint off."""
    global _meet, _plan
    _passed.clear()
    pairs = (part.split("=", 1) for part in (text or "").split(";") if "=" in part)
    _plan = {name.strip(): (mode.partition(":")[0], mode.partition(":")[2]) for name, mode in pairs}
    _meet = _follow if text else None


def fp(name: str) -> None:
    """Pass the failpoint `name`."""
    if _meet is not None:
        names.add(name)
        _meet(name)


@contextmanager
def watched(meet: Callable[[str], None]) -> Iterator[None]:
    """Until the block ends, call `meet` with the name of each failpoint that is passed, in the thread that passes."""
    global _meet
    before, _meet = _meet, meet
    try:
        yield
    finally:
        _meet = before


def die() -> None:
    """As `kill -9`: nothing of this process gets to run any more."""
    os.kill(os.getpid(), signal.SIGKILL)


def _follow(name: str) -> None:
    mode, detail = _plan.get(name, ("", ""))
    if mode == "sleep":
        time.sleep(float(detail or "0.1"))
        return
    if not mode:
        return
    _passed[name] = _passed.get(name, 0) + 1
    if _passed[name] != int(detail or "1"):
        return
    if mode == "kill":
        die()
    raise FailpointHit(name)


arm(os.environ.get("LICET_FAILPOINTS"))
