"""The files of a folder. Links lead nowhere, hidden files and locks of Excel are no files, and all has a bound."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ledger.errors import Refused

SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".csv", ".txt", ".ods", ".xlsb", ".et")
"""Ours, and those that are refused with a sentence of what to do."""
SCANS = (".pdf", ".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".heic", ".ofd")
REPORT = "证件清单-{day}.{ending}"
_REPORT = re.compile(r"证件清单-\d{4}-\d\d-\d\d\.(?:xlsx|pdf)")
"""An inventory that was taken before: it is no ledger."""
MOST_FILES, MOST_DEPTH = 50_000, 16


class TooManyFiles(Refused):
    """文件夹里超过 {limit} 个文件。请分成几个文件夹分别清点。"""


class LinkLeftOut(Refused):
    """这是链接，没有跟进去看。"""


class TooDeep(Refused):
    """文件夹套得太深，没有再往里看。"""


class Forbidden(Refused):
    """没有读取权限。"""


@dataclass
class Walked:
    """Names relative to the folder, with slashes, in order."""

    spreadsheets: list[str] = field(default_factory=list)
    scans: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    left_out: list[tuple[str, Refused]] = field(default_factory=list)


def walk(folder: Path) -> Walked:
    """Every file below a folder. TooManyFiles where there are more than anybody keeps in one."""
    found, seen = Walked(), 0
    waiting = [(folder, 0)]
    while waiting:
        here, depth = waiting.pop()
        try:
            inside = sorted(os.scandir(here), key=lambda each: each.name)
        except OSError:
            found.left_out.append((_told(here, folder), Forbidden()))
            continue
        deeper = []
        for each in inside:
            seen += 1
            if seen > MOST_FILES:
                raise TooManyFiles(None, limit=MOST_FILES)
            if each.is_dir(follow_symlinks=False) and not each.name.startswith("."):
                deeper.append((Path(each.path), depth + 1))
            elif not each.name.startswith((".", "~$")) and not _REPORT.fullmatch(each.name):
                _sort(found, each, _told(Path(each.path), folder))
        if depth < MOST_DEPTH:
            waiting += reversed(deeper)
        else:
            found.left_out += [(_told(place, folder), TooDeep()) for place, _ in deeper]
    return found


def _sort(found: Walked, each: os.DirEntry[str], name: str) -> None:
    ending = os.path.splitext(each.name)[1].lower()
    if each.is_symlink():
        found.left_out.append((name, LinkLeftOut()))
    elif not each.is_file(follow_symlinks=False):
        return
    elif ending in SPREADSHEETS:
        found.spreadsheets.append(name)
    elif ending in SCANS:
        found.scans.append(name)
    else:
        found.others[ending] += 1


def _told(place: Path, folder: Path) -> str:
    return place.relative_to(folder).as_posix()
