"""Words that gather columns above a heading, and lines to be signed below a table."""

from __future__ import annotations

from registry.intake.book import Area, Value
from registry.intake.meaning.columns import meanings, understood
from tests.registry.intake.sheets import fields, laid, meant, only, values, why

GROUPS: list[Value] = ["人员信息", None, None, "证件信息", None, None]
HEADINGS: list[Value] = ["姓名", "身份证号", "单位", "类别", "证书编号", "有效期"]
SHIFTED: list[Value] = ["身份证号", "姓名", "单位", "证书编号", "类别", "有效期"]
ROW: list[Value] = ["张三", "110101199003070214", "江城建设有限公司", "C2", "苏建安C2（2024）0000001", "2027-05-05"]
OTHER: list[Value] = [ROW[1], ROW[0], ROW[2], ROW[4], ROW[3], ROW[5]]


def merged(*rows: int) -> list[Area]:
    """Group words merged over three columns each."""
    return [(row, column, row, column + 2) for row in rows for column in (0, 3)]


def test_words_over_a_heading_inside_a_sheet_belong_to_it() -> None:
    found = laid([GROUPS, HEADINGS, ROW, GROUPS, SHIFTED, OTHER], merged=merged(0, 3))
    assert why(found) == dict.fromkeys((0, 1, 3, 4), "heading")
    assert sum(len(table.records) for table in found.tables) == 2


def test_the_same_words_and_heading_again_go_on_with_the_table() -> None:
    found = laid([GROUPS, HEADINGS, ROW, [None, None, None, "水安"], GROUPS, HEADINGS, ROW], merged=merged(0, 4))
    assert values(only(found)) == [ROW, ROW]
    assert [record.section for record in only(found).records] == ["", "水安"]


def test_columns_under_such_words_mean_what_their_own_heading_says() -> None:
    mapping = meant([GROUPS, HEADINGS, ROW, ROW, ROW], merged=merged(0))
    assert fields(mapping) == ["name", "id_number", "company", "category", "number", "valid_until"]


def test_a_heading_known_as_a_whole_keeps_all_its_lines() -> None:
    said = [understood(heading)[0][0] for heading in ("证件信息 类别", "复审 日期", "身份证 号码")]
    assert said == ["category", meanings("复审日期")[0][0], "id_number"]


def test_a_line_to_be_signed_is_no_record() -> None:
    found = laid([HEADINGS, ROW, [None, "制表人：", None, "审核人：", None, "日期："]])
    assert why(found)[2] == "note"
    assert len(only(found).records) == 1


def test_a_row_with_little_in_it_is_still_a_record() -> None:
    found = laid([HEADINGS, ROW, ["李四", None, None, None, "苏建安C2（2024）0000002"]])
    assert len(only(found).records) == 2
