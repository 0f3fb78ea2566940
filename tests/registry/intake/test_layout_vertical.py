"""Sheets with the field in one column and its value in the next (V4)."""

from __future__ import annotations

from registry.intake.book import Value
from tests.registry.intake.sheets import fields, laid, meant, only, values, why

LEAD: list[list[Value]] = [["项目证照台账"], ["项目名称", "某某大道"], ["建设单位", "城投公司"]]
FIRST: list[list[Value]] = [
    [],
    ["证照名称", "施工许可证"],
    ["证书编号", "320102202603150101"],
    ["有效期至", "2027"],
    ["状态", "有效"],
]
SECOND: list[list[Value]] = [[], ["证照名称", "用地规划许可证"], ["证书编号", "地字第1号"], ["备注", None]]


def test_every_block_is_a_record_with_what_holds_for_all() -> None:
    table = only(laid([*LEAD, *FIRST, *SECOND]))
    assert [column.heading for column in table.columns] == [
        "项目名称",
        "建设单位",
        "证照名称",
        "证书编号",
        "有效期至",
        "状态",
        "备注",
    ]
    assert values(table) == [
        ["某某大道", "城投公司", "施工许可证", "320102202603150101", "2027", "有效", None],
        ["某某大道", "城投公司", "用地规划许可证", "地字第1号", None, None, None],
    ]
    assert (table.shape, table.title, table.context["项目名称"]) == ("vertical", "项目证照台账", "某某大道")


def test_each_value_names_its_cell() -> None:
    second = only(laid([*LEAD, *FIRST, *SECOND])).records[1]
    assert (second.row, second.spots) == (9, {0: (1, 1), 1: (2, 1), 2: (9, 1), 3: (10, 1), 6: (11, 1)})


def test_one_block_begins_where_the_certificate_is_named() -> None:
    table = only(laid([*LEAD, *FIRST]))
    assert [record.row for record in table.records] == [4]
    assert table.records[0].values[0] == "某某大道"


def test_a_second_pair_in_a_row_belongs_to_the_block() -> None:
    table = only(
        laid(
            [
                ["证照名称", "施工许可证", "发证机关", "住建局"],
                ["证书编号", "3201", "发证日期", "2026"],
                ["有效期至", "2027"],
            ]
        )
    )
    assert values(table) == [["施工许可证", "住建局", "3201", "2026", "2027"]]


def test_certificates_beside_one_another_are_a_record_each() -> None:
    table = only(
        laid(
            [
                ["项目名称", "某某大道"],
                ["证照名称", "施工许可证", "规划许可证"],
                ["证书编号", "1", "2"],
                ["有效期至", "2027", None],
            ]
        )
    )
    assert values(table) == [["某某大道", "施工许可证", "1", "2027"], ["某某大道", "规划许可证", "2", None]]


def test_a_red_state_is_not_a_person_who_left() -> None:
    table = only(laid([*LEAD, *FIRST, *SECOND], fills={(7, 1): "FF0000"}, pictures={5: 1}, links={(5, 1): "a.pdf"}))
    assert [(record.left, record.pictures, record.links) for record in table.records] == [
        (False, 1, {3: "a.pdf"}),
        (False, 0, None),
    ]


def test_the_title_is_skipped_and_blank_rows_too() -> None:
    assert why(laid([*LEAD, *FIRST])) == {0: "title", 3: "blank"}


def test_its_labels_are_understood_as_headings_are() -> None:
    assert fields(meant([*LEAD, *FIRST, *SECOND])) == [
        "project",
        "keep",
        "type",
        "number",
        "valid_until",
        "state",
        "remark",
    ]
