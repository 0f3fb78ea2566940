"""Sheets made by hand: rows as they stand, and what is marked in them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from registry.certificates.catalogue import shipped
from registry.intake.book import Book, Sheet, Value
from registry.intake.known import Known, Learned, UnitKnown
from registry.intake.layout import lay_out
from registry.intake.mapping import Mapping
from registry.intake.meaning import propose
from registry.intake.records import Layout, Table

TODAY = dt.date(2026, 11, 22)
OPERATORS = [
    "证书编号",
    "员工姓名",
    "作业类别",
    "准操项目",
    "初次领证日期",
    "领证日期",
    "有效期",
    "复审期限",
    "复审日期",
    "发证单位",
]
OFFICERS = ["姓名", "行业类别", "发证机关", "初领日期", "复训日期", "证号", "有效期限", "手机号"]
MACHINES = [
    "设备名称",
    "责任人",
    "注册证编号",
    "厂内编号",
    "上次检测时间",
    "下次检测时间",
    "定检周期",
    "使用证名称",
    "生产厂家",
    "规格型号",
    "运行场所",
    "使用证号",
    "出厂日期",
    "投入使用时间",
]
LISTED = [
    "序号",
    "证照名称",
    "证书编号",
    "发证机关",
    "发证日期",
    "有效期至",
    "年检日期",
    "保管人",
    "存放位置",
    "正本/副本份数",
    "借用记录",
    "备注",
]
BORROWED = ["证件名称", "借取人", "归还人", "经办人", "借出时间", "归还时间", "用途", "状态", "备注"]


def sheet(rows: list[list[Value]], name: str = "台账", **marks: Any) -> Sheet:
    """A sheet of rows."""
    return Sheet(name, rows, **marks)


def laid(rows: list[list[Value]], name: str = "台账", **marks: Any) -> Layout:
    """One sheet, laid out."""
    return lay_out(Book("ledger.xlsx", "xlsx", [sheet(rows, name, **marks)]))


def only(layout: Layout) -> Table:
    """The one table there is."""
    assert len(layout.tables) == 1
    return layout.tables[0]


def values(table: Table) -> list[list[Value]]:
    """What the records of a table say."""
    return [record.values for record in table.records]


def why(layout: Layout) -> dict[int, str]:
    """The skipped rows of the first sheet with the reason."""
    return {each.row: each.why for each in layout.skipped if each.sheet == 0}


def known(*units: UnitKnown, **learned: Any) -> Known:
    """The shipped types, these units, what was learned."""
    return Known(TODAY, shipped(), {unit.id: unit for unit in units}, 1, Learned(**learned))


def meant(rows: list[list[Value]], name: str = "台账", on: Known | None = None, **marks: Any) -> Mapping:
    """What is proposed for the one table of a sheet."""
    return propose(only(laid(rows, name, **marks)), on or known())


def fields(mapping: Mapping) -> list[str]:
    """The fields of the columns one by one."""
    return [column.field for column in mapping.columns]
