"""A desk at which old ledgers come in: a small organisation, its steward, and the worker's part done by hand."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, undefer

from ledger import workdays
from ledger.actor import Actor
from ledger.db import reading, unit
from registry.certificates.models import Certificate
from registry.intake import work
from registry.intake.batch.models import Batch, Flaw, Row
from registry.intake.entry import committing
from registry.intake.preview import mapping_acts, receiving
from registry.intake.withdrawal import undoing
from registry.people.units import Unit
from tests.registry.organisation import Organisation, id_number, organisation

HEADINGS = ("姓名", "身份证号", "证件名称", "操作类别", "证书编号", "发证日期", "有效期至", "发证机关", "单位")
ISSUER = "江苏省住房和城乡建设厅"
COMPANY = "华城第一建筑公司"


def worker(serial: int, name: str = "", **other: Any) -> dict[str, Any]:
    """A row of a special worker's certificate P02, each serial another person."""
    row = {
        "姓名": name or f"张{'一二三四五六七八九十'[serial % 10]}{'甲乙丙丁戊己庚辛'[serial // 10 % 8]}",
        "身份证号": id_number(serial), "证件名称": "建筑施工特种作业操作资格证", "操作类别": "建筑电工",
        "证书编号": f"苏A012025{serial:06d}", "发证日期": "2025-06-01", "有效期至": "2027-05-31", "发证机关": ISSUER,
        "单位": COMPANY,
    }
    return row | other


def sheet(rows: Iterable[dict[str, Any]], headings: Sequence[str] = HEADINGS) -> bytes:
    """A ledger as CSV."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([row.get(heading, "") for heading in headings] for row in rows)
    return out.getvalue().encode("utf-8-sig")


@dataclass
class Desk:
    """Everything is committed as it is done; `by` is the steward of the first company."""

    engine: Engine
    folder: Path
    company: int = 0
    group: int = 0
    by: Actor = field(default_factory=lambda: Actor(None, "nobody"))
    files: int = 0

    def __post_init__(self) -> None:
        with unit(self.engine) as session:
            workdays.seed(session)
            org = organisation(session)
            self.company, self.group = org.company.id, org.group.id
            self.by = org.actor("custodian", at=org.group, name="赵管理")

    def org(self, session: Session) -> Organisation:
        """Builders of further rows in a session."""
        def unit_(code: str) -> Unit:
            return session.scalars(select(Unit).where(Unit.code == code)).one()

        return Organisation(session, *map(unit_, ("G", "C1", "C2", "C1-AQ", "C1-P1", "C2-P1")), serial=5000)

    def receive(self, content: bytes, name: str = "") -> int:
        """Bring a file in; the batch's id."""
        self.files += 1
        with unit(self.engine) as session:
            batch = receiving.receive(session, self.folder, io.BytesIO(content), name or f"台账{self.files}.csv",
                                      unit=session.get_one(Unit, self.company), by=self.by)
            return batch.id

    def work(self) -> None:
        """What the worker does next."""
        work.sweep(self.engine, self.folder)

    def preview(self, rows: Iterable[dict[str, Any]], headings: Sequence[str] = HEADINGS) -> int:
        """Bring rows in as far as a person sees them judged."""
        number = self.receive(sheet(rows, headings))
        self.work()
        self.confirm(number)
        self.work()
        return number

    def confirm(self, number: int) -> None:
        """The columns mean what we propose."""
        with unit(self.engine) as session:
            batch = session.get_one(Batch, number)
            mapping_acts.confirm(session, batch, mapping_acts.mappings_of(batch), by=self.by)

    def ask(self, number: int) -> None:
        """Want it in the register."""
        with unit(self.engine) as session:
            committing.ask(session, session.get_one(Batch, number), by=self.by)

    def bring(self, rows: Iterable[dict[str, Any]], headings: Sequence[str] = HEADINGS) -> int:
        """All the way into the register."""
        number = self.preview(rows, headings)
        self.ask(number)
        self.work()
        return number

    def undo(self, number: int) -> None:
        """Take it back."""
        with unit(self.engine) as session:
            undoing.undo(session, session.get_one(Batch, number), by=self.by)

    def state(self, number: int) -> str:
        """The batch's state."""
        with reading(self.engine) as session:
            return session.get_one(Batch, number).state

    def outcomes(self, number: int) -> list[str]:
        """What each row comes to, in order."""
        with reading(self.engine) as session:
            return list(session.scalars(select(Row.outcome).where(Row.batch_id == number).order_by(Row.ordinal)))

    def flaws(self, number: int, state: str = "open") -> list[str]:
        """The kinds of the findings in a state."""
        with reading(self.engine) as session:
            return list(session.scalars(
                select(Flaw.kind).where(Flaw.batch_id == number, Flaw.state == state).order_by(Flaw.id)))


def rows_of(session: Session, number: int) -> list[Row]:
    """The rows of a batch with their content."""
    return list(session.scalars(
        select(Row).where(Row.batch_id == number).order_by(Row.ordinal).options(undefer(Row.content))))


def numbered(session: Session, number: str) -> Certificate:
    """The certificate with this number that still stands."""
    return session.scalars(select(Certificate).where(Certificate.number == number, Certificate.state != "00")).one()


DAY = dt.date(2026, 11, 22)
