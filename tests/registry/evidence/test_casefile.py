"""A case file: whole, checked by a stranger, opening nothing that is not its own."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

import licet_verify
from ledger.actor import SYSTEM, Actor, Grant
from ledger.clock import Fixed
from ledger.db import reading, unit
from ledger.errors import NotAllowed
from ledger.facts import Fact
from ledger.files import keep
from registry.certificates import lifecycle
from registry.certificates.models import Certificate
from registry.evidence import casefile
from registry.evidence.sealer import Sealer
from tests.attacks.sealed import SEED, lived
from tests.founding import Founder

Case = dict[str, bytes]
PAPER = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def case(engine: Engine, founder: Founder, tmp_path: Path, clock: Fixed) -> Case:
    past = founder.once("sealed", engine, lambda database: lived(database, tmp_path, clock))
    with unit(engine) as session:
        certificate = session.get_one(Certificate, past.certificate)
        scan = keep(session, tmp_path, BytesIO(PAPER), "许可证.pdf", by=SYSTEM)
        lifecycle.add_scans(session, certificate.latest, [scan], by=SYSTEM)
    while Sealer(SEED).sweep(engine):
        pass
    with unit(engine) as session:
        content = casefile.export(session, session.get_one(Certificate, past.certificate), tmp_path, by=SYSTEM)
    with zipfile.ZipFile(BytesIO(content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


@pytest.fixture
def check(tmp_path: Path) -> Callable[[Case], str]:
    """Runs the verifier that lies in the case."""

    def run(case: Case) -> str:
        target, verifier = tmp_path / "case.zip", tmp_path / "licet_verify.py"
        with zipfile.ZipFile(target, "w") as out:
            for name, content in case.items():
                out.writestr(name, content)
        verifier.write_bytes(case["licet_verify.py"])
        key = json.loads(case["case.json"])["key"]
        done = subprocess.run([sys.executable, verifier, target, "--key", key], capture_output=True, text=True)
        return done.stdout + done.stderr

    return run


def changed(case: Case, table: str, column: str, value: object) -> Case:
    told = json.loads(case["case.json"])
    told["tables"][table][-1][column] = value
    return {**case, "case.json": json.dumps(told).encode()}


def test_a_stranger_finds_nothing_wrong_and_reads_the_story(case: Case, check: Callable[[Case], str]) -> None:
    told = check(case)
    assert "nothing is wrong" in told and "certificate.suspended" in told and "certificate.granted" in told
    assert set(case) >= {"manifest.json", "case.json", "checkpoint", "licet_verify.py"}
    assert PAPER in case.values()


def test_what_was_changed_in_it_is_named(case: Case, check: Callable[[Case], str]) -> None:
    assert "certificate_version" in check(changed(case, "certificate_version", "issuer", "伪造"))
    assert ": altered" in check(changed(case, "fact", "actor_name", "别人"))
    document = next(name for name in case if name.startswith("documents/"))
    assert f"{document}: altered" in check({**case, document: b"another"})


def test_a_version_that_was_left_out_is_missed(case: Case, check: Callable[[Case], str]) -> None:
    told = json.loads(case["case.json"])
    number = told["tables"]["certificate_version"].pop()["id"]
    assert f"certificate_version {number}: missing" in check({**case, "case.json": json.dumps(told).encode()})


def test_it_opens_no_other_row(case: Case) -> None:
    told = json.loads(case["case.json"])
    salts = {name for deed in told["tables"]["deed"] for name in json.loads(deed["salts"])}
    own = {f"row/{table}/{key}" for table, key in told["rows"]}
    assert {name for name in salts if name.startswith("row/")} == own
    assert "" not in salts


def test_only_auditors_make_one_and_it_is_a_fact(case: Case, engine: Engine, tmp_path: Path) -> None:
    with reading(engine) as session:
        fact = session.scalars(select(Fact).where(Fact.kind == casefile.EXPORTED)).one()
        certificate = session.get_one(Certificate, fact.subject_id)
        grant = Grant("custodian", certificate.unit_id, certificate.unit_path)
        custodian = Actor(1, "方芳", certificate.group_id, (grant,))
        with pytest.raises(NotAllowed):
            casefile.export(session, certificate, tmp_path, by=custodian)


def test_what_is_not_sealed_is_not_exported(engine: Engine, founder: Founder, tmp_path: Path, clock: Fixed) -> None:
    past = founder.once("sealed", engine, lambda database: lived(database, tmp_path, clock))
    with unit(engine) as session:
        session.execute(text("delete from log_checkpoint"))
        with pytest.raises(casefile.NotSealed):
            casefile.export(session, session.get_one(Certificate, past.certificate), tmp_path, by=SYSTEM)


def test_the_verifier_in_it_is_the_one_of_the_house(case: Case) -> None:
    assert case["licet_verify.py"] == Path(licet_verify.__file__).read_bytes()
