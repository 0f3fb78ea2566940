"""Which type of certificate a ledger's words mean: by name, by what firms call it, and where that may be several types
by what else the row says. The two special operation certificates (P01, P02) are never taken for one another: where
nothing tells them apart, nothing is chosen (facts 0.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from registry.intake.known import Known
from registry.intake.mapping import Mapping
from registry.intake.meaning.folding import fold
from registry.intake.meaning.vocabulary import shapes, vocabulary
from registry.writing import clean

ALIKE = (("P01", "P02"), ("P03", "P04", "P05"), ("P06", "P07"), ("P08", "P09"), ("Q01", "Q04"))
"""Types whose words are confused: what a table says for all its rows gives way to the number's shape within these."""
_TELLING = frozenset("一二三四初中高低正副123456789abcnq交水")
"""Characters in which names of different types differ: similar words must have the same ones."""
_DIGITS = re.compile(r"(?:[0-9][^0-9]{0,2}){5}")
_IDENTITY = re.compile(r"[0-9OIL]{14,17}[0-9XOIL]{1,3}|[0-9](?:\.[0-9]+)?E\+?1[0-9]")
_LETTERED = re.compile(r"[a-z][0-9]?")
NUMBER, SIGN, MARK = 8, 3, 2
IDENTITY_NUMBERED = {"P01": 4, "P13": 4, "P22": 3}
"""Types whose number is the holder's identity number, or holds it (a T left out)."""


@dataclass(frozen=True, slots=True)
class TypeGuess:
    """`code` is "" where we cannot say; `candidates` are then the types that come into question, the likeliest first.

    `alias`: these are not the catalogue's words for it. `sure` is 1 for names, for usual words and for what a person
    has said; below 1 where we have concluded it.
    """

    code: str = ""
    sure: float = 0.0
    alias: bool = False
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reading:
    """What words say by themselves: one type, or candidates and what is usual among them."""

    guess: TypeGuess = TypeGuess()
    types: tuple[str, ...] = ()
    usual: str = ""


_NOTHING = _Reading()


class TypeWords:
    """The words of every type that is known: shipped, entered in the browser, learned."""

    def __init__(self, known: Known) -> None:
        self.types = known.types
        self.learned = known.learned.types
        self._index: dict[str, _Reading] = {}
        self._readings: dict[str, _Reading] = {}
        self._gather()
        self._long = [key for key in self._index if len(key) > 2]
        self._contained = sorted((key for key in self._long if not key.isascii()), key=len, reverse=True)

    def guess(self, words: str, hints: Sequence[str] = (), mapping: Mapping | None = None) -> TypeGuess:
        """What `words` (of the type column, "" without one) mean.

        `hints`: whatever else may tell it, in any order: number, issuer, category, item, trade, section, title. What a
        person has said comes first: in this mapping, then what was learned, then names and usual words.
        """
        key = fold(words) if words else ""
        if not key:
            return self._unsaid(hints, mapping)
        if mapping is not None and mapping.types:
            told = mapping.types.get(words) or mapping.types.get(words.strip()) or mapping.types.get(key)
            if told:
                return self._told(told, key)
        reading = self._read(key)
        if reading.guess.code:
            return reading.guess
        if reading.types:
            return self._decide(reading, (words, *hints))
        unsaid = self._unsaid((words, *hints), mapping)
        return TypeGuess(unsaid.code, min(unsaid.sure, 0.7), True, unsaid.candidates)

    def _gather(self) -> None:
        """Names win over what is ambiguous, that over aliases."""
        usual = vocabulary()
        shared: dict[str, list[str]] = {}
        for code, each in self.types.items():
            for name in {fold(each.name), fold(_bare(each.name)), fold(each.name_en), fold(code)}:
                shared.setdefault(name, []).append(code)
        for name, codes in shared.items():
            if name and len(codes) == 1:
                self._index[name] = _Reading(TypeGuess(codes[0], 1.0, False, (codes[0],)))
        for doubtful in usual.ambiguous:
            held = tuple(code for code in doubtful.types if code in self.types)
            for word in doubtful.words if held else ():
                self._index.setdefault(word, _Reading(types=held, usual=doubtful.usual))
        for code, each in self.types.items():
            more = usual.type[code].words if code in usual.type else ()
            for word in (*(fold(alias) for alias in each.aliases), *more):
                if word:
                    self._index.setdefault(word, _Reading(TypeGuess(code, 1.0, True, (code,))))

    def _told(self, code: str, key: str) -> TypeGuess:
        if code not in self.types:
            return TypeGuess()
        named = self._index.get(key)
        own = named is not None and named.guess.code == code and not named.guess.alias
        return TypeGuess(code, 1.0, not own, (code,))

    def _read(self, key: str) -> _Reading:
        found = self._readings.get(key)
        if found is None:
            if len(self._readings) > 20_000:
                self._readings.clear()
            found = self._readings[key] = self._look(key)
        return found

    def _look(self, key: str) -> _Reading:
        if key in self.learned:
            return _Reading(self._told(self.learned[key], key))
        if key in self._index:
            return self._index[key]
        if len(key) < 3:
            return _NOTHING
        return self._similar(key, 85) or self._within(key) or self._similar(key, 78) or _NOTHING

    def _similar(self, key: str, least: float) -> _Reading | None:
        """The most similar name that differs in no telling character."""
        if len(key) < 4:
            return None
        mine = _TELLING.intersection(key)
        for name, score, _ in process.extract(key, self._long, scorer=fuzz.ratio, score_cutoff=least, limit=5):
            if len(name) > 3 and _TELLING.intersection(name) == mine:
                return self._softened(self._index[name], score / 100 * 0.95)
        return None

    def _within(self, key: str) -> _Reading | None:
        """The longest name that the words contain."""
        found = next((name for name in self._contained if name in key), None)
        return self._softened(self._index[found], 0.9) if found else None

    def _softened(self, reading: _Reading, sure: float) -> _Reading:
        """The same, less sure; a type that is confused with others stays one of several candidates."""
        code = reading.guess.code
        if not code:
            return reading
        alike = next((each for each in ALIKE if code in each), ())
        held = tuple(each for each in alike if each in self.types)
        if len(held) > 1:
            return _Reading(types=(code, *(each for each in held if each != code)), usual=code)
        return _Reading(TypeGuess(code, round(sure, 2), True, (code,)))

    def _decide(self, reading: _Reading, hints: Iterable[str]) -> TypeGuess:
        """The candidate for which the most speaks."""
        totals = dict.fromkeys(reading.types, 0)
        strong = False
        for hint in hints:
            weights = _number(hint) if _DIGITS.search(hint) else self._weigh(fold(hint))
            for code, weight in weights.items():
                if code in totals:
                    totals[code] += weight
                    strong |= weight > SIGN
        most = max(totals.values())
        best = tuple(code for code, total in totals.items() if total == most)
        if most and len(best) == 1:
            return TypeGuess(best[0], 0.95 if strong else 0.85, True, reading.types)
        if reading.usual in best:
            return TypeGuess(reading.usual, 0.7, True, reading.types)
        return TypeGuess("", 0.0, True, best)

    def _weigh(self, key: str) -> dict[str, int]:
        """What words speak for; those that are themselves ambiguous speak for none."""
        known = self._index.get(key)
        return {} if known is not None and known.types else _weights(key)

    def _unsaid(self, hints: Sequence[str], mapping: Mapping | None) -> TypeGuess:
        """Without a word for it: what holds for the whole table, what other cells say, what the number looks like."""
        code = mapping.type_code if mapping is not None else ""
        shaped = self._shaped(hints)
        if code in self.types:
            if shaped and shaped != code and any(code in each and shaped in each for each in ALIKE):
                return TypeGuess(shaped, 0.9, False, (shaped, code))
            return TypeGuess(code, 1.0, False, (code,))
        doubtful: TypeGuess | None = None
        for hint in hints:
            if not hint or _DIGITS.search(hint):
                continue
            reading = self._read(fold(hint))
            if reading.types:
                found = self._decide(reading, hints)
                if found.code:
                    return found
                doubtful = doubtful or found
            elif reading.guess.code:
                own = reading.guess.code
                if shaped and shaped != own and any(own in each and shaped in each for each in ALIKE):
                    return TypeGuess(shaped, 0.9, True, (shaped, own))
                return reading.guess
        if shaped:
            return TypeGuess(shaped, 0.8, False, (shaped,))
        return doubtful or TypeGuess()

    def _shaped(self, hints: Iterable[str]) -> str:
        """The one type whose numbers look like one of these, or ""."""
        for hint in hints:
            if hint and _DIGITS.search(hint):
                codes = [code for code, weight in _number(hint).items() if weight == NUMBER and code in self.types]
                if len(codes) == 1:
                    return codes[0]
        return ""


def _number(hint: str) -> dict[str, int]:
    """The types whose numbers look like this."""
    text = clean(hint)
    found = {code: NUMBER for code, shape in shapes() if shape.fullmatch(text)}
    if not found and _IDENTITY.fullmatch(text):
        return IDENTITY_NUMBERED
    return found


@lru_cache(maxsize=8192)
def _weights(text: str) -> dict[str, int]:
    """What a folded text says for each type: by signs and issuers it contains, by marks that it is or ends in."""
    found: dict[str, int] = {}
    for code, usual in vocabulary().type.items():
        weight = SIGN if any(each in text for each in (*usual.signs, *usual.words) if len(each) > 1) else 0
        weight += SIGN if any(each in text for each in usual.issuers) else 0
        weight += MARK if any(_marked(text, each) for each in usual.marks) else 0
        if weight:
            found[code] = weight
    return found


def _marked(text: str, mark: str) -> bool:
    """Whether a text is this mark, or a lettered mark stands alone at its end (三类人员B) or beginning."""
    if text == mark:
        return True
    if not _LETTERED.fullmatch(mark) or len(text) <= len(mark):
        return False
    return (text.endswith(mark) and not text[-len(mark) - 1].isascii()) or (
        text.startswith(mark) and not text[len(mark)].isascii()
    )


def _bare(name: str) -> str:
    """A name without what stands in its brackets."""
    return re.sub(r"[（(][^）)]*[）)]", "", name)


