"""Which columns of a heading make one table: two tables side by side, or one row with several certificates."""

from __future__ import annotations

from registry.intake.meaning.columns import meanings
from registry.intake.meaning.folding import fold
from registry.intake.meaning.vocabulary import certificate_in

_WHO = frozenset(("name", "id_number", "machine"))
_OWN = frozenset((
    "number", "issued_on", "first_issued_on", "valid_from", "valid_until", "term", "review_on", "reviewed_on", "issuer",
    "level", "speciality", "item", "category", "type", "state",
))
"""What belongs to a certificate and not to its holder."""


def split(texts: dict[int, str]) -> list[list[int]]:
    """The columns of each table. Headings that come again begin a further one; where those say who it is (姓名) it is
    a table of its own, where only what he holds comes again, each has the columns that are said once besides its own.
    Numbers of different certificates (B证编号, 建造师注册编号) are such groups too."""
    places = sorted(texts)
    words = [fold(texts[place]) for place in places]
    second = next((at for at, word in enumerate(words) if word and word in words[:at]), None)
    if second is not None:
        first = words.index(words[second])
        own = any(_meaning(word) in _WHO for word in words[first:second])
        gap = places[second] - places[second - 1] > 1
        again = [at for at in range(second, len(words)) if words[at] == words[first]]
        if own and (gap or _alike(words, first, second) > 1) or first == 0 and _alike(words, 0, second) > 1:
            starts = [0, *(_left(places, at, first) for at in again)]
            return [places[begin:end] for begin, end in zip(starts, [*starts[1:], len(places)], strict=True)]
        if not own and _alike(words, first, second) > 1:
            period = second - first
            return _grouped(places, [list(range(at, min(at + period, len(places)))) for at in (first, *again)])
    return _by_certificate(places, words)


def _by_certificate(places: list[int], words: list[str]) -> list[list[int]]:
    """Several numbers, each of another certificate: what follows a number belongs to it as long as it may."""
    begins = [at for at, word in enumerate(words) if certificate_in(word) and _meaning(word) == "number"]
    if len({certificate_in(words[at]) for at in begins}) < 2:
        return [places]
    groups = []
    for begin, end in zip(begins, [*begins[1:], len(words)], strict=True):
        last = next((at for at in range(begin + 1, end) if _meaning(words[at]) not in _OWN), end)
        groups.append(list(range(begin, last)))
    return _grouped(places, groups)


def _grouped(places: list[int], groups: list[list[int]]) -> list[list[int]]:
    """Each group with the columns that are in none."""
    inside = {at for group in groups for at in group}
    once = [at for at in range(len(places)) if at not in inside]
    return [[places[at] for at in sorted((*once, *group))] for group in groups]


def _alike(words: list[str], first: int, second: int) -> int:
    """How many headings come again in the same order."""
    steps = range(min(second - first, len(words) - second))
    return sum(words[first + step] == words[second + step] for step in steps)


def _left(places: list[int], at: int, first: int) -> int:
    """A table may begin up to two columns before its first repeated heading: right behind the gap."""
    for begin in range(at, max(first, at - 3), -1):
        if places[begin] - places[begin - 1] > 1:
            return begin
    return at


def _meaning(word: str) -> str:
    found = meanings(word)
    return found[0][0] if found else ""
