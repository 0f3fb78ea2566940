"""What a file is by its first bytes, whatever it is called. Four kinds are read, each only under its own ending."""

from __future__ import annotations

from pathlib import Path

from registry.intake.reading.archive import PACKED
from registry.intake.reading.refusals import (
    CONTENTS,
    HasMacros,
    HasPassword,
    NotASpreadsheet,
    Packed,
    WrongEnding,
)
from registry.intake.reading.told import Tell

TEXTS = (".csv", ".txt")
ENDINGS = (".xlsx", ".xls", *TEXTS)
MACROS = (".xlsm", ".xltm", ".xlam", ".xla")
HEADS = {
    b"PK\x03\x04": "xlsx", b"PK\x05\x06": "packed", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "ole", b"%PDF-": "pdf",
    b"\x89PNG": "picture", b"\xff\xd8\xff": "picture", b"GIF8": "picture", b"{\\rtf": "word",
    b"\x09\x08\x10\x00": "xls", b"\x09\x08\x08\x00": "xls", b"\x09\x04\x06\x00": "xls", b"\x09\x02\x06\x00": "xls",
}
PARTS = {"xl/": "xlsx", "word/": "word", "ppt/": "slides"}
STREAMS = {
    "EncryptedPackage": "password", "_VBA_PROJECT_CUR": "macros", "Workbook": "xls", "Book": "xls",
    "WordDocument": "word", "PowerPoint Document": "slides",
}


def read_any(path: Path, ending: str, tell: Tell) -> None:
    """Tell the file's content, or refuse it by what it is."""
    if ending in MACROS:
        raise HasMacros
    content = content_of(path)
    if content == "packed":
        raise Packed
    if ending not in ENDINGS:
        raise NotASpreadsheet
    if content == "password":
        raise HasPassword
    if content != {".xlsx": "xlsx", ".xls": "xls"}.get(ending, "text"):
        raise WrongEnding(None, ending=ending, content=CONTENTS.get(content, CONTENTS["unknown"]))
    _read(path, ending, content, tell)


def _read(path: Path, ending: str, content: str, tell: Tell) -> None:
    if content == "text":
        from registry.intake.reading.delimited import read_text

        read_text(path, ending, tell)
    elif content == "xls":
        from registry.intake.reading.biff import read_xls

        read_xls(path, tell)
    else:
        from registry.intake.reading.workbooks import read_xlsx

        read_xlsx(path, ending, tell)


def content_of(path: Path) -> str:
    """A key of CONTENTS, or "packed" or "password"; "text" for what none of the known beginnings fits."""
    with path.open("rb") as file:
        head = file.read(2_048)
    kind = next((kind for start, kind in HEADS.items() if head.startswith(start)), "")
    if kind == "ole":
        return _of_compound(path)
    if kind == "xlsx":
        return _of_package(path)
    if kind:
        return kind
    if head.startswith(PACKED) or head[257:262] == b"ustar":
        return "packed"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<html", b"<!doctype html", b"<table", b"<head", b"<meta", b"<style")):
        return "html"
    return "xml" if start.startswith((b"<?xml", b"<workbook")) else "text"


def _of_compound(path: Path) -> str:
    from registry.intake.reading.compound import Compound

    names = {entry.name for entry in Compound(path).entries}
    found = next((kind for name, kind in STREAMS.items() if name in names), "ole")
    if found == "macros" or any(name.startswith("_VBA_PROJECT") for name in names):
        raise HasMacros
    return found


def _of_package(path: Path) -> str:
    from registry.intake.reading.archive import Archive

    archive = Archive(path)
    names = list(archive.names)
    if "mimetype" in archive and b"opendocument" in next(archive.blocks("mimetype"), b""):
        return "ods"
    if "[content_types].xml" not in names:
        return "packed"
    if "xl/workbook.bin" in names:
        return "xlsb"
    return next((kind for folder, kind in PARTS.items() if any(name.startswith(folder) for name in names)), "packed")
