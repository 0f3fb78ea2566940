"""Generated ledgers: the key agrees with what is in the files, and every certificate of the group is there once."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from ledger import clock
from registry.certificates.catalogue import type_of
from registry.certificates.numbers import check_number, normal
from registry.intake.findings import KINDS
from registry.people.identity import check_id_number
from registry.sample.__main__ import main
from registry.sample.ledgers.defects import DEFECTS
from registry.sample.ledgers.writing import CSV_ENCODING
from tests.registry.organisation import DAY

SIZE = ["--companies", "3", "--people", "300", "--certificates", "1000"]
Key = dict[str, str]
Content = dict[str, dict[str, list[list[Any]]]]


def generated(folder: Path, seed: int) -> Path:
    """A folder of ledgers."""
    with clock.use(clock.Fixed(dt.datetime.combine(DAY, dt.time(10), clock.SHANGHAI))):
        main([*SIZE, "--seed", str(seed), "--ledger", str(folder)])
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generated(tmp_path_factory.mktemp("made") / "ledgers", 7)


@pytest.fixture(scope="module")
def content(folder: Path) -> Content:
    return contents(folder)


def contents(folder: Path) -> Content:
    """File -> sheet -> rows of values, days as days."""
    found: Content = {}
    for file in sorted((folder / "ledgers").iterdir()):
        if file.suffix == ".csv":
            with file.open(encoding=CSV_ENCODING, newline="") as lines:
                found[file.name] = {file.stem: list(csv.reader(lines))}
        else:
            book = load_workbook(file)
            found[file.name] = {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}
    return found


def table(folder: Path, name: str) -> list[Key]:
    with (folder / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return "" if value is None else str(value)


def at(content: Content, file: str, sheet: str, cell: str) -> str:
    """What stands in a cell, as the key writes it."""
    letters = cell.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    row = content[file][sheet][int(cell[len(letters):]) - 1]
    return shown(row[column - 1]) if column <= len(row) else ""


def narrow(text: str) -> str:
    return "".join(chr(ord(each) - 0xFEE0) if each.isalnum() and "！" <= each <= "～" else each for each in text)


def test_what_the_key_says_was_written_stands_in_that_cell(folder: Path, content: Content) -> None:
    keyed = [row for row in table(folder, "key.csv") if row["column"]]
    assert len(keyed) > 400
    assert [row for row in keyed
            if at(content, row["file"], row["sheet"], row["column"] + row["row"]) != row["written"]] == []


def test_every_kind_is_planted_as_often_as_section_6_says(folder: Path) -> None:
    planted = Counter(row["defect"] for row in table(folder, "key.csv"))
    assert set(planted) <= set(KINDS)
    rows = len({(row["file"], row["sheet"], row["row"], row["name"], row["number"][:4] if row["type"] == "Q02" else "")
                for row in table(folder, "certificates.csv") if row["type"] != "Q02"})
    for defect in DEFECTS:
        assert 0.9 * rows * defect.rate / 1000 - 2 <= planted[defect.kind] <= rows * defect.rate / 1000 + 2, defect.kind
    assert planted["blank_end"] == 30 and planted["two_names"] == 5 and planted["duplicate_number"] == 4


def test_every_certificate_stands_in_one_line_and_adds_up(folder: Path, content: Content) -> None:
    certificates = table(folder, "certificates.csv")
    assert len(certificates) == 1000
    files = json.loads((folder / "organisation.json").read_text("utf-8"))["files"]
    held = Counter(row["file"] for row in certificates)
    assert {each["file"]: each["certificates"] for each in files if each["certificates"]} == held
    once = Counter((row["type"], row["number"], row["item"], row["name"] if row["type"] == "P23" else "")
                   for row in certificates)
    assert [key for key, number in once.items() if number > 1] == []


def test_where_nothing_is_planted_numbers_hold_and_stand_in_the_file(folder: Path, content: Content) -> None:
    struck = {(row["file"], row["sheet"], row["row"]) for row in table(folder, "key.csv")}
    for row in table(folder, "certificates.csv"):
        kind = type_of(row["type"]).number.rule
        assert check_number(kind, row["number"], row["id_number"] or None, on=DAY).ok, row
        assert normal(kind, row["number"]) == row["number"]
        assert not row["id_number"] or check_id_number(row["id_number"]).ok
        if (row["file"], row["sheet"], row["row"]) not in struck and row["type"][0] != "J":
            assert row["number"] in map(str, content[row["file"]][row["sheet"]][int(row["row"]) - 1]), row


@pytest.mark.parametrize(("kind", "wrong"), [
    ("check_digit", lambda row: check_id_number(row["written"].removeprefix("T")).ok),
    ("transposed", lambda row: sorted(row["written"]) != sorted(row["truth"]) or row["written"] == row["truth"]),
    ("missing_t", lambda row: "T" + row["written"] != row["truth"]),
    ("lower_x", lambda row: row["written"].upper() != row["truth"] or not row["written"].endswith("x")),
    ("full_width", lambda row: narrow(row["written"]) != row["truth"] or row["written"] == row["truth"]),
    ("spaces", lambda row: "".join(row["written"].split()) != row["truth"] or row["written"] == row["truth"]),
    ("rare_character", lambda row: row["written"][-1] not in "?？"),
    ("end_before_issue", lambda row: row["written"] >= row["truth"]),
    ("review_missing", lambda row: row["written"] or not row["truth"]),
])
def test_a_planted_defect_is_what_its_kind_says(folder: Path, kind: str, wrong: Callable[[Key], object]) -> None:
    planted = [row for row in table(folder, "key.csv") if row["defect"] == kind]
    assert planted and [row for row in planted if wrong(row)] == []


def test_a_doubled_number_is_that_of_its_twin(folder: Path, content: Content) -> None:
    planted = [row for row in table(folder, "key.csv") if row["defect"] == "duplicate_number"]
    for row in planted:
        sheet, _, cell = row["twin"].partition("!")
        assert at(content, row["file"], sheet, cell) == row["written"] != row["truth"]


def test_the_same_seed_writes_the_same_and_another_another(folder: Path, content: Content, tmp_path: Path) -> None:
    assert contents(generated(tmp_path / "again", 7)) == content
    assert (tmp_path / "again" / "key.csv").read_bytes() == (folder / "key.csv").read_bytes()
    assert table(generated(tmp_path / "other", 8), "key.csv") != table(folder, "key.csv")


def test_marks_merges_links_and_pictures_are_in_the_files(folder: Path) -> None:
    people = load_workbook(next((folder / "ledgers").glob("集团人员证书-*.xlsx")))
    assert any(str(area).startswith("C") for area in people["建造师证书"].merged_cells.ranges)
    projects = load_workbook(next((folder / "ledgers").glob("项目证照台账-*.xlsx")))
    sheet = projects.worksheets[0]
    assert sheet["A2"].value == "项目名称" and sheet["B10"].hyperlink is not None
    assert len(sheet._images) == 1
    for row in table(folder, "key.csv"):
        if row["defect"] == "left_mark":
            cell = load_workbook(folder / "ledgers" / row["file"])[row["sheet"]].cell(int(row["row"]), 1)
            assert cell.font.strike if row["written"] == "strike" else cell.fill.fgColor.rgb == "FFFF0000"
            break
