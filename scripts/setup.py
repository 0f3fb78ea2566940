"""`make setup`: everything that `make run` needs, made once; a second call finds its stamps and is done at once."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from scripts.system import SHELL, Stop, missing_for_running, missing_for_tests, prefer, require, require_node, say

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "stamps"
BUILT = ROOT / "web" / "static" / "built"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tests", action="store_true", help="also what `make test` needs")
    tests = options.parse_args().tests
    if tests and not (STAMPS / SHELL).exists():  # asked for once: not every Debian has it
        prefer(SHELL)
    require(missing_for_running() + (missing_for_tests() if tests else []))
    python_packages(tests)
    if tests:
        mark(SHELL, "")
    browser_assets()
    texts = sorted((ROOT / "web" / "translations").rglob("*.po"))
    step("texts", "translations", texts, lambda: compile_texts(texts))
    step("bytecode", "bytecode", own_source(), compile_source)


def python_packages(tests: bool) -> None:
    """The virtual environment with exactly the locked packages."""
    if not PYTHON.exists():
        say("virtual environment")
        run(sys.executable, "-m", "venv", "--clear", str(VENV))
    running, testing = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
    if tests:
        step("tests", "Python packages, with those for the tests", [testing], lambda: install(testing))
        mark("python", digest([running]))
    else:
        step("python", "Python packages", [running], lambda: install(running))


def browser_assets() -> None:
    """What the browser gets: packages by npm, never running a package's own scripts, then one esbuild step."""
    locks = [ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc"]
    sources = [path for path in sorted((ROOT / "browser").rglob("*")) if path.is_file()]
    step("npm", "browser packages", locks, install_browser_packages, made=ROOT / "node_modules")
    step("built", "browser assets", [*locks, *sources], build_browser_assets, made=BUILT)


def step(name: str, title: str, sources: Iterable[Path], act: Callable[[], None], made: Path | None = None) -> None:
    """Do `act` unless it was done for these very sources and what it `made` is still there."""
    wanted = digest(sources)
    stamp = STAMPS / name
    if stamp.exists() and stamp.read_text() == wanted and (made is None or made.exists()):
        return
    begun = time.monotonic()
    say(f"{title} ...")
    act()
    mark(name, wanted)
    say(f"{title}: {time.monotonic() - begun:.0f} s")


def mark(name: str, wanted: str) -> None:
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(wanted)


def digest(sources: Iterable[Path]) -> str:
    """One figure for the contents of some files and the Python they are for."""
    total = hashlib.sha256(sys.version.encode())
    for path in sources:
        total.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def install(lock: Path) -> None:
    """By uv where it is at hand (16 times faster), else by pip; every file is checked against its hash."""
    if works("uv", "--version"):
        into = ("--quiet", "--compile-bytecode", "--python", str(PYTHON))
        run("uv", "pip", "install", *into, "--require-hashes", "-r", str(lock))
    else:
        quiet = ("--quiet", "--disable-pip-version-check")
        run(str(PYTHON), "-m", "pip", "install", *quiet, "--require-hashes", "-r", str(lock))


def install_browser_packages() -> None:
    require_node()
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def build_browser_assets() -> None:
    require_node()
    run("npm", "run", "--silent", "build")


def compile_texts(texts: list[Path]) -> None:
    run(str(PYTHON), "-m", "scripts.texts", *map(str, texts))


def own_source() -> list[Path]:
    """Our Python files. Compiled at set-up, because a start that compiles is twice as slow and writes beside them."""
    rooms = ("ledger", "feel", "engine", "registry", "forms", "workflows", "web", "migrations", "scripts")
    return [*ROOT.glob("*.py"), *(path for room in rooms for path in sorted((ROOT / room).rglob("*.py")))]


def compile_source() -> None:
    run(str(PYTHON), "-m", "compileall", "-q", *(str(path.relative_to(ROOT)) for path in own_source()))


def works(*command: str) -> bool:
    """Whether a program is there and answers (a shim on the PATH may have nothing behind it)."""
    if not shutil.which(command[0]):
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Stop(f"{' '.join(command[:4])} ... failed:\n{(done.stdout + done.stderr)[-2000:]}")


if __name__ == "__main__":
    main()
