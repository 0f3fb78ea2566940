"""An Excel workbook written row by row: memory does not grow with it, and no cell of it can be a formula.

Text is an inline string of type text, so that "=HYPERLINK(...)" stays what it is; where it begins like a formula it
also carries Excel's quote prefix, which keeps it text when somebody edits the cell. Days are days.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO
from xml.sax.saxutils import escape

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST, CHUNK, BLOCK = 32_767, 500, 1 << 16  # characters of a cell; rows and bytes at a time
Cell = str | int | dt.date | None
_FIRST = dt.date(1899, 12, 30)  # day 0 of Excel's calendar after February 1900
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LIKE_FORMULA = re.compile(r"\s*[=+\-@\t\r＝＋－＠]")
_PLAIN, _TEXT, _QUOTED, _DAY, _HEAD = range(5)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Noto Sans SC"/></font><font><b/><sz val="11"/>'
    '<name val="Noto Sans SC"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill>'
    '<patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1">'
    '<xf/></cellStyleXfs><cellXfs count="5"><xf xfId="0"/><xf numFmtId="49" applyNumberFormat="1" xfId="0"/>'
    '<xf numFmtId="49" applyNumberFormat="1" quotePrefix="1" xfId="0"/><xf numFmtId="164" applyNumberFormat="1" '
    'xfId="0"/><xf numFmtId="49" fontId="1" applyNumberFormat="1" applyFont="1" xfId="0"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, the headings with the widths of their columns in characters, and its rows."""

    name: str
    headings: Sequence[tuple[str, int]]
    rows: Iterable[Sequence[Cell]]


def workbook(sheets: Sequence[Sheet]) -> Iterator[bytes]:
    """The bytes of an .xlsx. It is finished in a file before the first byte: a failure gives no broken workbook."""
    with TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as packed:
            for path, part in _frame(sheets):
                packed.writestr(path, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>' + part)
            for number, sheet in enumerate(sheets, 1):
                with packed.open(f"xl/worksheets/sheet{number}.xml", "w", force_zip64=True) as part_file:
                    _write(part_file, sheet)
        file.seek(0)
        while block := file.read(BLOCK):
            yield block


def _write(out: IO[bytes], sheet: Sheet) -> None:
    columns = "".join(f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>'
                      for n, (_, width) in enumerate(sheet.headings, 1))
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    head = "".join(_cell(words, _HEAD) for words, _ in sheet.headings)
    out.write(f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{_MAIN}"><sheetViews><sheetView '
              f'workbookViewId="0">{pane}</sheetView></sheetViews><cols>{columns}</cols><sheetData><row>{head}</row>'
              .encode())
    waiting: list[str] = []
    for row in sheet.rows:
        waiting.append(f"<row>{''.join(map(_cell, row))}</row>")
        if len(waiting) == CHUNK:
            out.write("".join(waiting).encode())
            waiting.clear()
    out.write(("".join(waiting) + "</sheetData></worksheet>").encode())


def _cell(value: Cell, style: int | None = None) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, dt.date):
        return f'<c s="{_DAY}"><v>{(value - _FIRST).days}</v></c>'
    if isinstance(value, int):
        return f'<c s="{_PLAIN}"><v>{value}</v></c>'
    text = _FORBIDDEN.sub("", value)[:LONGEST]
    style = style or (_QUOTED if _LIKE_FORMULA.match(text) else _TEXT)
    return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _frame(sheets: Sequence[Sheet]) -> Iterator[tuple[str, str]]:
    numbers = range(1, len(sheets) + 1)
    overrides = "".join(f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_SHEET}.worksheet+xml"/>'
                        for n in numbers)
    yield "[Content_Types].xml", (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.'
        'openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET}.styles+xml"/>{overrides}</Types>')
    yield "_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")])
    named = "".join(f'<sheet name="{escape(sheet.name[:31], {chr(34): ""})}" sheetId="{n}" r:id="rId{n}"/>'
                    for n, sheet in enumerate(sheets, 1))
    yield "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{named}</sheets></workbook>'
    parts = [("worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
    yield "xl/_rels/workbook.xml.rels", _relations([*parts, ("styles", "styles.xml")])
    yield "xl/styles.xml", _STYLES


def _relations(parts: Sequence[tuple[str, str]]) -> str:
    each = "".join(f'<Relationship Id="rId{n}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
                   for n, (kind, target) in enumerate(parts, 1))
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{each}</Relationships>'
