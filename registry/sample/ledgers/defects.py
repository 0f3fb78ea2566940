"""The defects that are planted in ledgers, so many to a thousand rows (facts 6), each where it makes sense."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from registry.certificates.catalogue import type_of
from registry.people.persons import Person
from registry.sample.ledgers import dates, spoiling
from registry.sample.ledgers.lines import NO, Former, Line, Nothing, Value

NUMBERS = ("number", "id")
HARD = frozenset({"check_digit", "transposed", "float", "look_alike", "missing_t", "duplicate_number", "two_names",
                  "rare_character"})
"""At most one of these to a row: two would leave nothing to tell them by."""
LEANS = {"review_is_expiry": {"end"}}
"""What else must stay as it is for the defect to be seen."""
MOST = 0.5
"""So much of what could have a defect gets it at most; a ledger in which every number is odd has no odd number."""
Spoil = Callable[[Random, str], str | None]
Write = Callable[[Random, Line, str, Former], Value | Nothing]


@dataclass(frozen=True)
class Defect:
    """A kind of findings.KINDS, how many to a thousand rows, the roles it may strike, and how it is written there: None
    where it does not make sense."""

    kind: str
    rate: int
    roles: tuple[str, ...]
    write: Write


def _text(spoil: Spoil) -> Write:
    def write(random: Random, line: Line, role: str, former: Former) -> Value | Nothing:
        value = line.values[role]
        spoilt = spoil(random, value) if isinstance(value, str) else None
        return NO if spoilt is None else spoilt
    return write


def _identity(spoil: Spoil) -> Write:
    """Only in ID numbers, and in T numbers, which are built of them."""
    inner = _text(spoil)

    def write(random: Random, line: Line, role: str, former: Former) -> Value | Nothing:
        return inner(random, line, role, former) if role == "id" or line.rule == "TZ-EM" else NO
    return write


def _name(spoil: Spoil) -> Write:
    """Only in the names of people."""
    inner = _text(spoil)

    def write(random: Random, line: Line, role: str, former: Former) -> Value | Nothing:
        return inner(random, line, role, former) if isinstance(line.holder, Person) else NO
    return write


def _missing_t(random: Random, line: Line, role: str, former: Former) -> Value | Nothing:
    return str(line.values[role])[1:] if line.rule == "TZ-EM" else NO


def _float(random: Random, line: Line, role: str, former: Former) -> Value | Nothing:
    text = str(line.values[role])
    return float(text[:15] + "000") if text.isdigit() and line.colours else NO


def _brackets(random: Random, line: Line, role: str, former: Former) -> Value | Nothing:
    return spoiling.brackets(random, str(line.values[role]), line.rule) or NO


def _alike(random: Random, line: Line, role: str, former: Former) -> Value | Nothing:
    if role == "id" or line.rule in ("TZ-EM", "AG-A", "AG-B", "AG-C", "TZ-JZ", "JZ-1", "JZ-2", "JA"):
        return spoiling.look_alike(random, str(line.values[role])) or NO
    return NO


def _former(random: Random, line: Line, role: str, former: Former) -> Value | Nothing:
    names = former.get(line.company.id, ())
    return random.choice(names) if names else NO


def _alias(random: Random, line: Line, role: str, former: Former) -> Value | Nothing:
    names = type_of(line.codes[0]).aliases
    if line.codes[0] == "P15":
        names = ("八大员", str(line.values["group"]))
    return random.choice(names) if names else NO


def _left(random: Random, line: Line, role: str, former: Former) -> Value | Nothing:
    return random.choice(("strike", "red")) if isinstance(line.holder, Person) and line.colours else NO


DEFECTS = (
    Defect("float", 10, ("id",), _float),
    Defect("lower_x", 5, NUMBERS, _identity(spoiling.lower_x)),
    Defect("missing_t", 15, ("number",), _missing_t),
    Defect("look_alike", 6, NUMBERS, _alike),
    Defect("check_digit", 12, NUMBERS, _identity(spoiling.check_digit)),
    Defect("transposed", 8, NUMBERS, _identity(spoiling.transposed)),
    Defect("rare_character", 3, ("name",), _name(spoiling.rare)),
    Defect("review_missing", 40, ("review",), dates.no_review),
    Defect("review_is_expiry", 20, ("review",), dates.review_is_end),
    Defect("end_before_issue", 5, ("end",), dates.too_early),
    Defect("old_company", 25, ("company",), _former),
    Defect("left_mark", 20, ("",), _left),
    Defect("brackets", 80, ("number",), _brackets),
    Defect("spaces", 30, NUMBERS, _text(spoiling.spaces)),
    Defect("full_width", 25, NUMBERS, _text(spoiling.full_width)),
    Defect("name_space", 20, ("name",), _name(spoiling.name_space)),
    Defect("date_format", 60, ("end", "issue", "first", "review", "reviewed"), dates.written),
    Defect("type_alias", 150, ("type",), _alias),
)


def plant(lines: list[Line], random: Random, former: Former) -> None:
    """Plant every kind, the scarce ones first. Blank ends are where nothing is known of the end anyway."""
    people = [line for line in lines if isinstance(line.holder, Person)]
    for line in lines:
        line.truth = dict(line.values)
        if line.unknown and "end" in line.roles:
            line.put("blank_end", "end", None)
    spoiling.two_names(people, random, round(len(lines) * 5 / 1000))
    spoiling.duplicates(people, random, round(len(lines) * 4 / 1000))
    for defect in DEFECTS:
        _plant(defect, lines, random, former, round(len(lines) * defect.rate / 1000))


def _plant(defect: Defect, lines: Iterable[Line], random: Random, former: Former, count: int) -> None:
    """Strike `count` of the lines that can have the defect, or as many as may."""
    able = [line for line in lines if _roles(defect, line)]
    random.shuffle(able)
    found: list[tuple[Line, str, Value]] = []
    possible = 0
    for line in able:
        role = random.choice(_roles(defect, line))
        written = defect.write(random, line, role, former)
        if not isinstance(written, Nothing):
            possible += 1
            if len(found) < count:
                found.append((line, role, written))
    for line, role, written in found[:max(1, int(possible * MOST))]:
        if role:
            line.put(defect.kind, role, written)
        else:
            line.left = str(written)
            line.touched.add("")
            line.values[""] = line.left
            line.plants.append(spoiling.mark(defect.kind))
        line.hard |= defect.kind in HARD
        line.touched |= LEANS.get(defect.kind, set())


def _roles(defect: Defect, line: Line) -> list[str]:
    """The cells of the line that may be struck."""
    if line.hard and defect.kind in HARD:
        return []
    return [role for role in defect.roles if role not in line.touched and (
        not role or (role in line.roles and line.values.get(role) is not None))]
