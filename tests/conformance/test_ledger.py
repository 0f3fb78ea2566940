"""What the conformance of ledgers counts, on a small group: everything planted is found, nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.clock import Fixed
from registry.sample.__main__ import main as sample
from tests.conformance.ledger import main, passed
from tests.conformance.ledger_key import Answers

SIZE = ["--companies", "1", "--people", "150", "--certificates", "600", "--seed", "5", "--regions", "1"]


@pytest.fixture
def folder(tmp_path: Path, clock: Fixed) -> Path:
    sample([*SIZE, "--ledger", str(tmp_path)])
    return tmp_path


def test_what_is_planted_is_found_and_no_row_is_lost(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(folder)])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds, totals = lines[:-1], lines[-1]
    assert sum(line["planted"] for line in kinds) == totals["planted"] > 300
    assert (totals["certificates"], totals["lost"], totals["invented"]) == (600, 0, 0)
    assert passed(totals | {"peak_kb": 0})  # what else ran in this process has its own peak


def test_a_defect_that_is_not_in_the_key_counts_as_a_false_alarm(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = folder / "key.csv"
    rows = key.read_text("utf-8").splitlines(keepends=True)
    key.write_text("".join(row for row in rows if ",type_alias," not in row), "utf-8")
    assert main([str(folder)]) == 1
    lines = {line.get("kind", "all"): line for line in map(json.loads, capsys.readouterr().out.splitlines())}
    assert lines["type_alias"]["false"] == lines["all"]["false"] > 50


def test_a_certificate_that_no_row_brings_is_lost(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certificates = folder / "certificates.csv"
    rows = certificates.read_text("utf-8").splitlines(keepends=True)
    file, sheet, _, code, *rest = rows[1].split(",")
    certificates.write_text("".join([*rows, ",".join([file, sheet, "99999", code, *rest])]), "utf-8")
    assert main([str(folder)]) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["lost"] == 1


@pytest.mark.parametrize(("name", "value"), [
    ("recall", 0.94), ("false_of_findings", 0.011), ("large_files_per_core_second", 4_999), ("lost", 1),
    ("invented", 1), ("peak_kb", 1_000_001),
])
def test_each_bar_alone_decides(name: str, value: float) -> None:
    good = {"recall": 0.95, "false_of_findings": 0.01, "large_files_per_core_second": 5_000, "lost": 0, "invented": 0,
            "peak_kb": 1_000_000}
    assert passed(good) and not passed(good | {name: value})


def test_the_organisation_of_the_answers_names_former_names(folder: Path) -> None:
    units = Answers(folder).units().values()
    assert [unit.kind for unit in units][:1] == ["group"]
    assert all(unit.company_id == unit.id and unit.former for unit in units if unit.kind == "company")
