"""Personal numbers in a text, starred out however they are written: what anybody may see of a cell."""

from __future__ import annotations

import re
import unicodedata

_PERSONAL = re.compile(
    r"(?<![0-9])(?:1[3-9][0-9]{9}|[1-9][0-9]{14}|[1-9][0-9]{16}[0-9Xx]|[1-9][0-9]{5}(?:19|20)[0-9]{9})(?![0-9])")
"""Mobile numbers, ID numbers of 15 and 18 characters, and such as have lost one."""
_BLANK = re.compile(r"\s")
_ALIKE = str.maketrans("OoIl", "0011")
_IDENTITY = re.compile(r"(?<![0-9.])[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx](?![0-9])")


def masked(text: str) -> str:
    """A cell fit for anybody who may see the row: the middle of ID and phone numbers in it is starred out, also where
    they are written in full width, with blanks between or with an O for a 0. All else stays as it stands."""
    return _starred(text, _PERSONAL)


def identities_masked(text: str) -> str:
    """The same for ID numbers of 18 characters alone: other numbers of a column that is kept are none of ours."""
    return _starred(text, _IDENTITY)


def _starred(text: str, pattern: re.Pattern[str]) -> str:
    if len(text) < 11 or sum(map(str.isdigit, text)) < 10:
        return text
    if text.isascii() and not _BLANK.search(text):
        places, plain = list(range(len(text))), text.translate(_ALIKE)
    else:
        places = [place for place, letter in enumerate(text) if not letter.isspace()]
        plain = "".join(unicodedata.normalize("NFKC", text[place])[:1] for place in places).translate(_ALIKE)
    if not pattern.search(plain):
        return text
    starred = list(text)
    for found in pattern.finditer(plain):
        first = found.start() + (3 if len(found[0]) == 11 else 6)
        for place in places[first:found.end() - 4]:
            starred[place] = "*"
    return "".join(starred)
