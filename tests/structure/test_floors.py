"""Who may know whom."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from tests.structure.source import ROOMS, ROOT, importers, modules, name_of


def test_the_floors_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_only_the_worker_knows_the_queue() -> None:
    assert importers("rq") == {"worker.py"}


def test_only_the_dialect_the_runner_and_the_state_know_spiffworkflow() -> None:
    allowed = ("engine/run.py", "engine/state.py", "engine/dialect.py", "engine/dialect/", "bench/naive.py")
    assert [name for name in sorted(importers("SpiffWorkflow")) if not name.startswith(allowed)] == []


def test_messages_leave_the_house_by_one_door() -> None:
    assert importers("urllib3") == {"registry/alerts/channels/outgoing.py"}
    assert importers("smtplib") == {"registry/alerts/channels/email.py"}


def test_nobody_imports_an_entry_point() -> None:
    assert importers("wsgi") == set()
    assert {name for name in importers("worker") if not name.startswith("bench/")} <= {"wsgi.py"}


def test_flask_stays_upstairs() -> None:
    assert {name.split("/")[0] for name in importers("flask")} <= {"web", "wsgi.py"}


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_of_a_room_imports(room: str) -> None:
    names = [name_of(path) for path in modules() if name_of(path).startswith(room + "/")]
    assert names, f"{room} is empty"
    for name in names:
        importlib.import_module(name.removesuffix(".py").replace("/", ".").removesuffix(".__init__"))
