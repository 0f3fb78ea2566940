"""Taking stock: every file of a folder is looked at, whatever state it is in, and one bad file spoils nothing."""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from ledger.errors import Refused
from registry.certificates.kinds import CertificateType
from registry.intake.inventory.entries import entries_of
from registry.intake.inventory.matching import match, plain
from registry.intake.inventory.papers import look
from registry.intake.inventory.score import score
from registry.intake.inventory.stock import Scan, Stock, Unread
from registry.intake.inventory.walking import walk
from registry.intake.known import Known
from registry.intake.meaning.types import TypeWords
from registry.intake.preview.in_memory import preview
from registry.intake.reading import read

MOST_ENTRIES = 500_000
log = logging.getLogger(__name__)


class TooManyEntries(Refused):
    """文件夹里的证件超过 {limit} 条，这个文件没有计入。请分成几个文件夹分别清点。"""


def take_stock(folder: Path, types: Mapping[str, CertificateType], on: dt.date,
               tell: Callable[[int, int, str], object] = lambda done, total, name: None) -> Stock:
    """The inventory of a folder on a day. `tell` hears how many files are done, of how many, and which is next."""
    walked, stock = walk(folder), Stock(on)
    known = Known(on, types, {}, 0)
    stock.others, stock.files = walked.others, walked.spreadsheets
    stock.scans = [Scan(name) for name in walked.scans]
    stock.unread = [Unread(name, why) for name, why in walked.left_out]
    for number, name in enumerate(stock.files):
        tell(number, len(stock.files), name)
        try:
            _add(stock, folder, number, known)
        except Refused as refused:
            stock.unread.append(Unread(name, refused))
        except OSError:
            stock.unread.append(Unread(name, Unopened()))
        except Exception:
            log.exception("a spreadsheet was read and not understood")
            stock.unread.append(Unread(name, NotUnderstood()))
    look(folder, stock.scans)
    match(stock.entries, stock.scans, stock.files, TypeWords(known))
    stock.standings = [entry.standing(on, types.get(entry.type_code)) for entry in stock.entries]
    stock.doubles = _doubles(stock)
    stock.score = score(_counted(stock))
    return stock


class Unopened(Refused):
    """文件打不开。"""


class NotUnderstood(Refused):
    """文件读得出来，但没能看懂。请单独导入这个文件，看看是哪里不合常规。"""


def _add(stock: Stock, folder: Path, number: int, known: Known) -> None:
    name = stock.files[number]
    book = read(folder / name, PurePosixPath(name).name)
    if len(stock.entries) > MOST_ENTRIES:
        raise TooManyEntries(None, limit=MOST_ENTRIES)
    seen = preview(book, known)
    for entry, faults in entries_of(seen, number, [sheet.name for sheet in book.sheets]):
        stock.faults += faults
        if entry is None:
            stock.loans += 1
        else:
            stock.entries.append(entry)


def _doubles(stock: Stock) -> list[list[int]]:
    """Entries that are one certificate by type, number and item."""
    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for at, entry in enumerate(stock.entries):
        if entry.number:
            groups[(entry.type_code, plain(entry.number), entry.item)].append(at)
    return [several for several in groups.values() if len(several) > 1]


def _counted(stock: Stock) -> dict[str, tuple[int, int]]:
    """(good, of how many) for each part of the score."""
    total, read_files = len(stock.entries), len(stock.files)
    failed = {unread.name for unread in stock.unread} & set(stock.files)
    used = sum(each != "ended" for each in stock.standings)
    return {
        "readable": (read_files - len(failed), read_files),
        "understood": (sum(not entry.stopped for entry in stock.entries), total),
        "clean": (sum(not entry.flawed for entry in stock.entries), total),
        "single": (total - sum(len(several) - 1 for several in stock.doubles), total),
        "current": (used - len(stock.overdue), used),
        "scanned": (used - len(stock.unscanned), used),
    }
