"""How the test processes share the tests: a file goes to one of them as a whole, and so do the tests of one group.

What a file builds for all of its tests is then built once; and of some hundreds of shares, instead of ten thousand,
those that nobody has yet are handed out at little cost. First go the browsers and the real processes, which take
longest, then files of few tests, as a test among few is often a long one; at the end go ever smaller ones, so that all
are done at about the same time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling

FEW = 3
SLOW = ("browser", "processes")


class Shares(LoadGroupScheduling):
    """In the order in which they were collected; see `ordered`."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return share(super()._split_scope(nodeid))


def share(scope: str) -> str:
    """The name of a group, or the file of a test that is in none."""
    return scope.partition("::")[0]


def ordered(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """The tests share by share, those of a share in their own order."""
    shares: dict[str, list[pytest.Item]] = {}
    for item in items:
        group = item.get_closest_marker("xdist_group")
        shares.setdefault(group.args[0] if group else share(item.nodeid), []).append(item)
    return [item for each in sorted(shares.values(), key=_place) for item in each]


def _place(tests: list[pytest.Item]) -> tuple[bool, bool, int]:
    slow = any(tests[0].get_closest_marker(name) for name in SLOW)
    return not slow, len(tests) > FEW, -len(tests)
