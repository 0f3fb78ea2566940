"""The case file of a certificate leaves by its page: to auditors who have shown that it is them, and to nobody else."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from ledger.facts import Fact
from registry.access.grants import grant_role
from registry.evidence import casefile
from registry.evidence.sealer import Sealer
from registry.people.persons import person_of
from registry.people.units import unit_of
from tests.attacks.sealed import SEED
from tests.web.house import PASSWORD, House

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def auditing(house: House) -> None:
    with unit(house.engine) as session:
        grant_role(session, person_of(session, house.people["legal"]), "auditor",
                   unit_of(session, house.units["group"]), by=SYSTEM)


def exported(house: House) -> int:
    with Session(house.engine) as session:
        return len(session.scalars(select(Fact).where(Fact.kind == casefile.EXPORTED)).all())


def test_an_auditor_takes_it_and_a_stranger_to_the_house_finds_nothing_wrong(
    house: House, clock: Fixed, tmp_path: Path) -> None:
    auditing(house)
    address = f"/certificates/{house.certificates['trade']}"
    browser = house.browser("legal")
    assert "导出案卷" in browser.get(f"{address}/story").text
    assert browser.post(f"{address}/case-file").status_code == 409 and exported(house) == 0
    while Sealer(SEED).sweep(house.engine):
        pass
    clock.advance(timedelta(minutes=11))
    assert browser.post(f"{address}/case-file").status_code == 403 and exported(house) == 0
    taken = browser.post(f"{address}/case-file", {"confirmation": PASSWORD})
    assert taken.status_code == 200 and taken.mimetype == "application/zip" and exported(house) == 1
    target = tmp_path / "case.zip"
    target.write_bytes(taken.data)
    with zipfile.ZipFile(BytesIO(taken.data)) as packed:
        key = json.loads(packed.read("case.json"))["key"]
        (tmp_path / "verify.py").write_bytes(packed.read("licet_verify.py"))
    done = subprocess.run([sys.executable, tmp_path / "verify.py", target, "--key", key], capture_output=True,
                          text=True, check=False)
    assert "nothing is wrong" in done.stdout, done.stdout + done.stderr


def test_nobody_else_takes_it_and_an_auditor_none_of_another_group(house: House) -> None:
    auditing(house)
    trade, foreign = house.certificates["trade"], house.certificates["foreign"]
    for login, number, status in (("custodian", trade, 403), ("stranger", trade, 403), ("legal", foreign, 404)):
        browser = house.browser(login)
        assert browser.post(f"/certificates/{number}/case-file").status_code == status
    assert "导出案卷" not in house.browser("custodian").get(f"/certificates/{trade}/story").text
    assert exported(house) == 0
