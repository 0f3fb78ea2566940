"""What single cells say: merged areas, colours, strokes, lost digits; tables side by side."""

from __future__ import annotations

from registry.intake.book import Value
from registry.intake.layout.marks import is_red
from registry.intake.meaning import propose
from tests.registry.intake.sheets import fields, known, laid, only, values

HEAD = ["姓名", "身份证号", "类别", "证书编号"]
ROWS = [[f"张{each}", f"id{each}", "A" if each % 3 == 0 else None, f"n{each}"] for each in range(64)]


def test_64_rows_under_merged_categories_stay_64() -> None:
    table = only(laid([HEAD, *ROWS], merged=[(first, 2, min(first + 2, 64), 2) for first in range(1, 65, 3)]))
    assert len(table.records) == 64
    assert {record.values[2] for record in table.records} == {"A"}


def test_a_value_filled_down_names_the_cell_it_stands_in() -> None:
    table = only(laid([HEAD, *ROWS[:3]], merged=[(1, 2, 3, 2)]))
    assert [record.spots for record in table.records] == [None, {2: (1, 2)}, {2: (1, 2)}]


def test_what_is_not_merged_is_not_filled_down() -> None:
    assert [row[2] for row in values(only(laid([HEAD, *ROWS[:3]])))] == ["A", None, None]


def test_a_merged_row_without_anything_of_its_own_is_blank() -> None:
    layout = laid(
        [HEAD, ["张三", "1", "A", "n1"], [], ["李四", "2", "B", "n2"]], merged=[(1, at, 2, at) for at in range(4)]
    )
    assert len(only(layout).records) == 2


def test_a_struck_row_has_left() -> None:
    table = only(laid([HEAD, *ROWS[:3]], struck={(1, at) for at in range(4)}))
    assert [record.left for record in table.records] == [True, False, False]


def test_a_red_name_has_left_another_red_cell_says_nothing() -> None:
    table = only(laid([HEAD, *ROWS[:4]], fills={(1, 0): "FF0000", (2, 3): "FF0000", (3, 0): "00B050"}))
    assert [record.left for record in table.records] == [True, False, False, False]


def test_a_red_heading_or_a_table_all_red_says_nothing() -> None:
    fills = {(row, at): "FFC7CE" for row in range(5) for at in range(4)}
    assert not any(record.left for record in only(laid([HEAD, *ROWS[:4]], fills=fills)).records)


def test_red_is_red_from_strong_to_pale() -> None:
    assert [is_red(each) for each in ("FF0000", "C00000", "FF6666", "FFC7CE")] == [True] * 4
    assert [is_red(each) for each in ("FFFF00", "92D050", "FFC000", "FFFFFF", "000000", "FF99CC", "")] == [False] * 7


def test_marks_of_cells_go_with_their_values() -> None:
    first, second = only(
        laid(
            [HEAD, *ROWS[:2]],
            rounded={(1, 1)},
            uncalculated={(1, 3)},
            links={(1, 3): "a.pdf"},
            pictures={1: 2},
            hidden_rows={2},
        )
    ).records
    assert (first.rounded, first.uncalculated, first.links, first.pictures) == ({1}, {3}, {3: "a.pdf"}, 2)
    assert (first.hidden, second.hidden, second.links) == (False, True, None)


def test_tables_side_by_side_are_two() -> None:
    head = ["姓名", "专业", "职称级别", "证书编号", "发证日期", "评审单位", "备注"]
    layout = laid(
        [
            [*head, None, None, *head],
            ["甲", "建筑", "中级", "a", "2020", "x", None, None, None, "乙", "建筑", "高级", "b", "2021", "y"],
            ["丙", "建筑", "中级", "c", "2020", "x"],
        ],
        "工程师证书",
    )
    assert [[row[0] for row in values(table)] for table in layout.tables] == [["甲", "丙"], ["乙"]]
    assert [table.columns[0].place for table in layout.tables] == [0, 9]


def test_tables_side_by_side_need_no_gap() -> None:
    head = ["序号", "姓名", "证书编号"]
    layout = laid([head * 2, [1, "甲", "a", 2, "乙", "b"], [3, "丙", "c", 4]])
    assert [[row[1] for row in values(table)] for table in layout.tables] == [["甲", "丙"], ["乙"]]


def test_several_certificates_in_a_row_are_a_table_each_with_the_holder() -> None:
    group = ["证书名称", "证书编号", "有效期"]
    layout = laid(
        [
            ["姓名", "身份证号", *group, *group],
            ["甲", "1", "安A", "a", "2027", "二建", "b", "2028"],
            ["乙", "2", "安B", "c", "x"],
        ]
    )
    assert [values(table) for table in layout.tables] == [
        [["甲", "1", "安A", "a", "2027"], ["乙", "2", "安B", "c", "x"]],
        [["甲", "1", "二建", "b", "2028"]],
    ]


def test_what_stands_behind_several_certificates_belongs_to_each() -> None:
    group: list[Value] = ["证书名称", "证书编号"]
    layout = laid(
        [["姓名", *group, *group, "备注"], ["甲", "安A", "a", "二建", "b", "调入"], ["乙", "安B", "c", None, None, "x"]]
    )
    assert [values(table) for table in layout.tables] == [
        [["甲", "安A", "a", "调入"], ["乙", "安B", "c", "x"]],
        [["甲", "二建", "b", "调入"]],
    ]


def test_numbers_of_named_certificates_are_a_table_each() -> None:
    head: list[Value] = ["姓名", "建造师注册编号", "建造师有效期", "安全B证编号", "B证有效期", "电话"]
    row: list[Value] = ["甲", "苏232101200345", "2027-01-01", "苏建安B（2022）0000001", "2026-01-01", "100"]
    layout = laid([head, row])
    assert [[column.heading for column in table.columns] for table in layout.tables] == [
        ["姓名", "建造师注册编号", "建造师有效期", "电话"],
        ["姓名", "安全B证编号", "B证有效期", "电话"],
    ]
    mappings = [propose(table, known()) for table in layout.tables]
    assert [fields(mapping)[1:3] for mapping in mappings] == [["number", "valid_until"]] * 2
    assert [mapping.type_code for mapping in mappings] == ["P07", "P04"]


def test_a_machine_with_registration_and_inspection_stays_one_row() -> None:
    head: list[Value] = ["设备名称", "使用登记证编号", "检验报告编号", "下次检验日期"]
    assert len(laid([head, ["叉车", "r1", "b1", "2027-01-01"]]).tables) == 1


def test_one_heading_twice_is_no_second_table() -> None:
    assert (
        len(laid([["姓名", "证书编号", "有效期", "身份证号", "有效期"], ["甲", "a", "2027", "1", "2030"]]).tables) == 1
    )
