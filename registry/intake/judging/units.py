"""Units by the names that ledgers call them: today's, former ones, learned ones, and near misses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from rapidfuzz import fuzz, process

from registry.intake.judging.cells import nothing, plain
from registry.intake.known import Known, UnitKnown
from registry.intake.meaning import fold

_FORM = re.compile(r"(集团)?(股份|责任)?有限(责任)?公司$|(集团)?公司$")
LIKE = 88


class Found(NamedTuple):
    """A unit found by a name: `how` is now, former, learned, or "" where there is none; `like` a unit that is called
    nearly so; `words` the name folded."""

    unit: UnitKnown | None = None
    how: str = ""
    words: str = ""
    name: str = ""
    like: UnitKnown | None = None


class Units:
    """All known units by name. A name that several units have is found within a company only."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.by_uscc = {unit.uscc: unit for unit in known.units.values() if unit.uscc}
        self._now: dict[str, list[UnitKnown]] = {}
        self._former: dict[str, list[UnitKnown]] = {}
        for unit in known.units.values():
            self._now.setdefault(fold(unit.name), []).append(unit)
            for name in unit.former:
                self._former.setdefault(fold(name), []).append(unit)
        self._short = {key: units[0] for key, units in self._shortened()}
        self._memo: dict[tuple[str, int | None, str], Found] = {}

    def find(self, text: str, within: UnitKnown | None = None, kind: str = "") -> Found:
        """The unit that a cell names; `within` a company where the name alone would not do."""
        key = (text, within.id if within else None, kind)
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = self._find(plain(text), within, kind)
        return found

    def _find(self, name: str, within: UnitKnown | None, kind: str) -> Found:
        if nothing(name):
            return Found()
        words = fold(name)
        learned = self.known.units.get(self.known.learned.units.get(words, -1))
        if learned:
            return Found(learned, "learned", words, name)
        for table, how in ((self._now, "now"), (self._former, "former")):
            unit = _one(table.get(words, ()), within, kind)
            if unit:
                return Found(unit, how, words, name)
        short = self._short.get(words) or self._short.get(_FORM.sub("", words))
        if short and (not kind or short.kind in kind):
            return Found(short, "now", words, name)
        return Found(None, "", words, name, self._near(words, kind))

    def _near(self, words: str, kind: str) -> UnitKnown | None:
        if len(words) < 5:
            return None
        near = process.extractOne(words, self._now.keys(), scorer=fuzz.ratio, score_cutoff=LIKE)
        return _one(self._now[near[0]], None, kind) if near else None

    def _shortened(self) -> Iterator[tuple[str, list[UnitKnown]]]:
        """Company names without their legal form, where that is still one company's."""
        found: dict[str, list[UnitKnown]] = {}
        for words, units in self._now.items():
            bare = _FORM.sub("", words)
            if bare != words and len(bare) > 3:
                found.setdefault(bare, []).extend(units)
        return ((bare, units) for bare, units in found.items() if len(units) == 1 and bare not in self._now)


def _one(units: list[UnitKnown] | tuple[UnitKnown, ...], within: UnitKnown | None, kind: str) -> UnitKnown | None:
    fitting = [unit for unit in units if not kind or unit.kind in kind]
    if len(fitting) > 1 and within is not None:
        fitting = [unit for unit in fitting if unit.path.startswith(within.path)]
    return fitting[0] if len(fitting) == 1 else None
