"""The rows of a sheet as pieces of XML that hold whole rows, however large the sheet is; then what follows the rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from registry.intake.book import letter
from registry.intake.reading import limits
from registry.intake.reading.archive import odd

ROOT = re.compile(rb"<(?:([\w.-]+):)?worksheet[\s>]")
TAG = re.compile(rb"<(row|c)(?=[\s/>])([^>]*)>")
NUMBER = re.compile(rb' r="(\d+)"')
PLACE = re.compile(rb' r="([A-Z]+)(\d+)"')


def chunks(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Each piece ends where a row begins; the last one ends with the part.

    Every row and cell carries its `r`, and attributes stand behind one blank and in double quotes. Prefixes of the main
    namespace are taken off. Odd for comments and CDATA, which no program that writes workbooks uses there, and for a
    row longer than any real one.
    """
    carried, prefix, numbering = b"", b"", Numbering()
    for number, block in enumerate(blocks):
        if not number and (root := ROOT.search(block)) and root[1]:
            prefix = root[1] + b":"
        carried += block
        cut = carried.rfind(b"<" + prefix + b"row")
        if cut > 0:
            yield numbering.whole(_plain(carried[:cut], prefix))
            carried = carried[cut:]
        elif len(carried) > limits.MOST_SMALL:
            odd("markup")
    yield numbering.whole(_plain(carried, prefix))


def _plain(chunk: bytes, prefix: bytes) -> bytes:
    if b"<!" in chunk:
        odd("markup")
    return chunk.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</") if prefix else chunk


class Numbering:
    """Writers may leave out where a row or cell stands (then it follows the one before), or quote in another way."""

    def __init__(self) -> None:
        self.row = self.column = 0

    def whole(self, chunk: bytes) -> bytes:
        tags = sum(map(chunk.count, (b"<row ", b"<row>", b"<row/", b"<c ", b"<c>", b"<c/")))
        if chunk.count(b' r="') >= tags:
            self._follow(chunk)
            return chunk
        return TAG.sub(self._numbered, chunk)

    def _follow(self, chunk: bytes) -> None:
        last = chunk.rfind(b"<row")
        if last >= 0 and (found := NUMBER.search(chunk, last)):
            self.row, self.column = int(found[1][:9]), 0

    def _numbered(self, found: re.Match[bytes]) -> bytes:
        given = b" ".join([b"", *found[2].split()])
        if b"'" in given and b'"' not in given:
            given = given.replace(b"'", b'"')
        if found[1] == b"row":
            known = NUMBER.search(given)
            self.row, self.column = int(known[1][:9]) if known else self.row + 1, 0
            return b"<row%b>" % given if known else b'<row r="%d"%b>' % (self.row, given)
        place = PLACE.search(given)
        if place:
            self.column = column_of(place[1])
            return b"<c%b>" % given
        self.column += 1
        return b'<c r="%b%d"%b>' % (letter(self.column - 1).encode(), max(1, self.row), given)


def column_of(letters: bytes) -> int:
    """A -> 1, AA -> 27."""
    number = 0
    for each in letters[:4]:
        number = number * 26 + each - 64
    return number
