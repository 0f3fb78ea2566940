"""The processes that `make run` keeps alive: each with its log, started again when it falls, gone when we are."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

OFTEN = 5  # falls within a minute after which we give up


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG: no orphans when we are killed


class Child:
    """One process in a session of its own, so that Ctrl-C reaches only us and we stop things in order."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], folder: Path, log: Path) -> None:
        self.name, self.command, self.environment, self.folder, self.log = name, command, environment, folder, log
        self.process: subprocess.Popen[bytes] | None = None
        self._falls: deque[float] = deque(maxlen=OFTEN)

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    @property
    def fallen(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def raise_again(self) -> bool:
        """Start it anew; False when it has fallen too often of late."""
        now = time.monotonic()
        if len(self._falls) == OFTEN and now - self._falls[0] < 60:
            return False
        self._falls.append(now)
        self._end_orphans()
        time.sleep(min(2.0, 0.2 * len(self._falls)))
        self.start()
        return True

    def _end_orphans(self) -> None:
        """What a fallen process had started may still hold its port."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def tell(self, sign: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(sign)

    def gone_by(self, end: float) -> None:
        """Wait for its end until the monotonic time `end`, then kill it."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-20:])
