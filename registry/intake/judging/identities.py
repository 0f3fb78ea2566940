"""Identity numbers as ledgers have them: put right where the check digit proves it, else named for what they are.

A number that a spreadsheet has rounded is never rebuilt (facts 0.10), whatever else would tell it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from math import exp
from typing import NamedTuple

from registry.intake.book import Value
from registry.intake.judging import cells
from registry.intake.judging.defects import Defect
from registry.people import regions
from registry.people.identity import age_on, check_id_number, id_check_digit, mask_id
from registry.writing import lost_digits

_WHOLE = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)
_LOOKS = {"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "|": "1", "!": "1", "Z": "2", "S": "5", "$": "5", "B": "8",
          "G": "6", "〇": "0", "О": "0"}
_CROSSES = frozenset("×*✕Х╳χΧY")
YOUNGEST, OLDEST = 14, 90
TRANSPOSED, WRONG = 8, 12
"""Of a thousand rows so many have two digits in the wrong order, so many a wrong check digit (facts 6)."""


class Identity(NamedTuple):
    """An identity number read: `value` where it holds, `typed` what stands there, tidied; `candidates` what it may have
    been, nearest first."""

    value: str = ""
    typed: str = ""
    defects: tuple[Defect, ...] = ()
    candidates: tuple[str, ...] = ()

    @property
    def failed(self) -> str:
        """The kind of the defect because of which it does not hold, or ""."""
        return next((each.kind for each in self.defects if each.weight == "stop"), "")


def read_identity(value: Value, today: dt.date, rounded: bool = False) -> Identity:
    """An identity number of 18 characters; Identity() for an empty cell."""
    text = cells.shown(value)
    if rounded or (isinstance(value, float) and abs(value) >= 1e15):
        return Identity("", text, (Defect("float", "stop", "float"),))
    if len(text) == 18 and valid(text, today):
        return Identity(text, text)
    if cells.nothing(cells.plain(text)):
        return Identity()
    seen = cells.number(text)
    return read_typed(seen, seen.value.replace("-", ""), today)


def read_typed(seen: cells.Number, typed: str, today: dt.date) -> Identity:
    """The same for what has been tidied already; `seen` says how."""
    marks = [Defect(kind, "tidied", kind, typed) for kind, is_there in (
        ("full_width", seen.wide), ("spaces", seen.blanks), ("lower_x", seen.small_x)) if is_there]
    if valid(typed, today):
        return Identity(typed, typed, tuple(marks))
    if lost_digits(typed) or (len(typed) == 18 and typed.isdigit() and typed.endswith("000")):
        return Identity("", typed, (*marks, Defect("float", "stop", "float")))
    if len(typed) == 15 and typed.isdigit():
        return Identity("", typed, (*marks, Defect("old_id", "stop", "old_id")))
    looked = looks_right(typed)
    if looked != typed and valid(looked, today):
        found = " ".join(dict.fromkeys(f"{b}/{a}" for a, b in zip(typed, looked, strict=True) if a != b))
        return Identity(looked, typed, (*marks, Defect(
            "look_alike", "tidied", "look_alike", looked, {"found": found}, sure=0.97)))
    if not _WHOLE.fullmatch(typed):
        problem = check_id_number(typed, today).problem
        assert problem is not None
        params = {name: value for name, value in problem.params.items() if name != "number"}
        return Identity("", typed, (*marks, Defect("wrong_number", "stop", problem.text, params=params)))
    found_swaps = tuple(swaps(typed, today))
    swapped = found_swaps and not sound(typed, today)
    kind = "transposed" if swapped else "check_digit"
    guess = found_swaps[0] if swapped and len(found_swaps) == 1 else ""
    last = typed[:17] + id_check_digit(typed[:17])
    return Identity("", typed, (*marks, Defect(kind, "stop", kind, guess, sure=0.6 if guess else 1.0)),
                    (*found_swaps, last))


def settled(wrong: Identity, right: str, source: str) -> tuple[Identity, bool]:
    """A number that failed, with what it surely is by another source (row or born: see SAID), and whether the two are
    near enough for that. A rounded one is left as it is."""
    kind = difference(wrong.typed, right)
    if not kind or wrong.failed == "float":
        return wrong, False
    defects = tuple(each for each in wrong.defects if each.weight != "stop")
    said = Defect(kind, "doubt", f"{kind}_{source}", right, {"right": mask_id(right)}, sure=0.97)
    return Identity(right, wrong.typed, (*defects, said)), True


def difference(typed: str, right: str) -> str:
    """What makes of the right number what was typed: transposed, check_digit (one character), or "" for more."""
    if len(typed) != len(right):
        short, long = sorted((typed, right), key=len)
        one_off = len(long) == len(short) + 1 and any(long[:at] + long[at + 1:] == short for at in range(len(long)))
        return "check_digit" if one_off else ""
    wrong = [at for at, (one, other) in enumerate(zip(typed, right, strict=True)) if one != other]
    if len(wrong) == 1:
        return "check_digit"
    if len(wrong) == 2 and wrong[1] == wrong[0] + 1 and typed[wrong[0]] == right[wrong[1]] and (
            typed[wrong[1]] == right[wrong[0]]):
        return "transposed"
    return ""


def valid(value: str, today: dt.date) -> bool:
    """Eighteen characters in normal form that hold."""
    if not _WHOLE.fullmatch(value) or not _born(value[6:14], today):
        return False
    a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r = value[:17].encode()  # identity.id_check_digit, unrolled
    total = 7*a + 9*b + 10*c + 5*d + 8*e + 4*f + 2*g + h + 6*i + 3*j + 7*k + 9*m + 10*n + 5*o + 8*p + 4*q + 2*r
    return "10X98765432"[(total - 48 * 100) % 11] == value[17]


@lru_cache(maxsize=65536)
def _born(digits: str, today: dt.date) -> bool:
    try:
        return dt.date(1900, 1, 1) < dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) <= today
    except ValueError:
        return False


def looks_right(typed: str) -> str:
    """Letters that look like digits as digits, a cross at the end as X."""
    if len(typed) != 18:
        return typed
    last = "X" if typed[17] in _CROSSES else _LOOKS.get(typed[17], typed[17])
    return "".join(_LOOKS.get(each, each) for each in typed[:17]) + last


def swaps(typed: str, today: dt.date) -> Iterator[str]:
    """The sound numbers that become the typed one when two neighbours change places."""
    for at in range(17):
        if typed[at] != typed[at + 1]:
            other = typed[:at] + typed[at + 1] + typed[at] + typed[at + 2:]
            if valid(other, today) and sound(other, today):
                yield other


def swapped_rather(typed: str, divisions: Mapping[str, int], today: dt.date) -> tuple[float, str]:
    """How many times likelier it is that two neighbours of a failing number changed places than that its last character
    is wrong, and the likeliest number before the swap, "" where none stands out. By how often each befalls a ledger
    (facts 6), by the divisions of the book's other people, and by the ages at which people work (facts 6)."""
    if not _WHOLE.fullmatch(typed):
        return 0.0, ""
    before = {each: _usual(each, divisions, today) for each in swaps(typed, today) if each[17] == typed[17]}
    total, best = sum(before.values()), max(before, key=lambda each: before[each], default="")
    if not total:
        return 0.0, ""
    pairs = sum(one != other for one, other in pairwise(typed[:17]))
    ratio = TRANSPOSED / pairs * total / (WRONG / 10 * _usual(typed, divisions, today))
    return ratio, best if before[best] > 0.9 * total else ""


def _usual(value: str, divisions: Mapping[str, int], today: dt.date) -> float:
    """How usual a bearer of such a number would be, check digit apart; not scaled."""
    if not _born(value[6:14], today):
        return 1e-6
    years = today.year - int(value[6:10])
    age = exp(-(((years - 41) / 11) ** 2) / 2) if 18 <= years <= 66 else 0.005
    there = divisions.get(value[:6], 0)
    return age * (there or (0.2 if regions.known(value[:6]) else 0.01))


def sound(value: str, today: dt.date) -> bool:
    """Whether division and birth date are those of somebody who may hold certificates, check digit apart."""
    if not _born(value[6:14], today) or not regions.known(value[:6]):
        return False
    born = dt.date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    return YOUNGEST <= age_on(born, today) <= OLDEST
