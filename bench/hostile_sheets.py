"""Hostile spreadsheets: how long until they are refused, and how much memory this process and its child need for it.

Each is written to a file first and then read in a process of its own, as the register reads what somebody uploads.
"""

from __future__ import annotations

import json
import os
import resource
import struct
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.measure import Figure
from ledger.errors import Refused
from registry.intake.reading import read

SECONDS, MEGABYTES = 5, 300
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
TYPES = (
    f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/><Override '
    f'PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/></Types>'
)
RELATED = f'<Relationships xmlns="{PACKAGE}/relationships">%s</Relationships>'
RELATION = f'<Relationship Id="%s" Type="{OFFICE}/%s" Target="%s"/>'
ROW = '<row r="1"><c r="A1" t="inlineStr"><is><t>姓名</t></is></c></row>'
STRINGS = f'<sst xmlns="{MAIN}">%s</sst>'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
ENTITIES = f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>'
Write = Callable[[Path], None]
Part = str | bytes | Iterable[bytes]


def sheet(rows: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def formulas(*texts: str) -> str:
    """One formula a row, in column A."""
    cells = (f'<c r="A{n}">{text if text.startswith("<f") else f"<f>{text}</f>"}<v>1</v></c>'
             for n, text in enumerate(texts, 1))
    return sheet("".join(f'<row r="{n}">{cell}</row>' for n, cell in enumerate(cells, 1)))


def book(path: Path, rows: Part, strings: Part = "", more: Mapping[str, Part] | None = None) -> None:
    """A workbook of one sheet, and more parts."""
    parts: dict[str, Part] = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": RELATED % (RELATION % ("r1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="台账" sheetId="1" '
                           'r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": RELATED % (RELATION % ("r1", "worksheet", "worksheets/sheet1.xml")
                                                 + RELATION % ("r2", "sharedStrings", "sharedStrings.xml")),
    }
    if strings:
        parts["xl/sharedStrings.xml"] = strings
    parts["xl/worksheets/sheet1.xml"] = rows
    pack(path, {**parts, **(more or {})}.items())


def pack(path: Path, parts: Iterable[tuple[str, Part]]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name, part in parts:
            with packed.open(name, "w") as file:
                for block in [part] if isinstance(part, str | bytes) else part:
                    file.write(block.encode() if isinstance(block, str) else block)


def changed(path: Path, change: Callable[[bytearray], None]) -> None:
    """A good workbook whose bytes are changed afterwards."""
    book(path, sheet(ROW))
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)


def many(block: str, times: int, head: str = f'<worksheet xmlns="{MAIN}"><sheetData>',
         end: str = "</sheetData></worksheet>") -> Iterator[bytes]:
    """Megabytes without keeping them: `block` again and again."""
    yield head.encode()
    for _ in range(times // 10_000):
        yield block.encode() * 10_000
    yield end.encode()


def blown(path: Path, block: str, megabytes: int, *, told: int = 0, part: str = "xl/worksheets/sheet1.xml",
          root: str = "worksheet") -> None:
    """A workbook with one part of any size, packed a thousandfold; `told` is the size it claims, if another."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    begin = packer.compress(f'<{root} xmlns="{MAIN}">'.encode()) + packer.flush(zlib.Z_FULL_FLUSH)
    piece = (block.encode() * (1_000_000 // len(block))).ljust(1_000_000)
    again = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    raw = begin + again * megabytes + packer.flush()
    book(path, sheet(ROW) if "sheet1" not in part else b"")
    with zipfile.ZipFile(path, "a") as packed:
        packed.filelist = [info for info in packed.filelist if info.filename != part]
        assert packed.fp is not None
        packed.fp.seek(packed.start_dir)
        info = zipfile.ZipInfo(part)
        info.compress_type, info.compress_size, info.CRC = zipfile.ZIP_DEFLATED, len(raw), 0
        info.file_size, info.header_offset = told or megabytes * 1_000_000, packed.fp.tell()
        packed.fp.write(info.FileHeader() + raw)
        packed.filelist.append(info)
        packed.start_dir, packed._didModify = packed.fp.tell(), True  # type: ignore[attr-defined]


def _numbered(rows: int, cell: str) -> Iterator[bytes]:
    yield f'<worksheet xmlns="{MAIN}"><sheetData>'.encode()
    for n in range(1, rows + 1):
        yield f'<row r="{n}">{cell}</row>'.encode()
    yield b"</sheetData></worksheet>"


def _overlap(path: Path) -> None:
    """Ten thousand names for the same bytes."""
    book(path, many("<row/>", 100_000))
    with zipfile.ZipFile(path, "a") as packed:
        info = packed.getinfo("xl/worksheets/sheet1.xml")
        for n in range(3_000):
            other = zipfile.ZipInfo(f"xl/worksheets/sheet{n + 2}.xml")
            for field in ("header_offset", "compress_size", "file_size", "CRC", "compress_type", "flag_bits"):
                setattr(other, field, getattr(info, field))
            packed.filelist.append(other)
        packed._didModify = True  # type: ignore[attr-defined]


def _inside_itself(path: Path) -> None:
    book(path, sheet(ROW))
    inner = path.read_bytes()
    book(path, sheet(ROW), more={"xl/media/image1.png": inner})


def _flags(data: bytearray) -> None:
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 8] |= 1
        at = data.find(b"PK\x01\x02", at + 4)


def compound(path: Path, name: str, stream: bytes) -> None:
    """An old Office file of one stream."""
    stream = stream.ljust(4096, b"\0")
    stream += b"\0" * (-len(stream) % 512)
    sectors = len(stream) // 512
    tables = -(-(sectors + 1 + 1) // 127)
    head = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0"))
    struct.pack_into("<HHHHH", head, 0x18, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIIIIIII", head, 0x2C, tables, tables, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    struct.pack_into("<109I", head, 0x4C, *range(tables), *[0xFFFFFFFF] * (109 - tables))
    chain = [0xFFFFFFFD] * tables + [0xFFFFFFFE] + [tables + 2 + n for n in range(sectors - 1)] + [0xFFFFFFFE]
    chain += [0xFFFFFFFF] * (tables * 128 - len(chain))
    entries = _entry("Root Entry", 5, 0xFFFFFFFE, 0, 1) + _entry(name, 2, tables + 1, len(stream)) + bytes(256)
    path.write_bytes(bytes(head) + struct.pack(f"<{len(chain)}I", *chain) + entries + stream)


def _entry(name: str, kind: int, first: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
    raw = name.encode("utf-16-le")
    return (raw.ljust(64, b"\0") + struct.pack("<HBBIII", len(raw) + 2, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
            + bytes(36) + struct.pack("<III", first, size, 0))


def record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def old(cells: bytes, before: bytes = b"", strings: bytes = b"") -> bytes:
    """The stream of an .xls of one sheet."""
    begin = record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)) + before
    name = "台账".encode("utf-16-le")
    end = record(0x0A, b"")
    place = len(begin) + 4 + 8 + len(name) + len(strings) + len(end)
    bound = record(0x85, struct.pack("<IBBBB", place, 0, 0, 2, 1) + name)
    return begin + bound + strings + end + record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)) + cells + end


def number(row: int, column: int, value: float = 1.0) -> bytes:
    return record(0x203, struct.pack("<HHHd", row, column, 0, value))


DOUBLING = ["1", *(f"A{n}&amp;A{n}" for n in range(1, 60))]
SHARED = ['"ha"', '<f t="shared" ref="A2:A60" si="0">A1&amp;A1</f>', *['<f t="shared" si="0"/>'] * 58]
FILES: dict[str, tuple[str, Write]] = {
    "1,000,000 empty rows.xlsx": ("TooManyRows", lambda path: book(path, _numbered(1_000_000, ""))),
    "1,000,000 formatted rows.xlsx": ("TooManyRows", lambda path: book(path, _numbered(1_000_000, '<c s="1"/>'))),
    "gigabytes.xlsx": ("UnpacksTooLarge", lambda path: blown(path, '<row r="1"/>', 3_000)),
    "gigabytes that lie.xlsx": ("Odd", lambda path: blown(path, '<row r="1"/>', 3_000, told=1_000)),
    "gigabytes of blanks that lie.xlsx": ("Odd", lambda path: blown(path, " ", 3_000, told=490_000_000)),
    "400 MB of blanks.xlsx": ("Odd", lambda path: blown(path, " ", 400)),
    "400 MB of empty texts.xlsx": ("TooMuchText", lambda path:
        blown(path, "<si/>", 400, part="xl/sharedStrings.xml", root="sst")),
    "400 MB of texts.xlsx": ("TooMuchText", lambda path: blown(
        path, "<si><t>a</t></si>", 400, part="xl/sharedStrings.xml", root="sst")),
    "400 MB of styles.xlsx": ("Odd", lambda path: blown(path, "<xf/>", 400, part="xl/styles.xml", root="styleSheet")),
    "one text a million times.xlsx": ("TooMuchText", lambda path: book(
        path, _numbered(100_000, '<c t="s"><v>0</v></c>' * 11), STRINGS % f"<si><t>{'长' * 30_000}</t></si>")),
    "counts that lie.xlsx": ("TooMuchWork", lambda path: book(path, sheet(ROW), (
        f'<sst xmlns="{MAIN}" count="4294967295" uniqueCount="4294967295"><si><t>a</t></si></sst>'))),
    "the far corner.xlsx": ("TooManyColumns", lambda path: book(
        path, sheet(ROW + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))),
    "the far column.xlsx": ("TooManyColumns", lambda path:
        book(path, sheet('<row r="1"><c r="XFD1"><v>1</v></c></row>'))),
    "columns without names.xlsx": ("TooManyColumns", lambda path: book(path, _numbered(2, "<c><v>1</v></c>" * 16_000))),
    "a wide rectangle.xlsx": ("TooManyCells", lambda path: book(path, sheet(
        '<row r="1"><c r="GA1"><v>1</v></c></row><row r="199999"><c r="A199999"><v>1</v></c></row>'))),
    "tags that never end.xlsx": ("Broken", lambda path: book(path, many("<c ", 500_000))),
    "a row that never ends.xlsx": ("Odd", lambda path: blown(path, "<c><v>1</v></c>", 300)),
    "100,000 levels.xlsx": ("NothingInIt", lambda path: book(path, sheet("<x>" * 1_000_000))),
    "entities in the texts.xlsx": ("HasEntities", lambda path:
        book(path, sheet(ROW), ENTITIES + STRINGS % "<si><t>&l11;</t></si>")),
    "entities in the sheet.xlsx": ("HasEntities", lambda path: book(path, ENTITIES + sheet(ROW))),
    "external entity.xlsx": ("HasEntities", lambda path: book(
        path, '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + sheet(ROW))),
    "entities in UTF-16.xlsx": ("Odd", lambda path: book(path, (ENTITIES + sheet(ROW)).encode("utf-16"))),
    "entities in a drawing.xlsx": ("HasEntities", lambda path: book(
        path, sheet(ROW), more={"xl/drawings/drawing1.xml": ENTITIES + "<x/>"})),
    "a document in a comment.xlsx": ("Odd", lambda path:
        book(path, sheet("<!-- --><row><![CDATA[<c r='XFD9'>]]></row>"))),
    "100,000 parts.xlsx": ("TooManyParts", lambda path: pack(path, ((f"xl/{n}.xml", "<x/>") for n in range(100_000)))),
    "10,000 sheets.xlsx": ("TooManySheets", lambda path: book(path, sheet(ROW), more={"xl/workbook.xml": (
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>' + '<sheet name="a" sheetId="1" r:id="r1"/>' * 10_000
        + "</sheets></workbook>")})),
    "a package in itself.xlsx": ("Odd", _inside_itself),
    "a package in a package.xlsx": ("Odd", lambda path: book(path, sheet(ROW), more={"xl/data.zip": b"PK\x03\x04"})),
    "parts in each other.xlsx": ("UnpacksTooLarge", _overlap),
    "out of the folder.xlsx": ("Odd", lambda path: book(path, sheet(ROW), more={"../../etc/passwd": "x"})),
    "bytes before.xlsx": ("Odd", lambda path:
        (book(path, sheet(ROW)), path.write_bytes(b"PK\x03\x04" + path.read_bytes()))[0]),
    "bytes behind.xlsx": ("Odd", lambda path: (book(path, sheet(ROW)), path.write_bytes(path.read_bytes() * 2))[0]),
    "broken off.xlsx": ("Broken", lambda path: (book(path, sheet(ROW)), path.write_bytes(path.read_bytes()[:700]))[0]),
    "turned bytes.xlsx": ("Broken", lambda path:
        changed(path, lambda data: data.__setitem__(slice(900, 920), bytes(20)))),
    "a password.xlsx": ("HasPassword", lambda path: compound(path, "EncryptedPackage", b"")),
    "a password of the zip.xlsx": ("HasPassword", lambda path: changed(path, _flags)),
    "a password.xls": ("HasPassword", lambda path:
        compound(path, "Workbook", old(number(0, 0), record(0x2F, bytes(6))))),
    "macros.xlsm": ("HasMacros", lambda path: book(path, sheet(ROW))),
    "macros.xlsx": ("HasMacros", lambda path: book(path, sheet(ROW), more={"xl/vbaProject.bin": b"x"})),
    "macros.xls": ("HasMacros", lambda path: compound(path, "_VBA_PROJECT_CUR", b"")),
    "an archive.zip": ("Packed", lambda path: pack(path, [("台账.csv", "a,b")])),
    "an archive.xlsx": ("Packed", lambda path: pack(path, [("台账.csv", "a,b")])),
    "a document.xlsx": ("WrongEnding", lambda path:
        pack(path, [("[Content_Types].xml", TYPES), ("word/document.xml", "<x/>")])),
    "a workbook.xls": ("WrongEnding", lambda path: book(path, sheet(ROW))),
    "an old workbook.xlsx": ("WrongEnding", lambda path: compound(path, "Workbook", old(number(0, 0)))),
    "a page.xls": ("WrongEnding", lambda path:
        path.write_text("<html><table><tr><td>姓名</td></tr></table></html>") and None),
    "a picture.csv": ("WrongEnding", lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100)) and None),
    "doubling.xlsx": ("SwellingFormula", lambda path: book(path, formulas(*DOUBLING))),
    "doubling by sharing.xlsx": ("SwellingFormula", lambda path: book(path, formulas(*SHARED))),
    "repeating.xlsx": ("SwellingFormula", lambda path: book(path, formulas('REPT("x",32767)', "REPT(A1,32767)"))),
    "a giant text.xlsx": ("SwellingFormula", lambda path: book(path, formulas('REPT("ha",1000000000)'))),
    "a giant array.xlsx": ("SwellingFormula", lambda path:
        book(path, formulas('<f t="array" ref="A1:XFD1048576">ROW(A1)*1</f>'))),
    "a made array.xlsx": ("SwellingFormula", lambda path: book(path, formulas("SUM(SEQUENCE(1048576,16384))"))),
    "a deep formula.xlsx": ("SwellingFormula", lambda path: book(path, formulas("(" * 4_000 + "1" + ")" * 4_000))),
    "a long formula.xlsx": ("SwellingFormula", lambda path: book(path, formulas("1" + "+1" * 500_000))),
    "a command.xlsx": ("CallingFormula", lambda path: book(path, formulas("cmd|'/C calc'!A0"))),
    "a request.xlsx": ("CallingFormula", lambda path:
        book(path, formulas('_xlfn.WEB&#83;ERVICE("http://127.0.0.1/"&amp;B1)'))),
    "a live link.xlsx": ("CallsOut", lambda path: book(path, sheet(ROW), more={
        "xl/externalLinks/externalLink1.xml":
            f'<externalLink xmlns="{MAIN}"><ddeLink ddeService="cmd"/></externalLink>'})),
    "the far corner.xls": ("TooManyColumns", lambda path:
        compound(path, "Workbook", old(number(0, 0) + number(65_535, 255)))),
    "a circle.xls": ("Broken", lambda path: (compound(path, "Workbook", old(number(0, 0))), path.write_bytes(
        path.read_bytes()[:516] + struct.pack("<I", 1) + path.read_bytes()[520:]))[0]),
    "empty lines.csv": ("TooManyRows", lambda path: path.write_bytes(b"\n" * 49_000_000) and None),
    "a line.csv": ("FieldTooLong", lambda path: path.write_bytes(b"a" * 49_000_000) and None),
    "separators.csv": ("TooManyCells", lambda path: path.write_bytes(b"," * 49_000_000) and None),
    "an open quote.csv": ("OpenQuote", lambda path: path.write_bytes(b'a,b\n1,"2\n' + b"3,4\n" * 300) and None),
    "an open quote early.csv": ("OpenQuote", lambda path:
        path.write_bytes(b'a,b\n1,"2\n' + b"3,4\n" * 300_000) and None),
    "zeros.csv": ("NotText", lambda path: path.write_bytes(b"a,b\n1,\x002\n" * 1000) and None),
    "bytes.csv": ("UnknownEncoding", lambda path: path.write_bytes(bytes(range(1, 256)) * 1000) and None),
    "nothing.csv": ("NothingInIt", lambda path: path.write_bytes(b"") and None),
    "60 MB.csv": ("FileTooLarge", lambda path: path.write_bytes(b"a,b\n" * 15_000_000) and None),
}  # fmt: skip


@dataclass(frozen=True)
class Taken:
    """Seconds, peak memory of reader and child together in MB, and the error with its sentence ("" for a book)."""

    seconds: float
    megabytes: float
    error: str
    says: str = ""


def taken(path: Path) -> Taken:
    """Read one file in a fork of this process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.write(writing, json.dumps(asdict(_read(path))).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        text = told.read()
    os.waitpid(child, 0)
    return Taken(**json.loads(text or '{"seconds": 999, "megabytes": 0, "error": "died"}'))


def _read(path: Path) -> Taken:
    begun, error, says = time.monotonic(), "", ""
    try:
        read(path, path.name)
    except Refused as refused:
        error, says = type(refused).__name__, str(refused)
    except Exception as wrong:  # noqa: BLE001 - whatever it is, it is told
        error, says = "uncaught", repr(wrong)
    own, child = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return Taken(time.monotonic() - begun, own + child, error, says)


def measured() -> Iterator[tuple[str, Taken]]:
    with tempfile.TemporaryDirectory() as folder:
        for name, (_, write) in FILES.items():
            path = Path(folder) / name
            write(path)
            yield name, taken(path)
            path.unlink()


def figures() -> Iterator[Figure]:
    each = dict(measured())
    slowest = max(each, key=lambda name: each[name].seconds)
    largest = max(each, key=lambda name: each[name].megabytes)
    missed = [name for name, one in each.items() if one.error != FILES[name][0]]
    yield Figure(f"hostile_sheets: the slowest of {len(each)} is refused ({slowest})", each[slowest].seconds, "s",
                 SECONDS)
    yield Figure(f"hostile_sheets: the largest of {len(each)}, reader and child ({largest})", each[largest].megabytes,
                 "MB", MEGABYTES)
    yield Figure(f"hostile_sheets: refused for another reason {missed or ''}", len(missed), "files", 0)


if __name__ == "__main__":
    for told, one in measured():
        sys.stdout.write(f"{one.seconds:6.2f} s {one.megabytes:5.0f} MB  {told}: {one.error} {one.says}\n")
