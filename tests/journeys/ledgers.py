"""The old ledgers of a small group, drawn with their defects and an answer to each; and the group they are for."""

from __future__ import annotations

import csv
import datetime as dt
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from sqlalchemy.orm import Session

import workflows
from ledger import workdays
from ledger.actor import SYSTEM
from ledger.db import Base, open_database, unit
from registry.access.accounts import create_account
from registry.access.grants import grant_role
from registry.people import sealing
from registry.people.identities import rename_unit
from registry.people.persons import create_person
from registry.people.units import create_unit
from registry.sample import group, ledgers
from registry.sample.group import Extent
from tests.journeys.company import PASSWORD, Company

SMALL, SEED = Extent(1, 60, 250), 7
LENT = "借阅登记-C1.xlsx"
KEEPER = "keeper"


@dataclass(frozen=True)
class Planted:
    """One planted defect: where it is (row from 1, column as a letter), its kind, and what is right."""

    file: str
    sheet: str
    row: int
    column: str
    kind: str
    truth: str
    written: str


def draw(folder: Path) -> None:
    """Write the ledgers (V1 to V5) and their answers below `folder`."""
    sealing.set_key(secrets.token_bytes(32))
    engine = open_database("sqlite://")
    Base.metadata.create_all(engine)
    with unit(engine) as session:
        ledgers.write(group.draw(session, SMALL, SEED), folder, SEED)
    engine.dispose()
    _lent(folder / ledgers.FOLDER)


def _lent(folder: Path) -> None:
    """V5: what was borrowed of the company's certificates, as the list beside it calls them."""
    held = openpyxl.load_workbook(folder / "资信证照清单-C1.xlsx").worksheets[0]
    papers = [(row[1], row[2]) for row in held.iter_rows(min_row=4, values_only=True) if row[1] and row[2]][:3]
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "借阅"
    sheet.append(["证照借阅登记表"])
    sheet.append([
        "序号", "证照名称", "证书编号", "借取人", "借出时间", "归还人", "归还时间", "经办人", "用途", "状态", "备注"])
    for number, (name, code) in enumerate(papers, 1):
        sheet.append([number, name, code, "方芳", "2026.3.2", "方芳", "2026-03-09", "方芳", "投标", "归还", ""])
    book.save(folder / LENT)


def planted(folder: Path) -> list[Planted]:
    """The answers."""
    with (folder / "key.csv").open(encoding="utf-8", newline="") as answers:
        return [Planted(each["file"], each["sheet"], int(each["row"]), each["column"], each["defect"], each["truth"],
                        each["written"]) for each in csv.DictReader(answers) if each["row"]]


def found(session: Session, folder: Path) -> Company:
    """The group's units without a person or certificate, and somebody who brings the ledgers in."""
    workdays.seed(session)
    told: dict[str, Any] = json.loads((folder / "organisation.json").read_text("utf-8"))
    units: dict[str, Any] = {}
    for each in told["units"]:
        names = [*each["former"], each["name"]]
        made = units[each["code"]] = create_unit(
            session, kind=each["kind"], name=names[0], code=each["code"], parent=units.get(each["parent"]), by=SYSTEM,
            uscc=each["uscc"], province=each["province"], region=each["region"],
            project={"work": "房建"} if each["kind"] == "project" else None)
        for name in names[1:]:
            rename_unit(session, made, name, by=SYSTEM)
    keeper = create_person(session, unit=units["HC"], name="方芳", by=SYSTEM, joined_on=dt.date(2020, 1, 1))
    for role in ("custodian", "steward"):
        grant_role(session, keeper, role, units["HC"], by=SYSTEM)
    create_account(session, keeper, login=KEEPER, password=PASSWORD, by=SYSTEM)
    workflows.publish(session, by=SYSTEM)
    return Company({code: made.id for code, made in units.items()}, {KEEPER: keeper.id})
