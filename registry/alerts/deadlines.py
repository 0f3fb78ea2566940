"""The sweep over what is due in the register; the worker calls it every 15 seconds, and after a wake-up."""

from __future__ import annotations

from sqlalchemy import Engine

from ledger.db import Bell
from registry.certificates import retiming, timers


def sweep(engine: Engine, *, limit: int = 100, bell: Bell | None = None) -> int:
    """Turn due certificate days into facts; how many there were. The outbox carries them on.

    Types that changed today come first: they may have moved days.
    """
    return retiming.sweep(engine, bell=bell) + timers.sweep(engine, limit=limit, bell=bell)
