"""A small ledger brought in through the pages of a house, step by step."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from ledger.db import open_database
from registry.intake import work
from registry.intake.batch.models import Batch, Flaw, Row
from registry.people.identity import id_check_digit
from tests.web.house import Browser, House
from web.spreadsheet import Sheet, workbook

HEADINGS = [
    "序号", "姓名", "身份证号", "证件名称", "准操项目", "证书编号", "发证日期", "有效期至", "应复审日期", "发证机关"]
OPERATOR = "特种作业操作证（应急）"


def number(serial: int) -> str:
    """An ID number that holds, of nobody."""
    first = f"32010219880512{serial:03d}"
    return first + id_check_digit(first)


def line(serial: int, **other: Any) -> list[Any]:
    """A row without a fault; `other` by the place of the column (c5="…")."""
    own = number(serial)
    row: list[Any] = [serial, f"张{'一二三四五六七八九'[serial % 9]}", own, OPERATOR, "低压电工作业", "T" + own,
                      "2024-03-05", "2030-03-04", "2027-03-04", "江苏省应急管理厅"]
    for name, value in other.items():
        row[int(name[1:])] = value
    return row


def book(*rows: list[Any], headings: list[str] = HEADINGS, sheets: int = 1) -> bytes:
    """A workbook of one sheet with a title, the headings and these rows; or of several, each with a heading more."""
    more: list[list[str]] = [[f"附注{number}"] if number else [] for number in range(sheets)]
    return b"".join(workbook([
        Sheet(f"特种作业{''.join(own)}", (), [["特种作业人员台账"], [*headings, *own], *rows]) for own in more]))


@dataclass(frozen=True)
class Kept:
    """A house as it stood at one moment, on SQLite: each test goes on from a copy of it."""

    folder: Path
    units: dict[str, int]
    people: dict[str, int]

    @classmethod
    def of(cls, house: House, folder: Path) -> Kept:
        house.close()
        house.engine.dispose()
        return cls(folder, dict(house.units), dict(house.people))

    def opened(self, folder: Path) -> House:
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        made = House(open_database(f"sqlite:///{folder / 'licet.db'}"), folder, found=False)
        made.units, made.people = dict(self.units), dict(self.people)
        return made


@dataclass
class Bringing:
    """One person at a browser, and the batch that this is about."""

    house: House
    browser: Browser
    batch_id: int = 0

    def upload(self, content: bytes, name: str = "台账.xlsx", **more: Any) -> TestResponse:
        data = {"files": (BytesIO(content), name), "unit": str(self.house.units["company"]), **more}
        answer = self.browser.post("/imports", data, content_type="multipart/form-data")
        if found := re.search(r"/imports/(\d+)$", answer.headers.get("Location", "")):
            self.batch_id = int(found[1])
        return answer

    def work(self) -> None:
        """The import worker does all that waits for it."""
        work.sweep(self.house.engine, self.house.config.files)

    def get(self, rest: str = "", **more: Any) -> TestResponse:
        return self.browser.get(f"/imports/{self.batch_id}{rest}", **more)

    def post(self, rest: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        return self.browser.post(f"/imports/{self.batch_id}{rest}", data, **more)

    def ready(self, *rows: list[Any]) -> Bringing:
        """Uploaded, understood as we propose, and checked."""
        self.upload(book(*(rows or (line(1), line(2)))))
        self.work()
        assert self.post("/mapping").status_code == 303
        self.work()
        return self

    def committed(self, *rows: list[Any]) -> Bringing:
        self.ready(*rows)
        assert self.post("/commit").status_code == 303
        self.work()
        return self

    def state(self) -> str:
        with Session(self.house.engine) as session:
            return session.get_one(Batch, self.batch_id).state

    def rows(self) -> list[Row]:
        with Session(self.house.engine) as session:
            return list(session.scalars(select(Row).where(Row.batch_id == self.batch_id).order_by(Row.ordinal)))

    def flaw(self, kind: str) -> Flaw:
        with Session(self.house.engine) as session:
            return session.scalars(select(Flaw).where(Flaw.batch_id == self.batch_id, Flaw.kind == kind)).one()
