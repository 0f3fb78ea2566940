"""The first day of the log: what was written before there was one is taken in as it is found, once."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock, deeds, weighty
from ledger.checkpoint import Signer
from ledger.db import Base
from ledger.deeds import Deed, Doing
from ledger.facts import Fact
from registry.evidence.model import LogHead

if TYPE_CHECKING:
    from registry.evidence.sealer import Sealer


def begin(session: Session, sealer: Sealer) -> LogHead:
    """Make the head, and deeds for every fact and every row of weight that no deed vouches for."""
    origin = f"{sealer.host}/log/{secrets.token_hex(4)}"
    head = LogHead(id=1, origin=origin, algorithm=sealer.algorithm, size=0,
                   key=str(Signer(origin, sealer.seed).key), begun_at=clock.now())
    session.add(head)
    session.flush()
    facts, rows = set[int](), set[tuple[str, str]]()
    for told, marks in session.execute(select(Deed.facts, Deed.rows)):
        facts.update(told)
        rows.update((mark[0], mark[1]) for mark in marks)
    found = Doing()
    found.facts.update((number, None) for number in session.scalars(select(Fact.id)) if number not in facts)
    for name in weighty.TABLES:
        table = Base.metadata.tables[name]
        for key in session.execute(select(*table.primary_key)).all():
            if (name, "/".join(map(str, key))) not in rows:
                found.rows[name, tuple(key)] = None
    deeds.write(session.connection(), found)
    return head
