"""How names and numbers are written wrongly in old ledgers."""

from __future__ import annotations

import re
from collections import defaultdict
from random import Random

from registry.certificates.numbers import normal
from registry.sample.ledgers.lines import Line, Plant

TAILS = ("执", "照", "签", "S", "G")
"""What a scanner's text recognition adds to a name from beside it."""
BLANKS = (" ", "\u00a0", "\n", "  ")
NAME_BLANKS = (" ", "\u3000", "  ")
ALIKE = {"0": "O", "1": "l"}
PAIRS = (("（", "）"), ("〔", "〕"), ("(", ")"), ("[", "]"), ("【", "】"))
SHARED = frozenset({"AG-A", "AG-B", "AG-C", "JZ-1", "JZ-2", "TZ-JZ"})
"""Rules of numbers that a holder's ID number does not give away."""


def mark(kind: str) -> Plant:
    """A defect of the whole row."""
    return Plant(kind, "", None)


def check_digit(random: Random, text: str) -> str | None:
    """Another last character."""
    return text[:-1] + random.choice([each for each in "0123456789X" if each != text[-1]])


def transposed(random: Random, text: str) -> str | None:
    """Two different neighbours changed places."""
    places = [at for at in range(len(text) - 2) if text[at:at + 2].isdigit() and text[at] != text[at + 1]]
    if not places:
        return None
    at = random.choice(places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2:]


def lower_x(random: Random, text: str) -> str | None:
    """A small x at the end."""
    return text[:-1] + "x" if text.endswith("X") else None


def look_alike(random: Random, text: str) -> str | None:
    """A letter that looks like the digit."""
    start = next((match.start() for match in re.finditer(r"[0-9]{4,}", text)), 0)
    places = [at for at in range(start, len(text)) if text[at] in ALIKE]
    if not places:
        return None
    at = random.choice(places)
    return text[:at] + ALIKE[text[at]] + text[at + 1:]


def spaces(random: Random, text: str) -> str | None:
    """Blanks, no-break blanks or a line break inside."""
    if len(text) < 6:
        return None
    blank, places = random.choice(BLANKS), sorted(random.sample(range(2, len(text) - 1), random.randint(1, 2)))
    for at in reversed(places):
        text = text[:at] + blank + text[at:]
    return text


def full_width(random: Random, text: str) -> str | None:
    """Letters and digits as wide as characters, all of them or the first few."""
    most = random.choice((len(text), random.randint(2, 6)))
    wide, done = "", 0
    for each in text:
        change = each.isascii() and each.isalnum() and done < most
        wide += chr(ord(each) + 0xFEE0) if change else each
        done += change
    return wide if done else None


def brackets(random: Random, text: str, rule: str) -> str | None:
    """Other brackets, of one pair or all, that mean the same number."""
    held = [pair for pair in PAIRS if pair[0] in text]
    random.shuffle(held)
    for pair in held:
        others = [each for each in PAIRS if each != pair]
        random.shuffle(others)
        for other in others:
            written = text.replace(pair[0], other[0]).replace(pair[1], other[1])
            if written != text and normal(rule, written) == text:
                return written
    return None


def name_space(random: Random, text: str) -> str | None:
    """张 三."""
    return text[0] + random.choice(NAME_BLANKS) + text[1:] if len(text) in (2, 3) else None


def rare(random: Random, text: str) -> str | None:
    """A character that the computer did not have."""
    return text[:-1] + random.choice("?？") if len(text) > 1 else None


def two_names(lines: list[Line], random: Random, count: int) -> None:
    """Somebody who stands elsewhere in the file under the right name gets a character too many."""
    heaps: dict[tuple[str, int], list[Line]] = defaultdict(list)
    for line in lines:
        if "name" in line.roles and ("id" in line.roles or line.rule == "TZ-EM"):
            heaps[line.file, line.holder.id].append(line)
    able = [heap for heap in heaps.values() if len(heap) > 1]
    random.shuffle(able)
    for heap in able[:count]:
        struck, other = random.sample(heap, 2)
        struck.put("two_names", "name", f"{struck.values['name']}{random.choice(TAILS)}", other, "name")
        struck.hard = other.hard = True
        for line in heap:
            line.touched |= {"name", "id"} | ({"number"} if line.rule == "TZ-EM" else set())


def duplicates(lines: list[Line], random: Random, count: int) -> None:
    """Somebody gets the number of another on the same sheet."""
    heaps: dict[tuple[str, str, str], list[Line]] = defaultdict(list)
    for line in lines:
        if line.rule in SHARED and not line.hard and not line.touched & {"number"}:
            heaps[line.file, line.sheet, line.rule].append(line)
    able = [pair for heap in heaps.values() for pair in _pairs(random, heap)]
    random.shuffle(able)
    for struck, other in able[:count]:
        struck.put("duplicate_number", "number", other.values["number"], other, "number")
        other.touched.add("number")
        struck.hard = other.hard = True
        struck.touched |= {"id", "name"}
        other.touched |= {"id", "name"}


def _pairs(random: Random, heap: list[Line]) -> list[tuple[Line, Line]]:
    random.shuffle(heap)
    return [(first, second) for first, second in zip(heap[::2], heap[1::2], strict=False)
            if first.holder.id != second.holder.id]
