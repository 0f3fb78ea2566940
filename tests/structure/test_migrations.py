"""The database's history ends in one place, and that place is what the models say, on both databases."""

from __future__ import annotations

import os
import re
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from ledger.db import open_database
from migrations.run import FOLDER, heads, upgrade
from migrations.tables import every_table
from scripts.database import PUBLISHED, ready, shipped

VERSIONS = sorted((FOLDER / "versions").glob("*.py"))


def test_there_is_one_head() -> None:
    assert len(heads()) == 1


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [path.name[:5] for path in VERSIONS] == [f"{number:04}_" for number in range(1, len(VERSIONS) + 1)]


def test_a_migration_does_not_need_our_code() -> None:
    """The models move on; a migration of last year must still run."""
    ours = re.compile(r"^\s*(from|import) (ledger|feel|engine|registry|forms|workflows|web)\b", re.MULTILINE)
    assert [path.name for path in VERSIONS if ours.search(path.read_text(encoding="utf-8"))] == []


def test_the_migrations_lead_to_the_models(blank_url: str) -> None:
    upgrade(blank_url)
    engine = open_database(blank_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, every_table()) == []
    engine.dispose()


def test_an_upgrade_that_is_done_is_seen_without_alembic(blank_url: str, tmp_path: Path) -> None:
    (tmp_path / PUBLISHED).write_text(shipped())
    url = blank_url if blank_url.startswith("postgresql") else ""
    assert not ready(tmp_path, url)
    upgrade(blank_url)
    if not url:
        os.rename(tmp_path / "blank.db", tmp_path / "licet.sqlite")
    assert ready(tmp_path, url)
