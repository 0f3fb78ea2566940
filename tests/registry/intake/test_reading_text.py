"""Text tables, however they were written: every value is the text it is, and no row is lost in another."""

from __future__ import annotations

import csv
import gzip
import io
import os
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registry.intake.book import Book
from registry.intake.reading import read
from registry.intake.reading.delimited import read_text
from registry.intake.reading.refusals import (
    FieldTooLong,
    NotText,
    OpenQuote,
    Packed,
    TooManyColumns,
    UnknownEncoding,
)

SHARED = Path(os.environ.get("LICET_MATERIAL", Path(__file__).parents[4] / "shared" / "material"))
REGISTERS = SHARED / "registers"
LEDGER = "姓名,证书编号\n张三,京建安B（2020）0001\n"


def text_of(path: Path, content: bytes | str, name: str = "a.csv") -> Book:
    (path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(path / name, name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_usual_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    found = text_of(tmp_path, LEDGER.encode(encoding))
    assert found.sheets[0].rows == [["姓名", "证书编号"], ["张三", "京建安B（2020）0001"]]


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_usual_separator_and_line_end_is_read(tmp_path: Path, separator: str, end: str) -> None:
    lines = [["姓名", "备注", "号"], ["张三", "a b", "1"], ["李四", "", "2"]]
    found = text_of(tmp_path, end.join(separator.join(line) for line in lines), "a.txt")
    assert found.sheets[0].rows == [["姓名", "备注", "号"], ["张三", "a b", "1"], ["李四", None, "2"]]


def test_a_line_break_between_quotes_is_part_of_the_value(tmp_path: Path) -> None:
    assert text_of(tmp_path, '姓名,备注\n张三,"一\n二"\n').sheets[0].rows[1] == ["张三", "一\n二"]


def test_what_looks_like_a_formula_or_a_number_stays_text(tmp_path: Path) -> None:
    row = ["=1+1", "+86", "-1", "@x", "007", "110101199003071234"]
    assert text_of(tmp_path, ",".join(row)).sheets[0].rows == [row]


def test_excels_line_about_the_separator_is_no_row(tmp_path: Path) -> None:
    assert text_of(tmp_path, "sep=;\na;b,c\n1;2\n").sheets[0].rows == [["a", "b,c"], ["1", "2"]]


def test_blank_lines_keep_their_places(tmp_path: Path) -> None:
    assert text_of(tmp_path, "a,b\n\n\n1,2\n").sheets[0].rows == [["a", "b"], [], [], ["1", "2"]]


@pytest.mark.parametrize(("content", "error"), [
    ('a,b\n1,"2\n3,4\n', OpenQuote), ("a\0b\n", NotText), (b"\xff\xfa\xff\x80" * 9, UnknownEncoding),
    ("a" * 200_000, FieldTooLong), (b"\x1f\x8b\x08\0", Packed), ("," .join("a" * 201), TooManyColumns),
])
def test_what_cannot_be_a_table_is_refused(tmp_path: Path, content: bytes | str, error: type[Exception]) -> None:
    with pytest.raises(error):
        text_of(tmp_path, content)


def test_the_refusal_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(OpenQuote, match="第 3 行"):
        text_of(tmp_path, 'a,b\n"一\n二",1\n1,"2\n3,4\n'.replace('"一\n二"', "一二"))


VALUES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=8).map(lambda text: text + "x")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(VALUES, min_size=2, max_size=5), min_size=1, max_size=6))
@example([["x", ";;x"]])
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    path = tmp_path_factory.mktemp("text") / "a.csv"
    path.write_bytes(out.getvalue().encode("utf-8-sig"))
    told: list[tuple[object, ...]] = []
    read_text(path, ".csv", lambda *piece: told.append(piece))
    assert [row for piece in told if piece[0] == "rows" for row in piece[1]] == rows  # type: ignore[attr-defined]


@pytest.mark.skipif(not REGISTERS.is_dir(), reason="the registers of three cities are not here")
@pytest.mark.parametrize(("file", "rows", "columns"), [
    ("calgary/building_permits.csv", 5_001, 36), ("seattle/current_permits.csv", 10_247, 15),
    ("chicago/business_licences.csv.gz", 62_601, 0),
])
def test_the_registers_of_cities_are_read_whole(tmp_path: Path, file: str, rows: int, columns: int) -> None:
    content = (REGISTERS / file).read_bytes()
    found = text_of(tmp_path, gzip.decompress(content) if file.endswith(".gz") else content).sheets[0]
    assert len(found.rows) == rows
    assert len(found.rows[0]) == (columns or len(found.rows[1]))
