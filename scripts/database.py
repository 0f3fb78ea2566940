"""The database of `make run`: brought to the newest migration, filled with the demonstration when it is new.

`python -m scripts.database demo|large|none`; the data folder is LICET_DATA, another database DATABASE_URL.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import LiteralString

from migrations.run import heads, upgrade
from scripts.system import progress, say

ROOT = Path(__file__).resolve().parent.parent
NAME = "licet.sqlite"
PUBLISHED = "published"


def ready(data: Path, url: str) -> bool:
    """Whether the database is there, at the newest migration and with the shipped processes as they are now.

    Costs milliseconds and imports neither Alembic nor the house.
    """
    try:
        return (data / PUBLISHED).read_text() == shipped() and _revision(data, url) == heads()
    except Exception:
        return False


def shipped() -> str:
    """One figure for all diagrams, tables and forms that come with the source."""
    total = hashlib.sha256()
    for folder in ("workflows", "forms"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".bpmn", ".dmn", ".form"}:
                total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def deserted(data: Path, url: str) -> bool:
    """Whether nobody can sign in because there is no account at all; False where that cannot be told."""
    try:
        return not _column(data, url, "select id from account limit 1")
    except Exception:
        return False


def _revision(data: Path, url: str) -> set[str]:
    return _column(data, url, "select version_num from alembic_version")


def _column(data: Path, url: str, query: LiteralString) -> set[str]:
    if not url:
        with closing(sqlite3.connect(f"file:{data / NAME}?mode=ro", uri=True)) as file:
            return {str(row[0]) for row in file.execute(query)}
    import psycopg

    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1), connect_timeout=5) as server:
        return {str(row[0]) for row in server.execute(query)}


def prepare(data: Path, url: str, sample: str) -> None:
    """Upgrade what is there, after a copy; make what is not, complete or not at all."""
    file = data / NAME
    if url or file.exists():
        _renew(data, url, sample)
    else:
        _make(file, data, sample)
    (data / PUBLISHED).write_text(shipped())


def _renew(data: Path, url: str, sample: str) -> None:
    file = data / NAME
    new = bool(url) and not _revision_or_none(data, url)
    if not url and _revision_or_none(data, url) != heads():
        _copy(file, data / "backups" / f"{int(time.time())}.sqlite")
    url = url or f"sqlite:///{file}"
    upgrade(url)
    fill(url, data, sample if new else "none")


def _revision_or_none(data: Path, url: str) -> set[str]:
    try:
        return _revision(data, url)
    except Exception:
        return set()


def _make(file: Path, data: Path, sample: str) -> None:
    """Under another name until it is whole, so that a Ctrl-C on the way leaves no half-filled database."""
    part = file.with_name("new.sqlite")
    for leftover in data.glob("new.sqlite*"):
        leftover.unlink()
    url = f"sqlite:///{part}"
    say("new database")
    upgrade(url)
    fill(url, data, sample)
    with closing(sqlite3.connect(part)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
        connection.execute("pragma journal_mode=delete")
    os.replace(part, file)


def _copy(file: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True, mode=0o700)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    say(f"database copied to {target} before its upgrade")


def fill(url: str, data: Path, sample: str) -> None:
    """What every site has: the calendar and the shipped processes; a new demonstration its group, too."""
    from ledger import workdays
    from ledger.actor import SYSTEM
    from ledger.db import open_database, reading, unit
    from registry.people import sealing
    from workflows import publish

    sealing.load_key(data)
    engine = open_database(url)
    with unit(engine) as session:
        workdays.seed(session)
        publish(session, by=SYSTEM)
    if sample != "none":
        from registry.sample import SIZES, demo_accounts
        from workflows.sample import load

        begun = time.monotonic()
        say("demonstration data ...")
        links = load(engine, data / "files", size=SIZES[sample], told=progress)
        with reading(engine) as session:
            write_accounts(data / "accounts.txt", demo_accounts(session), links)
        say(f"demonstration data: {time.monotonic() - begun:.0f} s")
    engine.dispose()


def write_accounts(file: Path, accounts: list[dict[str, str]], links: list[str]) -> None:
    """One line for each demonstration account, as `make run` shows them, and for each link of an expert outside."""
    lines = [f"  {a['login']:<16} {a['password']:<20} {a['role']}  {a['name']}" for a in accounts]
    lines += [f"  {'(no account)':<16} {link:<27}外部专家的咨询链接，只能答复一次" for link in links]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    data = Path(os.environ["LICET_DATA"])
    data.mkdir(parents=True, exist_ok=True)
    prepare(data, os.environ.get("DATABASE_URL", ""), sys.argv[1] if sys.argv[1:] else "none")


if __name__ == "__main__":
    main()
