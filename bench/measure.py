"""How a figure is taken, held against its bar, and printed."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """One measured value. `bar` is the value to reach ("at least", "at most"); None: for information."""

    name: str
    value: float
    unit: str
    bar: float | None = None
    sense: Literal["at least", "at most"] = "at most"

    @property
    def ok(self) -> bool:
        if self.bar is None:
            return True
        return self.value >= self.bar if self.sense == "at least" else self.value <= self.bar

    def line(self) -> str:
        return json.dumps({**asdict(self), "value": round(self.value, 4), "ok": self.ok}, ensure_ascii=False)


def cpu(act: Callable[[], object]) -> float:
    """CPU seconds of this process for one call: on a shared machine, wall time says little."""
    gc.collect()
    begun = time.process_time()
    act()
    return time.process_time() - begun
