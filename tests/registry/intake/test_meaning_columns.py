"""What headings mean, and what the values below them decide."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import msgspec
import pytest

from registry.intake.book import Book, Value
from registry.intake.known import Learned, UnitKnown
from registry.intake.layout import lay_out
from registry.intake.mapping import FIELDS, Mapped, Mapping
from registry.intake.meaning import field_of, fold, propose, signature
from registry.intake.meaning.columns import headings
from registry.intake.meaning.dayorder import day_order
from tests.registry.intake.sheets import (
    BORROWED,
    LISTED,
    MACHINES,
    OFFICERS,
    OPERATORS,
    fields,
    known,
    laid,
    meant,
    only,
    sheet,
)

MATERIAL = Path(__file__).resolve().parents[4] / "shared" / "material"
ID = "110101199003070214"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        (" 证书 编号\n（新） ", "证书编号新"),
        ("ＡＢＣ－１２", "abc12"),
        ("License_Number", "licensenumber"),
        ("——", ""),
    ],
)
def test_words_are_compared_without_blanks_and_punctuation(text: str, folded: str) -> None:
    assert fold(text) == folded == fold(folded)


def test_every_heading_in_the_data_means_a_field() -> None:
    assert {field for some in headings().values() for field, _ in some} == set(FIELDS)


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("证 号", "number"),
        ("证书号", "number"),
        ("身份证号码", "id_number"),
        ("有效期截止日期", "valid_until"),
        ("到期日", "valid_until"),
        ("复审期限", "review_on"),
        ("初领日期", "first_issued_on"),
        ("发证机关", "issuer"),
        ("expiration_date", "valid_until"),
        ("permitnum", "number"),
        ("issueddate", "issued_on"),
        ("备  注", "remark"),
        ("检定有效期至", "inspect_on"),
    ],
)
def test_a_known_heading_is_certain(heading: str, field: str) -> None:
    assert field_of(heading) == Mapped(field=field, sure=1.0)


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("特种作业操作证证书编号", "number"),
        ("证书编好", "number"),
        ("人员身份证号码（必填）", "id_number"),
        ("证件的有效期至", "valid_until"),
    ],
)
def test_a_similar_heading_is_less_certain(heading: str, field: str) -> None:
    found = field_of(heading)
    assert found.field == field and found.sure < 1


def test_an_unknown_heading_is_kept() -> None:
    assert field_of("安全帽颜色").field == "keep"


@pytest.mark.parametrize(
    ("heading", "values", "field"),
    [
        ("证件号码", [ID, "320102198511190061"], "id_number"),
        ("证件号码", ["T" + ID], "number"),
        ("证件号码", ["苏A032026000123", "苏A032026000124"], "number"),
        ("有效期", ["2023-12-28至2028-12-28"], "term"),
        ("有效期", ["2026.12.31", "长期"], "valid_until"),
        ("有效期", [46387], "valid_until"),
        ("编号", [1, 2, 3], "sequence"),
        ("编号", ["苏建安A（2022）0000001", "x2"], "number"),
    ],
)
def test_the_values_decide_where_a_heading_is_doubtful(heading: str, values: list[Value], field: str) -> None:
    assert field_of(heading, None, values).field == field


def test_what_was_learned_comes_first() -> None:
    assert field_of("有效期", Learned(columns={"有效期": "review_on"})) == Mapped(field="review_on", sure=1.0)


def test_a_field_is_given_to_one_column_only() -> None:
    row: list[Value] = ["张三", "苏A1", ID, "x9", "2027"]
    assert fields(meant([["姓名", "证书编号", "证件号码", "编号", "有效期"], row])) == [
        "name",
        "number",
        "id_number",
        "keep",
        "valid_until",
    ]


def test_operators_are_understood() -> None:
    row: list[Value] = [
        "T" + ID,
        "张三",
        "电工作业",
        "低压电工作业",
        "2020-01-01",
        "2023-01-01",
        "2029-01-01",
        "2027-01-01",
        "2023-01-01",
        "x",
    ]
    mapping = meant([list(OPERATORS), row], "特种作业人员台账")
    assert fields(mapping) == [
        "number",
        "name",
        "category",
        "item",
        "first_issued_on",
        "issued_on",
        "valid_until",
        "review_on",
        "reviewed_on",
        "issuer",
    ]
    assert (mapping.type_code, mapping.content) == ("P01", "certificates")


def test_a_single_review_day_ahead_is_due_one_behind_was_done() -> None:
    head: list[Value] = ["姓名", "证书编号", "复审日期"]
    assert fields(meant([head, ["张三", "x1", "2027-05-01"], ["李四", "x2", "2028.6.1"]]))[2] == "review_on"
    assert fields(meant([head, ["张三", "x1", "2023-05-01"], ["李四", "x2", "2024.6.1"]]))[2] == "reviewed_on"


def test_officers_get_their_type_row_by_row() -> None:
    rows: list[list[Value]] = [
        [f"张{each}", "建筑施工", "住建厅", "2020", "2023", f"苏建安{each}（2022）0000001", "2027", "1"]
        for each in "ABC"
    ]
    mapping = meant([list(OFFICERS), *rows], "安全管理人员")
    assert mapping.type_code == "" and fields(mapping)[5] == "number"


def test_machines_have_a_registration_and_an_inspection() -> None:
    row: list[Value] = [
        "叉车",
        "王五",
        "车17苏A00001(26)",
        "N-1",
        "2025-01-01",
        "2027-01-01",
        "24个月",
        "x",
        "厂",
        "CPC30",
        "车间",
        None,
        "2020",
        "2020",
    ]
    mapping = meant([list(MACHINES), row], "设备")
    found = dict(zip(MACHINES, fields(mapping), strict=True))
    assert (
        found["注册证编号"] == "registration_no"
        and found["厂内编号"] == "serial"
        and found["下次检测时间"] == "inspect_on"
    )
    assert found["使用证号"] == "keep" and mapping.type_code == "Q01"


@pytest.mark.parametrize(("machine", "code"), [("塔式起重机", "Q04"), ("叉车", "Q01")])
def test_cranes_on_sites_are_registered_with_the_housing_authority(machine: str, code: str) -> None:
    assert (
        meant([["设备名称", "出厂编号", "使用登记证编号"], [machine, "s1", "r1"], [machine, "s2", "r2"]]).type_code
        == code
    )


def test_instruments_and_vehicles_are_told_by_their_headings() -> None:
    instruments: list[Value] = ["仪器名称", "出厂编号", "检定证书编号", "下次检定日期"]
    vehicles: list[Value] = ["车牌号", "车辆类型", "行驶证有效期"]
    assert meant([instruments, ["全站仪", "123", "J-1", "2027-01-01"]]).type_code == "Q08"
    assert meant([vehicles, ["苏A12345", "货车", "2027-01-01"]]).type_code == "Q09"


def test_a_place_is_a_unit_where_its_names_are_ours() -> None:
    head: list[Value] = ["设备名称", "出厂编号", "使用登记证号", "运行场所"]
    rows: list[list[Value]] = [head, ["叉车", "s1", "r1", "城东大道项目部"], ["塔吊", "s2", "r2", "城东大道项目部"]]
    unit = UnitKnown(7, "project", "城东大道项目部", 1, "/1/7/")
    assert fields(meant(rows))[3] == "keep"
    assert fields(meant(rows, on=known(unit)))[3] == "unit"


def test_a_list_of_a_company_names_its_holder() -> None:
    home, firm = (
        UnitKnown(1, "group", "华城集团", None, "/1/"),
        UnitKnown(3, "company", "华城第一建筑工程有限公司", 3, "/1/3/", former=("华城一建公司",)),
    )
    rows: list[list[Value]] = [
        ["编制单位：华城一建公司"],
        list(LISTED),
        [1, "营业执照", "9111", "市监局", "2020-01-01", "长期"],
    ]
    mapping = meant(rows, "资信证照", known(home, firm))
    assert mapping.holder_unit == 3
    assert fields(mapping)[:4] == ["sequence", "type", "number", "issuer"]


def test_a_borrow_register_holds_loans() -> None:
    mapping = meant(
        [list(BORROWED), ["资质证书", "张三", "张三", "李四", "2026.1.1", "2026.1.2", "投标", "归还", None]]
    )
    assert mapping.content == "loans"
    assert fields(mapping)[1:8] == [
        "borrower",
        "returner",
        "handler",
        "lent_at",
        "returned_at",
        "purpose",
        "loan_state",
    ]


def test_a_handler_in_a_list_of_certificates_lends_nothing() -> None:
    assert "handler" not in fields(meant([["证照名称", "证书编号", "经办人"], ["营业执照", "9111", "李四"]]))


def test_columns_without_headings_are_known_by_their_values() -> None:
    rows: list[list[Value]] = [["张三", ID, "2027-01-01"], ["李四", "320102198511190061", "2027-01-01"]]
    assert fields(meant(rows)) == ["name", "id_number", "keep"]


def test_a_learned_table_is_mapped_as_before() -> None:
    table = only(laid([["姓名", "证书编号"], ["张三", "x1"]]))
    before = Mapping(columns=[Mapped(field="name"), Mapped(field="old_number")], type_code="P15")
    assert propose(table, known(tables={signature(table): msgspec.json.encode(before)})) == before


def test_a_learned_table_with_other_columns_is_not_used() -> None:
    table = only(laid([["姓名", "证书编号"], ["张三", "x1"]]))
    other = msgspec.json.encode(Mapping(columns=[Mapped(field="name")]))
    assert fields(propose(table, known(tables={signature(table): other}))) == ["name", "number"]


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["26.3.5", "25.12.31"], "ymd"),
        (["12/6/10", "8/19/11", "2/17/11"], "mdy"),
        (["19/8/2011", "3/4/2012"], "dmy"),
        (["3/4/2012"], "mdy"),
        (["2026-03-05"], "ymd"),
        ([], "ymd"),
    ],
)
def test_the_order_of_day_and_month_is_seen_from_all_dates(values: list[Value], order: str) -> None:
    assert day_order(values) == order


@pytest.mark.parametrize(
    ("file", "rows", "expected", "order"),
    [
        (
            "registers/calgary/building_permits.csv",
            5000,
            {"permitnum": "number", "issueddate": "issued_on", "permittype": "type"},
            "ymd",
        ),
        (
            "registers/seattle/current_permits.csv",
            10246,
            {"Application/Permit Number": "number", "Expiration Date": "valid_until"},
            "mdy",
        ),
        (
            "registers/chicago/business_licences.csv.gz",
            62600,
            {"license_number": "number", "expiration_date": "valid_until", "state": "keep"},
            "ymd",
        ),
        ("logs/wabo-receipt/receipt.csv", 8577, {"case:concept:name": "number"}, "ymd"),
    ],
)
def test_foreign_registers_are_laid_out_whole(file: str, rows: int, expected: dict[str, str], order: str) -> None:
    path = MATERIAL / file
    if not path.exists():
        pytest.skip("the shared material is not here")
    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode(
        "utf-8", "replace"
    )
    lines = [
        [cell or None for cell in line]
        for line in csv.reader(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")))
    ]
    table = only(lay_out(Book(path.name, "csv", [sheet(lines)])))
    mapping = propose(table, known())
    assert len(table.records) == rows and mapping.days == order
    found = {column.heading: fields(mapping)[index] for index, column in enumerate(table.columns)}
    assert {heading: found[heading] for heading in expected} == expected
