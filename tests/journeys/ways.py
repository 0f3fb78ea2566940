"""Which journey does which verb of the inbox in which way: the table that tests/structure/test_journeys.py checks.

A walk marked `@does("transfer", ...)` takes `way` and is walked once in each: "desk" (mouse, 1280 px, Chinese), "phone"
(390 px, Chinese) and "keys" (no mouse; the pages are English, and nothing of ours may be left in Chinese on them). With
`ways=` it says which ways it does itself. `@races("claim", ...)`: two browsers want the same, one loses and reads why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

VERBS = (
    "claim", "release", "transfer", "delegate", "give back", "recall", "sign before", "sign after", "sign nested",
    "drop sign", "countersign", "veto", "member leaves", "return", "straight back", "withdraw", "take back",
    "take back late", "reopen", "copy", "receipt", "urge", "urge too soon", "comment", "mention", "attachment",
    "consult",
    "consult twice", "signature", "substitute", "hand over", "pause clock", "print ledger", "silence",
    "saved view", "bulk approve",
    "bulk conflict", "live arrival", "why me", "why not me",
)
RACED = ("claim", "complete", "transfer", "delegate", "sign", "return", "withdraw", "take back", "urge", "copy",
         "consult", "bulk")
WAYS = ("desk", "phone", "keys")
DONE: dict[tuple[str, str], str] = {}
RACES: dict[str, str] = {}


def does(*verbs: str, ways: tuple[str, ...] = WAYS) -> Callable[[Any], Any]:
    """The walk does these verbs; if it takes `way`, in each of the ways."""
    def marked(walk: Any) -> Any:
        DONE.update({(verb, way): walk.__name__ for verb in verbs for way in ways})
        return pytest.mark.parametrize("way", ways)(walk) if "way" in walk.__annotations__ else walk

    return marked


def races(*verbs: str) -> Callable[[Any], Any]:
    """Two browsers want one of these, and the one who loses reads who was first, when, and what was typed."""
    def marked(walk: Any) -> Any:
        RACES.update(dict.fromkeys(verbs, walk.__name__))
        return walk

    return marked
