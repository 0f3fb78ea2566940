"""Which scan belongs to which certificate: by a link in the ledger, by the number, or by holder's name and type.

A name alone is never a key: it tells the scan's certificate only where that holder has no other.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from registry.intake.inventory.stock import Entry, Scan
from registry.intake.meaning.types import TypeWords

SHORTEST = 6  # characters of a number that is looked for
_SIGNS = re.compile(r"[^0-9A-Z\u3400-\u9fff]")
_PIECES = re.compile(r"[\s_\-—–./()（）\[\]【】+、,，·]+|[0-9]+")


def plain(text: str) -> str:
    """Letters, digits and characters only, in capitals: brackets, blanks and signs differ from hand to hand."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", text).upper())


def match(entries: Sequence[Entry], scans: Sequence[Scan], files: Sequence[str], words: TypeWords) -> None:
    """Put scans and entries together, both ways."""
    matcher = Matcher(entries, words)
    links = _linked(entries, files)
    for number, scan in enumerate(scans):
        found = links.get(scan.name) or matcher.by_number(scan) or matcher.by_name(scan)
        scan.entries = sorted(found)
        for at in scan.entries:
            entries[at].scans.append(number)


def _linked(entries: Sequence[Entry], files: Sequence[str]) -> dict[str, set[int]]:
    """The scans that ledgers link to, by their names; a link counts from its ledger's folder."""
    found: dict[str, set[int]] = defaultdict(set)
    for at, entry in enumerate(entries):
        for link in entry.links:
            name = unquote(link.partition("#")[0]).replace("\\", "/").removeprefix("file:///")
            found[posixpath.normpath(posixpath.join(posixpath.dirname(files[entry.file]), name))].add(at)
    return found


class Matcher:
    """The certificates, ready to be found by their numbers and by the names of their holders."""

    def __init__(self, entries: Sequence[Entry], words: TypeWords) -> None:
        self.entries, self.words = entries, words
        self._numbers: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self._names: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._types: dict[str, list[int]] = defaultdict(list)
        for at, entry in enumerate(entries):
            number, name = plain(entry.number), plain(entry.holder)
            if len(number) >= SHORTEST:
                self._numbers[number[:SHORTEST]].append((number, at))
            if len(name) >= 2:
                self._names[name[:2]][name].append(at)
            self._types[entry.type_code].append(at)

    def by_number(self, scan: Scan) -> set[int]:
        """The certificates whose number stands in the scan's name; else those whose number stands in its text."""
        return set(self._numbered(plain(scan.name))) or set(self._numbered(plain(scan.said)))

    def _numbered(self, text: str) -> Iterator[int]:
        for begin in range(len(text) - SHORTEST + 1):
            for number, at in self._numbers.get(text[begin:begin + SHORTEST], ()):
                if text.startswith(number, begin):
                    yield at

    def by_name(self, scan: Scan) -> set[int]:
        """The certificates of the holder whom the scan's name or folder names, of the type that it names."""
        parts = reversed(scan.name.rpartition(".")[0].split("/"))
        named = next((found for part in parts if (found := self._holders(plain(part)))), set[int]())
        code = self._type(scan.name)
        of_type = {at for at in named if self.entries[at].type_code == code} if code else named
        if not named and code and len(self._types[code]) == 1:
            return set(self._types[code])
        one = len({(self.entries[at].person, self.entries[at].type_code) for at in of_type}) == 1
        scan.doubtful = bool(named) and not one
        return of_type if one else set()

    def _holders(self, text: str) -> set[int]:
        """The certificates of the longest names in a text."""
        best: dict[str, list[int]] = {}
        for begin in range(len(text) - 1):
            for name, several in self._names.get(text[begin:begin + 2], {}).items():
                if text.startswith(name, begin):
                    best[name] = several
        longest = max(map(len, best), default=0)
        return {at for name, several in best.items() if len(name) == longest for at in several}

    def _type(self, name: str) -> str:
        """What the file is called, and failing that its folders, from the nearest on."""
        for part in reversed(name.rpartition(".")[0].split("/")):
            for piece in (part, *_PIECES.split(part)):
                guess = self.words.guess(piece) if len(piece) > 1 else None
                if guess is not None and guess.code and guess.sure >= 0.8:
                    return guess.code
        return ""
