"""Live processes kept between acts equal what is committed, whatever else the transaction did."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from engine import tasks
from ledger.db import unit
from tests.engine.conftest import HAN, World
from tests.engine.drawings import drawing, end, flows, start, task


def test_a_savepoint_in_a_transaction_that_fails_keeps_nothing(world: World, second_engine: Callable[[], Engine]):
    it = world.run(drawing(start(), task("A", gives={"a": "=x"}), task("B"), task("C"), end(), flows("S A B C E")))
    number = world.open(it)[0].id
    with pytest.raises(ValueError), unit(world.engine) as session:
        tasks.complete(session, number, HAN, {"x": "lost"})
        with session.begin_nested():
            pass
        raise ValueError
    World(second_engine()).do(it, "A", x="kept")  # another process; this one may not know better
    assert world.names(it) == ["B"] and world.variables(it) == {"a": "kept"}
    world.do(it, "B", c="again")
    assert world.names(it) == ["C"] and world.variables(it) == {"a": "kept", "c": "again"}
