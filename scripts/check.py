"""`make test`: lint, types, floors, then every test on both databases. All of it runs even when a part fails."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
TYPES = [PYTHON, "-m", "mypy"]
LINT = {
    "lint": [PYTHON, "-m", "ruff", "check", "."],
    "floors": [PYTHON, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
}
WORKERS = (os.cpu_count() or 1) + 1
"""Test processes: one more than processors, as some wait for a browser, a database or a timer."""
TESTS = [PYTHON, "-m", "pytest", "-n", str(WORKERS), "--dist", "loadgroup", "-q", "--durations=15"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""The environment; what tests compile to is kept for the next run, else each process compiles 400 files anew."""


def main() -> None:
    given = sys.argv[1:]
    stages = dict(LINT)
    if "--lint-only" not in given:
        stages["tests"] = [*TESTS, *given]
    with tempfile.TemporaryFile() as told:
        types = subprocess.Popen(TYPES, cwd=ROOT, stdout=told, stderr=subprocess.STDOUT)
        failed = [name for name, command in stages.items() if not passes(name, command)]
        failed += [] if agreed(types, told) else ["types"]
    if failed:
        raise SystemExit(f"\nfailed: {', '.join(failed)}")


def agreed(types: subprocess.Popen[bytes], told: IO[bytes]) -> bool:
    """Whether the types fit: looked at beside everything else, as it keeps one processor busy for a minute."""
    code = types.wait()
    told.seek(0)
    print(f"== types\n{told.read().decode()}== types: {'ok' if code == 0 else f'FAILED ({code})'}", flush=True)
    return code == 0


def passes(name: str, command: list[str]) -> bool:
    """Run one stage and say how long it took."""
    print(f"== {name}", flush=True)
    begun = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, check=False).returncode
    print(f"== {name}: {'ok' if code == 0 else f'FAILED ({code})'} in {time.monotonic() - begun:.0f} s", flush=True)
    return code == 0


if __name__ == "__main__":
    main()
