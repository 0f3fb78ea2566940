"""Named places where a test may kill, stop or delay the process. Off unless LICET_FAILPOINTS is set.

LICET_FAILPOINTS="engine.fire.before_commit=kill;outbox.sent=raise:2;x=sleep:0.5"
kill ends the process at once (SIGKILL), raise raises FailpointHit, sleep waits;
":n" is the n-th passing (seconds for sleep).
"""

from __future__ import annotations

import os
import signal
import time


class FailpointHit(RuntimeError):
    """A failpoint raised on request of a test."""


_plan: dict[str, tuple[str, str]] | None = None
_passed: dict[str, int] = {}
names: set[str] = set()


def arm(text: str | None) -> None:
    """Read a plan (see the module's text); None or "" switches every failpoint off."""
    global _plan
    _passed.clear()
    _plan = None
    if text:
        pairs = (part.split("=", 1) for part in text.split(";") if "=" in part)
        _plan = {name.strip(): (mode.partition(":")[0], mode.partition(":")[2]) for name, mode in pairs}


def fp(name: str) -> None:
    """Pass the failpoint `name`."""
    if _plan is None:
        return
    names.add(name)
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
        os.kill(os.getpid(), signal.SIGKILL)
    raise FailpointHit(name)


arm(os.environ.get("LICET_FAILPOINTS"))
