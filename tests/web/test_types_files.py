"""Types leave as the files they came from, and come back by the same checks."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import msgspec
import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner
from hypothesis import given
from hypothesis import strategies as st

from ledger.db import reading, unit
from registry.certificates.catalogue import FOLDER, in_force_of, shipped, type_of
from registry.certificates.kinds import Window
from registry.certificates.type_files import load, load_provinces, made_of, plain, written
from tests.registry.test_editions import longer, put
from tests.web.house import House

SOON = dt.date(2026, 12, 1)


@pytest.fixture
def run(house: House) -> FlaskCliRunner:
    return house.app.test_cli_runner()


def said(answer: Result) -> str:
    assert answer.exit_code == 0, answer.output
    return answer.output.strip()


def test_every_type_written_and_read_again_is_the_same(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "defaults.toml", tmp_path)
    for code, each in shipped().items():
        (tmp_path / f"{code}.toml").write_text(written(each), "utf-8")
        assert made_of(plain(each)) == each
    assert load(tmp_path) == shipped()


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_whatever_is_written_in_a_sentence_is_read_again(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("said")
    shutil.copy(FOLDER / "defaults.toml", folder)
    each = msgspec.structs.replace(shipped()["P22"], text=text, window=Window(source="D", text=text))
    (folder / "P22.toml").write_text(written(each), "utf-8", newline="")
    assert load(folder) == {"P22": each}


def test_an_export_without_editions_is_what_was_shipped_byte_for_byte(run: FlaskCliRunner, tmp_path: Path) -> None:
    assert said(run.invoke(args=["types", "export", str(tmp_path / "out")])) == "67 files"
    for path in FOLDER.rglob("*.toml"):
        assert (tmp_path / "out" / path.relative_to(FOLDER)).read_bytes() == path.read_bytes()


def test_editions_leave_and_come_back_and_then_nothing_differs(
    house: House, run: FlaskCliRunner, tmp_path: Path
) -> None:
    with unit(house.engine) as session:
        session.connection()
        put(session, longer(36))
        put(session, longer(30), province="京")
    said(run.invoke(args=["types", "export", str(tmp_path)]))
    assert load(tmp_path)["P02"].validity.months == 36
    assert load_provinces(tmp_path)["京", "P02"].validity.months == 30
    again = run.invoke(args=["types", "import", str(tmp_path), "--from", "2026-12-01", "--reason", "重新导入"])
    assert said(again) == "nothing differs"


def test_a_file_changed_by_hand_becomes_an_edition(house: House, run: FlaskCliRunner, tmp_path: Path) -> None:
    said(run.invoke(args=["types", "export", str(tmp_path)]))
    path = tmp_path / "Q" / "Q06.toml"
    path.write_text(path.read_text("utf-8").replace("days_before = 30", "days_before = 45"), "utf-8")
    answer = run.invoke(args=["types", "import", str(tmp_path), "--from", "2026-12-01", "--reason", "提前送检"])
    assert said(answer) == "Q06: edition 1"
    with reading(house.engine) as session:
        session.connection()
        assert type_of("Q06").window.target.days_before == 30
        assert in_force_of("Q06", SOON).window.target.days_before == 45


@pytest.mark.parametrize(("old", "new", "told"), [
    ("months = 12", "months = 0", "Q06.toml: validity.months"),
    ("days_before = 30", "days_before = 30, months_before = 1", "Q06.toml: window.target"),
])
def test_a_broken_file_is_refused_by_the_same_checks(
    house: House, run: FlaskCliRunner, tmp_path: Path, old: str, new: str, told: str
) -> None:
    said(run.invoke(args=["types", "export", str(tmp_path)]))
    path = tmp_path / "Q" / "Q06.toml"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    answer = run.invoke(args=["types", "import", str(tmp_path), "--from", "2026-12-01", "--reason", "x"])
    assert answer.exit_code == 1 and told in answer.output


def test_a_day_in_the_past_is_refused(run: FlaskCliRunner, tmp_path: Path) -> None:
    said(run.invoke(args=["types", "export", str(tmp_path)]))
    path = tmp_path / "Q" / "Q06.toml"
    path.write_text(path.read_text("utf-8").replace("days_before = 30", "days_before = 45"), "utf-8")
    answer = run.invoke(args=["types", "import", str(tmp_path), "--from", "2026-11-01", "--reason", "x"])
    assert answer.exit_code == 1 and "effective_from" in answer.output
