"""What a cockpit looks for beside the state: variables as rows, where an instance belongs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from engine import watched
from engine.model import Instance
from engine.watched import InstanceVariable, named, standing_at, with_variable
from ledger.db import reading
from tests.engine.conftest import World
from tests.engine.drawings import drawing, end, flows, script, start, task

LINE = drawing(start(), task("A", gives={"verdict": "=verdict"}), script("X", "fee", "=null"), task("B"), end(),
               flows("S A X B E"))


def rows(world: World, it: int) -> dict[str, str]:
    with reading(world.engine) as session:
        return dict(session.execute(select(InstanceVariable.name, InstanceVariable.value).where(
            InstanceVariable.instance_id == it)).all())


def found(world: World, condition: Any) -> list[int]:
    with reading(world.engine) as session:
        return list(session.scalars(select(Instance.id).where(condition).order_by(Instance.id)))


def test_scalars_are_written_as_a_search_writes_them(world: World) -> None:
    it = world.run(LINE, Type="J03", fee=Decimal("12.30"), day=date(2027, 3, 15), ok=True, people=[1], nothing=None)
    assert rows(world, it) == {"Type": "j03", "fee": "12.3", "day": "2027-03-15", "ok": "true"}


def test_what_an_act_changes_is_changed_and_what_it_takes_away_is_gone(world: World) -> None:
    it = world.run(LINE, fee=7, kept="x")
    world.do(it, "A", verdict="approve")
    assert rows(world, it) == {"kept": "x", "verdict": "approve"}


def test_numbers_of_people_and_long_texts_are_never_looked_for(world: World) -> None:
    it = world.run(LINE, id="11010519491231002X", phone="电话 13812345678", text="长" * 81, code="1234")
    assert rows(world, it) == {"code": "1234"}


def test_instances_are_found_by_variable_element_and_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = world.run(LINE, fee=12), world.start(fee=Decimal("12.50"), Type="J03")
    world.do(one, "A", verdict="ok")
    assert found(world, with_variable("fee", "12.5")) == [two]
    assert found(world, with_variable("Type", "j03")) == [two]
    assert found(world, with_variable("fee", "13")) == []
    with reading(world.engine) as session:
        assert found(world, standing_at(session, "B")) == [one]
        monkeypatch.setattr(watched, "FEW", 0)
        assert found(world, standing_at(session, "B")) == [one]
    assert found(world, named("测试")) == [one, two]


def test_an_instance_belongs_where_its_places_are(world: World) -> None:
    it = world.run(LINE)
    assert world.row(it).unit_path == "/1/3/"
