"""The words that make a row worth a second look, as they are written."""

from __future__ import annotations

import tomllib
from functools import lru_cache

from registry.intake.layout.lines import SUM_WORDS
from registry.intake.meaning.columns import COLUMNS

_BLANKS = (" ", "  ", "\u3000", "\n")


@lru_cache(maxsize=64)
def telling(more: frozenset[str]) -> frozenset[str]:
    """Words of headings and of sums, short ones also with blanks between their letters; `more` are learned ones."""
    said = tomllib.loads(COLUMNS.read_text(encoding="utf-8"))
    words = {word for field in said.values() for name in ("seen", "usual") for word in field.get(name, ())}
    spaced = {blank.join(word) for word in words if len(word) == 2 for blank in _BLANKS}
    return frozenset(words | spaced | more | SUM_WORDS)
