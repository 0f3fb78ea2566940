"""How Alembic reaches the database: the house's own settings, on both databases, one upgrade at a time."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, text

from ledger.db import Instant, Json, open_database
from migrations.tables import every_table
from web.config import Config

UPGRADING = 7_105_420_271  # PostgreSQL's advisory lock: two processes upgrading at once take turns


def render(kind: str, thing: Any, _: AutogenContext) -> str | Literal[False]:
    """Write our column types into a migration as what the database sees, so that old migrations never need our code."""
    if kind == "type" and isinstance(thing, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, Json):
        return "sa.JSON()"
    return False


def upgrade(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=every_table(),
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render,
        compare_type=True,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": UPGRADING})
            connection.execute(text("set local statement_timeout = 0"))
        context.run_migrations()


def main() -> None:
    url = context.config.attributes.get("url") or Config.from_environment().database
    engine = open_database(url)
    with engine.connect() as connection:
        upgrade(connection)
    engine.dispose()


if context.is_offline_mode():
    raise SystemExit("Licet's migrations run against a database; offline SQL is not written.")
main()
