"""State as bytes: everything comes back, size and speed do not grow with the past, live objects are never stale."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from engine import catalog, state
from engine.model import Instance, Task, Visit
from engine.packing import freeze, pack, unpack
from feel.values import DaysDuration, Range, YearsMonths
from ledger.db import open_database, reading, unit
from tests.engine.conftest import World
from tests.engine.drawings import drawing, end, flow, flows, gateway, loop, script, start, tag, task
from tests.engine.players import Ours

AROUND = drawing(
    start(),
    gateway("exclusive", "M"),
    task("A"),
    task("B"),
    gateway("exclusive", "G", "out"),
    end(),
    flows("S M A B G"),
    flow("G", "M", "=c = 1"),
    flow("G", "E", id="out"),
)


def test_every_kind_of_value_comes_back_as_it_was() -> None:
    values = {
        "text": "申请",
        "number": Decimal("12.50"),
        "whole": 7,
        "yes": True,
        "nothing": None,
        "list": [1, {"a": [dt.date(2026, 2, 29 - 1)]}],
        "day": dt.date(2026, 11, 22),
        "moment": dt.datetime(2026, 11, 22, 10, 0, tzinfo=dt.UTC),
        "naive": dt.datetime(2026, 11, 22, 10),  # noqa: DTZ001 - FEEL has local times
        "zoned": dt.datetime(2026, 7, 1, 10, 0, tzinfo=ZoneInfo("Europe/Paris")),
        "time": dt.time(8, 30),
        "zoned time": dt.time(8, 30, tzinfo=ZoneInfo("Asia/Shanghai")),
        "days": DaysDuration(5),
        "months": YearsMonths(14),
        "range": Range(1, Decimal(3), True, False),
        "typename": "x",
    }
    back = unpack(pack(freeze(values)))
    assert back == values
    assert (str(back["zoned"].tzinfo), str(back["zoned time"].tzinfo)) == ("Europe/Paris", "Asia/Shanghai")


def test_an_object_is_no_variable() -> None:
    with pytest.raises(TypeError):
        freeze({"f": print})


def test_a_state_of_a_newer_release_is_not_read() -> None:
    package = catalog.unpack({"d.bpmn": AROUND})
    with pytest.raises(ValueError):
        state.load(catalog.assemble(package, "P").blueprint, b"\x63rest")


def test_a_thousand_rounds_cost_no_more_each_than_the_first_ten() -> None:
    process, took, size = Ours(AROUND), [], []
    for number in range(1000):
        begun = time.process_time()
        process.do("A", number)
        process.do("B", 1)
        took.append(time.process_time() - begun)
        size.append(len(state.dump(process.process)))
    assert process.ready() == ["A"]
    assert max(size) - min(size) <= 16 and max(size) < 300
    assert sorted(took[-200:])[100] < 3 * sorted(took[:200])[100]
    process.do("A", 0)
    process.do("B", 0)
    assert process.over


def test_rounds_on_a_database_keep_one_task_open(world: World) -> None:
    it = world.run(AROUND)
    for _ in range(15):
        world.do(it, "A", c=1)
        world.do(it, "B", c=1)
    with reading(world.engine) as session:
        found = select(func.count()).select_from(Task).where(Task.instance_id == it)
        assert session.scalar(found.where(Task.state == "open")) == 1
        assert session.scalar(found) == 31
        assert len(session.scalars(select(Instance.blob).where(Instance.id == it)).one()) < 300


def test_another_server_process_may_do_the_next_step(world: World, database_url: str) -> None:
    """Each server process keeps live objects; one that is behind the row is not used."""
    other = World(open_database(database_url))
    it = world.run(AROUND)
    for number in range(4):
        world.do(it, "A", c=number)
        other.do(it, "B", c=1)
    assert world.names(it) == ["A"]
    assert other.variables(it) == {"c": 1}
    other.engine.dispose()


def test_the_live_object_is_used_again_and_forgotten_after_a_failure(world: World) -> None:
    it = world.run(AROUND)
    with unit(world.engine) as session:
        version = session.get_one(Instance, it).version
        kept = state.shelf(session).take(it, version)
        assert kept is not None and state.shelf(session).take(it, version) is None
        state.shelf(session).put(it, state.Live(version, kept))
        assert state.shelf(session).take(it, version + 1) is None
    world.do(it, "A", c=1)
    assert world.names(it) == ["B"]


def test_sub_processes_and_rounds_survive_being_written_down() -> None:
    rounds = tag(
        "subProcess",
        "sub",
        loop("=people", "who", "votes", "=vote"),
        start("s"),
        task("A", gives={"vote": "=c"}),
        end("e"),
        flows("s A e"),
    )
    process = Ours(
        drawing(start(), script("P0", "people", "=[1, 2, 3]"), rounds, task("B"), end(), flows("S P0 sub B E"))
    )
    assert process.ready() == ["A", "A", "A"]
    for _ in range(3):
        process.do("A", 5)
    assert process.ready() == ["B"]
    assert process.process.data["votes"] == [5, 5, 5]


def test_rounds_one_after_another_may_stop_early() -> None:
    rounds = task("A", loop("=people", "who", "votes", "=c", condition="=c = 0", sequential=True))
    process = Ours(
        drawing(start(), script("P0", "people", "=[1, 2, 3]"), rounds, task("B"), end(), flows("S P0 A B E"))
    )
    process.do("A", 1)
    assert process.ready() == ["A"]
    process.do("A", 0)
    assert process.ready() == ["B"]
    assert process.process.data["votes"] == [1, 0, None]


def test_visits_tell_when_each_element_was_entered_and_left(world: World, clock: Any) -> None:
    it = world.run(AROUND)
    clock.advance(dt.timedelta(hours=1))
    world.do(it, "A", c=1)
    assert world.path(it) == ["S", "M", "A", "B"]
    with reading(world.engine) as session:
        assert session.scalar(select(func.count()).select_from(Visit).where(Visit.left_at.is_(None))) == 0
