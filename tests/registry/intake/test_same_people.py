"""Rows that name the same person differently: without an ID number, at no company, with a character lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from ledger.db import reading
from registry.intake.batch.models import Batch
from registry.intake.batch.progress import Teller
from registry.intake.judging import Against
from registry.intake.mapping import Mapped, Mapping
from registry.intake.preview import staging
from registry.intake.records import Column, Layout, Record, Table
from registry.people.persons import Person
from tests.registry.intake.desk import HEADINGS, Desk, numbered, worker
from tests.registry.intake.sheets import known

OTHER = "华城市政公司"
PHONED = (*HEADINGS, "手机号")


def people(desk: Desk, name: str) -> int:
    with reading(desk.engine) as session:
        return session.scalar(select(func.count()).select_from(Person).where(Person.name == name)) or 0


def nameless(serial: int, name: str, **other: Any) -> dict[str, Any]:
    return worker(serial, name, **({"身份证号": ""} | other))


def test_a_person_of_another_file_without_a_number_is_known_by_name_and_phone_at_another_company(desk: Desk) -> None:
    desk.bring([worker(1, "谢建国", 手机号="13800000001")], PHONED)
    number = desk.bring([nameless(2, "谢建国", 手机号="13800000001", 单位=OTHER)], PHONED)
    assert desk.outcomes(number) == ["new"]
    assert people(desk, "谢建国") == 1


def test_rows_without_a_number_are_one_person_by_name_and_phone_within_a_file(desk: Desk) -> None:
    number = desk.bring([nameless(1, "谢建国", 手机号="13800000001"),
                         nameless(2, "谢建国", 手机号="13800000001", 单位=OTHER)], PHONED)
    assert desk.outcomes(number) == ["new", "new"]
    assert people(desk, "谢建国") == 1


def test_of_two_of_one_name_the_phone_tells_which_and_without_it_a_person_is_asked(desk: Desk) -> None:
    desk.bring([worker(1, "谢建国", 手机号="13800000001"), worker(2, "谢建国", 手机号="13800000002")], PHONED)
    number = desk.preview([nameless(3, "谢建国", 手机号="13800000002"), nameless(4, "谢建国")], PHONED)
    assert desk.outcomes(number) == ["new", "stopped"] and "ambiguous" in desk.flaws(number)


def test_a_name_that_lost_a_character_in_the_register_is_completed_by_a_ledger_that_has_it(desk: Desk) -> None:
    desk.bring([worker(1, "谢建？")])
    number = desk.preview([worker(1, "谢建喆", 证书编号="苏A022025000009", 操作类别="建筑架子工")])
    assert desk.outcomes(number) == ["new"] and "rare_character" in desk.flaws(number)
    desk.ask(number)
    desk.work()
    with reading(desk.engine) as session:
        assert {numbered(session, text).holder_name for text in ("苏A012025000001", "苏A022025000009")} == {"谢建喆"}
    assert people(desk, "谢建喆") == 1 and people(desk, "谢建？") == 0


def test_a_file_that_lost_the_character_speaks_of_the_person_in_the_register(desk: Desk) -> None:
    desk.bring([worker(1, "谢建喆")])
    number = desk.bring([worker(1, "谢建？", 证书编号="苏A022025000009", 操作类别="建筑架子工")])
    assert desk.outcomes(number) == ["new"]
    assert people(desk, "谢建喆") == 1 and people(desk, "谢建？") == 0


def test_a_batch_tells_beforehand_what_it_will_make(desk: Desk) -> None:
    desk.bring([worker(1)])
    over = {"发证日期": "2023-06-01", "有效期至": "2025-05-31"}
    number = desk.preview([worker(1), worker(2, **over), worker(2, 证书编号="苏A022025000010", 操作类别="建筑架子工")])
    with reading(desk.engine) as session:
        assert session.get_one(Batch, number).counts["coming"] == {
            "people": 1, "units": 0, "machines": 0, "certificates": 2, "versions": 2, "lent": 0, "lapsed": 1}


def test_records_side_by_side_that_begin_in_one_row_keep_each_its_own(tmp_path: Path) -> None:
    fields = ("name", "type", "number")
    table = Table(0, 0, "证书", "vertical", [Column(place, field) for place, field in enumerate(fields)], [
        Record(0, ["谢建国", "建筑施工特种作业操作资格证", "苏A012025000001"], {0: (0, 1)}, left=True),
        Record(0, ["张一甲", "建筑施工特种作业操作资格证", "苏A012025000002"], {0: (0, 4)}, section="右"),
    ])
    mapping = Mapping(columns=[Mapped(field=field) for field in fields])
    rows, records = staging._judged(Layout([table], []), [mapping], Against(known()), Teller(tmp_path, 1))
    assert [(row.raw[0], record.left, record.section) for row, record in zip(rows, records, strict=True)] == [
        ("谢建国", True, ""), ("张一甲", False, "右")]


def numbered_people(desk: Desk, name: str) -> list[bool]:
    """For each of that name whether the register has an ID number."""
    with reading(desk.engine) as session:
        return [person.id_index is not None for person in session.scalars(select(Person).where(Person.name == name))]


def bring_above(desk: Desk, row: dict[str, Any]) -> None:
    """Into the group itself: the row names no company."""
    company, desk.company = desk.company, desk.group
    desk.bring([row | {"单位": ""}], PHONED)
    desk.company = company


def test_who_came_in_without_a_number_is_known_by_the_phone_of_any_row_that_has_it(desk: Desk) -> None:
    bring_above(desk, nameless(1, "谢建国", 手机号="13800000001"))
    desk.bring([worker(2, "谢建国", 单位=OTHER), worker(2, "谢建国", 手机号="13800000001", 单位=OTHER,
                                                  证书编号="苏A022025000009", 操作类别="建筑架子工")], PHONED)
    assert numbered_people(desk, "谢建国") == [True]


def test_who_came_in_above_the_companies_is_the_only_one_of_the_name_below(desk: Desk) -> None:
    bring_above(desk, nameless(1, "谢建国"))
    desk.bring([worker(2, "谢建国")])
    assert numbered_people(desk, "谢建国") == [True]


def test_of_two_below_of_one_name_neither_is_taken_for_the_one_above(desk: Desk) -> None:
    bring_above(desk, nameless(1, "谢建国"))
    desk.bring([worker(2, "谢建国"), worker(3, "谢建国", 单位=OTHER)])
    assert sorted(numbered_people(desk, "谢建国")) == [False, True, True]


def test_another_phone_is_another_person(desk: Desk) -> None:
    bring_above(desk, nameless(1, "谢建国", 手机号="13800000001"))
    desk.bring([worker(2, "谢建国", 手机号="13800000002")], PHONED)
    assert sorted(numbered_people(desk, "谢建国")) == [False, True]
