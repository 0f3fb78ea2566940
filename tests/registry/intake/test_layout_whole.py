"""No row is lost and none invented, whatever a sheet looks like."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from registry.intake.book import Book, Sheet, Value
from registry.intake.layout import lay_out
from registry.intake.records import Layout, Table
from tests.registry.intake.sheets import BORROWED, LISTED, OFFICERS, OPERATORS

WORDS = [
    "姓名",
    "证书编号",
    "合计",
    "备注：无",
    "交安",
    "张三",
    "2027-01-01",
    "T110101199003070214",
    " ",
    "一、人员",
    "说明",
    "单位",
    "证照名称",
    "x",
]
CELL = st.one_of(
    st.none(), st.none(), st.sampled_from(WORDS), st.integers(0, 50_000), st.floats(0, 1e18), st.text(max_size=6)
)
HEADS = st.sampled_from(
    [
        OPERATORS[:6],
        OFFICERS,
        LISTED,
        BORROWED,
        [*OFFICERS[:4], None, *OFFICERS[:4]],
        ["证照名称", "安许证"],
        ["有效期至", "2027"],
    ]
)
ROW: st.SearchStrategy[list[Value]] = st.one_of(
    st.lists(CELL, max_size=12), HEADS.map(list), HEADS.map(lambda head: [None, *head])
)


def trimmed(row: list[Value]) -> list[Value]:
    while row and row[-1] is None:
        row = row[:-1]
    return row


PAIR = st.tuples(st.sampled_from(["证照名称", "证书编号", "有效期至", "备注", "项目名称"]), CELL).map(list)


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    rows = [trimmed(row) for row in draw(st.one_of(st.lists(ROW, max_size=14), st.lists(PAIR | ROW, max_size=14)))]
    merged, spots = [], st.tuples(st.integers(0, 13), st.integers(0, 11))
    for first, column in draw(st.lists(spots, max_size=4)):
        last = (first + draw(st.integers(0, 3)), column + draw(st.integers(0, 3)))
        merged.append((first, column, *last))
        for at in range(first, min(last[0] + 1, len(rows))):
            rows[at] = trimmed(
                [
                    None if column <= place <= last[1] and (at, place) != (first, column) else value
                    for place, value in enumerate(rows[at])
                ]
            )
    few = draw(st.lists(spots, max_size=4))
    return Sheet(
        "表",
        rows,
        merged=merged,
        struck=set(few),
        fills=dict.fromkeys(few, "FF0000"),
        rounded=set(few),
        hidden_rows={2},
    )


def told(table: Table, row: int) -> list[Value]:
    """What a table says of a row of its sheet."""
    found = []
    for record in table.records:
        for index, value in enumerate(record.values):
            spot = (record.spots or {}).get(index, (record.row, table.columns[index].place))
            if spot[0] == row:
                found.append(value)
    return found


def taken(layout: Layout) -> set[int]:
    """The rows that records cover."""
    rows = {record.row for table in layout.tables for record in table.records}
    return rows | {
        spot[0]
        for table in layout.tables
        for record in table.records
        for spot in (record.spots or {}).values()
        if table.shape == "vertical"
    }


@settings(max_examples=150, deadline=None)
@given(sheets())
def test_every_row_is_in_a_record_or_skipped_and_never_both(sheet: Sheet) -> None:
    layout = lay_out(Book("a.xlsx", "xlsx", [sheet]))
    skipped = Counter(each.row for each in layout.skipped)
    records = taken(layout)
    assert set(skipped.values()) <= {1}
    assert set(skipped) | records == set(range(len(sheet.rows)))
    assert not set(skipped) & records


@settings(max_examples=150, deadline=None)
@given(sheets())
def test_a_table_has_a_row_once_and_as_many_values_as_columns(sheet: Sheet) -> None:
    for table in lay_out(Book("a.xlsx", "xlsx", [sheet])).tables:
        assert {len(record.values) for record in table.records} == {len(table.columns)}
        if table.shape == "rows":
            assert set(Counter(record.row for record in table.records).values()) == {1}


@settings(max_examples=150, deadline=None)
@given(sheets())
def test_no_cell_of_a_record_is_lost(sheet: Sheet) -> None:
    layout = lay_out(Book("a.xlsx", "xlsx", [sheet]))
    skipped = {each.row for each in layout.skipped}
    for row, cells in enumerate(sheet.rows):
        if row in skipped:
            continue
        kept = [value for table in layout.tables for value in told(table, row)]
        kept += [column.heading for table in layout.tables if table.shape == "vertical" for column in table.columns]
        texts = {" ".join(str(value).split()) for value in kept if value is not None}
        for value in cells:
            text = " ".join(str(value).split())
            assert value is None or not text or text in texts or ":" in text or "：" in text, value
