"""Texts as they are read: what turns the writing round, or is no sign at all, is nothing that anybody meant."""

from __future__ import annotations

import re

TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def upright(text: str) -> str:
    """The text without control characters (tabs and ends of lines stay, a NUL is for others to refuse) and without the
    marks that turn its direction: with them one name or file looks like another (Unicode TR 36, 3.2)."""
    return _CONTROL.sub("", TURNING.sub("", text))
