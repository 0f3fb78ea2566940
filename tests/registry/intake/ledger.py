"""A small ledger to judge: a table from rows of named fields, and a register that knows two companies."""

from __future__ import annotations

import datetime as dt
from typing import Any

from registry.certificates.catalogue import shipped
from registry.intake.findings import Finding
from registry.intake.judged import Judged
from registry.intake.judging import compare, judge
from registry.intake.known import Known, UnitKnown
from registry.intake.mapping import Mapped, Mapping
from registry.intake.records import Column, Record, Table

TODAY = dt.date(2026, 11, 22)
ID, OTHER, THIRD = "110101199003070214", "320102198511190061", "13010219880615007X"
UNITS = {
    1: UnitKnown(1, "group", "华江集团有限公司", None, "/1/"),
    2: UnitKnown(2, "company", "江城建设有限公司", 2, "/1/2/", "苏", "91320100135800013L", ("江城市第二建筑公司",)),
    3: UnitKnown(3, "company", "东岭市政工程有限公司", 3, "/1/3/", "苏"),
    4: UnitKnown(4, "project", "江城雨花道项目", 2, "/1/2/4/"),
}
OPERATOR = {
    "number": f"T{ID}", "name": "张三", "type": "特种作业操作证", "category": "电工作业", "item": "低压电工作业",
    "issued_on": dt.date(2025, 3, 1), "valid_until": dt.date(2031, 2, 28), "review_on": dt.date(2028, 2, 29),
    "issuer": "某省应急管理厅", "company": "江城建设有限公司",
}
"""A clean row of a V1 ledger."""
OFFICER = {
    "name": "李四", "id_number": OTHER, "type": "安全生产考核合格证书（C类，专职安全员）",
    "number": "苏建安C2（2024）0000001", "issued_on": dt.date(2024, 5, 6), "valid_until": dt.date(2027, 5, 5),
    "company": "江城建设有限公司",
}


def known(**more: Any) -> Known:
    """What the ledger is read against, on a fixed day."""
    return Known(**{"today": TODAY, "types": shipped(), "units": UNITS, "unit_id": 2, **more})


def table(*rows: dict[str, Any], number: int = 0, **more: Any) -> tuple[Table, list[str]]:
    """A table whose columns are the fields of its rows; a row may say `_left`, `_hidden`, ... of itself."""
    fields = list(dict.fromkeys(field for row in rows for field in row if not field.startswith("_")))
    records = [Record(at + 1, [row.get(field) for field in fields], section=row.get("_section", ""),
                      left=row.get("_left", False),
                      rounded=frozenset(fields.index(each) for each in row.get("_rounded", ())),
                      hidden=row.get("_hidden", False),
                      uncalculated=frozenset(fields.index(each) for each in row.get("_uncalculated", ())))
               for at, row in enumerate(rows)]
    columns = [Column(at, field) for at, field in enumerate(fields)]
    return Table(**{"sheet": number, "number": number, "name": "Sheet1", "shape": "rows", "columns": columns,
                    "records": records, **more}), fields


def judged(*rows: dict[str, Any], mapping: dict[str, Any] | None = None, against: Known | None = None,
           compared: bool = False, **more: Any) -> list[Judged]:
    """The rows judged, and compared if asked. A field `keep` is a column kept as it is."""
    laid, fields = table(*rows, **more)
    columns = [Mapped(field=field.split(":")[0]) for field in fields]
    found = list(judge(laid, Mapping(columns=columns, **(mapping or {})), against or known()))
    if compared:
        compare(found, against or known())
    return found


def kinds(row: Judged) -> list[str]:
    """The kinds of its findings."""
    return [each.kind for each in row.findings]


def only(row: Judged) -> Finding:
    """Its one finding."""
    assert len(row.findings) == 1, row.findings
    return row.findings[0]


def operator(**changed: Any) -> Judged:
    """The clean operator's row with some cells changed, judged alone."""
    return judged(OPERATOR | changed)[0]


def officer(**changed: Any) -> Judged:
    """The same for the safety officer."""
    return judged(OFFICER | changed)[0]
