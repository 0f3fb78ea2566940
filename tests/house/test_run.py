"""`make run`'s supervisor, over a site of two small programs: it starts, watches and ends what it started."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.servers import spare_port

pytestmark = pytest.mark.processes
ROOT = Path(__file__).resolve().parent.parent.parent
WSGI = """
def app(environ, start):
    place = environ["PATH_INFO"]
    start("302 Found" if place == "/" else "200 OK", [("Location", "/sign-in")])
    return [b"sign in"]
"""
WORKER = """
import os, sys, time
"imports" in sys.argv or open(os.environ["LICET_DATA"] + "/woken", "a").write(os.environ["REDIS_URL"] + "\\n")
time.sleep(600)
"""
MIGRATION = "revision = '1'\ndown_revision = None\n"


class Running:
    """A supervisor that was started for a test."""

    def __init__(self, site: Path, port: int) -> None:
        self.site, self.port, self.data = site, port, site / "data"
        command = [sys.executable, "-m", "scripts.run", "--port", str(port), "--data", str(self.data)]
        environment = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "DATABASE_URL")}
        self.out = site / f"out-{port}-{time.monotonic_ns()}"
        with self.out.open("w") as out:
            self.process = subprocess.Popen(command, cwd=site, env=environment, stdout=out, stderr=out)

    def said(self) -> str:
        return self.out.read_text()

    def ready(self) -> Running:
        until(lambda: "http://127.0.0.1" in self.said() or self.process.poll() is not None)
        return self

    def page(self) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5) as answer:
            body: bytes = answer.read()
            return body

    def answers(self) -> bool:
        try:
            return self.page() == b"sign in"
        except OSError:
            return False

    def children(self) -> dict[str, int]:
        """Process ids by what they run, found as `ps` finds them."""
        listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
        rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
        names = {"-m worker imports": "imports", "gunicorn": "web", "-m worker": "worker", "redis-server": "redis",
                 "valkey-server": "redis"}
        mine = [(int(pid), text) for pid, parent, text in rows if int(parent) == self.process.pid]
        return {next(name for part, name in names.items() if part in text): pid for pid, text in mine
                if any(part in text for part in names)}


def until(true: Callable[[], object], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The real scripts, with a web application and a worker of a few lines, and a database that needs nothing."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "migrations" / "versions").mkdir(parents=True)
    for name in ("__init__.py", "run.py"):
        shutil.copy(ROOT / "migrations" / name, tmp_path / "migrations")
    (tmp_path / "migrations" / "versions" / "0001_first.py").write_text(MIGRATION)
    (tmp_path / "wsgi.py").write_text(WSGI)
    (tmp_path / "worker.py").write_text(WORKER)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "published").write_text(hashlib.sha256().hexdigest())  # there is nothing to publish
    with closing(sqlite3.connect(tmp_path / "data" / "licet.sqlite", isolation_level=None)) as database:
        database.execute("create table alembic_version (version_num text)")
        database.execute("insert into alembic_version values ('1')")
    return tmp_path


@pytest.fixture
def run(site: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(port: int | None = None) -> Running:
        started.append(Running(site, port or spare_port()))
        return started[-1].ready()

    yield begin
    for one in started:
        children = one.children().values()
        one.process.kill()
        one.process.wait()
        until(lambda children=children: not any(map(alive, children)))


def test_it_brings_up_redis_web_and_worker_and_ends_them_at_ctrl_c(run: Callable[..., Running]) -> None:
    running = run()
    children = running.children()
    assert running.page() == b"sign in"
    assert set(children) == {"redis", "web", "worker", "imports"}
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(15) == 0
    assert not any(map(alive, children.values()))
    assert "stopped" in running.said()


def test_what_falls_is_started_again(run: Callable[..., Running]) -> None:
    running = run()
    woken = running.data / "woken"
    until(woken.exists)
    until(lambda: len(running.children()) == 4)
    before = running.children()
    for name in ("worker", "imports", "redis", "web"):
        os.kill(before[name], signal.SIGKILL)
    until(lambda: len(running.children()) == 4 and not set(running.children().values()) & set(before.values()))
    until(lambda: woken.read_text().count("redis://") == 2)
    until(running.answers)


def test_killed_itself_it_leaves_no_process_behind(run: Callable[..., Running]) -> None:
    running = run()
    children = running.children()
    running.process.kill()
    running.process.wait()
    until(lambda: not any(map(alive, children.values())))


def test_one_data_folder_is_run_once(run: Callable[..., Running]) -> None:
    run()
    second = run()
    assert second.process.wait(5) == 1
    assert "already runs" in second.said()


def test_a_port_that_is_taken_is_named(run: Callable[..., Running], site: Path) -> None:
    first = run()
    (site / "data" / "run.lock").unlink()  # as another data folder would have it
    second = run(first.port)
    assert second.process.wait(5) == 1
    assert f"Port {first.port} is taken" in second.said()


def test_a_site_that_cannot_start_says_why_and_leaves_nothing(run: Callable[..., Running], site: Path) -> None:
    (site / "wsgi.py").write_text("raise LookupError('no such key')")
    broken = run()
    assert broken.process.wait(30) == 1
    assert "no such key" in broken.said()
    assert broken.children() == {}


def test_everything_it_writes_lies_under_the_data_folder(run: Callable[..., Running], site: Path) -> None:
    before = {path for path in site.rglob("*") if "data" not in path.parts and "__pycache__" not in path.parts}
    running = run()
    running.process.send_signal(signal.SIGTERM)
    running.process.wait(15)
    after = {path for path in site.rglob("*") if path.relative_to(site).parts[0] != "data"}
    new = {path.name for path in after - before if "__pycache__" not in path.parts}
    assert new == {running.out.name}


def test_what_holds_a_password_is_readable_by_nobody_else(run: Callable[..., Running], site: Path) -> None:
    running = run()
    settings = running.data / "redis" / "redis.conf"
    assert settings.stat().st_mode & 0o077 == 0
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    (password,) = (line.split()[1] for line in settings.read_text().splitlines() if line.startswith("requirepass"))
    assert password not in listed


def test_a_site_without_accounts_is_known_by_its_table(tmp_path: Path) -> None:
    from scripts.database import NAME, deserted

    assert not deserted(tmp_path, "")  # nothing can be told of what is not there
    with closing(sqlite3.connect(tmp_path / NAME)) as file:
        file.execute("create table account (id integer)")
        assert deserted(tmp_path, "")
        file.execute("insert into account values (1)")
        file.commit()
    assert not deserted(tmp_path, "")
