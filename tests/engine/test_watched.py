"""What a cockpit looks for beside the state: variables as rows, where an instance belongs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text

from engine import watched
from engine.model import Instance
from engine.packing import freeze, pack
from engine.watched import InstanceVariable, named, standing_at, with_variable
from ledger import clock
from ledger.db import open_database, reading
from migrations.run import FOLDER, to, upgrade
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
    it = world.run(LINE, id="11010519491231002X", phone="电话 13812345678", mobile=13812345678, text="长" * 81,
                   code="1234")
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


def test_instances_of_before_are_found_after_the_upgrade(blank_url: str) -> None:
    file = next((FOLDER / "versions").glob("*_cockpit.py")).read_text("utf-8")
    to(blank_url, file.split("down_revision = '")[1][:4])
    engine = open_database(blank_url)
    known = {"fee": Decimal("12.30"), "day": date(2027, 3, 15), "phone": "13812345678", "mobile": 13812345678,
             "list": [1]}
    row = {"id": 1, "process_id": "P", "version": 1, "name": "P", "digest": "x", "deployed_by": "x", "definition_id": 1,
           "business_key": "K", "title": "T", "group_id": 1, "places": "[3, 1]", "state": "active",
           "deployed_at": clock.now(), "started_at": clock.now(),
           "blob": bytes([3]) + pack([1, [[-1, "P", freeze(known), []]]])}
    for table, names in (("definition", ("id", "process_id", "version", "name", "digest", "deployed_at",
                                         "deployed_by")),
                         ("instance", ("id", "process_id", "definition_id", "business_key", "title", "group_id",
                                       "places", "state", "started_at", "version", "blob"))):
        said = ", ".join(f":{name}" for name in names)
        with engine.begin() as rows_:
            rows_.execute(text(f"insert into {table} ({', '.join(names)}) values ({said})"),
                          {name: row[name] for name in names})
    upgrade(blank_url)
    with reading(engine) as session:
        assert session.scalar(select(Instance.unit_path)) == "/1/3/"
        found_now = session.execute(select(InstanceVariable.name, InstanceVariable.value)).all()
    engine.dispose()
    assert dict(found_now) == {"fee": "12.3", "day": "2027-03-15"}
