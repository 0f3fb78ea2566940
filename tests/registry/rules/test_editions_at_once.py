"""Two editions of a rule at once: one is published, the other is told so."""

from __future__ import annotations

import datetime as dt
from itertools import count

from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.errors import BadAnswer, Conflict
from registry.rules.editions import publish
from registry.rules.tables import files
from tests.registry.organisation import DAY
from tests.reliability.stepping import Act, Stage, interleavings, once


def test_of_two_editions_published_at_once_for_a_day_one_is(database_url: str, clock: Fixed) -> None:
    stage, days = Stage(database_url, 2), count(1)

    def prepare() -> list[Act]:
        day = DAY + dt.timedelta(days=next(days))

        def put(session: Session) -> int:
            return publish(session, "R14", files()["R14"], effective_from=day, reason="x", by=SYSTEM).id

        return [once(put), once(put)]

    try:
        for run in interleavings(stage, prepare):
            assert [type(one) for one in run.refused] in ([BadAnswer], [Conflict]), str(run)
    finally:
        stage.close()
