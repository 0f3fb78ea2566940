"""`make run`: Redis, the web application, a worker and one for imports, started, watched and stopped together.

Everything that is written lies under the data folder: database, files, keys, Redis's append-only file, logs.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from scripts import redis_server
from scripts.children import Child
from scripts.database import deserted, ready
from scripts.system import Stop, say

THREADS = "32"  # an open inbox keeps one
ROOT = Path(__file__).resolve().parent.parent
STARTING = 90.0  # seconds the first page may take on a slow machine
STOPPING = 12.0  # seconds the processes get to end


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=8000)
    options.add_argument("--data", type=Path, default=Path("var"))
    options.add_argument("--sample", choices=("demo", "large", "none"), default="demo")
    given = options.parse_args()
    site = Site(given.port, given.data.expanduser().absolute(), given.sample)
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, lambda *_: site.stopping.set())
    with site.alone():
        try:
            site.start()
            site.watch()
        finally:
            site.stop()


class Site:
    """A running Licet on one data folder and one port of this machine."""

    def __init__(self, port: int, data: Path, sample: str) -> None:
        self.port, self.data, self.sample = port, data, sample
        self.stopping = threading.Event()
        self.children: list[Child] = []
        self.environment: dict[str, str] = {}

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """One supervisor for a data folder; refuses, too, when the port is taken."""
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.data / "run.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Stop(f"Licet already runs on {self.data}. Choose another folder: make run DATA=...") from None
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", self.port))
                except OSError:
                    raise Stop(f"Port {self.port} is taken. Choose another: make run PORT=...") from None
            yield

    def start(self) -> None:
        """Bring everything up and say where it is, or stop with the reason."""
        begun = time.monotonic()
        scratch = self.data / "tmp"
        scratch.mkdir(exist_ok=True)
        self.environment = {"LICET_DATA": str(self.data), "TMPDIR": str(scratch), "PYTHONUNBUFFERED": "1",
                            "LICET_THREADS": THREADS}
        self._start_redis()
        if not ready(self.data, os.environ.get("DATABASE_URL", "")):
            self._prepare_database()
        if (self.data / "accounts.txt").exists():
            self.environment["LICET_DEMO"] = "1"
        web = self._child("web", [sys.executable, "-m", "gunicorn", *self._gunicorn(), "wsgi:app"])
        self._await_page(web)  # the person first, then the worker: two cores import one application at a time
        self._child("worker", [sys.executable, "-m", "worker"])
        self._child("imports", [sys.executable, "-m", "worker", "imports"])
        if not self.stopping.is_set():
            self._greet(time.monotonic() - begun)

    def watch(self) -> None:
        """Until told to stop: what falls is started again."""
        while not self.stopping.wait(0.5):
            for child in self.children:
                if child.fallen and not self.stopping.is_set():
                    say(f"{child.name} ended; starting it again (see {child.log})")
                    if not child.raise_again():
                        raise Stop(f"{child.name} falls again and again. Its last words:\n\n{child.last_words()}")

    def stop(self) -> None:
        """Web and worker first, Redis last; each gets time to finish what it does."""
        end = time.monotonic() + STOPPING
        for redis in (False, True):
            group = [child for child in self.children if (child.name == "redis") is redis]
            for child in group:
                child.tell(signal.SIGTERM)
            for child in group:
                child.gone_by(end)
        print("\n  Licet has stopped.", flush=True)

    def _child(self, name: str, command: list[str]) -> Child:
        child = Child(name, command, self.environment, ROOT, self.data / "logs" / f"{name}.log")
        self.children.append(child)
        child.start()
        return child

    def _gunicorn(self) -> list[str]:
        address = f"127.0.0.1:{self.port}"
        heartbeat = str(self.data / "tmp")
        return [
            "--bind", address, "--worker-class", "gthread", "--workers", "1", "--threads", THREADS, "--timeout", "60",
            "--graceful-timeout", "5", "--worker-tmp-dir", heartbeat, "--no-control-socket", "--log-level", "warning",
        ]  # fmt: skip

    def _start_redis(self) -> None:
        if url := os.environ.get("REDIS_URL"):
            self.environment["REDIS_URL"] = url
            return
        prepared = redis_server.prepare(self.data / "redis")
        if prepared is None:
            say("no Redis here: the worker looks by itself every 15 s")
            return
        address, command = prepared
        redis = self._child("redis", command)
        self.environment["REDIS_URL"] = address.url
        end = time.monotonic() + 10
        while not address.answers():
            if redis.fallen or time.monotonic() > end:
                say(f"Redis did not start (see {redis.log}); the worker looks by itself every 15 s")
                redis.gone_by(0)
                self.children.remove(redis)
                self.environment["REDIS_URL"] = ""
                return
            time.sleep(0.02)

    def _prepare_database(self) -> None:
        command = [sys.executable, "-m", "scripts.database", self.sample]
        environment = {**os.environ, **self.environment}
        with subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True) as work:
            while work.poll() is None:
                if self.stopping.wait(0.05):
                    work.terminate()
                    raise SystemExit(130)
        if work.returncode:
            raise Stop("The database could not be prepared; see above.")

    def _await_page(self, web: Child) -> None:
        end = time.monotonic() + STARTING
        while not self._page_answers():
            if self.stopping.wait(0.05):
                return
            if web.fallen or time.monotonic() > end:
                raise Stop(f"The web application did not start. Its last words:\n\n{web.last_words()}")

    def _page_answers(self) -> bool:
        """Whether the page a person sees first (after the way to the sign-in) is there."""
        place = "/"
        for _ in range(3):
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=STARTING)
            try:
                line.request("GET", place)
                answer = line.getresponse()
            except OSError:
                return False
            finally:
                line.close()
            if answer.status not in (302, 303):
                break
            place = answer.headers.get("Location", "/")
        return answer.status < 500

    def _greet(self, seconds: float) -> None:
        print(f"\n  Licet 工程证件管理 · http://127.0.0.1:{self.port}   ({seconds:.1f} s)\n", flush=True)
        accounts = self.data / "accounts.txt"
        if accounts.exists():
            print(accounts.read_text(encoding="utf-8"), flush=True)
        elif deserted(self.data, os.environ.get("DATABASE_URL", "")):
            print(f"  Nobody can sign in yet. Make the first administrator:\n"
                  f"    LICET_DATA='{self.data}' ./licet admin create\n", flush=True)
        print(f"  Data and logs: {self.data}    Stop: Ctrl-C", flush=True)


if __name__ == "__main__":
    main()
