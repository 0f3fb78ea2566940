"""A corrected file comes back: what people have decided about rows that are as they were is not asked again."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from sqlalchemy import select

from ledger import failpoints
from ledger.db import reading, unit
from registry.intake.batch.cells import kept_of
from registry.intake.batch.models import Batch, Decision, Flaw, Row
from registry.intake.preview import mapping_acts, receiving, staging
from registry.intake.settlement import settling
from tests.registry.intake.desk import HEADINGS, Desk, rows_of, sheet, worker
from tests.registry.organisation import id_number

WRONG = id_number(1)[:17] + ("1" if id_number(1)[17] != "1" else "2")
ODD = "王麻子的队伍"


def settle(desk: Desk, number: int, kind: str, act: Callable[..., None] = settling.dismiss) -> None:
    with unit(desk.engine) as session:
        for each in session.scalars(select(Flaw).where(
                Flaw.batch_id == number, Flaw.kind == kind, Flaw.state == "open")).all():
            act(session, each, by=desk.by)


def come_back(desk: Desk, number: int, rows: Iterable[dict[str, Any]]) -> None:
    with unit(desk.engine) as session:
        receiving.again(session, desk.folder, session.get_one(Batch, number), io.BytesIO(sheet(rows)), "改.csv",
                        by=desk.by)
    desk.work()


def test_what_was_found_to_be_right_is_not_asked_again_wherever_the_row_now_stands(desk: Desk) -> None:
    number = desk.preview([worker(1, 单位=ODD), worker(2, 证书编号="")])
    settle(desk, number, "unknown_unit")
    come_back(desk, number, [worker(3), worker(2), worker(1, 单位=ODD, 发证机关="别处")])
    assert desk.flaws(number) == [] and desk.flaws(number, "dismissed") == ["unknown_unit"]
    with reading(desk.engine) as session:
        told = session.scalars(select(Flaw).where(Flaw.state == "dismissed")).one()
        assert (told.settled_by, told.row.ordinal) == (desk.by.id, 2)
        assert session.get_one(Batch, number).counts["kinds"]["unknown_unit"]["open"] == 0


def test_a_row_that_a_person_let_in_waits_no_more(desk: Desk) -> None:
    number = desk.preview([worker(1, 身份证号=WRONG), worker(2)])
    assert desk.outcomes(number)[0] == "stopped"
    settle(desk, number, "check_digit")
    free = desk.outcomes(number)
    come_back(desk, number, [worker(1, 身份证号=WRONG), worker(2), worker(3)])
    assert desk.outcomes(number) == [*free, "new"] and desk.flaws(number) == []


def test_another_value_in_the_cell_another_person_or_another_ledger_is_asked_of_anew(desk: Desk) -> None:
    number = desk.preview([worker(1, 单位=ODD)])
    settle(desk, number, "unknown_unit")
    come_back(desk, number, [worker(1, 单位="李四的队伍"), worker(2, 单位=ODD)])
    assert desk.flaws(number) == ["unknown_unit"] * 2
    assert desk.flaws(desk.preview([worker(1, 单位=ODD)])) == ["unknown_unit"]


def test_a_cell_that_was_put_right_in_the_grid_stays_so(desk: Desk) -> None:
    number = desk.preview([worker(1, 证书编号=""), worker(2, 单位=ODD)])
    with unit(desk.engine) as session:
        settling.correct(session, rows_of(session, number)[0], 4, "苏A012025000001", by=desk.by)
    come_back(desk, number, [worker(2), worker(1, 证书编号="")])
    assert desk.outcomes(number) == ["new", "new"] and desk.flaws(number) == []
    with reading(desk.engine) as session:
        row = rows_of(session, number)[1]
        [edit] = kept_of(row).edits.values()
        assert (row.edited, edit.raw, edit.by_name) == (True, "", desk.by.name)
        assert settling.read(row).number == "苏A012025000001"


def test_a_row_that_was_not_to_come_in_stays_out(desk: Desk) -> None:
    number = desk.preview([worker(1), worker(2, 证书编号="")])
    with unit(desk.engine) as session:
        for row in rows_of(session, number):
            settling.leave_out(session, row, by=desk.by)
    come_back(desk, number, [worker(3), worker(2, 证书编号=""), worker(1, 有效期至="2028-05-31")])
    assert desk.outcomes(number) == ["new", "left_out", "new"] and desk.flaws(number) == []


def test_decisions_outlive_a_worker_that_is_killed_between_two_slices(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [worker(serial, 单位=ODD) for serial in range(1, 5)]
    number = desk.preview(rows)
    settle(desk, number, "unknown_unit")
    monkeypatch.setattr(staging, "SLICE", 1)

    def die(name: str) -> None:
        if name == "intake.slice.after_commit":
            raise KeyboardInterrupt

    with failpoints.watched(die), pytest.raises(KeyboardInterrupt):
        come_back(desk, number, [*rows, worker(5)])
    assert len(desk.outcomes(number)) == 1
    desk.work()
    assert desk.flaws(number, "dismissed") == ["unknown_unit"] * 4 and desk.flaws(number) == []


def test_of_two_rows_of_one_certificate_the_one_that_was_settled_is(desk: Desk) -> None:
    one, other = worker(1, 单位=ODD), worker(1, 单位=ODD, 有效期至="2029-05-31", 发证日期="2027-06-01")
    number = desk.preview([one, other])
    with unit(desk.engine) as session:
        settling.dismiss(session, session.scalars(
            select(Flaw).where(Flaw.kind == "unknown_unit").order_by(Flaw.id)).all()[0], by=desk.by)
    come_back(desk, number, [other, one, worker(2)])
    with reading(desk.engine) as session:
        asked = session.execute(select(Flaw.state, Row.ordinal).join(Row, Row.id == Flaw.row_id).where(
            Flaw.kind == "unknown_unit").order_by(Row.ordinal)).all()
    assert [tuple(each) for each in asked] == [("open", 0), ("dismissed", 1)]


def test_what_the_columns_mean_may_be_said_again_without_losing_what_was_decided(desk: Desk) -> None:
    number = desk.preview([worker(1, 单位=ODD), worker(2)])
    settle(desk, number, "unknown_unit")
    desk.confirm(number)
    desk.work()
    assert desk.flaws(number, "dismissed") == ["unknown_unit"] and desk.flaws(number) == []


def test_decisions_tell_nothing_of_people_and_end_with_the_commit(desk: Desk) -> None:
    number = desk.preview([worker(1, 身份证号=WRONG)])
    settle(desk, number, "check_digit")
    come_back(desk, number, [worker(1, 身份证号=WRONG), worker(2)])
    with reading(desk.engine) as session:
        kept = session.scalars(select(Decision)).all()
        assert kept and not any(WRONG.encode() in each.content or WRONG in each.mark for each in kept)
    desk.ask(number)
    desk.work()
    with reading(desk.engine) as session:
        assert session.scalars(select(Decision)).all() == []


def test_the_file_that_we_gave_out_ourselves_carries_the_corrections_and_keeps_the_rest(desk: Desk) -> None:
    number = desk.preview([worker(1, 证书编号="", 单位=ODD)])
    settle(desk, number, "unknown_unit")
    with unit(desk.engine) as session:
        settling.correct(session, rows_of(session, number)[0], 4, "苏A012025000001", by=desk.by)
    content = sheet([worker(1, 单位=ODD) | {staging.RETURNED: "缺编号"}], [*HEADINGS, staging.RETURNED])
    with unit(desk.engine) as session:
        batch = session.get_one(Batch, number)
        receiving.again(session, desk.folder, batch, io.BytesIO(content), "改.csv", by=desk.by)
        assert mapping_acts.mappings_of(batch)
    desk.work()
    assert desk.outcomes(number) == ["new"] and desk.flaws(number) == []
