"""`python -m registry.sample`: section 6's group, in the database or as old ledgers."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import inspect

from ledger.db import Base, open_database, unit
from registry.people import sealing
from registry.sample import NotEmpty, breaches, group, ledgers
from registry.sample.group import Extent, Group

NO_DATABASE = "数据库还没有建立：请先运行 python -m migrations.run，再装入样例。"


def main(given: Sequence[str] | None = None) -> None:
    """Draw the group and write it."""
    options = _options().parse_args(given)
    extent = Extent(options.companies, options.people, options.certificates)
    begun = time.monotonic()
    if options.ledger:
        files = _ledgers(extent, options.seed, options.ledger, options.regions)
        _say(f"{files} files in {options.ledger}: {time.monotonic() - begun:.0f} s")
        return
    entered = _database(extent, options.seed, options.database, options.data, options.key)
    _say(f"{entered} certificates entered: {time.monotonic() - begun:.0f} s")


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m registry.sample", description=__doc__)
    options.add_argument("--companies", type=int, default=40)
    options.add_argument("--people", type=int, default=30_000)
    options.add_argument("--certificates", type=int, default=120_000)
    options.add_argument("--seed", type=int, default=2026)
    options.add_argument("--ledger", type=Path, metavar="DIR", help="write old ledgers here instead of a database")
    options.add_argument("--regions", type=int, choices=(1, 2, 3), default=3,
                         help="so many regions keep the ledgers of people; 1: all in one file of each kind")
    options.add_argument("--database", default=os.environ.get("DATABASE_URL", ""), metavar="URL",
                         help="default: DATABASE_URL, else licet.sqlite in the data folder")
    options.add_argument("--data", type=Path, default=Path(os.environ.get("LICET_DATA") or "var"), metavar="DIR",
                         help="the data folder with the key of personal data (default: LICET_DATA)")
    options.add_argument("--key", type=Path, metavar="FILE", help="where the planted breaches go (default: printed)")
    return options


def _ledgers(extent: Extent, seed: int, folder: Path, regions: int) -> int:
    """Draw into a database in memory, and write files."""
    sealing.set_key(secrets.token_bytes(32))
    engine = open_database("sqlite://")
    Base.metadata.create_all(engine)
    folder.mkdir(parents=True, exist_ok=True)
    with unit(engine) as session:
        files = ledgers.write(group.draw(session, extent, seed, _told), folder, seed, _told, regions)
    engine.dispose()
    return files


def _database(extent: Extent, seed: int, url: str, data: Path, key: Path | None) -> int:
    file = (data / "licet.sqlite").absolute()
    if not url and not file.exists():
        raise SystemExit(NO_DATABASE)
    engine = open_database(url or f"sqlite:///{file}")
    if not inspect(engine).has_table("unit"):
        raise SystemExit(NO_DATABASE)
    sealing.load_key(data)
    try:
        with unit(engine) as session:
            drawn = group.draw(session, extent, seed, _told)
            entered = group.enter(drawn, _told)
            _answer(drawn, key)
    except NotEmpty as refused:
        raise SystemExit(str(refused.__doc__)) from None
    finally:
        engine.dispose()
    return entered


def _answer(drawn: Group, key: Path | None) -> None:
    """The planted breaches, as a file or printed."""
    if key is None:
        breaches.write(drawn.posts.breaches, sys.stdout)
        return
    with key.open("w", encoding="utf-8", newline="") as out:
        breaches.write(drawn.posts.breaches, out)


def _told(what: str, done: int, of: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{what}: {done}/{of}   ")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
