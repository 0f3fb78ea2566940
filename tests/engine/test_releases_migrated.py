"""What was deployed before there were releases is in force afterwards as it was: the newest, for all."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import insert, select, text

from engine.model import Definition, StartTrigger
from engine.releases import choosing, deciding
from engine.releases.model import Release
from ledger.db import open_database, unit
from migrations.run import to, upgrade

THEN = dt.datetime(2026, 5, 1, 2, 0, tzinfo=dt.UTC)
BEFORE = "0019"


def test_the_newest_version_of_before_is_in_force_and_the_one_before_it_can_come_back(blank_url: str) -> None:
    to(blank_url, BEFORE)
    engine = open_database(blank_url)
    with engine.begin() as rows:
        for version in (1, 2):
            rows.execute(insert(Definition).values(
                process_id="P", version=version, name="P", digest=str(version) * 64, deployed_by="系统",
                deployed_at=THEN + dt.timedelta(days=version)))
        rows.execute(text("insert into start_trigger (definition_id, process_id, element_id, group_id, kind) "
                          "values (2, 'P', 'S', 7, 'timer')"))
    upgrade(blank_url)
    with unit(engine) as session:
        assert choosing.in_force(session, "P", [3, 7]) == 2
        assert list(session.scalars(select(StartTrigger.places))) == [[7]]
        assert deciding.before(session, deciding.one(session, 2)) == {None: 1}
        session.add(Release(**{name: getattr(deciding.one(session, 2), name) for name in (
            "process_id", "definition_id", "effective_on", "asked_at", "asked_by_name")}))
        session.flush()  # numbers go on behind those that were given
        assert set(session.scalars(select(Release.id))) == {1, 2, 3}
    engine.dispose()
