"""A batch on its way: received, recognised, mapped, judged, cancelled, resumed; how far it is."""

from __future__ import annotations

import io
import unicodedata

import pytest
from sqlalchemy import select

from ledger import failpoints
from ledger.actor import Actor, Grant
from ledger.db import reading, unit
from ledger.errors import NotAllowed, Refused
from ledger.facts import Fact
from registry.certificates.models import Version
from registry.intake.batch import progress
from registry.intake.batch.known_units import gather
from registry.intake.batch.models import Batch, Flaw, Learning, Row
from registry.intake.preview import mapping_acts, receiving, staging
from registry.intake.withdrawal import undoing
from registry.people.identities import rename_unit
from registry.people.units import Unit
from tests.registry.intake.desk import HEADINGS, Desk, sheet, worker
from tests.registry.organisation import id_number


def batch(session: object, number: int) -> Batch:
    found: Batch = session.get_one(Batch, number)  # type: ignore[attr-defined]
    return found


def test_a_file_is_read_and_its_tables_are_told_without_personal_numbers(desk: Desk) -> None:
    number = desk.receive(sheet([worker(1), worker(2)]))
    desk.work()
    with reading(desk.engine) as session:
        one = batch(session, number)
        [table] = one.told["tables"]
        assert (one.state, table["rows"], one.told["rows"]) == ("mapping", 2, 3)
        assert [column["heading"] for column in table["columns"]] == list(HEADINGS)
        assert worker(1)["身份证号"] not in str(one.told) and "********" in str(table["columns"][1]["examples"])
        assert table["words"][0][:3] == ["建筑施工特种作业操作资格证", 2, "P02"]


def test_the_same_file_twice_is_recognised_until_the_first_is_over(desk: Desk) -> None:
    content = sheet([worker(1)])
    number = desk.receive(content)
    with pytest.raises(receiving.SameFile) as refused:
        desk.receive(content)
    assert refused.value.batch_id == number
    desk.work()
    with unit(desk.engine) as session:
        progress.cancel(desk.folder, batch(session, number), desk.by)
    assert desk.receive(content) != number


def test_a_picture_an_empty_file_and_a_stranger_s_unit_are_refused(desk: Desk) -> None:
    with pytest.raises(receiving.NotASheet):
        desk.receive(b"\x89PNG\r\n\x1a\n", "台账.png")
    with pytest.raises(Refused):
        desk.receive(b"", "台账.csv")
    desk.by = Actor(None, "别处", desk.group, (Grant("custodian", 999, "/999/"),))
    with pytest.raises(NotAllowed):
        desk.receive(sheet([worker(1)]))


def test_what_cannot_be_read_says_why(desk: Desk) -> None:
    number = desk.receive(b"PK\x03\x04 this is no workbook", "台账.xlsx")
    desk.work()
    with reading(desk.engine) as session:
        one = batch(session, number)
        assert one.state == "refused" and one.problem is not None and one.problem["text"]


def test_a_column_that_was_put_right_is_known_the_next_time(desk: Desk) -> None:
    headings = [*HEADINGS, "栏位甲"]
    rows = [worker(serial) | {"栏位甲": f"柜{serial}"} for serial in (1, 2)]
    number = desk.receive(sheet(rows, headings))
    desk.work()
    with unit(desk.engine) as session:
        one = batch(session, number)
        mappings = mapping_acts.mappings_of(one)
        mappings[0].columns[-1] = staging.Mapped(field="place")
        mapping_acts.confirm(session, one, mappings, by=desk.by)
    with reading(desk.engine) as session:
        kinds = set(session.scalars(select(Learning.kind)))
        assert kinds == {"column", "table"}
    again = desk.receive(sheet(rows[:1], headings))
    desk.work()
    with reading(desk.engine) as session:
        assert mapping_acts.mappings_of(batch(session, again))[0].field(9) == "place"


def test_a_corrected_file_takes_the_place_of_the_first_with_what_was_said_of_it(desk: Desk) -> None:
    number = desk.preview([worker(1, 证书编号=""), worker(2)])
    with unit(desk.engine) as session:
        content = sheet([worker(1) | {staging.RETURNED: "缺编号"}, worker(2)], [*HEADINGS, staging.RETURNED])
        receiving.again(session, desk.folder, batch(session, number), io.BytesIO(content), "改好.csv", by=desk.by)
    desk.work()
    assert desk.state(number) == "ready" and desk.outcomes(number) == ["new", "new"]


def test_a_batch_cancelled_while_rows_are_stored_goes_on_from_there(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "SLICE", 2)
    number = desk.receive(sheet(worker(serial) for serial in range(1, 8)))
    desk.work()
    desk.confirm(number)

    def stop(name: str) -> None:
        if name == "intake.slice.after_commit":
            with reading(desk.engine) as session:
                progress.cancel(desk.folder, batch(session, number), desk.by)

    with failpoints.watched(stop):
        monkeypatch.setattr(progress, "EVERY", 0.0)
        desk.work()
    assert desk.state(number) == "cancelled" and len(desk.outcomes(number)) == 2
    with unit(desk.engine) as session:
        mapping_acts.resume(session, batch(session, number), by=desk.by)
    desk.work()
    assert desk.state(number) == "ready" and desk.outcomes(number) == ["new"] * 7


def test_what_waits_for_its_worker_is_not_shown_as_done(desk: Desk) -> None:
    number = desk.preview([worker(1)])
    desk.ask(number)
    with reading(desk.engine) as session:
        told = progress.of(desk.folder, batch(session, number))
    assert (told.label, told.done, told.total) == ("等待处理", 0, 0)


def test_progress_tells_phase_rows_and_the_time_that_is_left(desk: Desk) -> None:
    number = desk.receive(sheet([worker(1)]))
    teller = progress.Teller(desk.folder, number)
    teller.phase("storing", 100)
    teller.begun -= 10
    teller.told = 0
    teller.step(50)
    with reading(desk.engine) as session:
        told = progress.of(desk.folder, batch(session, number))
    assert (told.phase, told.done, told.total, told.label) == ("storing", 50, 100, "保存预览")
    assert told.seconds_left is not None and 9 <= told.seconds_left <= 12


def test_a_phase_that_never_ends_is_given_up_after_three_tries(desk: Desk) -> None:
    number = desk.receive(sheet([worker(1)]))
    for _ in range(3):
        progress.Teller(desk.folder, number).begun_before("received")
    desk.work()
    assert desk.state(number) == "refused"


def test_a_unit_s_former_names_are_known_to_who_judges(desk: Desk) -> None:
    with unit(desk.engine) as session:
        company = session.get_one(Unit, desk.company)
        rename_unit(session, company, "华城第一建设有限公司", by=desk.by)
        known = gather(session, company, desk.by)
        assert known.units[company.id].former == ("华城第一建筑公司",)
        assert known.units[company.id].company_id == company.id
    number = desk.preview([worker(1)])
    assert "old_company" in desk.flaws(number, "accepted")
    with reading(desk.engine) as session:
        assert session.scalars(select(Row.outcome).where(Row.batch_id == number)).all() == ["new"]


def test_a_wish_to_stop_that_came_too_late_stops_nothing_that_is_asked_for_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = desk.preview([worker(1)])
    desk.ask(number)

    def late(name: str) -> None:
        if name == "intake.commit.before_commit":
            with reading(desk.engine) as session:
                progress.cancel(desk.folder, batch(session, number), desk.by)

    with failpoints.watched(late):
        desk.work()
    assert desk.state(number) == "committed"
    monkeypatch.setattr(undoing, "AT_ONCE", 0)
    desk.undo(number)
    desk.work()
    assert desk.state(number) == "undone" and not progress.asked_to_stop(desk.folder, number)


def test_personal_numbers_in_the_wrong_columns_lie_nowhere_in_clear(desk: Desk) -> None:
    wide = "".join(chr(ord(each) + 0xFEE0) for each in id_number(3))
    blank = f"{id_number(4)[:6]} {id_number(4)[6:14]} {id_number(4)[14:]}"
    rows = [worker(1, 证件名称=id_number(2), 备用栏=wide), worker(2, 操作类别=id_number(5), 备用栏=blank),
            worker(3, 单位=id_number(6), 备注=f"身份证：{id_number(8)}"), worker(4, 备用栏=f"联系 {id_number(7)}")]
    number = desk.bring(rows, [*HEADINGS, "备用栏", "备注"])
    with reading(desk.engine) as session:
        plain = [str(each) for kind in (Row, Flaw, Batch, Version, Fact, Learning) for each in session.execute(
            select(*(column for column in kind.__table__.columns if column.name not in ("content", "fields_sealed"))))]
    told = unicodedata.normalize("NFKC", " ".join(plain)).replace(" ", "")
    assert [serial for serial in range(1, 9) if id_number(serial) in told] == []
    assert desk.state(number) == "committed"
