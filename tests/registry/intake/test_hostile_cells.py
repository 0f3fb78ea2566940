"""Whatever stands in a cell, a ledger comes to an end: rows enter or wait with a finding, and one bad cell never costs
the others their way in."""

from __future__ import annotations

import random
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from ledger.db import reading, unit
from registry.intake.batch.models import Batch, Flaw, Row
from registry.intake.preview import mapping_acts
from registry.people.units import Unit
from tests.registry.intake.desk import COMPANY, HEADINGS, Desk, worker
from tests.registry.organisation import id_number

SEEDS, ROWS = 1, 30
LONG = "长" * 32_000
HOSTILE: tuple[Any, ...] = (
    LONG, "A1" * 15_000, "1" * 400, "\U0001f600" * 900, "x" * 61, "名" * 121, "号" * 101, "𠮷" * 201,
    "_x0000_", "a_x0000_b", "_xD800_", "\u202e金属\u2066", "\ufeff\u200b", "\u0301" * 300, "ﷺ" * 40, "İ" * 70,
    "ß" * 61,
    "=HYPERLINK(\"http://x\")", "@SUM(1)", "'; drop table person;--", "%_%", "{0}{name}", "%(n)s", "<script>",
    "\\", "{",
    "0001-01-01", "9999-12-31", "2100-02-29", "0000-00-00", "1900-02-29", "2026-13-45", "999年", "2089-12-31", "长期",
    "1e308", "-1e308", "NaN", "inf", 1e308, -1e308, 5e-324, 10**15, -1, 0, True, False, 2**63, 1.5,
    "١٢٣٤٥٦", "Ⅷ", "①", "㊣", "½", "﹣１", "null", "None", "undefined", "#REF!", "#N/A", "00:00", "24:61",
    id_number(7), f"{id_number(7)} {id_number(8)}", id_number(7)[:17], "110101990230001",
    "13800138000、13900139000/13700137000",
    "苏A012025000001", "T" + id_number(9), "~" * 90, "/" * 200, "\t\r\n", " " * 400, "张\n三", "王\u3000" * 40,
)
MACHINES = ("设备名称", "出厂编号", "规格型号", "使用登记证号", "证书编号", "下次检测日期", "单位")
PROJECTS = ("证件名称", "项目名称", "证书编号", "发证日期", "发证机关", "备注", "正本份数", "存放位置")
LOANS = ("证件名称", "证书编号", "借用人", "借出时间", "归还时间", "用途")
MORE = ("手机号", "岗位", "备注", "存放位置", "正本份数", "应复审日期", "性别", "出生日期", "证件状态", "紧急电话")


def people(serial: int) -> dict[str, Any]:
    return worker(serial) | {"手机号": "13800138000", "岗位": "电工", "存放位置": "一号柜", "正本份数": "1",
                             "性别": "男"}


def machines(serial: int) -> dict[str, Any]:
    return {"设备名称": "塔式起重机", "出厂编号": f"TC{serial}", "规格型号": "QTZ80",
            "使用登记证号": f"苏起{serial:05d}", "证书编号": f"JC{serial:05d}", "下次检测日期": "2027-03-01",
            "单位": COMPANY}


def projects(serial: int) -> dict[str, Any]:
    return {"证件名称": "施工许可证", "项目名称": f"新项目{serial}", "证书编号": f"32010220261001{serial:04d}",
            "发证日期": "2026-10-08", "发证机关": "某区住建局", "备注": "无", "正本份数": "2", "存放位置": "柜"}


def loans(serial: int) -> dict[str, Any]:
    return {"证件名称": "建筑施工特种作业操作资格证", "证书编号": f"苏A012025{serial:06d}", "借用人": "赵管理",
            "借出时间": "2026-10-01 09:00", "归还时间": "2026-10-05", "用途": "投标"}


KINDS = {"people": (people, (*HEADINGS, *MORE)), "machines": (machines, MACHINES), "projects": (projects, PROJECTS),
         "loans": (loans, LOANS)}


def book(kind: str, chosen: random.Random) -> bytes:
    """A workbook in which every other row has cells that no ledger should have; now and then a heading is one."""
    row_of, headings = KINDS[kind]
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(list(headings))
    for serial in range(1, ROWS + 1):
        row = row_of(serial)
        if serial == 1:
            row |= {headings[-1]: "甲_x0000_", headings[2]: "_x0000_1"}
        elif serial % 2:
            row |= {chosen.choice(headings): chosen.choice(HOSTILE) for _ in range(chosen.randint(1, 3))}
        sheet.append([row.get(heading, "") for heading in headings])
    for line in sheet.iter_rows():
        for cell in line:
            if cell.data_type == "f":
                cell.data_type = "s"
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def brought(desk: Desk, content: bytes) -> int:
    number = desk.receive(content, f"台账{desk.files}.xlsx")
    desk.work()
    with unit(desk.engine) as session:
        batch = session.get_one(Batch, number)
        assert batch.state == "mapping", batch.problem
        mappings = mapping_acts.mappings_of(batch)
        for each in mappings:
            each.new_units = True
        mapping_acts.confirm(session, batch, mappings, by=desk.by)
    desk.work()
    desk.ask(number)
    desk.work()
    return number


@pytest.mark.parametrize("kind", KINDS)
def test_no_cell_keeps_a_ledger_from_its_end(desk: Desk, kind: str) -> None:
    with reading(desk.engine) as session:
        desk.company = session.scalars(select(Unit.id).where(Unit.code == "C1")).one()
    for seed in range(SEEDS):
        number = brought(desk, book(kind, random.Random(f"{kind} {seed}")))
        with reading(desk.engine) as session:
            batch = session.get_one(Batch, number)
            assert (batch.state, batch.problem) == ("committed", None), (kind, seed)
            waiting = select(Row.id).where(Row.batch_id == number, Row.outcome == "stopped")
            told = set(session.scalars(select(Flaw.row_id).where(
                Flaw.batch_id == number, Flaw.weight == "stop", Flaw.state == "open")))
            assert set(session.scalars(waiting)) <= told
