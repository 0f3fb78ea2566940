"""Which elements of a drawing the tests have reached: noted test by test, judged when the last of them is over.

What a test's cases visited lies in a file, because the tests of a drawing may run in several processes.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.workflows.passage import Passage, elements

DRAWINGS = {
    ("test_application.py", "test_time.py"): ("application",),
    ("test_renewal.py",): ("renewal",),
    ("test_transfer.py", "test_transfer_kinds.py"): (
        "transfer", "transfer_employer", "transfer_manager", "transfer_equipment", "transfer_chain", "transfer_permit",
        "transfer_province"),
    ("test_cancellation.py",): ("cancellation", "clearing"),
    ("test_suspension.py",): ("suspension",),
}
"""The files of tests that must together reach every element of the drawings."""


class Reached:
    """The cases of one test; `folder` is shared by all tests of a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cases: list[Passage] = []

    def note(self, item: pytest.Item) -> None:
        """Keep what this test's cases visited; the last of the tests says what none of them reached."""
        self.folder.mkdir(exist_ok=True)
        seen = set().union(*(case.visited() for case in self.cases if case.id))
        self._file(item).write_text(json.dumps(sorted(seen)), "utf-8")
        for files, processes in DRAWINGS.items():
            here = [each for each in item.session.items if each.path.name in files]
            if item.path.name in files and {each.path.name for each in here} == set(files) and _whole(here):
                self._judge([self._file(each) for each in here], processes)

    def _file(self, item: pytest.Item) -> Path:
        return self.folder / hashlib.sha256(item.nodeid.encode()).hexdigest()

    def _judge(self, kept: list[Path], processes: tuple[str, ...]) -> None:
        if all(file.exists() for file in kept):
            seen = {element for file in kept for element in json.loads(file.read_text("utf-8"))}
            assert {process: rest for process in processes if (rest := elements(process) - seen)} == {}


def _whole(items: list[pytest.Item]) -> bool:
    """Whether no test of these files was left out of the run (-k, a single test)."""
    run = {(item.path, item.name.partition("[")[0]) for item in items}
    modules = {item.path: item.getparent(pytest.Module) for item in items}
    return all(
        (path, name) in run for path, module in modules.items() if module is not None
        for name in vars(module.obj) if name.startswith("test_"))
