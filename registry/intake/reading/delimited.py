"""Text tables, in the child: any usual encoding, separator and line end. Every value stays the text it is."""

from __future__ import annotations

import codecs
import contextlib
import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from registry.intake.reading import limits
from registry.intake.reading.bounds import widen
from registry.intake.reading.frames import ROWS
from registry.intake.reading.refusals import (
    FieldTooLong,
    NotText,
    OpenQuote,
    TooManyCells,
    TooManyColumns,
    TooManyRows,
    TooMuchText,
    UnknownEncoding,
)
from registry.intake.reading.scan import Seen
from registry.intake.reading.told import Tell, marks_of

BLOCK = 1 << 20
MARKED = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
ENCODINGS = ("utf-8", "gb18030")
SEPARATORS = (",", "\t", ";", "|")
SAMPLE = 200  # lines
MOST_OF_A_ROW = 4_000_000  # characters


def read_text(path: Path, ending: str, tell: Tell) -> None:
    """Tell the one sheet of a .csv or .txt. A first line `sep=;` is Excel's, not a row."""
    encoding = encoding_of(path)
    widen(cells=0, area=0, text=0)
    csv.field_size_limit(limits.MOST_CHARACTERS)
    with path.open(encoding=encoding, newline="") as file:
        separator = separator_of(file, ending)
        file.seek(0)
        tell("book", "csv", encoding)
        tell("sheet", "", False)
        waiting: list[list[str | None]] = []
        for row in _rows(file, separator):
            waiting.append(row)
            if len(waiting) == ROWS:
                tell("rows", waiting)
                waiting = []
        tell("rows", waiting)
        tell("marks", marks_of(Seen()), [])


def encoding_of(path: Path) -> str:
    """The encoding that the whole file is written in. UnknownEncoding, or NotText for one with NUL characters."""
    with path.open("rb") as file:
        head = file.read(4_096)
    for mark, encoding in MARKED.items():
        if head.startswith(mark):
            return _tried(path, (encoding,))
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) // 10 and min(even, odd) <= len(head) // 100:  # UTF-16 without its mark
        encoding = "utf-16-be" if even > odd else "utf-16-le"
        if any(end.encode(encoding) in head for end in "\r\n"):
            return _tried(path, (encoding,))
    return _tried(path, ENCODINGS)


def _tried(path: Path, encodings: tuple[str, ...]) -> str:
    for encoding in encodings:
        try:
            _decode(path, encoding)
        except UnicodeError:
            continue
        return encoding
    raise UnknownEncoding


def _decode(path: Path, encoding: str) -> None:
    """UnicodeError where the file is not written in it."""
    line = 1
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            text = decoder.decode(block)
            if "\0" in text:
                before = text[:text.index("\0")]
                raise NotText(None, line=line + before.count("\n"))
            line += text.count("\n")
        decoder.decode(b"", final=True)


def separator_of(file: IO[str], ending: str) -> str:
    """What stands between the values: what gives most lines the same number of columns, more than one; of several such
    the one that every closing quote stands before."""
    lines = [file.readline(limits.MOST_CHARACTERS) for _ in range(SAMPLE)]
    first = lines[0].strip().lower() if lines else ""
    if first.startswith("sep=") and len(first) == 5:
        return first[4]
    best, columns = (0.0, False, 0), "\t" if ending == ".txt" else ","
    for separator in SEPARATORS:
        widths = _widths(lines, separator)
        width, times = widths.most_common(1)[0] if widths else (1, 0)
        score = (times / max(1, widths.total()), width > 1 and _closed(lines, separator), width)
        if width > 1 and score > best:
            best, columns = score, separator
    return columns


def _widths(lines: list[str], separator: str) -> Counter[int]:
    """How many rows have how many columns."""
    found = Counter[int]()
    with contextlib.suppress(csv.Error):  # a field without an end: what came before counts
        found.update(len(row) for row in csv.reader(lines, delimiter=separator) if row)
    return found


def _closed(lines: list[str], separator: str) -> bool:
    """Whether each quoted value ends where a value can end: `"x",";;"` is no row of what semicolons part."""
    with contextlib.suppress(csv.Error):
        for _ in csv.reader(lines, delimiter=separator, strict=True):
            pass
        return True
    return False


def _rows(file: IO[str], separator: str) -> Iterator[list[str | None]]:
    lines, cells, text = _Lines(file), 0, 0
    reader = csv.reader(lines, delimiter=separator)
    number = 0
    try:
        for row in reader:
            first, lines.row_from = lines.row_from, lines.number + 1
            if lines.number - first >= 1 and lines.quotes % 2:
                lines.open_at = first
            lines.quotes = lines.length = 0
            if not number and not lines.skipped and _is_directive(row, separator):
                lines.skipped = True
                continue
            number += 1
            cells, text = cells + len(row), text + sum(map(len, row))
            _check(number, cells, text)
            values = _plain(row)
            if len(values) > limits.MOST_COLUMNS:
                raise TooManyColumns(None, sheet="", limit=limits.MOST_COLUMNS)
            yield values
    except csv.Error:
        raise FieldTooLong(None, line=lines.row_from, limit=limits.MOST_CHARACTERS) from None
    if lines.open_at:
        raise OpenQuote(None, line=lines.open_at)


def _is_directive(row: list[str], separator: str) -> bool:
    return "".join(row).lower().strip() in ("sep=", f"sep={separator}")


def _check(rows: int, cells: int, text: int) -> None:
    if rows > limits.MOST_ROWS:
        raise TooManyRows(None, limit=limits.MOST_ROWS)
    if cells > limits.MOST_CELLS:
        raise TooManyCells(None, limit=limits.MOST_CELLS)
    if text > limits.MOST_TEXT:
        raise TooMuchText


def _plain(row: list[str]) -> list[str | None]:
    values: list[str | None] = [value or None for value in row]
    while values and values[-1] is None:
        values.pop()
    return values


class _Lines:
    """The lines of a file, counted, with the quotation marks of the row that is being read."""

    def __init__(self, file: IO[str]) -> None:
        self.number = self.quotes = self.open_at = self.length = 0
        self.row_from = 1
        self.skipped = False
        self._file = file

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(limits.MOST_CHARACTERS * 4):
            self.number += 1
            self.quotes += line.count('"')
            self.length += len(line)
            if self.length > MOST_OF_A_ROW:
                raise TooMuchText
            if self.number - self.row_from > limits.MOST_LINES:
                raise OpenQuote(None, line=self.row_from)
            yield line
