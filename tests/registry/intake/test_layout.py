"""Where the tables of a sheet are: headings, titles, sections, sums, notes."""

from __future__ import annotations

import pytest

from registry.intake.book import Book, Sheet
from registry.intake.known import Learned
from registry.intake.layout import lay_out
from tests.registry.intake.sheets import LISTED, OPERATORS, laid, only, sheet, values, why

PEOPLE = ["姓名", "身份证号", "类别", "证书编号", "有效期"]
ZHANG = ["张三", "110101199003070214", "A", "苏建安A（2022）0000001", "2027-01-01"]
LI = ["李四", "320102198511190061", "B", "苏建安B（2022）0000002", "2027-01-01"]


def test_the_heading_is_found_in_the_first_row() -> None:
    table = only(laid([PEOPLE, ZHANG, LI]))
    assert [column.heading for column in table.columns] == PEOPLE
    assert values(table) == [ZHANG, LI]


def test_title_rows_above_the_heading_say_what_holds_for_all() -> None:
    layout = laid(
        [
            ["某某公司资信证照清单"],
            ["编制单位：某某公司", *[None] * 7, "日期：2026-11-22"],
            LISTED,
            [1, "营业执照", "91110105MA01ABCD5F", "市监局", "2020-01-01", "长期", None, "王五", "1柜", "1/2"],
        ],
        merged=[(0, 0, 0, 11)],
    )
    table = only(layout)
    assert table.title == "某某公司资信证照清单"
    assert table.context["编制单位"] == "某某公司" and table.context["日期"] == "2026-11-22"
    assert why(layout) == {0: "title", 1: "title", 2: "heading"}


def test_a_value_in_the_next_cell_belongs_to_the_words_before_it() -> None:
    table = only(laid([["编制单位：", "某某公司", "日期：", "2026-11-22"], PEOPLE, ZHANG]))
    assert table.context["编制单位"] == "某某公司" and table.context["日期"] == "2026-11-22"


def test_a_heading_of_two_lines_is_joined_under_its_groups() -> None:
    table = only(
        laid(
            [
                ["序号", "姓名", "证书", None, "有效期", None, "备注"],
                [None, None, "名称", "编号", "起", "止"],
                [1, "张三", "安A", "x1", "2024", "2027", None],
            ],
            merged=[(0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 0, 3), (0, 4, 0, 5), (0, 6, 1, 6)],
        )
    )
    headings = ["序号", "姓名", "证书 名称", "证书 编号", "有效期 起", "有效期 止", "备注"]
    assert [column.heading for column in table.columns] == headings
    assert len(table.records) == 1


def test_a_heading_of_two_lines_is_joined_without_merged_cells_too() -> None:
    table = only(
        laid([["序号", "姓名", "证书", None, "备注"], [None, None, "名称", "编号"], [1, "张三", "安A", "x1", None]])
    )
    assert [column.heading for column in table.columns] == ["序号", "姓名", "证书 名称", "证书 编号", "备注"]


@pytest.mark.parametrize(
    "rows",
    [
        [["permitnum", "statuscurrent", "issueddate"], ["BP2013-09623", "Completed", "2013-07-23T00:00:00.000"]],
        [
            ["Aktenzeichen", "Gewerk", "Erteilt am"],
            ["7-2013", "Hochbau", "23.7.2013"],
            ["8-2013", "Tiefbau", "24.7.2013"],
        ],
    ],
)
def test_headings_of_foreign_registers_are_headings(rows: list[list[str]]) -> None:
    layout = laid(list(rows))
    assert why(layout) == {0: "heading"}
    assert values(only(layout)) == rows[1:]


def test_a_learned_heading_is_a_heading() -> None:
    rows = [["工号牌", "持照人称谓"], ["甲", "乙"], ["丙", "丁"]]
    learned = Learned(columns={"工号牌": "number", "持照人称谓": "name"})
    layout = lay_out(Book("a.csv", "csv", [sheet(rows)]), learned)
    assert why(layout) == {0: "heading"}


def test_without_a_heading_every_row_is_a_record() -> None:
    table = only(laid([ZHANG, LI]))
    assert values(table) == [ZHANG, LI]
    assert {column.heading for column in table.columns} == {""}


def test_a_sheet_of_text_only_has_no_table() -> None:
    layout = laid([["填写说明"], [], ["请各项目部每月报送一次。"]])
    assert layout.tables == []
    assert why(layout) == {0: "note", 1: "blank", 2: "note"}


def test_a_heading_that_comes_again_goes_on_with_the_table() -> None:
    layout = laid([PEOPLE, ZHANG, PEOPLE, LI])
    assert values(only(layout)) == [ZHANG, LI]
    assert why(layout) == {0: "heading", 2: "heading"}


def test_a_heading_that_comes_again_shifted_goes_on_and_names_the_cells() -> None:
    table = only(laid([PEOPLE, ZHANG, [None, *PEOPLE], [None, *LI]]))
    assert values(table) == [ZHANG, LI]
    assert table.records[1].spots == {index: (3, index + 1) for index in range(5)}


def test_other_headings_inside_a_sheet_begin_a_new_table() -> None:
    layout = laid([PEOPLE, ZHANG, ["姓名", "工种", "技能等级", "证书编号"], ["孙八", "木工", "高级", "z1"]])
    assert [values(table) for table in layout.tables] == [[ZHANG], [["孙八", "木工", "高级", "z1", None][:4]]]
    assert [table.number for table in layout.tables] == [0, 1]


def test_a_lone_word_in_the_category_column_is_a_section() -> None:
    layout = laid([PEOPLE, ZHANG, [None, None, "交安"], LI])
    assert [record.section for record in only(layout).records] == ["", "交安"]
    assert why(layout)[2] == "section"


def test_a_section_ends_with_the_next_heading_unless_it_stands_right_above() -> None:
    other = ["姓名", "工种", "技能等级", "证书编号"]
    layout = laid([PEOPLE, ZHANG, ["二、2026年10月新增人员"], other, ["孙八", "木工", "高级", "z1"], PEOPLE, LI])
    assert [[record.section for record in table.records] for table in layout.tables] == [
        ["", ""],
        ["二、2026年10月新增人员"],
    ]


def test_a_lone_name_is_a_record_and_no_section() -> None:
    assert len(only(laid([PEOPLE, ZHANG, ["王五"]])).records) == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (["合计", None, None, "2本"], "total"),
        (["总  计", "2"], "total"),
        ([None, "小计：", "2"], "total"),
        (["备注：以上证件均已核对"], "note"),
        (["填表人：张三", None, None, "审核人：李四"], "note"),
        (["总经理：", None, "制表："], "note"),
        ([None, None, None, None, "以上人员证书均为公司统一保管，离职须办理交接手续，请各部门互相转告"], "note"),
        ([], "blank"),
        ([None, "  "], "blank"),
    ],
)
def test_what_is_no_record_is_skipped_with_the_reason(row: list[str], reason: str) -> None:
    layout = laid([PEOPLE, ZHANG, LI, row])
    assert why(layout)[3] == reason
    assert len(only(layout).records) == 2


def test_a_sum_over_many_columns_is_no_record() -> None:
    head = ["序号", "姓名", "证书编号", "正本", "副本", "费用"]
    assert why(laid([head, [1, "张三", "x1", 1, 2, 30], ["合计", None, None, 1, 2, 30]]))[2] == "total"


def test_a_row_with_nothing_but_its_number_in_order_is_blank() -> None:
    assert why(laid([LISTED, [1, "营业执照", "9111", "x", "2020"], [2], [3]])) == {0: "heading", 2: "blank", 3: "blank"}


def test_a_column_without_heading_is_kept_where_something_stands_in_it() -> None:
    table = only(
        laid(
            [
                ["姓名", "证书编号", None, "有效期"],
                ["张三", "x1", "见附件", "2027", "多余"],
                ["李四", "x2", None, "2028"],
            ]
        )
    )
    assert [column.heading for column in table.columns] == ["姓名", "证书编号", "", "有效期", ""]
    assert values(table)[0] == ["张三", "x1", "见附件", "2027", "多余"]


def test_every_sheet_is_laid_out_also_a_hidden_one() -> None:
    layout = lay_out(Book("a.xlsx", "xlsx", [sheet([PEOPLE, ZHANG]), sheet([PEOPLE, LI], hidden=True)]))
    assert [(table.sheet, table.hidden) for table in layout.tables] == [(0, False), (1, True)]


def test_a_large_sheet_is_read_to_its_last_row() -> None:
    row = [
        "T110101199003070214",
        "张三",
        "电工作业",
        "低压电工作业",
        "2020",
        "2023",
        "2026",
        "2023",
        None,
        "某省应急管理厅",
    ]
    whole = Sheet("大", [list(OPERATORS), *([*row] for _ in range(60_000))])
    layout = lay_out(Book("a.xlsx", "xlsx", [whole]))
    assert len(only(layout).records) == 60_000
