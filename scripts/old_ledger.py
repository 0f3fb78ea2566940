"""A small old ledger with the faults such ledgers have, for the pictures of the guide. Its people are invented."""

from __future__ import annotations

from registry.people.identity import id_check_digit
from web.spreadsheet import Cell, Sheet, workbook

NAME = "特种作业人员台账2026.xlsx"
HEADINGS = (
    "序号", "姓名", "身份证号", "证件名称", "准操项目", "证书编号", "发证日期", "有效期至", "复审日期", "发证机关",
    "备注")
PEOPLE = ("秦 川", "白露", "江枫", "叶知秋", "石磊", "温良", "沈括", "郭靖安", "罗衡", "葛天民", "宋玉成", "蓝田")
KINDS = (("电工证", "低压电工作业"), ("特种作业操作证", "高处安装、维护、拆除作业"), ("焊工证", "熔化焊接与热切割作业"))
AUTHORITY = "江苏省应急管理厅"


def ledger() -> bytes:
    """The workbook: a title, the headings, twelve rows."""
    rows: list[list[Cell]] = [["特种作业人员台账"], list(HEADINGS)]
    for number, name in enumerate(PEOPLE, 1):
        first = f"3201021989{number:02d}15{300 + number}"
        own = first + id_check_digit(first)
        kind, item = KINDS[number % 3]
        rows.append([number, name, own, kind, item, "T" + own, f"2023-{number:02d}-10", f"2029-{number:02d}-09",
                     f"2026-{number:02d}-09", AUTHORITY, ""])
    spoil(rows[2:])
    return b"".join(workbook([Sheet("特种作业", (), rows)]))


def spoil(rows: list[list[Cell]]) -> None:
    """One fault of each usual sort."""
    wrong = str(rows[2][5])
    rows[2][5] = wrong[:-1] + ("3" if wrong[-1] != "3" else "5")
    rows[3][5] = str(rows[3][5]).translate({48 + digit: 0xFF10 + digit for digit in range(10)})
    rows[4][5] = str(rows[4][5])[1:]
    rows[5][8] = ""
    rows[6][7] = "2019-07-09"
    rows[7][6] = "2023.8.10"
    rows[8][7] = ""
    rows[9][8] = rows[9][7]
