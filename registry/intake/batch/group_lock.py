"""One batch of a group at a time writes to the register."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from registry.certificates.models import Certificate

LOCK = 7_105_420_300  # PostgreSQL's advisory locks; the group's number is added

CACHE = 64 * 1024  # KiB of SQLite's pages, kept by the worker's connection


def unhurried(session: Session) -> None:
    """This transaction may take its time: a worker's, never that of a request, which somebody waits for. On SQLite it
    gets room for the pages that it changes, or they go out and come back again and again."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text(f"pragma cache_size = -{CACHE}"))
    else:
        for setting in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
            session.execute(text(f"set local {setting} = 0"))


def turn(session: Session, group_id: int) -> None:
    """Until the commit nobody else brings certificates of the group in. On SQLite whoever writes is alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK + group_id})


def earlier_certificates(session: Session, numbers: Sequence[int]) -> dict[int, int]:
    """The revision of certificates, locked: whoever changes one at the same time waits for us, or we for them."""
    found: dict[int, int] = {}
    for start in range(0, len(numbers), 500):
        query = select(Certificate.id, Certificate.revision).where(
            Certificate.id.in_(numbers[start:start + 500])).order_by(Certificate.id).with_for_update()
        found.update((number, revision) for number, revision in session.execute(query))
    return found
