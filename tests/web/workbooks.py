"""Reads the sheets of a workbook as Excel would: values, whether a cell is text, a day or a formula."""

from __future__ import annotations

import datetime as dt
import zipfile
from dataclasses import dataclass
from io import BytesIO

from lxml import etree

MAIN = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
QUOTED, DAY = 2, 3


@dataclass(frozen=True)
class Read:
    """One cell."""

    value: str | dt.date | int | None
    formula: bool
    quoted: bool


def sheets(data: bytes) -> list[list[list[Read]]]:
    """Every sheet as rows of cells."""
    with zipfile.ZipFile(BytesIO(data)) as packed:
        assert packed.testzip() is None
        styles = etree.fromstring(packed.read("xl/styles.xml")).findall(".//m:cellXfs/m:xf", MAIN)
        assert styles[QUOTED].get("quotePrefix") == "1" and styles[DAY].get("numFmtId") == "164"
        names = sorted(name for name in packed.namelist() if name.startswith("xl/worksheets/"))
        return [_rows(packed.read(name)) for name in names]


def _rows(part: bytes) -> list[list[Read]]:
    return [[_cell(cell) for cell in row] for row in etree.fromstring(part).findall(".//m:row", MAIN)]


def _cell(cell: etree._Element) -> Read:
    style = int(cell.get("s", "0"))
    formula = cell.find("m:f", MAIN) is not None
    if cell.get("t") == "inlineStr":
        return Read("".join(cell.itertext()), formula, style == QUOTED)
    number = cell.findtext("m:v", None, MAIN)
    if number is None:
        return Read(None, formula, False)
    value = dt.date(1899, 12, 30) + dt.timedelta(days=int(number)) if style == DAY else int(number)
    return Read(value, formula, False)
