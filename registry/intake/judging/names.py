"""Names of people as ledgers write them, and how like two names are: the same person written twice, or two people."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from registry.intake.judging.cells import nothing, plain
from registry.intake.judging.defects import Defect
from registry.intake.judging.words import LEFT, state_of, words
from registry.people.spelling import spell

_INNER = re.compile(r"(?<=[\u2e80-\u9fff\U00020000-\U0003ffff·?？□])\s+(?=[\u2e80-\u9fff\U00020000-\U0003ffff·?？□])")
_NOTED = re.compile(r"(.+?)\s*[（(]([^（）()]{2,12})[)）]")
_UNKNOWN = re.compile(r"[?？□■�○〓\ue000-\uf8ff]")
_DOTS = str.maketrans("•・．.‧∙⋅", "·······")
_LOOKS: dict[str, set[str]] = {}
"""Each character with those that look like it."""
for _group in words().shapes:
    for _each in _group:
        _LOOKS.setdefault(_each, set()).update(_group)


class Name(NamedTuple):
    """A name read; `rare`: a character of it is lost; `left`: it says that the person has left."""

    name: str
    rare: bool = False
    left: bool = False
    defects: tuple[Defect, ...] = ()


def read_name(text: str) -> Name:
    """A person's name without inner blanks; the parts of a foreign or minority name keep their dot or blank."""
    if text.isalpha() and not text.isascii():
        return Name(text)
    value = plain(text).translate(_DOTS)
    if nothing(value):
        return Name("")
    defects, left = [], False
    if (noted := _NOTED.fullmatch(value)) and state_of(noted.group(2)) == LEFT:
        value, left = noted.group(1), True
        defects.append(Defect("left_mark", "doubt", "left_name", value, {"words": noted.group(2)}))
    joined = _INNER.sub("", value)
    if joined != value:
        defects.append(Defect("name_space", "tidied", "name_space", joined, {"name": joined}))
    rare = _UNKNOWN.search(joined) is not None
    if rare:
        defects.append(Defect("rare_character", "doubt", "rare_character"))
    return Name(joined[:60], rare, left, tuple(defects))


def fits(rare: str, name: str) -> bool:
    """Whether a name is one whose lost characters are filled in."""
    return len(rare) == len(name) and all(
        one == other or _UNKNOWN.match(one) for one, other in zip(rare, name, strict=True))


def lost(name: str) -> bool:
    """Whether a character of the name is lost."""
    return _UNKNOWN.search(name) is not None


@lru_cache(maxsize=4096)
def alike(one: str, other: str) -> float:
    """How likely two different names are one, written twice, where something else already says that they are one
    person: 0 not at all, 1 surely. Pure guesswork made explicit: tails, similar shapes, the same sound."""
    short, long = sorted((one, other), key=len)
    if tail(long, short):
        return 1.0
    if len(short) != len(long):
        return 0.8 if len(short) > 1 and long.startswith(short) or len(short) > 2 and _inserted(short, long) else 0.0
    wrong = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    if all(similar(a, b) for a, b in wrong):
        return 0.95 if len(wrong) == 1 else 0.8
    if len(wrong) == 1 and len(one) > 2:
        return 0.8
    return 0.0


def tail(long: str, short: str) -> bool:
    """Whether the longer is the shorter with something of the form's own words behind it."""
    return len(short) > 1 and long.startswith(short) and 0 < len(long) - len(short) < 3 and all(
        each in words().tails for each in long[len(short):])


@lru_cache(maxsize=8192)
def similar(one: str, other: str) -> bool:
    """Whether two characters look or sound alike."""
    return other in _LOOKS.get(one, ()) or spell(one, person=False)[0] == spell(other, person=False)[0]


def _inserted(short: str, long: str) -> bool:
    return len(long) == len(short) + 1 and any(long[:at] + long[at + 1:] == short for at in range(len(long)))


def shape(name: str) -> str:
    """The same for names whose characters look alike."""
    return "".join(min(_LOOKS[each]) if each in _LOOKS else each for each in name)
