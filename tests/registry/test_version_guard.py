"""What the models forbid, the migrated database forbids too."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from ledger import workdays
from ledger.clock import Fixed
from ledger.db import open_database, unit
from migrations.run import upgrade
from tests.registry.organisation import organisation


@pytest.mark.parametrize("statement", [
    "update certificate_version set valid_until = :day", "delete from certificate_version where issued_on < :day",
])
def test_a_migrated_database_refuses_to_change_a_version(blank_url: str, clock: Fixed, statement: str) -> None:
    upgrade(blank_url)
    engine = open_database(blank_url)
    with unit(engine) as session:
        workdays.seed(session)
        organisation(session).licence()
    with pytest.raises(DatabaseError, match="never changed"), unit(engine) as session:
        session.execute(text(statement), {"day": dt.date(2099, 1, 1).isoformat()
                                          if engine.dialect.name == "sqlite" else dt.date(2099, 1, 1)})
    engine.dispose()
