"""What a heading means: exactly known, learned, similar to a known one; where it may be several things, what stands
below it decides."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

import msgspec
from rapidfuzz import fuzz, process

from registry.intake.book import Value
from registry.intake.known import Learned
from registry.intake.mapping import FIELDS, Mapped
from registry.intake.meaning.evidence import Look, look
from registry.intake.meaning.folding import fold

COLUMNS = Path(__file__).with_name("columns.toml")
EXACT, LINE, ENDING, WITHIN, PERHAPS, UNKNOWN = 1.0, 0.95, 0.85, 0.75, 0.7, 0.5
LONGEST = 24
"""A heading is not longer than this, folded; what is longer is compared exactly only."""
DAYS = frozenset((
    "issued_on", "first_issued_on", "valid_from", "valid_until", "review_on", "reviewed_on", "born_on", "made_on",
    "inspected_on", "inspect_on", "lent_at", "returned_at",
))
COUNTS = frozenset(("originals", "duplicates"))


class Headings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The headings of one field (see columns.toml)."""

    seen: tuple[str, ...] = ()
    usual: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()


@cache
def _said() -> dict[str, Headings]:
    return msgspec.convert(tomllib.loads(COLUMNS.read_text(encoding="utf-8")), dict[str, Headings])


@cache
def _endings() -> tuple[tuple[str, str], ...]:
    return tuple((fold(ending), field) for field, each in _said().items() for ending in each.endings)


@cache
def headings() -> dict[str, tuple[tuple[str, float], ...]]:
    """Every folded heading with the fields it may mean, the surest first."""
    found: dict[str, dict[str, float]] = {}
    for field, each in _said().items():
        for words, sure in ((each.seen, EXACT), (each.usual, EXACT), (each.perhaps, PERHAPS)):
            for word in words:
                known = found.setdefault(fold(word), {})
                known[field] = max(sure, known.get(field, 0.0))
    return {word: tuple(sorted(fields.items(), key=lambda item: -item[1])) for word, fields in found.items()}


@cache
def _words() -> tuple[str, ...]:
    return tuple(sorted((word for word in headings() if len(word) > 2), key=len, reverse=True))


def is_heading(folded: str) -> bool:
    """Whether a folded text is a heading that we know exactly."""
    return folded in headings()


@lru_cache(maxsize=4096)
def meanings(folded: str) -> tuple[tuple[str, float], ...]:
    """The fields that a folded heading may mean, the surest first; () where it is like none that we know."""
    exact = headings().get(folded)
    if exact is not None or not 2 < len(folded) <= LONGEST:
        return exact or ()
    for word in _words():
        if word in folded and (not word.isascii() or folded.endswith(word)):
            share = ENDING if folded.endswith(word) else WITHIN
            return tuple((field, round(sure * share, 2)) for field, sure in headings()[word])
    for ending, field in _endings():
        if folded.endswith(ending):
            return ((field, WITHIN),)
    near = process.extractOne(folded, _words(), scorer=fuzz.ratio, score_cutoff=75)
    if near is None:
        return ()
    return tuple((field, round(sure * near[1] / 100 * 0.8, 2)) for field, sure in headings()[near[0]])


def understood(heading: str) -> tuple[tuple[str, float], ...]:
    """The same of a heading as it stands: of one in several lines that is not known as a whole, the last line counts
    (证件信息 above 类别)."""
    key = fold(heading)
    last = heading.rsplit(" ", 1)[-1]
    if key not in headings() and last != heading and (known := headings().get(fold(last))):
        return tuple((field, round(sure * LINE, 2)) for field, sure in known)
    return meanings(key)


def candidates(heading: str, learned: Learned | None, seen: Look) -> list[Mapped]:
    """All that a heading may mean, the surest first; the last is always that it is kept as it is."""
    key = fold(heading)
    told = learned.columns.get(key) if learned is not None else None
    if told in FIELDS:
        return [Mapped(field=told), Mapped(field="keep", sure=UNKNOWN)]
    weighed = [Mapped(field=field, sure=_weigh(field, sure, seen)) for field, sure in understood(heading)]
    weighed = sorted((each for each in weighed if each.sure > 0.3), key=lambda each: -each.sure)
    return [*weighed, Mapped(field="keep", sure=UNKNOWN)]


def field_of(heading: str, learned: Learned | None = None, values: Sequence[Value] = ()) -> Mapped:
    """What one heading means, seen alone. `values` are some of the cells below it, as they are."""
    return candidates(heading, learned, look(values))[0]


def _weigh(field: str, sure: float, seen: Look) -> float:
    """What the values make of it: they decide between the meanings of a doubtful heading, and shake a certain one."""
    if not seen.count:
        return sure
    fits = _fits(field, seen)
    if fits is None:
        return sure
    if sure >= EXACT:
        return sure if fits >= 0.3 else 0.65
    return round(min(0.95, sure + 0.2) if fits >= 0.6 else sure - 0.3 if fits < 0.3 else sure, 2)


def _fits(field: str, seen: Look) -> float | None:
    """How well the values fit a field, 0 to 1; None where nothing can be said."""
    if field == "term":
        return seen.span
    if field in DAYS:
        spans = seen.span if field in ("valid_until", "review_on") and seen.span < 0.5 else 0.0
        return min(1.0, seen.day + spans + seen.serial)
    if field == "id_number":
        return seen.id
    if field == "phone":
        return seen.phone
    if field == "company_code":
        return seen.uscc
    if field == "sequence":
        return 1.0 if seen.running else 0.0
    if field in ("name", "state"):
        return seen.name if field == "name" else seen.state or None
    if field == "number":
        return _fits_number(seen)
    if field in COUNTS:
        return seen.few
    return None


def _fits_number(seen: Look) -> float | None:
    if seen.running:
        return 0.0
    if seen.t_id > 0.3:
        return 1.0
    if seen.day > 0.5 or seen.phone > 0.5:
        return 0.0
    return None if seen.id > 0.5 else seen.distinct
