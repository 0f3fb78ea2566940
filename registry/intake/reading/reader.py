"""Reading a file: a child does it, within bounds, and what it tells becomes a book."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import IO, Any

import msgspec

from registry.intake.book import Book, Sheet
from registry.intake.reading import limits
from registry.intake.reading.frames import hearer
from registry.intake.reading.refusals import Broken, FileTooLarge, NothingInIt, TooMuchWork, named

ROOT = Path(__file__).resolve().parent.parent.parent.parent
CHILD = (sys.executable, "-m", "registry.intake.reading.child")

EXHAUSTED = (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGABRT)
"""How a child ends that has used up its time, or its memory."""


def read(path: Path, name: str, also: Callable[[bytes], object] | None = None) -> Book:
    """The file at `path`, which its sender called `name`, as a book.

    Takes .xlsx, .xls, .csv and .txt. An Unreadable (see refusals.py) says what is wrong and what to do about it;
    nothing else is raised for anything that a file may hold. Of .xls links and pictures are not read.
    `also` gets what the child tells, bytes after bytes: `told_again` makes the same book of them.
    """
    size = path.stat().st_size
    if not size:
        raise NothingInIt
    if size > limits.MOST_BYTES:
        raise FileTooLarge(None, limit=limits.MOST_BYTES // limits.MEGABYTE)
    environment = {key: os.environ[key] for key in ("PATH", "VIRTUAL_ENV", "SYSTEMROOT") if key in os.environ}
    with subprocess.Popen(CHILD, cwd=ROOT, env={**environment, "PYTHONUTF8": "1"}, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        patience = threading.Timer(limits.READING_SECONDS, child.kill)
        patience.start()
        try:
            return _heard(child, path, name, also)
        except BaseException:
            child.kill()
            raise
        finally:
            patience.cancel()


def told_again(source: IO[bytes], name: str) -> Book:
    """The book that a child has told before. Broken where that is not whole."""
    try:
        return _book(source.read, name)
    except (_BrokeOff, OSError, msgspec.DecodeError, ValueError):
        raise Broken from None


def _heard(
    child: subprocess.Popen[bytes], path: Path, name: str, also: Callable[[bytes], object] | None
) -> Book:
    assert child.stdin is not None and child.stdout is not None
    asked = {"path": str(path.resolve()), "ending": PurePath(name).suffix.lower()}
    try:
        child.stdin.write(msgspec.msgpack.encode(asked))
        child.stdin.close()
        return _book(child.stdout.read if also is None else _overheard(child.stdout, also), name)
    except (_BrokeOff, OSError, msgspec.DecodeError, ValueError):
        raise (TooMuchWork if _ended(child) in EXHAUSTED else Broken) from None


def _ended(child: subprocess.Popen[bytes]) -> int:
    try:
        return child.wait(2)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def _overheard(source: IO[bytes], also: Callable[[bytes], object]) -> Callable[[int], bytes]:
    def read_on(count: int) -> bytes:
        found = source.read(count)
        also(found)
        return found

    return read_on


class _BrokeOff(Exception):
    """The child ended before it had said all."""


def _book(read_on: Callable[[int], bytes], name: str) -> Book:
    hear = hearer(read_on)
    book = Book(name, "", [])
    known: dict[str, str] = {}
    while piece := hear():
        match piece:
            case ["book", str(kind), str(encoding)]:
                book.kind, book.encoding = kind, encoding
            case ["sheet", str(title), bool(hidden)]:
                book.sheets.append(Sheet(title or PurePath(name).stem, [], hidden=hidden))
            case ["rows", list(rows)]:
                book.sheets[-1].rows += _shared(rows, known.setdefault)
            case ["marks", dict(marks), list(rounded)]:
                _mark(book.sheets[-1], marks, rounded)
            case ["refused", str(kind), dict(params)]:
                raise named(kind, {**params, "sheet": params.get("sheet") or PurePath(name).stem})
            case ["done"]:
                if not any(sheet.rows for sheet in book.sheets):
                    raise NothingInIt
                return book
    raise _BrokeOff


def _shared(rows: list[list[Any]], one: Callable[[str, str], str]) -> list[list[Any]]:
    """The rows with equal texts kept once: a ledger says the same few words again and again."""
    return [[one(value, value) if type(value) is str else value for value in row] for row in rows]


def _mark(sheet: Sheet, marks: dict[str, Any], rounded: list[Any]) -> None:
    while sheet.rows and not sheet.rows[-1]:
        sheet.rows.pop()
    sheet.merged = [(first, left, last, right) for first, left, last, right in marks["merged"]]
    sheet.struck = {(row, column) for row, column in marks["struck"]}
    sheet.fills = {(row, column): colour for colour, spots in marks["fills"].items() for row, column in spots}
    sheet.hidden_rows = set(marks["hidden_rows"])
    sheet.links = {(row, column): link for row, column, link in marks["links"]}
    sheet.uncalculated = {(row, column) for row, column in marks["uncalculated"]}
    sheet.pictures = dict(marks["pictures"])
    sheet.rounded = {(row, column) for row, column in rounded}
