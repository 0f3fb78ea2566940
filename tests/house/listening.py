"""A worker process whose only work is to write down what it was woken for: `python -m tests.house.listening FILE`."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine

import worker
from ledger.db import open_database


def main(book: Path, redis_url: str, slow: float) -> None:
    def note(what: str) -> Callable[[Engine], int]:
        def write(_: Engine) -> int:
            time.sleep(slow)
            with book.open("a") as out:
                out.write(what + "\n")
            return 0

        return write

    parts = {"broken": broken} | {kind: note(kind) for kind in ("outbox", "timers")}
    rounds = worker.Rounds(open_database("sqlite://"), parts)
    signal.signal(signal.SIGTERM, lambda *_: rounds.stopping.set())
    sweeper = threading.Thread(target=rounds.sweep, daemon=True)
    sweeper.start()
    if redis_url:
        worker.listen(redis_url, rounds)
    rounds.stopping.wait()
    sweeper.join(worker.STOPPING)


def broken(_: Engine) -> int:
    raise LookupError("nothing here")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
