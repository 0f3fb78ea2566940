"""An Excel workbook written row by row: memory does not grow with it, and no cell of it can be a formula.

Text is an inline string of type text, so that "=HYPERLINK(...)" stays what it is; where it begins like a formula it
also carries Excel's quote prefix, which keeps it text when somebody edits the cell. Days are days.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO
from xml.sax.saxutils import escape

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST, CHUNK, BLOCK = 32_767, 500, 1 << 16  # characters of a cell; rows and bytes at a time
Plain = str | int | float | dt.date | None
"""A whole number, a number, text, a day or (dt.datetime) a moment."""
_FIRST = dt.date(1899, 12, 30)  # day 0 of Excel's calendar after February 1900
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNNAMED = re.compile(r"[\[\]:*?/\\'\"\t\n\r]")
_LIKE_FORMULA = re.compile(r"\s*[=+\-@\t\r＝＋－＠]")
_PLAIN, _TEXT, _QUOTED, _DAY, _HEAD, _MOMENT = range(6)
_FONTS = {False: 0, True: 2}  # struck through or not; 1 is bold
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_COLOUR = re.compile("[0-9A-Fa-f]{6}")
_XFS = (
    '<xf xfId="0"/>', '<xf numFmtId="49" applyNumberFormat="1" xfId="0"/>',
    '<xf numFmtId="49" applyNumberFormat="1" quotePrefix="1" xfId="0"/>',
    '<xf numFmtId="164" applyNumberFormat="1" xfId="0"/>',
    '<xf numFmtId="49" fontId="1" applyNumberFormat="1" applyFont="1" xfId="0"/>',
    '<xf numFmtId="165" applyNumberFormat="1" xfId="0"/>',
)


@dataclass(frozen=True, slots=True)
class Look:
    """A cell that looks like something: its value, the colour behind it (RRGGBB), whether it is struck through."""

    value: Plain
    fill: str = ""
    struck: bool = False


Cell = Plain | Look


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, the headings with the widths of their columns in characters, and its rows.

    Without `headings` the rows begin in the first row, in columns as wide as `widths` says. Areas of `merged` are
    first row, first column, last row, last column, from 0; so are `hidden_rows`.
    """

    name: str
    headings: Sequence[tuple[str, int]]
    rows: Iterable[Sequence[Cell]]
    widths: Sequence[int] = ()
    merged: Sequence[tuple[int, int, int, int]] = ()
    hidden: bool = False
    hidden_rows: Collection[int] = ()


def workbook(sheets: Sequence[Sheet]) -> Iterator[bytes]:
    """The bytes of an .xlsx. It is finished in a file before the first byte: a failure gives no broken workbook."""
    looks = _Looks()
    with TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as packed:
            for path, part in _frame(sheets):
                packed.writestr(path, _XML + part)
            for number, sheet in enumerate(sheets, 1):
                with packed.open(f"xl/worksheets/sheet{number}.xml", "w", force_zip64=True) as part_file:
                    _write(part_file, sheet, looks)
            packed.writestr("xl/styles.xml", _XML + looks.part())
        file.seek(0)
        while block := file.read(BLOCK):
            yield block


@dataclass
class _Looks:
    """The styles of a workbook: the six that every one has, and those its cells asked for."""

    asked: dict[tuple[int, str, bool], int] = field(default_factory=dict)
    fills: dict[str, int] = field(default_factory=dict)

    def style(self, kind: int, fill: str, struck: bool) -> int:
        """The number of the style: the kind with a colour behind it, or struck through."""
        fill = fill.upper() if _COLOUR.fullmatch(fill) else ""
        if not fill and not struck:
            return kind
        if fill:
            self.fills.setdefault(fill, len(self.fills) + 2)
        return self.asked.setdefault((kind, fill, struck), len(_XFS) + len(self.asked))

    def part(self) -> str:
        """styles.xml."""
        fills = "".join(f'<fill><patternFill patternType="solid"><fgColor rgb="FF{colour}"/></patternFill></fill>'
                        for colour in self.fills)
        more = "".join(
            _XFS[kind].replace(' xfId="0"/>', f' fontId="{_FONTS[struck]}" applyFont="1"'
                               f' fillId="{self.fills.get(fill, 0)}" applyFill="1" xfId="0"/>')
            for kind, fill, struck in self.asked)
        font = '<sz val="11"/><name val="Noto Sans SC"/></font>'
        return (
            f'<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
            '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts>'
            f'<fonts count="3"><font>{font}<font><b/>{font}<font><strike/>{font}</fonts>'
            f'<fills count="{len(self.fills) + 2}"><fill><patternFill patternType="none"/></fill><fill>'
            f'<patternFill patternType="gray125"/></fill>{fills}</fills><borders count="1"><border/></borders>'
            f'<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="{len(_XFS) + len(self.asked)}">'
            f'{"".join(_XFS)}{more}</cellXfs>'
            '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>')


def _write(out: IO[bytes], sheet: Sheet, looks: _Looks) -> None:
    widths = [width for _, width in sheet.headings] or sheet.widths
    columns = "".join(f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>'
                      for n, width in enumerate(widths, 1))
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' if sheet.headings else ""
    head = "".join(_cell(words, looks, _HEAD) for words, _ in sheet.headings)
    out.write(f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">{pane}</sheetView>'
              f'</sheetViews>{f"<cols>{columns}</cols>" if columns else ""}<sheetData>'
              f'{f"<row>{head}</row>" if sheet.headings else ""}'.encode())
    waiting: list[str] = []
    for number, row in enumerate(sheet.rows):
        hidden = ' hidden="1"' if number in sheet.hidden_rows else ""
        waiting.append(f"<row{hidden}>{''.join(_cell(value, looks) for value in row)}</row>")
        if len(waiting) == CHUNK:
            out.write("".join(waiting).encode())
            waiting.clear()
    areas = "".join(f'<mergeCell ref="{_place(top, left)}:{_place(low, right)}"/>'
                    for top, left, low, right in sheet.merged)
    merged = f'<mergeCells count="{len(sheet.merged)}">{areas}</mergeCells>' if areas else ""
    out.write(("".join(waiting) + f"</sheetData>{merged}</worksheet>").encode())


def _place(row: int, column: int) -> str:
    name, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return f"{name}{row + 1}"


def _cell(value: Cell, looks: _Looks, kind: int | None = None) -> str:
    fill, struck = "", False
    if isinstance(value, Look):
        fill, struck, value = value.fill, value.struck, value.value
    if value is None or value == "":
        style = looks.style(_PLAIN, fill, False)
        return f'<c s="{style}"/>' if style else "<c/>"
    if isinstance(value, bool):
        return f'<c s="{looks.style(_PLAIN, fill, struck)}" t="b"><v>{value:d}</v></c>'
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return f'<c s="{looks.style(_PLAIN, fill, struck)}"><v>{value!r}</v></c>'
    if isinstance(value, dt.date):
        style, number = _day(value)
        if number > 0:
            return f'<c s="{looks.style(style, fill, struck)}"><v>{number!r}</v></c>'
        value = value.isoformat()  # Excel knows no days before 1900
    text = _FORBIDDEN.sub("", str(value))[:LONGEST]
    style = looks.style(kind or (_QUOTED if _LIKE_FORMULA.match(text) else _TEXT), fill, struck)
    return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _day(value: dt.date) -> tuple[int, int | float]:
    """The style and the number of a day or a moment."""
    if not isinstance(value, dt.datetime):
        return _DAY, (value - _FIRST).days
    since = value.replace(tzinfo=None) - dt.datetime.combine(_FIRST, dt.time())
    return _MOMENT, round(since.total_seconds() / 86400, 8)


def _frame(sheets: Sequence[Sheet]) -> Iterator[tuple[str, str]]:
    numbers, names = range(1, len(sheets) + 1), list(_names(sheet.name for sheet in sheets))
    shown = any(not sheet.hidden for sheet in sheets)  # a book without a sheet to be seen is opened by nobody
    overrides = "".join(f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_SHEET}.worksheet+xml"/>'
                        for n in numbers)
    yield "[Content_Types].xml", (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.'
        'openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET}.styles+xml"/>{overrides}</Types>')
    yield "_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")])
    named = "".join(f'<sheet name="{escape(names[n - 1])}" sheetId="{n}"'
                    f'{" state=" + chr(34) + "hidden" + chr(34) if sheet.hidden and (shown or n > 1) else ""}'
                    f' r:id="rId{n}"/>' for n, sheet in enumerate(sheets, 1))
    yield "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{named}</sheets></workbook>'
    parts = [("worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
    yield "xl/_rels/workbook.xml.rels", _relations([*parts, ("styles", "styles.xml")])


def _names(given: Iterable[str]) -> Iterator[str]:
    """The names as Excel takes them: at most 31 characters, none of []:*?/\\ or quotes, each once (case apart)."""
    taken: set[str] = set()
    for number, name in enumerate(given, 1):
        first = _UNNAMED.sub("_", _FORBIDDEN.sub("", name)).strip()[:31] or f"Sheet{number}"
        name, more = first, 1
        while name.lower() in taken:
            more += 1
            name = f"{first[:31 - len(str(more)) - 1]}_{more}"
        taken.add(name.lower())
        yield name


def _relations(parts: Sequence[tuple[str, str]]) -> str:
    each = "".join(f'<Relationship Id="rId{n}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
                   for n, (kind, target) in enumerate(parts, 1))
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{each}</Relationships>'
