"""Findings are settled before the commit in the batch, and after it in the register, in one transaction."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select

from ledger.db import reading, unit
from registry.certificates.models import Certificate
from registry.intake.batch import provenance
from registry.intake.batch.models import Batch, Flaw, Row
from registry.intake.preview import mapping_acts
from registry.intake.settlement import settling
from registry.people.units import Unit
from tests.registry.intake.desk import COMPANY, Desk, numbered, rows_of, sheet, worker
from tests.registry.organisation import id_number

UNTIL, NUMBER, ID = 6, 4, 1


def flaw(session: object, number: int, kind: str) -> Flaw:
    found: Flaw = session.scalars(  # type: ignore[attr-defined]
        select(Flaw).where(Flaw.batch_id == number, Flaw.kind == kind, Flaw.state == "open")).first()
    return found


def test_a_corrected_cell_frees_the_row_and_the_file_s_own_words_are_kept(desk: Desk) -> None:
    number = desk.preview([worker(1, 证书编号="")])
    assert desk.outcomes(number) == ["stopped"]
    with unit(desk.engine) as session:
        settling.correct(session, rows_of(session, number)[0], NUMBER, "苏A012025000001", by=desk.by)
    assert desk.outcomes(number) == ["new"] and "no_number" in desk.flaws(number, "corrected")
    desk.ask(number)
    desk.work()
    with reading(desk.engine) as session:
        source = provenance.sources(session, numbered(session, "苏A012025000001"))["number"]
        assert (source.how, source.raw, source.written, source.by_name) == (
            "corrected", "", "苏A012025000001", "赵管理")


def test_after_the_commit_a_row_in_quarantine_enters_once_it_is_put_right(desk: Desk) -> None:
    number = desk.bring([worker(1, 证书编号=""), worker(2)])
    with unit(desk.engine) as session:
        settling.correct(session, rows_of(session, number)[0], NUMBER, "苏A012025000001", by=desk.by)
    with reading(desk.engine) as session:
        row = rows_of(session, number)[0]
        made = numbered(session, "苏A012025000001")
        assert (row.certificate_id, row.version_id, row.outcome) == (made.id, made.latest.id, "new")
        assert made.holder_person is not None and made.holder_person.id_number == id_number(1)
    desk.undo(number)
    with reading(desk.engine) as session:
        assert session.scalar(select(func.count()).where(Certificate.state != "00")) == 0


def test_after_the_commit_a_corrected_day_is_a_further_version(desk: Desk) -> None:
    number = desk.bring([worker(1)])
    with unit(desk.engine) as session:
        settling.correct(session, rows_of(session, number)[0], UNTIL, "2027-08-31", by=desk.by)
    with reading(desk.engine) as session:
        made = numbered(session, "苏A012025000001")
        assert [version.valid_until for version in made.versions] == [dt.date(2027, 5, 31), dt.date(2027, 8, 31)]
        assert made.valid_until == dt.date(2027, 8, 31)
        assert rows_of(session, number)[0].version_id == made.latest.id
    desk.undo(number)
    with reading(desk.engine) as session:
        assert session.scalars(select(Certificate.state)).all() == ["00"]


def test_the_name_of_a_unit_that_was_put_right_is_known_the_next_time(desk: Desk) -> None:
    number = desk.preview([worker(1, 单位="一公司老牌子")])
    if "unknown_unit" in desk.flaws(number):
        with unit(desk.engine) as session:
            settling.correct(session, rows_of(session, number)[0], 8, COMPANY, by=desk.by)
    number = desk.preview([worker(2, 单位="一公司老牌子")])
    assert "unknown_unit" not in desk.flaws(number) and desk.outcomes(number) == ["new"]


def test_a_person_who_came_in_without_a_number_gets_the_one_that_is_right(desk: Desk) -> None:
    wrong = id_number(1)[:17] + ("1" if id_number(1)[17] != "1" else "2")
    number = desk.bring([worker(1, 身份证号="")])
    with unit(desk.engine) as session:
        settling.correct(session, rows_of(session, number)[0], ID, id_number(1), by=desk.by)
    with reading(desk.engine) as session:
        holder = numbered(session, "苏A012025000001").holder_person
        assert holder is not None and holder.id_number == id_number(1) and wrong != id_number(1)


def test_a_row_left_out_does_not_enter_and_may_be_taken_in_again(desk: Desk) -> None:
    number = desk.preview([worker(1), worker(2)])
    with unit(desk.engine) as session:
        settling.leave_out(session, rows_of(session, number)[0], by=desk.by)
        settling.leave_out(session, rows_of(session, number)[1], by=desk.by)
    with unit(desk.engine) as session:
        settling.take_in(session, rows_of(session, number)[1], by=desk.by)
    assert desk.outcomes(number) == ["left_out", "new"]
    desk.ask(number)
    desk.work()
    with reading(desk.engine) as session:
        assert session.scalars(select(Certificate.number)).all() == ["苏A012025000002"]
        assert session.get_one(Batch, number).counts["outcomes"] == {"left_out": 1, "new": 1}


def test_a_doubt_is_dismissed_once_and_a_second_time_it_says_so(desk: Desk) -> None:
    number = desk.preview([worker(1, 有效期至="")])
    with unit(desk.engine) as session:
        kind = session.scalars(select(Flaw.kind).where(Flaw.batch_id == number, Flaw.state == "open")).first()
        assert kind
        found = flaw(session, number, kind)
        settling.dismiss(session, found, by=desk.by)
        with pytest.raises(settling.Settled):
            settling.dismiss(session, found, by=desk.by)


def test_cases_alike_are_accepted_together_and_many_by_the_worker(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "AT_ONCE", 1)
    rows = [worker(serial, 有效期至="") for serial in (1, 2, 3)]
    number = desk.preview(rows)
    kinds = set(desk.flaws(number))
    assert kinds
    for kind in sorted(kinds):
        with unit(desk.engine) as session:
            assert settling.dismiss_case(session, session.get_one(Batch, number), kind, None, by=desk.by) == 3
        desk.work()
    assert desk.flaws(number) == []
    with reading(desk.engine) as session:
        assert session.get_one(Batch, number).errands == []


def test_nothing_is_settled_while_the_worker_has_the_batch(desk: Desk) -> None:
    number = desk.preview([worker(1)])
    desk.ask(number)
    with unit(desk.engine) as session, pytest.raises(settling.NotNow):
        settling.leave_out(session, session.scalars(select(Row).where(Row.batch_id == number)).one(), by=desk.by)


def test_a_row_that_the_register_stops_stays_in_the_queue_whatever_is_said_of_it(desk: Desk) -> None:
    desk.bring([worker(1)])
    number = desk.bring([worker(2, 证书编号=worker(1)["证书编号"])])
    with unit(desk.engine) as session:
        found = flaw(session, number, "duplicate_number")
        with pytest.raises(settling.StillStopped):
            settling.dismiss(session, found, by=desk.by)
        session.rollback()
    with unit(desk.engine) as session:
        assert settling.dismiss_case(session, session.get_one(Batch, number), "duplicate_number", None, by=desk.by) == 0
    assert desk.outcomes(number) == ["stopped"] and desk.flaws(number) == ["duplicate_number"]
    with unit(desk.engine) as session:
        settling.correct(session, rows_of(session, number)[0], NUMBER, worker(2)["证书编号"], by=desk.by)
    assert desk.outcomes(number) == ["new"] and desk.flaws(number) == []


def test_rows_put_right_after_the_commit_share_the_projects_of_their_ledger(desk: Desk) -> None:
    with reading(desk.engine) as session:
        desk.company = session.scalars(select(Unit.id).where(Unit.code == "C1")).one()
    headings = ("证件名称", "项目名称", "证书编号", "发证日期", "发证机关")
    rows = [dict(zip(headings, ("施工许可证", name, permit, "2026-10-08", "某区住建局"), strict=True))
            for name, permit in (("甲项目", "320102202610010101"), ("甲项目", ""), ("乙项目", ""), ("乙项目", ""))]
    number = desk.receive(sheet(rows, headings))
    desk.work()
    with unit(desk.engine) as session:
        batch = session.get_one(Batch, number)
        [mapping] = mapping_acts.mappings_of(batch)
        mapping.new_units = True
        mapping_acts.confirm(session, batch, [mapping], by=desk.by)
    desk.work()
    desk.ask(number)
    desk.work()
    with unit(desk.engine) as session:
        for place in (1, 2, 3):
            settling.correct(session, rows_of(session, number)[place], 2, f"32010220261001020{place}", by=desk.by)
    assert desk.outcomes(number) == ["new"] * 4
    with reading(desk.engine) as session:
        made = session.scalars(select(Unit.name).where(Unit.code.startswith("DR")).order_by(Unit.id)).all()
        assert made == ["甲项目", "乙项目"]
