"""The site under test: real web and worker processes as `make run` starts them, a real Redis, one of two databases."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Engine

from ledger.db import open_database
from migrations.run import upgrade
from scripts.run import Site as RunningSite
from tests.chaos.control import Control
from tests.servers import Postgres, Redis, _die_with_parent, spare_port

ROOT = Path(__file__).resolve().parent.parent.parent
DURABLE = ("listen_addresses=", "max_connections=120", "fsync=on", "synchronous_commit=on", "shared_buffers=32MB")
SECRET = "c" * 48


class Site:
    """Everything that runs for one scenario. `plant` names a bug to be planted in web and worker; `ledgers`: the
    import worker runs too."""

    def __init__(self, kind: str, plant: str = "", *, ledgers: bool = False) -> None:
        self.kind, self.plant, self.ledgers = kind, plant, ledgers
        self.folder = Path(tempfile.mkdtemp(prefix="licet-chaos-"))
        self.data = self.folder / "data"
        self.control = Control(self.folder / "control")
        self.port = spare_port()
        self.redis = Redis()
        self.postgres = Postgres() if kind == "postgresql" else None
        self.url = f"sqlite:///{self.data / 'licet.sqlite'}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def prepare(self) -> Engine:
        """Start the servers and make the tables; the harness's own way into the database."""
        self.data.mkdir(parents=True)
        (self.data / "person.key").write_text("a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=")
        self.redis.start()
        if self.postgres is not None:
            self.postgres.start(DURABLE)
            with self.postgres.connect() as server:
                server.execute("create database licet")
            self.url = self.postgres.url("licet")
        with contextlib.redirect_stdout(sys.stderr):
            upgrade(self.url)
        self.engine = open_database(self.url)
        return self.engine

    def start(self) -> None:
        """Bring up web and workers and wait for the first page."""
        kinds = ("worker", "imports") if self.ledgers else ("worker",)
        workers = [f"{kind}-{number}" for kind in kinds for number in range(1, 3 if self.postgres else 2)]
        for name in ("web", *workers):
            self._start(name)
        self.await_page()

    def _start(self, name: str) -> None:
        command = [sys.executable, "-m", "tests.chaos.entry", *(["imports"] if name.startswith("imports") else [])]
        if name == "web":
            many = ["--workers", "2" if self.postgres else "1", "--preload"]
            given = RunningSite(self.port, self.data, "none")._gunicorn()
            command = [sys.executable, "-m", "gunicorn", *given, *many, "tests.chaos.entry:app"]
        (self.data / "tmp").mkdir(exist_ok=True)
        settings = {
            "LICET_CHAOS": str(self.control.folder), "LICET_PLANT": self.plant, "LICET_DATA": str(self.data),
            "DATABASE_URL": self.url if self.postgres else "", "REDIS_URL": self.redis.url, "LICET_SECRET": SECRET,
            "TMPDIR": str(self.data / "tmp"), "LICET_FAILPOINTS": "",
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **settings}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=_die_with_parent(signal.SIGTERM))

    def await_page(self, seconds: float = 60) -> None:
        """Until the sign-in page answers."""
        self.until(self._answers, seconds, "the site does not answer")

    def _answers(self) -> bool:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("GET", "/healthz")
            return line.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()

    def until(self, true: Callable[[], object], seconds: float, complaint: str) -> None:
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise RuntimeError(f"{complaint}\n{self.last_words()}")
            time.sleep(0.05)

    def last_words(self) -> str:
        return "\n".join(f"== {log.stem}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-15:])
                         for log in sorted(self.folder.glob("*.log")))

    def children(self, name: str) -> list[int]:
        """The processes that do the work below the one we started."""
        pid = self.processes[name].pid
        found = Path(f"/proc/{pid}/task/{pid}/children")
        return [int(one) for one in found.read_text().split()] if found.exists() else []

    def kill(self, name: str) -> None:
        """kill -9 of whoever works under this name; its parent brings another one."""
        for pid in self.children(name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def restart_postgres(self) -> None:
        """Immediate shutdown, as after a power cut of the process, and up again."""
        assert self.postgres is not None
        self.postgres.crash()
        self.postgres.start(DURABLE)

    def stop(self) -> None:
        """End everything we started and remove it."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if hasattr(self, "engine"):
            self.engine.dispose()
        self.redis.stop()
        if self.postgres is not None:
            self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def running(kind: str, plant: str = "", *, ledgers: bool = False) -> Iterator[Site]:
    """A prepared site; its processes are started by whoever fills the database first."""
    site = Site(kind, plant, ledgers=ledgers)
    try:
        site.prepare()
        yield site
    finally:
        site.stop()
