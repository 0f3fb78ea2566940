"""Others that read FEEL or conditions, timed on the same expression in the same run, each in a process of its own.

`bkflow-feel` gets an environment of its own from rivals.lock (`uv pip compile --universal --generate-hashes`), so that
it never enters the product's. Whoever cannot be installed or started here is left out.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
LOCK = HERE / "rivals.lock"
TEXT = 'amount > 100 and region = "bj"'
PYTHON_TEXT = 'amount > 100 and region == "bj"'
CONTEXT = {"amount": 150, "region": "bj"}

LOOP = """
import json, sys, time
text, context, times = json.loads(sys.argv[1])
{prepare}
act()
begun = time.process_time()
for _ in range(times):
    act()
print((time.process_time() - begun) / times)
"""
BKFLOW = LOOP.format(
    prepare="from bkflow_feel.api import parse_expression\ndef act(): return parse_expression(text, context)"
)
SPIFF = LOOP.format(
    prepare=(
        "from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine\n"
        "environment = PythonScriptEngine().environment\n"
        "def act(): return environment.evaluate(text, dict(context))"
    )
)


def microseconds() -> Iterator[tuple[str, float]]:
    """(who, processor time in microseconds for reading and evaluating the condition once), for whoever is here."""
    for who, command in commands():
        told = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT, check=False)
        if told.returncode == 0:
            yield who, float(told.stdout) * 1e6


def commands() -> Iterator[tuple[str, list[str]]]:
    python = bkflow_python()
    if python:
        yield "bkflow-feel", [str(python), "-c", BKFLOW, json.dumps([TEXT, CONTEXT, 2000])]
    yield "SpiffWorkflow's Python evaluator", [sys.executable, "-c", SPIFF, json.dumps([PYTHON_TEXT, CONTEXT, 5000])]
    node = shutil.which("node")
    if node:
        yield "feelin in Node", [node, str(HERE / "feelin.mjs"), json.dumps([TEXT, CONTEXT, 5000])]


def bkflow_python() -> Path | None:
    """The interpreter of the environment made from the lock file (kept between runs); None without a network."""
    mark = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:16]
    kept = ROOT / ".venv" / f"rivals-{mark}"
    python = kept / "bin" / "python"
    if (kept / "whole").exists():
        return python
    shutil.rmtree(kept, ignore_errors=True)
    install = ["-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", str(LOCK)]
    for command in ([sys.executable, "-m", "venv", str(kept)], [str(python), *install]):
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
    (kept / "whole").touch()
    return python
