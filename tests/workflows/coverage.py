"""Which elements of a drawing the tests of a file have reached: gathered test by test, asked for by the last of them."""

from __future__ import annotations

import pytest

from tests.workflows.passage import Passage, elements


class Reached:
    """The cases of a file and what they visited."""

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

    def missing(self, request: pytest.FixtureRequest, *processes: str) -> dict[str, set[str]]:
        """What no test reached; skipped unless every other test of the file ran here."""
        here = {item.nodeid for item in request.session.items if item.path == request.node.path}
        if here - self.ran - {request.node.nodeid}:
            pytest.skip("the other tests of this file did not all run here")
        return {process: rest for process in processes if (rest := elements(process) - self.seen)}
