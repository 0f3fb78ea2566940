"""What was worked out once and costs much to work out again; those asked for last are kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Remembered(Generic[Found]):
    """The newest `most` results by a key that says all that they depend on. Threads share it."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._kept: OrderedDict[str, Found] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: str, work_out: Callable[[], Found]) -> Found:
        """The result under this key, worked out where there is none."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = work_out()
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > self.most:
                self._kept.popitem(last=False)
        return found

    def forget(self) -> None:
        """Work everything out anew."""
        with self._lock:
            self._kept.clear()
