"""Alembic without Flask: for `make run`, the tests and `python -m migrations.run`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def heads() -> set[str]:
    """The newest revisions, read from the files without importing Alembic (one, unless somebody slipped)."""
    made, followed = set(), set()
    for path in (FOLDER / "versions").glob("*.py"):
        source = path.read_text(encoding="utf-8")
        made |= set(re.findall(r"""^revision(?:: str)? = ['"](\w+)['"]""", source, re.MULTILINE))
        followed |= set(re.findall(r"""^down_revision(?:: [\w| ]+)? = ['"](\w+)['"]""", source, re.MULTILINE))
    return made - followed


def upgrade(url: str) -> None:
    """Bring the database at `url` to the newest revision."""
    to(url, "head")


def to(url: str, revision: str) -> None:
    """Bring the database at `url` up to a revision ("0013"), as it was before the ones after it."""
    from alembic import command

    command.upgrade(_config(url), revision)


def revise(url: str, message: str) -> None:
    """Write the next numbered migration from the difference between the models and the database at `url`."""
    from alembic import command

    number = len(list((FOLDER / "versions").glob("*.py"))) + 1
    command.revision(_config(url), message, autogenerate=True, rev_id=f"{number:04}")


def _config(url: str):  # type: ignore[no-untyped-def]
    from alembic.config import Config

    config = Config(FOLDER / "alembic.ini")
    config.attributes["url"] = url
    return config


def main() -> None:
    """`python -m migrations.run` upgrades; with `revise WORDS` it writes the next migration."""
    from web.config import Config as Settings

    settings = Settings.from_environment()
    settings.data.mkdir(parents=True, exist_ok=True)
    if sys.argv[1:2] == ["revise"]:
        revise(settings.database, " ".join(sys.argv[2:]))
    else:
        upgrade(settings.database)


if __name__ == "__main__":
    main()
