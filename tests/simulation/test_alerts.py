"""Hour by hour through days of alerts with everything that goes wrong: each due alert once per stage and person, none
early, none after its cause is gone.

LICET_SIMULATION=1095 lets it last three years (26,280 hours) instead of the stretch of every day.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger import clock as clocks
from registry.alerts import progress
from registry.people import sealing
from tests.founding import KEY
from tests.registry.alerts.serving import served
from tests.servers import Redis
from tests.simulation import judging
from tests.simulation.machine import ZONES, Killed, Machine, Shown, Wecom, settings
from tests.simulation.oracle import Oracle
from tests.simulation.script import BEGIN, HOUR, Script, written
from tests.simulation.world import built

DAYS = int(os.environ.get("LICET_SIMULATION", "40"))
SEED = int(os.environ.get("LICET_SIMULATION_SEED", "7"))


@pytest.fixture
def zone() -> Iterator[None]:
    asked = list(progress._ask)
    yield
    os.environ["TZ"] = ZONES[0]
    time.tzset()
    progress._ask[:] = asked


@pytest.mark.timeout(600 + DAYS * 60)
@pytest.mark.processes
def test_every_due_alert_comes_once_and_none_early(engine: Engine, database_url: str, redis_server: Redis,
                                                    tmp_path: Path, zone: None) -> None:
    script = written(SEED, DAYS)
    oracle = Oracle(script).foretell()
    sealing.set_key(KEY)
    shown, provider = Shown(BEGIN), Wecom(users=tuple(body.user for body in script.bodies if body.user))
    provider.clock = lambda: shown().timestamp()
    with clocks.use(shown), served(provider) as url:
        world = built(engine, script, settings(url, provider))
        machine, killed = Machine(engine, redis_server.url), Killed(tmp_path / "control", database_url)
        plan, moments = _deaths(script, oracle), script.moments()
        for hour in range(script.days * 24):
            shown.true, shown.error = (BEGIN + hour * HOUR).astimezone(shown.true.tzinfo), script.error(hour)
            _world_outside(hour, script, redis_server)
            for event in moments.get(hour, ()):
                world.happen(event)
            if hour in plan:
                killed.work(shown, world.matters, **plan[hour])
            machine.work()
    assert judging.differences(judging.foretold(oracle), judging.done(engine, world)) == []
    assert judging.misdelivered(engine, world, {body.key for body in script.bodies if body.user}) == []
    assert provider.messages == judging.sent(engine) > 0
    assert len(killed.died) == 5, killed.died


def _deaths(script: Script, oracle: Oracle) -> dict[int, dict[str, object]]:
    """Where a worker dies, by hour: while it plans, climbs and sends, and twice anywhere; at hours with much to do at
    which the clock is right and was lately."""
    chance, taken = random.Random(SEED), set[int]()

    def busiest(counts: dict[int, int], later: int = 0) -> int:
        calm = [hour + later for hour in counts if hour > 48 and not any(
            first - 48 <= hour <= last + 48 for first, last, _ in script.errors)]
        found = max((hour for hour in calm if hour not in taken), key=lambda hour: counts[hour - later])
        taken.add(found)
        return found

    return {busiest(oracle.climbed): {"name": "alerts.climbed.before_commit", "nth": 1},
            busiest(oracle.raised): {"name": "alerts.planned.before_commit", "nth": 1},
            busiest(oracle.raised, later=8): {"name": "letters.sent.before_record", "nth": 1},
            **{busiest(oracle.raised): {"nth": chance.randrange(1, 20)} for _ in range(2)}}


def _world_outside(hour: int, script: Script, redis: Redis) -> None:
    """Redis goes for a day; the server is told to live elsewhere every ten days."""
    if hour == script.away[0]:
        redis.kill()
    if hour == script.away[1]:
        redis.start()
    if hour % 240 == 0:
        os.environ["TZ"] = ZONES[hour // 240 % len(ZONES)]
        time.tzset()
