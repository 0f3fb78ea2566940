"""Who can say that a clock which leapt ahead is right: the kernel, if a time server keeps it; the database's clock, if
that is another clock than ours."""

from __future__ import annotations

import ctypes
import datetime as dt
import sys

from sqlalchemy import Engine, text

from ledger import clock
from ledger.db import reading

UNSYNCHRONISED = 5
"""TIME_ERROR of adjtimex(2). The kernel says so once somebody sets the clock, until a time server agrees with it."""
NEAR = dt.timedelta(minutes=5)
"""So far two right clocks may lie apart."""


def kept_by_a_time_server() -> bool:
    """Whether the kernel's clock follows a time server (NTP); False where nobody can say."""
    if sys.platform != "linux":
        return False
    try:
        state = int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)))
    except (AttributeError, OSError):
        return False
    return 0 <= state < UNSYNCHRONISED


class Witness:
    """Asked only while the clock is in doubt. A clock that the tests put in place has nobody to speak for it but the
    database."""

    def __init__(self, database: Engine) -> None:
        self.database = database
        self.apart = False

    def __call__(self, shown: dt.datetime) -> bool:
        """Whether somebody confirms that it is `shown`."""
        return self._kernel() or self._database(shown)

    def _kernel(self) -> bool:
        return not clock.replaced() and kept_by_a_time_server()

    def _database(self, shown: dt.datetime) -> bool:
        """On PostgreSQL: its clock, once it has shown that it is not ours. Containers of one machine have one clock;
        asked between two looks at ours, it then always lies between them."""
        if self.database.dialect.name != "postgresql":
            return False
        with reading(self.database) as session:
            began, before = clock.steady(), clock.shown()
            there: dt.datetime = session.scalar(text("select clock_timestamp()"))
            after, ended = clock.shown(), clock.steady()
        undisturbed = abs((after - before).total_seconds() - (ended - began)) < 0.001
        self.apart = self.apart or undisturbed and not before <= there <= after
        return self.apart and abs(there - shown) < NEAR


__all__ = ["Witness", "kept_by_a_time_server"]
