"""How words are compared: one form for the many ways in which a heading or a name is written."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_LEFT_OUT = ("P", "Z", "C", "S")
"""Unicode categories: punctuation with brackets, blanks, control characters, signs."""


@lru_cache(maxsize=16384)
def fold(text: str) -> str:
    """Half width, small letters, without blanks, brackets and punctuation: “ 证书编号（新）” -> 证书编号新."""
    narrow = unicodedata.normalize("NFKC", text[:400]).lower()
    if narrow.isalnum():
        return narrow
    return "".join(each for each in narrow if unicodedata.category(each)[0] not in _LEFT_OUT)
