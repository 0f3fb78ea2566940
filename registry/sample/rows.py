"""Many rows at once, as plain dicts: what a sample of a hundred thousand certificates is loaded by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, func, insert, select
from sqlalchemy.orm import Session

from ledger.db import Base


def write(
    session: Session, model: type[Base], rows: Sequence[dict[str, Any]], *named: str
) -> dict[tuple[Any, ...], int]:
    """Insert rows of the same columns, the table's defaults doing the rest; the ids they got, by the columns `named`,
    which must tell them apart. Asking for the ids afterwards costs a third of having each row answered with its own."""
    if not rows:
        return {}
    table, connection = model.__table__, session.connection()
    assert isinstance(table, Table)
    before = connection.scalar(select(func.max(table.c.id))) or 0 if named else 0
    connection.execute(insert(table), list(rows))
    if not named:
        return {}
    columns = (table.c.id, *(table.c[name] for name in named))
    return {tuple(row[1:]): row[0] for row in connection.execute(select(*columns).where(table.c.id > before))}
