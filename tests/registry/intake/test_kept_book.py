"""What a file said is kept beside its batch until its rows are stored: sealed, never a second truth."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from sqlalchemy import select

from ledger.db import reading, unit
from ledger.files import path_of
from registry.intake import work
from registry.intake.batch import progress
from registry.intake.batch.models import Batch, Row
from registry.intake.preview import receiving
from registry.intake.reading import read, reader
from tests.registry.intake.desk import Desk, sheet, worker


def kept(desk: Desk) -> list[Path]:
    return sorted((desk.folder / progress.FOLDER).glob("*.book"))


@pytest.fixture
def waiting(desk: Desk) -> int:
    """A batch whose columns are to be confirmed."""
    number = desk.receive(sheet([worker(1), worker(2)]))
    desk.work()
    return number


def rows(desk: Desk, number: int) -> int:
    with reading(desk.engine) as session:
        assert session.get_one(Batch, number).state == "ready"
        return len(session.scalars(select(Row.id).where(Row.batch_id == number)).all())


def test_judging_opens_no_file_again_and_leaves_nothing_behind(
    desk: Desk, waiting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "CHILD", ("/bin/false",))
    desk.confirm(waiting)
    desk.work()
    assert rows(desk, waiting) == 2
    work.sweep(desk.engine, desk.folder)
    assert kept(desk) == []


def test_no_personal_number_lies_there_in_clear(desk: Desk, waiting: int) -> None:
    [place] = kept(desk)
    with reading(desk.engine) as session:
        original = path_of(desk.folder, session.get_one(Batch, waiting).file)
    assert worker(1)["身份证号"].encode() in original.read_bytes()
    assert worker(1)["身份证号"].encode() not in place.read_bytes()


@pytest.mark.parametrize("damage", [b"", b"torn", None])
def test_what_is_torn_or_gone_is_read_anew(desk: Desk, waiting: int, damage: bytes | None) -> None:
    [place] = kept(desk)
    if damage is None:
        place.unlink()
    else:
        place.write_bytes(place.read_bytes()[:40] + damage)
    desk.confirm(waiting)
    desk.work()
    assert rows(desk, waiting) == 2


def test_a_corrected_file_is_read_and_not_the_one_before(desk: Desk, waiting: int) -> None:
    with unit(desk.engine) as session:
        again = io.BytesIO(sheet([worker(1), worker(2), worker(3)]))
        receiving.again(session, desk.folder, session.get_one(Batch, waiting), again, "台账.csv", by=desk.by)
    desk.work()
    assert rows(desk, waiting) == 3


def test_a_cancelled_batch_keeps_none(desk: Desk, waiting: int) -> None:
    with unit(desk.engine) as session:
        progress.cancel(desk.folder, session.get_one(Batch, waiting), desk.by)
    desk.work()
    assert kept(desk) == []


def test_what_a_child_told_makes_the_same_book_again(tmp_path: Path) -> None:
    place, told = tmp_path / "a.csv", list[bytes]()
    place.write_bytes(sheet([worker(1), worker(2)]))
    book = read(place, "台账.csv", told.append)
    (tmp_path / "told").write_bytes(b"".join(told))
    with (tmp_path / "told").open("rb") as source:
        assert reader.told_again(source, "台账.csv") == book
