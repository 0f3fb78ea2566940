"""Which part of an .xlsx is which sheet, and what hangs on it: links and pictures."""

from __future__ import annotations

import html
import posixpath
import re
from collections import Counter
from dataclasses import dataclass

from registry.intake.book import Spot
from registry.intake.reading import limits
from registry.intake.reading.archive import Archive
from registry.intake.reading.refusals import (
    CONTENTS,
    Broken,
    CallsOut,
    HasMacros,
    TooManySheets,
    WrongEnding,
)
from registry.intake.reading.scan import Seen, spot
from registry.intake.reading.styles import tree

WORKBOOK = "xl/workbook.xml"
MAINS = {"wordprocessingml": "word", "presentationml": "slides", "sheet.binary": "xlsb"}
REF = re.compile(rb"""\sref=["']\$?([A-Z]+)\$?(\d+)""")
ID = re.compile(rb"""\s\w+:id=["']([^"']+)["']""")
LOCATION = re.compile(rb"""\slocation=["']([^"']*)["']""")
ANCHOR = re.compile(rb"<(?:\w+:)?(?:two|one)CellAnchor\b.*?</(?:\w+:)?(?:two|one)CellAnchor>", re.DOTALL)
FROM_ROW = re.compile(rb"<(?:\w+:)?row>\s*(\d+)")
PICTURE = re.compile(rb"<(?:\w+:)?pic[\s>]")
LONGEST_LINK = 2_083  # characters; Excel takes no more


@dataclass(frozen=True)
class Part:
    """One worksheet: its name as shown, and where its XML lies."""

    name: str
    place: str
    hidden: bool


def check_kind(archive: Archive, ending: str) -> None:
    """WrongEnding or HasMacros for a package that is no plain workbook, CallsOut for one that asks programs."""
    types = archive.small("[Content_Types].xml") if "[Content_Types].xml" in archive else b""
    for word, content in MAINS.items():
        if word.encode() in types and b"spreadsheetml.sheet.main" not in types:
            raise WrongEnding(None, ending=ending, content=CONTENTS[content])
    names = list(archive.names)
    if b"macroEnabled" in types or any("vbaproject" in name or "/macrosheets/" in name for name in names):
        raise HasMacros
    if WORKBOOK not in archive or not types:
        raise Broken
    for name in names:
        if name.startswith("xl/externallinks/") and name.endswith(".xml"):
            link = archive.small(name)
            if b"ddeLink" in link or b"oleLink" in link:
                raise CallsOut


def sheets(archive: Archive) -> list[Part]:
    """The worksheets in the order of their tabs; charts have no cells and are left out."""
    root, targets = tree(archive.small(WORKBOOK)), relations(archive, WORKBOOK)
    found = []
    for each in root.findall("sheets/sheet"):
        place = targets.get(next((value for key, value in each.items() if key.endswith("}id")), ""), "")
        if place in archive and "/worksheets/" in f"/{place}".lower():
            found.append(Part(each.get("name", ""), place, each.get("state", "visible") != "visible"))
    if len(found) > limits.MOST_SHEETS:
        raise TooManySheets(None, limit=limits.MOST_SHEETS)
    return found


def relations(archive: Archive, place: str) -> dict[str, str]:
    """What a part refers to, by its ids: places in the archive, or addresses outside as they are written."""
    folder, name = posixpath.split(place)
    rels = f"{folder}/_rels/{name}.rels"
    if rels not in archive:
        return {}
    found = {}
    for each in tree(archive.small(rels)):
        target = each.get("Target", "")
        if each.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join(folder, target)).lstrip("/") if target else ""
        found[each.get("Id", "")] = target
    return found


def hang(archive: Archive, part: Part, seen: Seen) -> None:
    """Add the links and pictures of a sheet to what was seen of it."""
    if not seen.link_tags and not seen.drawing:
        return
    targets = relations(archive, part.place)
    seen.links.update(_links(seen.link_tags, targets))
    drawing = targets.get(seen.drawing, "")
    if drawing in archive:
        seen.pictures.update(_pictures(archive.small(drawing)))


def _links(tags: list[bytes], targets: dict[str, str]) -> dict[Spot, str]:
    found = {}
    for tag in tags:
        ref, key, inside = REF.search(tag), ID.search(tag), LOCATION.search(tag)
        target = targets.get(key[1].decode("utf-8", "replace"), "") if key else ""
        if inside:
            target += "#" + html.unescape(inside[1].decode("utf-8", "replace"))
        if ref and target:
            found[spot(ref[1], ref[2])] = target[:LONGEST_LINK]
    return found


def _pictures(drawing: bytes) -> Counter[int]:
    rows = Counter[int]()
    for anchor in ANCHOR.findall(drawing):
        row = FROM_ROW.search(anchor)
        if row and PICTURE.search(anchor):
            rows[int(row[1][:7])] += 1
    return rows
