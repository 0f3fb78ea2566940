"""From `make run` to the first page, the second time: what a person waits after a restart."""

from __future__ import annotations

import re
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from bench.measure import Figure
from scripts.redis_server import spare_port

TIMES = 3


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as data:
        start(data)  # makes the database
        yield Figure("restart to first page", statistics.median(start(data) for _ in range(TIMES)), "s", 3)


def start(data: str) -> float:
    """Start, read the seconds that it says it took, and stop."""
    command = [sys.executable, "-m", "scripts.run", "--port", str(spare_port()), "--data", data, "--sample", "none"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        taken = next((re.search(r"\((\d+\.\d) s\)", line) for line in running.stdout if "http://" in line), None)
        running.send_signal(signal.SIGINT)
        running.stdout.read()
    if taken is None:
        raise SystemExit("the site did not start")
    return float(taken[1])
