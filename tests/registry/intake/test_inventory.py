"""Taking stock of a folder: every file is looked at, scans find their certificates, and nothing is shown in clear."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pytest

from bench.hostile_sheets import FILES
from registry.certificates.catalogue import shipped
from registry.intake.inventory import take_stock, walking
from registry.intake.inventory.entries import masked
from registry.intake.inventory.score import score
from registry.intake.inventory.stock import Stock
from registry.intake.inventory.walking import TooManyFiles, walk

TODAY = dt.date(2026, 11, 22)
HEAD = ["姓名", "身份证号", "证书名称", "证书编号", "有效期至"]
LI = ["李四", "320102198802021234", "二级建造师注册证书", "苏232252500011", "2028-01-01"]
ZHANG = ["张三丰", "320102199001011236", "二级建造师注册证书", "苏232252500012", "2025-01-01"]


def ledger(path: Path, *rows: list[str], link: str = "") -> None:
    workbook = openpyxl.Workbook()
    page = workbook.worksheets[0]
    for row in (HEAD, *rows):
        page.append(row)
    if link:
        page["F2"] = "扫描件"
        page["F2"].hyperlink = link
    path.parent.mkdir(parents=True, exist_ok=True)
    workbook.save(path)


def paper(path: Path, text: str) -> None:
    """A PDF of one page with a text layer."""
    drawn = f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode()
    parts = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
             b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
             b"<</Length %d>>stream\n%b\nendstream" % (len(drawn), drawn),
             b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    body = b"".join(b"%d 0 obj%bendobj\n" % (number, part) for number, part in enumerate(parts, 1))
    path.write_bytes(b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R>>\n%%EOF")


def taken(folder: Path) -> Stock:
    return take_stock(folder, shipped(), TODAY)


def test_certificates_are_counted_with_their_cells_and_how_they_stand(tmp_path: Path) -> None:
    ledger(tmp_path / "一公司/人员.xlsx", LI, ZHANG)
    stock = taken(tmp_path)
    assert [(stock.files[each.file], each.cell, each.type_code, each.number) for each in stock.entries] == [
        ("一公司/人员.xlsx", "D2", "P07", "苏232252500011"), ("一公司/人员.xlsx", "D3", "P07", "苏232252500012")]
    assert stock.standings == ["valid", "expired"]
    assert stock.overdue == [1]


@pytest.mark.parametrize("name", [
    "苏232252500012.jpg", "苏 2322-5250-0012（正本）.PNG", "二级建造师/张三丰.jpg", "张三丰 二建.jpg", "张三丰.jpg",
])
def test_a_scan_is_known_by_the_number_or_the_name(tmp_path: Path, name: str) -> None:
    ledger(tmp_path / "a.xlsx", LI, ZHANG)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"x")
    stock = taken(tmp_path)
    assert [each.scans for each in stock.entries] == [[], [0]]
    assert (stock.unscanned, stock.stray) == ([0], [])


def test_a_name_is_no_key_where_its_holder_has_several_certificates(tmp_path: Path) -> None:
    other = [*ZHANG[:2], "一级建造师注册证书", "苏132222200002", "2028-01-01"]
    ledger(tmp_path / "a.xlsx", ZHANG, other)
    (tmp_path / "张三丰.jpg").write_bytes(b"x")
    stock = taken(tmp_path)
    assert [scan.doubtful for scan in stock.stray] == [True]


def test_a_scan_is_known_by_the_text_in_it(tmp_path: Path) -> None:
    number = "A042022000002"
    ledger(tmp_path / "a.xlsx", [*LI[:2], "建筑施工特种作业操作资格证书", number, "2028-01-01"])
    paper(tmp_path / "IMG_0001.pdf", f"No. {number}")
    paper(tmp_path / "IMG_0002.pdf", "No. A042022000003")
    (tmp_path / "IMG_0003.pdf").write_bytes(b"%PDF-1.7 broken off")
    stock = taken(tmp_path)
    assert stock.entries[0].scans == [0]
    assert [(scan.name, scan.broken) for scan in stock.stray] == [("IMG_0002.pdf", False), ("IMG_0003.pdf", True)]


def test_a_scan_is_known_by_a_link_from_the_ledger(tmp_path: Path) -> None:
    ledger(tmp_path / "台账/a.xlsx", LI, link="../%E6%89%AB%E6%8F%8F/7.jpg")
    (tmp_path / "扫描").mkdir()
    (tmp_path / "扫描/7.jpg").write_bytes(b"x")
    assert taken(tmp_path).entries[0].scans == [0]


def test_the_same_number_in_two_files_is_a_double(tmp_path: Path) -> None:
    ledger(tmp_path / "a.xlsx", LI)
    ledger(tmp_path / "b.xlsx", ZHANG, [*LI[:3], "苏232２52500011", LI[4]])
    assert taken(tmp_path).doubles == [[0, 2]]


def test_one_bad_file_spoils_nothing(tmp_path: Path) -> None:
    ledger(tmp_path / "好的.xlsx", LI)
    for name in ("a password.xlsx", "doubling.xlsx", "macros.xlsm"):
        FILES[name][1](tmp_path / name)
    (tmp_path / "链接.xlsx").symlink_to(tmp_path / "好的.xlsx")
    (tmp_path / "~$好的.xlsx").write_bytes(b"lock")
    (tmp_path / "证件清单-2026-01-01.xlsx").write_bytes(b"taken before")
    stock = taken(tmp_path)
    assert {each.name: type(each.why).__name__ for each in stock.unread} == {
        "a password.xlsx": "HasPassword", "doubling.xlsx": "SwellingFormula", "macros.xlsm": "HasMacros",
        "链接.xlsx": "LinkLeftOut"}
    assert len(stock.entries) == 1


def test_a_ledger_that_nobody_foresaw_spoils_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object) -> None:
        raise KeyError("surprise")

    ledger(tmp_path / "a.xlsx", LI)
    monkeypatch.setattr("registry.intake.inventory.taking.preview", fail)
    assert [type(each.why).__name__ for each in taken(tmp_path).unread] == ["NotUnderstood"]


def test_nothing_shows_an_identity_number(tmp_path: Path) -> None:
    ledger(tmp_path / "a.xlsx", [LI[0], "320102 19880202 1234", *LI[2:]], [ZHANG[0], "３20102199001011236", *ZHANG[2:]],
           ["王五", "3.20102E+17", *LI[2:3], "苏232252500013", ""])
    told = " ".join(f"{each.raw} {each.proposed} {each.params}" for each in taken(tmp_path).faults)
    assert "19880202" not in told and "19900101" not in told and "****" in told


@pytest.mark.parametrize(("text", "shown"), [
    ("T320903198603069277", "T320903**********77"), ("3２0903 19860306 927x", "320903**********7x"),
    ("320102202104200106", "320102202104200106"), ("91320102MA1XG6125L", "91320102MA1XG6125L"),
    ("建筑 电工", "建筑 电工"),
])
def test_only_identity_numbers_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_the_walk_has_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path
    for _ in range(walking.MOST_DEPTH + 2):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "a.csv").write_text("a")
    assert [type(why).__name__ for _, why in walk(tmp_path).left_out] == ["TooDeep"]
    monkeypatch.setattr(walking, "MOST_FILES", 3)
    with pytest.raises(TooManyFiles, match="3"):
        walk(tmp_path)


def test_the_score_shares_out_what_cannot_be_judged() -> None:
    whole = score({"readable": (1, 2), "clean": (1, 1), "scanned": (0, 0)})
    assert [(part.key, round(part.weight, 1)) for part in whole.parts] == [("readable", 33.3), ("clean", 66.7)]
    assert whole.points == 83
    assert score({"clean": (0, 0)}).points is None


def test_an_empty_folder_has_no_score(tmp_path: Path) -> None:
    stock = taken(tmp_path)
    assert (stock.entries, stock.score.points) == ([], None)
