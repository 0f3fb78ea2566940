"""Ledgers that came in, for tests of what is done with them afterwards: a batch, its rows, what is wrong with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from ledger import clock
from ledger.files import File
from registry.certificates.models import Certificate
from registry.intake.batch.cells import Kept, seal_cell, seal_row, shown_of
from registry.intake.batch.models import Batch, Flaw, Row
from registry.intake.findings import Finding, Weight
from registry.intake.judged import HolderSaid, Judged
from registry.people.units import Unit

COLUMNS = (("姓名", "name"), ("证书编号", "number"), ("身份证号", "id_number"), ("证书名称", "type"),
           ("有效期至", "valid_until"), ("备注", "ignore"))
RAW = ["张三", "苏A012025000123", "110101199003070214", "电工证", "2027-01-31", ""]


def batch(
    session: Session, unit: Unit, *, name: str = "特种作业人员台账.xlsx", state: str = "committed",
    columns: Sequence[tuple[str, str]] = COLUMNS,
) -> Batch:
    """A ledger of one table, in the register since now."""
    file = File(sha256=f"{name:0>64}"[-64:], name=name, size=1, media_type="application/octet-stream", at=clock.now())
    session.add(file)
    session.flush()
    told = {
        "number": 0, "sheet": 0, "sheet_name": "特种作业", "name": "特种作业人员", "shape": "rows", "rows": 3,
        "columns": [{"heading": heading, "letter": chr(65 + place), "place": place}
                    for place, (heading, _) in enumerate(columns)],
    }
    made = Batch(
        group_id=unit.group_id, unit=unit, unit_path=unit.path, file_id=file.id, name=name, state=state,
        mappings=[{"columns": [{"field": field} for _, field in columns]}], told={"tables": [told]},
        committed_at=clock.now() if state == "committed" else None,
    )
    session.add(made)
    session.flush()
    return made


def row(session: Session, of: Batch, ordinal: int = 0, *, certificate: Certificate | None = None,
        raw: Sequence[str] = tuple(RAW), came: dict[str, int] | None = None, **said: Any) -> Row:
    """One line of it, as it was judged."""
    judged = Judged(table=0, sheet=0, row=ordinal + 1, type_code=said.pop("type_code", "P02"), number=raw[1],
                    holder=HolderSaid(kind="person", name=raw[0]), raw=list(raw), came=came or {}, **said)
    made = Row(
        batch_id=of.id, ordinal=ordinal, table_no=0, sheet_no=0, row_no=ordinal + 1, type_code=judged.type_code,
        outcome="new" if certificate else "stopped", shown=shown_of(judged), content=seal_row(Kept(judged)),
        certificate_id=certificate.id if certificate else None,
        version_id=certificate.versions[0].id if certificate else None,
    )
    session.add(made)
    session.flush()
    return made


def flaw(
    session: Session, of: Batch, at: Row, kind: str = "type_alias", *, case: str = "", weight: Weight = "doubt",
    raw: str = "电工证", proposed: str = "特种作业操作证", field: str = "type", column: int | None = 3,
    sure: float = 0.8, text: str = "“{raw}”可能是“{proposed}”。", since: dt.datetime | None = None, **more: Any,
) -> Flaw:
    """One thing that is wrong with it."""
    made = Flaw(
        group_id=of.group_id, unit_path=of.unit_path, family=at.type_code[:1], type_code=at.type_code, batch=of,
        row=at, certificate_id=at.certificate_id, kind=kind, weight=weight, field=field, column_no=column, case=case,
        text=text, params={"raw": raw[:6], "proposed": proposed}, sure=sure, since=since or clock.now(),
        content=seal_cell(Finding(kind=kind, weight=weight, raw=raw, proposed=proposed)), **more,
    )
    session.add(made)
    session.flush()
    return made
