"""Which elements of a drawing the tests of some files have reached: gathered test by test, asked for by the last."""

from __future__ import annotations

import pytest

from tests.workflows.passage import Passage, elements


class Reached:
    """The cases and what they visited."""

    def __init__(self) -> None:
        self.cases: list[Passage] = []
        self.seen: set[str] = set()
        self.ran: set[str] = set()

    def gather(self, test: str) -> None:
        """After each test: what its cases visited."""
        for case in self.cases:
            self.seen |= case.visited()
        self.cases.clear()
        self.ran.add(test)

    def missing(
        self, request: pytest.FixtureRequest, *processes: str, files: tuple[str, ...] = ()
    ) -> dict[str, set[str]]:
        """What no test of this file and of `files` reached; skipped unless all of them ran here."""
        names = {request.node.path.name, *files}
        here = {item.nodeid for item in request.session.items if item.path.name in names}
        if here - self.ran - {request.node.nodeid} or not names <= {item.path.name for item in request.session.items}:
            pytest.skip("the other tests that reach these drawings did not all run here")
        return {process: rest for process in processes if (rest := elements(process) - self.seen)}
