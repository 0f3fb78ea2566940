"""How numbers are written: one normal form for full width, spaces, dashes and brackets (facts 2.5, 2.6).

Only the normal form is compared; the raw text is kept by whoever stores it.
"""

from __future__ import annotations

import re
import unicodedata

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_LETTERS = {ord(small): ord(small) - 32 for small in "abcdefghijklmnopqrstuvwxyz"}
_ASCII = _LETTERS | dict.fromkeys([*range(33), 127])
"""The same for plain text in one go: capitals, and nothing for blanks and control characters."""
_DASHES = {ord(dash): "-" for dash in "‐‑‒–—―−﹣"}
_NARROW = {wide: _LETTERS.get(half, half) for wide, half in _FULL_WIDTH.items()} | _DASHES | _LETTERS
"""All of it for text of any kind, in one go."""
_OPENERS, _CLOSERS = "([【〔", ")]】〕"
_SQUARE = str.maketrans("[]【】", "〔〕〔〕")
_SCIENTIFIC = re.compile(r"[0-9]+\.[0-9]+E[+-]?[0-9]+|[0-9]+E[+-][0-9]+|[0-9]{10,}\.0+", re.ASCII)


def clean(text: str) -> str:
    """Half-width capitals and digits, no space of any kind (blank, NBSP, zero width, line break), plain hyphens.

    Bracket kinds are left to the rule; cleaning twice changes nothing.
    """
    if text.isascii():
        return text.translate(_ASCII)
    narrow = text.translate(_NARROW)
    if narrow.isprintable():  # no blank but the plain one, nothing unseen: by far the most texts
        return narrow.replace(" ", "")
    return "".join(each for each in narrow if unicodedata.category(each) not in ("Zs", "Zl", "Zp", "Cc", "Cf"))


def undashed(text: str) -> str:
    """Cleaned, and without the hyphens some people group digits with."""
    return clean(text).replace("-", "")


def free(text: str) -> str:
    """Round brackets full width, square and lenticular ones as 〔〕."""
    return clean(text).replace("(", "（").replace(")", "）").translate(_SQUARE)


def rounded(text: str) -> str:
    """Every bracket as full-width （）."""
    return _brackets(clean(text), "（", "）")


def narrow_rounded(text: str) -> str:
    """Every bracket as half-width ()."""
    return _brackets(clean(text), "(", ")")


def licence(text: str) -> str:
    """The first pair of brackets round, every later one 〔〕: （苏）JZ安许证字〔2023〕001234."""
    cleaned = clean(text)
    if not cleaned or cleaned[0] not in _OPENERS:
        return _brackets(cleaned, "〔", "〕")
    end = next((at for at, each in enumerate(cleaned) if each in _CLOSERS), len(cleaned) - 1) + 1
    return _brackets(cleaned[:end], "（", "）") + _brackets(cleaned[end:], "〔", "〕")


def lost_digits(cleaned: str) -> bool:
    """A spreadsheet kept the number as a float: the last digits are gone and cannot be rebuilt."""
    return _SCIENTIFIC.fullmatch(cleaned) is not None


def _brackets(text: str, opener: str, closer: str) -> str:
    return "".join(opener if each in _OPENERS else closer if each in _CLOSERS else each for each in text)
