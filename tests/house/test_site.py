"""The real site as `make run` starts it, on a new data folder without the demonstration."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import worker
from tests.servers import spare_port

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("site")]
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site") / "var"


@pytest.fixture(scope="module")
def address(data: Path) -> Iterator[str]:
    """Where the running site is; it is stopped, and must end well, after this module's tests."""
    port = spare_port()
    command = [sys.executable, "-m", "scripts.run", "--port", str(port), "--data", str(data), "--sample", "none"]
    environment = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "DATABASE_URL")}
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert running.stdout
    said = []
    for line in running.stdout:
        said.append(line)
        if "Ctrl-C" in line:
            break
    assert running.poll() is None, "".join(said)
    yield f"http://127.0.0.1:{port}"
    running.send_signal(signal.SIGINT)
    assert running.wait(20) == 0


def test_the_site_answers_and_sees_its_redis(address: str) -> None:
    with urllib.request.urlopen(f"{address}/healthz", timeout=30) as answer:
        assert json.load(answer) == {"ok": True, "database": "up", "redis": "up"}
    with urllib.request.urlopen(address, timeout=30) as page:
        assert page.url.endswith("/login") and "登录" in page.read().decode()


def test_the_first_administrator_is_made_and_the_worker_carries_on_what_happened(address: str, data: Path) -> None:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "licet", "admin", "create"]
    answers = ["--login", "boss", "--name", "王建国", "--group", "华东建设集团"]
    done = subprocess.run(
        [*command, *answers], cwd=ROOT, env={**os.environ, "LICET_DATA": str(data)}, capture_output=True, text=True,
        input="correct horse battery staple 9\n", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert worker.ring("outbox", redis_of(data))  # as the site does after a commit: heard long before the next sweep
    end = time.monotonic() + 10
    while waiting(data):
        assert time.monotonic() < end, "the worker delivered nothing"
        time.sleep(0.1)


def redis_of(data: Path) -> str:
    """The address of the site's own Redis, as its settings say."""
    said = dict(line.split(" ", 1) for line in (data / "redis" / "redis.conf").read_text().splitlines())
    return f"redis://:{said['requirepass']}@{said['bind']}:{said['port']}/0"


def waiting(data: Path) -> int:
    with closing(sqlite3.connect(data / "licet.sqlite")) as database:
        made, undelivered = database.execute("select count(*), count(*) - count(delivered_at) from fact").fetchone()
    assert made > 0
    return int(undelivered)


def test_the_keys_of_the_site_are_its_own(address: str, data: Path) -> None:
    assert data.stat().st_mode & 0o077 == 0
    assert {name for name in ("secret", "person.key") if (data / name).stat().st_mode & 0o077} == set()
