"""Which columns of a heading make one table: two tables side by side, or one row with several certificates."""

from __future__ import annotations

from registry.intake.meaning.columns import meanings
from registry.intake.meaning.folding import fold

_WHO = frozenset(("name", "id_number", "machine"))


def split(texts: dict[int, str]) -> list[list[int]]:
    """The columns of each table. Headings that come again begin a further one; where those say who it is (姓名) it is
    a table of its own, where only what he holds comes again, its columns stand behind those that are said once."""
    places = sorted(texts)
    words = [fold(texts[place]) for place in places]
    second = next((at for at, word in enumerate(words) if word and word in words[:at]), None)
    if second is None:
        return [places]
    first = words.index(words[second])
    own = any(_who(word) for word in words[first:second])
    gap = places[second] - places[second - 1] > 1
    if _alike(words, first, second) < 2 and not (own and gap):
        return [places]
    again = [at for at in range(second, len(words)) if words[at] == words[first]]
    if own or first == 0:
        starts = [0, *(_left(places, at, first) for at in again)]
        return [places[begin:end] for begin, end in zip(starts, [*starts[1:], len(places)], strict=True)]
    starts = [first, *again]
    once = places[:first]
    return [once + places[begin:end] for begin, end in zip(starts, [*starts[1:], len(places)], strict=True)]


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


def _who(word: str) -> bool:
    found = meanings(word)
    return bool(found) and found[0][0] in _WHO
