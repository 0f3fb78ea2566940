"""Live processes kept between acts equal what is committed, whatever else the transaction did."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from engine import state
from engine.dialect.scopes import Process
from engine.usertasks import tasks
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


def kept(shelf: state.Shelf, numbers: range) -> list[int]:
    """Which of them are still on the shelf (it is empty afterwards)."""
    return [number for number in numbers if shelf.take(number, 1) is not None]


def test_the_shelf_is_bounded_by_number_and_by_bytes_and_the_longest_unused_go_first() -> None:
    live = [state.Live(1, Process.__new__(Process), 10) for _ in range(6)]
    few, small = state.Shelf(3), state.Shelf(100, most_bytes=25)
    for number, each in enumerate(live):
        few.put(number, each)
        small.put(number, each)
    assert (len(few), len(small)) == (3, 2)
    assert kept(few, range(6)) == [3, 4, 5] and kept(small, range(6)) == [4, 5]
    small.put(9, state.Live(1, Process.__new__(Process), 26))
    assert kept(small, range(10)) == []  # larger than all the room there is
    for number in range(2):
        small.put(number, live[number])
    assert kept(small, range(2)) == [0, 1]  # what was taken has given its bytes back
