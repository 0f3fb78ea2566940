"""A cabinet with one paper, its loans and copies: for the tests of the pages about originals."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.db import unit
from ledger.files import keep
from registry.certificates.lifecycle import add_scans
from registry.certificates.models import Certificate
from registry.custody import loans, originals
from registry.custody.copies import Copy
from registry.custody.originals import Original
from registry.people.persons import Person
from registry.people.units import Unit
from tests.web.house import House

DAY = dt.date(2026, 11, 22)
PURPOSE = "滨江花园二期投标"


def day(after: int) -> str:
    return (DAY + dt.timedelta(days=after)).isoformat()


def paper_in(house: House) -> int:
    """正本 of the construction permit, in the cabinet."""
    with unit(house.engine) as session:
        permit = session.get_one(Certificate, house.certificates["permit"])
        return originals.enter(session, permit, "original", place="档案室 2 柜", by=SYSTEM,
                               keeper=session.get_one(Unit, house.units["company"])).id


def loan_of(house: House, paper: int) -> int:
    """The worker has it until the day after tomorrow."""
    with unit(house.engine) as session:
        return loans.hand_over(session, session.get_one(Original, paper), purpose="bid", by=SYSTEM,
                               borrower=session.get_one(Person, house.people["worker"]),
                               until=DAY + dt.timedelta(days=2)).id


def scanned(house: House, name: str) -> int:
    picture = BytesIO()
    Image.new("RGB", (400, 560), "#f4efe1").save(picture, "PNG")
    with unit(house.engine) as session:
        certificate = session.get_one(Certificate, house.certificates[name])
        file = keep(session, house.config.files, BytesIO(picture.getvalue()), "证书.png", by=SYSTEM)
        scans = add_scans(session, certificate.latest, [file], by=SYSTEM)
        session.flush()
        return scans[0].id


def copied(house: House, name: str, login: str = "custodian", **more: object) -> Copy:
    number, scan = house.certificates[name], scanned(house, name)
    answer = house.browser(login).post(f"/certificates/{number}/copies", {
        "scan": scan, "purpose": "bid", "purpose_note": PURPOSE, "until": day(30), **more})
    assert answer.status_code == 303, answer.text
    with Session(house.engine) as session:
        return session.scalars(select(Copy).order_by(Copy.id.desc()).limit(1)).one()
