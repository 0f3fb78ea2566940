"""What stands in a cell, as text: what a spreadsheet adds to it (widths, blanks, quotes), and what is none.

Texts of a table repeat themselves (issuers, units, types), so what has been read once is remembered.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

from registry.intake.book import Value
from registry.writing import clean

_WIDE = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
"""Full-width digits and letters; full-width brackets and commas are how Chinese is written."""
_BLANKS = re.compile(r"[\s\u00a0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff\u00ad]+")
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad\u0000-\u0008\u000e-\u001f\u007f]")
_WIDE_SIGN = re.compile(r"[０-９Ａ-Ｚａ-ｚ]")
_BLANK_SIGN = re.compile(
    r"[\s\u00a0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff\u00ad\u0000-\u001f]")
NOTHING = frozenset((
    "", "/", "//", "\\", "-", "--", "---", "—", "——", "–", "_", "*", ".", "。", "、", "无", "暂无", "没有", "未填",
    "空", "不详", "未知", "待补", "待定", "待办", "办理中", "N/A", "NA", "NULL", "NONE", "NIL",
    "(空白)", "（空白）", "#N/A", "NAN",
))
"""What people write where there is nothing to write."""


class Number(NamedTuple):
    """A number as typed, tidied: `value` in capitals without blanks, and what had to be tidied."""

    value: str
    wide: bool = False
    blanks: bool = False
    small_x: bool = False


def shown(value: Value) -> str:
    """The cell as text, as it stands there: what a person would compare with the file."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.isoformat(" ") if value.hour or value.minute or value.second else value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def plain(text: str) -> str:
    """Words: half-width letters and digits, one blank for any blanks, none at the ends, nothing unseen."""
    if text.isascii():
        return text if text.isalnum() else " ".join(_UNSEEN.sub("", text).split())
    return _BLANKS.sub(" ", _UNSEEN.sub("", text.translate(_WIDE))).strip()


def nothing(text: str) -> bool:
    """Whether plain text says that there is nothing."""
    return not text or (len(text) < 5 and text.upper() in NOTHING)


def number(text: str) -> Number:
    """A number as typed, tidied; brackets and hyphens stay as they are."""
    if text.isascii() and text.isalnum() and text.isupper() | text.isdigit():
        return Number(text)
    bare = text.strip()
    if bare[:1] in "'`’‘" and len(bare) > 1:
        bare = bare[1:]  # how a spreadsheet is told that a number is text
    elif bare.startswith('="') and bare.endswith('"'):
        bare = bare[2:-1]
    small = bare.rstrip()[-1:] in ("x", "ｘ")
    wide, blanks = _WIDE_SIGN.search(bare) is not None, _BLANK_SIGN.search(text) is not None
    return Number(clean(bare), wide, blanks, small)
