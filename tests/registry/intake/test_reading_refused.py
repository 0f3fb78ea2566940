"""Hostile and broken files: each is refused with its own sentence, and nothing but a book or a refusal ever comes."""

from __future__ import annotations

import os
import random
import re
import struct
import zipfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

import openpyxl
import pytest

from bench.hostile_sheets import FILES, book, compound, formulas, number, old, pack, sheet
from registry.intake.reading import read
from registry.intake.reading.contents import read_any
from registry.intake.reading.frames import hearer, teller
from registry.intake.reading.joining import Joining
from registry.intake.reading.refusals import (
    BY_NAME,
    CallingFormula,
    HasEntities,
    Odd,
    SwellingFormula,
    TooMuchWork,
    Unreadable,
)

HERE = Path(__file__)
SECURITY = Path(os.environ.get("LICET_MATERIAL", HERE.parents[4] / "shared" / "material")) / "security"
SLOW = re.compile(r"MB|gigabytes|1,000,000|a million|100,000|lines|separators|turned")
QUICK = [name for name in FILES if not SLOW.search(name)]
with_material = pytest.mark.skipif(not SECURITY.is_dir(), reason="the shared material is not here (LICET_MATERIAL)")


@pytest.mark.parametrize("name", [*QUICK, "gigabytes.xlsx", "gigabytes that lie.xlsx", "100,000 levels.xlsx"])
def test_a_hostile_file_is_refused_for_what_it_is(tmp_path: Path, name: str) -> None:
    error, write = FILES[name]
    write(tmp_path / name)
    with pytest.raises(Unreadable) as refused:
        read(tmp_path / name, name)
    assert type(refused.value).__name__ == error
    assert "{" not in str(refused.value)


def test_a_million_empty_rows_are_refused(tmp_path: Path) -> None:
    error, write = FILES["1,000,000 empty rows.xlsx"]
    write(tmp_path / "a.xlsx")
    with pytest.raises(BY_NAME[error], match="空行"):
        read(tmp_path / "a.xlsx", "a.xlsx")


def test_every_reason_is_met_by_a_file() -> None:
    """What no file of the list meets is met in another test of this folder, or needs a file of hours."""
    elsewhere = {"NotASpreadsheet", "Broken", "TooManyCells"}
    assert set(BY_NAME) - {error for error, _ in FILES.values()} <= elsewhere


def test_a_child_that_dies_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever calamine does to the process: here it asks for all the memory there is."""
    _, write = FILES["counts that lie.xlsx"]
    write(tmp_path / "a.xlsx")
    with pytest.raises(TooMuchWork):
        read(tmp_path / "a.xlsx", "a.xlsx")


def test_a_name_that_no_spreadsheet_has_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a,b")
    with pytest.raises(BY_NAME["NotASpreadsheet"]):
        read(tmp_path / "a", "台账.doc")


@pytest.mark.parametrize("text", [
    'IF(H2&lt;TODAY(),"过期","有效")', "DATEDIF(A1,B1,&quot;y&quot;)", "SUM(A1:A100000)",
    "A1&amp;&quot;-&quot;&amp;B1",
    "VLOOKUP(A1,[1]人员!$A:$C,3,0)", "IFERROR(INDEX('甲|乙'!A:A,MATCH(A1,B:B,0)),&quot;&quot;)",
    "REPT(&quot;*&quot;,6)",
    'HYPERLINK("scans/1.pdf","扫描件")', "RECALL(A1)", "TEXT(A1,&quot;yyyy-mm-dd&quot;)&amp;&quot;cmd|&quot;",
])
def test_ordinary_formulas_pass(tmp_path: Path, text: str) -> None:
    book(tmp_path / "a.xlsx", formulas(text))
    assert read(tmp_path / "a.xlsx", "a.xlsx").sheets[0].rows == [[1]]


def test_joining_down_a_long_column_passes() -> None:
    joining = Joining()
    for row in range(20_000):
        joining.add("表", row, 3, f'A{row + 1}&"、"&B{row + 1}', None)
        joining.add("表", row, 4, f"D{row + 1}&C{row + 1}", None)
    joining.check()


def test_texts_that_double_through_ranges_and_other_sheets_are_found() -> None:
    joining = Joining()
    for row in range(1, 40):
        joining.add("甲", row, 0, f"CONCAT('乙'!A{row}:A{row})&乙!$A${row}", None)
        joining.add("乙", row, 0, f"甲!A{row}", None)
    with pytest.raises(SwellingFormula):
        joining.check()


def test_a_circle_of_formulas_ends() -> None:
    joining = Joining()
    joining.add("表", 0, 0, "A2&A2", None)
    joining.add("表", 1, 0, "A1&A1", None)
    joining.check()


@with_material
def test_payloads_for_csv_stay_text(tmp_path: Path) -> None:
    lines = (SECURITY / "payloads/csv-injection-payloads.txt").read_text().splitlines()
    (tmp_path / "a.txt").write_text("\n".join(line.replace('"', "") + "\tx" for line in lines), encoding="utf-8")
    rows = read(tmp_path / "a.txt", "a.txt").sheets[0].rows
    assert [row[0] for row in rows] == [line.replace('"', "") for line in lines]


@with_material
def test_payloads_as_formulas_are_refused(tmp_path: Path) -> None:
    lines = (SECURITY / "payloads/csv-injection-payloads.txt").read_text().splitlines()
    lines += re.findall(r"^ +(=.*\|.*)$", (SECURITY / "payloads/CSV-Injection/README.md").read_text(), re.MULTILINE)
    assert len(lines) > 10
    for line in lines:
        book(tmp_path / "a.xlsx", formulas(escape(line.lstrip("=").replace("\0", ""))))
        with pytest.raises(CallingFormula):
            _in_this_process(tmp_path / "a.xlsx")


@with_material
@pytest.mark.parametrize("name", ["xmlbomb.xml", "xmlbomb2.xml", "quadratic.xml", "cyclic.xml", "external.xml",
                                  "external_file.xml", "dtd.xml"])
@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "docProps/app.xml"])
def test_documents_with_entities_are_refused_wherever_they_are(tmp_path: Path, name: str, part: str) -> None:
    content = (SECURITY / "xml/defusedxml" / name).read_bytes()
    book(tmp_path / "a.xlsx", sheet("<row><c><v>1</v></c></row>"), more={part: content})
    with pytest.raises(HasEntities):
        _in_this_process(tmp_path / "a.xlsx")


def _in_this_process(path: Path) -> None:
    """Without the child: for many small files."""
    read_any(path, path.suffix, lambda *piece: None)


@with_material
def test_naughty_strings_come_through_as_they_are(tmp_path: Path) -> None:
    lines = (SECURITY / "blns/blns.txt").read_text(encoding="utf-8").split("\n")
    fit = [line for line in lines if line and not re.search("[\x00-\x1f\x7f-\x9f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_", line)]
    workbook = openpyxl.Workbook()
    for line in fit:
        workbook.worksheets[0].append(["'", line])
        workbook.worksheets[0].cell(workbook.worksheets[0].max_row, 2).data_type = "s"
    workbook.save(tmp_path / "a.xlsx")
    assert [row[1] for row in read(tmp_path / "a.xlsx", "a.xlsx").sheets[0].rows] == fit


def _good(path: Path) -> Iterator[Path]:
    workbook = openpyxl.Workbook()
    page = workbook.worksheets[0]
    for row in range(30):
        page.append([row, f"张三{row}", "=A1&B1", 46000.5 + row])
    page.merge_cells("A1:B2")
    page["A3"].hyperlink = "a.pdf"
    workbook.save(path / "a.xlsx")
    yield path / "a.xlsx"
    book(path / "b.xlsx", formulas("A2&amp;B2", "SUM(A1:A9)"), "<sst><si><t>a</t></si></sst>")
    yield path / "b.xlsx"
    compound(path / "c.xls", "Workbook", old(b"".join(number(row, 0) for row in range(50))))
    yield path / "c.xls"
    (path / "d.csv").write_text("姓名,号\n" + '张三,"1\n2"\n' * 50, encoding="gb18030")
    yield path / "d.csv"


def test_broken_files_give_a_book_or_a_refusal(tmp_path: Path) -> None:
    """Cut off, and with bits turned: inside the compressed parts, in their heads, and in the XML itself."""
    chance = random.Random(6)
    for path in list(_good(tmp_path)):
        content = path.read_bytes()
        for _ in range(250):
            _survives(path, _hurt(content, chance))


def test_workbooks_with_hurt_parts_give_a_book_or_a_refusal(tmp_path: Path) -> None:
    chance, path = random.Random(7), tmp_path / "a.xlsx"
    next(_good(tmp_path))
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    for _ in range(400):
        name = chance.choice(list(parts))
        pack(path, {**parts, name: _hurt(parts[name], chance)}.items())
        _survives(path, path.read_bytes())


def _hurt(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    if chance.random() < 0.3:
        return bytes(data[:chance.randrange(1, len(data))])
    for _ in range(chance.choice((1, 1, 2, 8, 40))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _survives(path: Path, content: bytes) -> None:
    """Unreadable, or what a child turns into a refusal: errors of calamine and of damaged numbers."""
    path.write_bytes(content)
    try:
        _in_this_process(path)
    except Unreadable as refused:
        assert "{" not in str(refused)
    except BaseException as error:
        assert type(error).__name__ in CAUGHT, repr(error)


CAUGHT = {
    "CalamineError", "XmlError", "ZipError", "PasswordError", "WorksheetNotFound", "PanicException", "MemoryError",
    "UnicodeDecodeError", "ValueError", "OSError",
}
"""What the child tells as Broken or TooMuchWork."""


def test_pieces_come_through_a_pipe_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "pieces"
    with path.open("wb") as out:
        teller(out)("rows", [[1, "张三", None, 1.5, True]])
    whole = path.read_bytes()
    with path.open("rb") as source:
        assert hearer(source.read)() == ["rows", [[1, "张三", None, 1.5, True]]]
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with path.open("rb") as source:
            assert hearer(source.read)() is None
    path.write_bytes(struct.pack(">I", 2**32 - 1) + whole)
    with path.open("rb") as source:
        assert hearer(source.read)() is None


def test_two_parts_of_one_name_are_refused(tmp_path: Path) -> None:
    book(tmp_path / "a.xlsx", sheet(""), more={"XL/Workbook.xml": "<x/>"})
    with pytest.raises(Odd, match="同名"):
        _in_this_process(tmp_path / "a.xlsx")
