"""What the operating system must bring: checked, installed when we are root on Debian or Ubuntu, else asked for."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

NODE = 20
LIBRARIES = {  # WeasyPrint opens these; the certificate's Chinese font comes with the Python packages
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
TEST_PROGRAMS = {"redis-server": "redis-server", "pdftotext": "poppler-utils"}
WIDTH, MANY = 40, 5_000  # characters of a progress bar; what is so many is told off a terminal too
SHELL = "chromium-headless-shell"
"""Chromium without its windows: what the tests start, a quarter faster. Older Debians have only the whole one."""
BROWSERS = (SHELL, "chromium", "chromium-browser", "google-chrome")


class Stop(SystemExit):
    """Set-up cannot go on; the text says what to do."""

    def __init__(self, text: str) -> None:
        super().__init__(f"\n{text}\n")


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def missing_for_running() -> list[str]:
    """Debian packages that `make run` needs and this machine lacks."""
    packages = [package for library, package in LIBRARIES.items() if not _opens(library)]
    if importlib.util.find_spec("ensurepip") is None:
        packages.append(f"python3.{sys.version_info.minor}-venv")
    return packages


def missing_for_tests() -> list[str]:
    """Debian packages that `make test` needs besides."""
    packages = [package for program, package in TEST_PROGRAMS.items() if not shutil.which(program)]
    if not any(map(shutil.which, BROWSERS)):
        packages.append("chromium")
    if not shutil.which("initdb") and not any(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        packages.append("postgresql")
    return packages


def _opens(library: str) -> bool:
    if sys.platform != "linux":
        return True  # WeasyPrint itself says what is missing there
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def node_version() -> int:
    """The major version of Node.js on the PATH, 0 when Node.js or npm is missing."""
    if not shutil.which("node") or not shutil.which("npm"):
        return 0
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)", told)
    return int(found[1]) if found else 0


def prefer(package: str) -> None:
    """Have a Debian package whose program has the same name, where that can be done; go on without it where not."""
    if shutil.which(package) or not shutil.which("apt-get") or os.geteuid() != 0:
        return
    say(f"installing {package}")
    for step in (["update", "-q"], ["install", "-y", "--no-install-recommends", package]):
        subprocess.run(["apt-get", *step], env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                       capture_output=True, check=False)


def require(packages: list[str]) -> None:
    """Have these Debian packages installed, or stop with the one command to run."""
    if not packages:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if not shutil.which("apt-get"):
        raise Stop(f"Missing here, by Debian's names: {' '.join(packages)}. Install them and run this again.")
    if os.geteuid() != 0:
        raise Stop(f"Please run this once, then try again:\n\n    sudo apt-get update && sudo {' '.join(command)}")
    say(f"installing {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["apt-get", "update", "-q"], command):
        done = subprocess.run(step, env=environment, capture_output=True, text=True, check=False)
        if done.returncode and step is command:
            raise Stop(f"{' '.join(command)} failed:\n{done.stdout[-1500:]}{done.stderr[-1500:]}")


def require_node() -> None:
    """Have Node.js 20 or newer, from Debian when Debian's is new enough."""
    if node_version() >= NODE:
        return
    if os.geteuid() == 0 and shutil.which("apt-get") and _node_of_debian() >= NODE:
        require(["nodejs", "npm"])
        return
    raise Stop(f"Licet needs Node.js {NODE} or newer with npm, for the browser's part. Please install it first.")


def _node_of_debian() -> int:
    subprocess.run(["apt-get", "update", "-q"], capture_output=True, check=False)
    told = subprocess.run(["apt-cache", "policy", "nodejs"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"Candidate: (\d+)", told)
    return int(found[1]) if found else 0


def progress(what: str, done: int, of: int) -> None:
    """A bar that grows on a terminal; elsewhere a line at every fifth, of what is long."""
    if sys.stdout.isatty():
        full = WIDTH * done // max(of, 1)
        end = "\n" if done >= of else ""
        print(f"\r  {what:<14}{'#' * full}{'.' * (WIDTH - full)} {done:>9,} / {of:,}{end}", end="", flush=True)
    elif of >= MANY and done // (of // 5) > _said.get(what, 0):
        _said[what] = done // (of // 5)
        say(f"{what}: {done:,} of {of:,}")


_said: dict[str, int] = {}
