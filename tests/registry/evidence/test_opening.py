"""A house whose log is not what it was when its head left does not open, and says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from ledger import deeds
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import open_database, unit
from ledger.facts import record
from registry.evidence import opening
from registry.evidence.opening import LogLost, check
from registry.evidence.places import Folder, places
from registry.evidence.sealer import Sealer


@pytest.fixture
def outside(engine: Engine, clock: Fixed, tmp_path: Path) -> Iterator[Folder]:
    deeds.set_key(b"w" * 32)
    place = Folder(str(tmp_path / "outside"))
    for _ in range(3):
        with unit(engine) as session:
            record(session, "a", ("thing", 1), by=SYSTEM)
        Sealer(bytes(range(32)), [place]).sweep(engine)
    yield place


def spoil(engine: Engine, *statements: str) -> None:
    with unit(engine) as session:
        for statement in statements:
            session.execute(text(statement))


def test_a_log_that_has_grown_or_stayed_opens(engine: Engine, outside: Folder) -> None:
    check(engine, [outside])
    with unit(engine) as session:
        record(session, "b", ("thing", 1), by=SYSTEM)
    Sealer(bytes(range(32))).sweep(engine)
    check(engine, [outside])


@pytest.mark.parametrize("statements, why", [
    (["delete from log_head"], "head is missing"),
    (["update log_head set size = 1"], "shrunk to 1"),
    (["delete from log_tile"], "tree are missing"),
    (["update log_tile set hashes = (select salt from (select hashes as salt from log_tile) t limit 1)",
      "update log_head set origin = 'other/log'"], "another log"),
])
def test_a_head_that_is_missing_or_shrunken_does_not_open(
    engine: Engine, outside: Folder, statements: list[str], why: str
) -> None:
    spoil(engine, *statements)
    with pytest.raises(LogLost, match=why):
        check(engine, [outside])


def test_a_tree_with_another_past_does_not_open(engine: Engine, outside: Folder) -> None:
    with unit(engine) as session:
        session.execute(text("update log_tile set hashes = :other"), {"other": bytes(96)})
    with pytest.raises(LogLost, match="not those that were sealed"):
        check(engine, [outside])


def test_a_new_database_under_an_old_head_does_not_open(outside: Folder, tmp_path: Path) -> None:
    blank = open_database(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(LogLost, match="no log at all"):
        check(blank, [outside])
    blank.dispose()


def test_a_file_that_is_no_head_is_named(engine: Engine, outside: Folder) -> None:
    (outside.path / "999999999999.checkpoint").write_text("nonsense")
    with pytest.raises(LogLost, match="no checkpoint"):
        check(engine, [outside])


def test_a_worker_opens_with_its_keys_and_places(tmp_path: Path, engine: Engine, outside: Folder) -> None:
    database, sealer = opening.opened(str(engine.url.render_as_string(False)), tmp_path, "https://licet.example.org")
    assert (sealer.host, sealer.algorithm, len(sealer.seed)) == ("licet.example.org", "sha256", 32)
    assert (tmp_path / opening.FILE).stat().st_mode & 0o777 == 0o600
    database.dispose()


def test_places_are_named_by_the_environment(tmp_path: Path) -> None:
    told = {"LICET_CHECKPOINTS": f"folder:{tmp_path}/a folder:{tmp_path}/b"}
    assert [place.name for place in places(tmp_path, told)] == [f"folder:{tmp_path}/{each}"[:60] for each in "ab"]
    with pytest.raises(ValueError, match="no place"):
        places(tmp_path, {"LICET_CHECKPOINTS": "pigeon:home"})
