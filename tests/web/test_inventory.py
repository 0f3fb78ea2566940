"""`licet inventory DIR`: a workbook and a PDF, without a database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from click.testing import Result
from pypdf import PdfReader

from bench.hostile_sheets import FILES
from tests.registry.intake.test_inventory import LI, ZHANG, ledger
from tests.structure.source import ROOT
from web.app import create_app
from web.config import Config

DAY = ["--on", "2026-11-22"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ledger(tmp_path / "台账/a.xlsx", LI, [ZHANG[0], ZHANG[1], "特种作业操作证", f"T{ZHANG[1]}", "2025-01-01"])
    ledger(tmp_path / "台账/b.xlsx", LI)
    FILES["a password.xlsx"][1](tmp_path / "台账/旧.xlsx")
    (tmp_path / "台账/苏232252500011.jpg").write_bytes(b"x")
    (tmp_path / "台账/IMG_1.jpg").write_bytes(b"x")
    return tmp_path / "台账"


def run(folder: Path, *more: str) -> Result:
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    app = create_app(Config(data=folder.parent / "data", database_url=nowhere, secret="s" * 40, testing=True))
    words = ["licet", "inventory", str(folder), "--out", str(folder.parent), *DAY, *more]
    return app.test_cli_runner().invoke(args=words)


def test_the_workbook_has_every_line_and_the_pdf_the_sum(folder: Path) -> None:
    done = run(folder)
    assert done.exit_code == 0, done.output
    assert "3 spreadsheets, 3 certificates, 2 scans" in done.output
    book = openpyxl.load_workbook(folder.parent / "证件清单-2026-11-22.xlsx")
    rows = {sheet.title: [[cell for cell in row if cell is not None] for row in sheet.iter_rows(values_only=True)][1:]
            for sheet in book.worksheets}
    assert [row[0] for row in rows["按种类"]] == ["二级建造师注册证书", "特种作业操作证"]
    assert [row[:3] for row in rows["过期仍在用"]] == [["a.xlsx", "Sheet", "D3"]]
    assert [(row[0], row[1], row[2]) for row in rows["重复登记"]] == [
        (1, "同一证件登记了多次", "a.xlsx"), (1, "同一证件登记了多次", "b.xlsx")]
    assert rows["无主扫描件"] == [["IMG_1.jpg", "台账里没有对应的证件"]]
    assert rows["读不了的文件"][0][0] == "旧.xlsx"
    text = "".join(page.extract_text() for page in PdfReader(folder.parent / "证件清单-2026-11-22.pdf").pages)
    assert "特种作业操作证" in text and "设有密码" in text and "得分怎么来的" in text
    assert ZHANG[1] not in text and ZHANG[1] not in str(rows)


def test_taking_stock_again_does_not_count_the_report(folder: Path) -> None:
    for _ in range(2):
        done = run(folder, "--out", str(folder))
        assert done.exit_code == 0, done.output
    assert "3 spreadsheets" in done.output


def test_an_empty_folder_gives_a_report_too(tmp_path: Path) -> None:
    (tmp_path / "空").mkdir()
    done = run(tmp_path / "空")
    assert done.exit_code == 0, done.output
    assert "quality - of 100" in done.output


def test_the_program_at_the_root_is_the_command() -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    told = subprocess.run([ROOT / "licet", "inventory", "--help"], capture_output=True, text=True, env=environment,
                          check=True).stdout
    assert "FOLDER" in told and "--out" in told
