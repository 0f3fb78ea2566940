"""How many messages a robot may send now. Pure: who keeps it, and where, is decided elsewhere."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Bucket:
    """`size` tokens; each comes back `per` after it was taken.

    So no stretch of `per` ever holds more than `size` messages, wherever the provider's own minute begins: a bucket
    that refills evenly would let through almost twice as many. `taken` are the instants at which tokens went.
    """

    size: int = 20
    per: dt.timedelta = dt.timedelta(minutes=1)
    taken: tuple[dt.datetime, ...] = ()

    def wait(self, now: dt.datetime, count: int = 1) -> dt.timedelta:
        """How long until `count` tokens are there, zero if they are. ValueError: more than there ever are."""
        if not 0 < count <= self.size:
            raise ValueError(f"a bucket of {self.size} never has {count}")
        out = self._out(now)
        missing = count - (self.size - len(out))
        return max(out[missing - 1] + self.per - now, dt.timedelta()) if missing > 0 else dt.timedelta()

    def take(self, now: dt.datetime, count: int = 1) -> Bucket:
        """The bucket without `count` tokens. ValueError: they are not there (ask `wait` first)."""
        if self.wait(now, count):
            raise ValueError("the bucket has not so many tokens now")
        return replace(self, taken=(*self._out(now), *(now,) * count))

    def _out(self, now: dt.datetime) -> tuple[dt.datetime, ...]:
        """The tokens that are out, oldest first; none of a time that a clock which was put right has not reached."""
        return tuple(at for at in sorted(self.taken) if now - self.per < at <= now + self.per)
