"""A custodian of one company brings nothing in for another, however their ledger is written: the row waits, with a
sentence, and the other company's people, machines and certificates stay as they are."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import BadAnswer, NotAllowed
from registry.access.accounts import actor_for
from registry.access.grants import RoleGrant, revoke
from registry.certificates.models import Certificate
from registry.custody.loans import Loan
from registry.custody.originals import Original
from registry.intake.batch.models import Batch, Flaw
from registry.intake.entry import committing
from registry.intake.preview import mapping_acts, receiving, staging
from registry.intake.settlement import settling
from registry.people.machines import Machine
from registry.people.persons import Person
from registry.people.units import Unit, create_unit
from tests.registry.intake.desk import HEADINGS, Desk, rows_of, sheet, worker
from tests.registry.organisation import id_number

OTHER = "华城市政公司"


def narrow(desk: Desk, code: str = "C1") -> Desk:
    """From now on somebody who keeps the certificates of one unit only."""
    with unit(desk.engine) as session:
        org = desk.org(session)
        org.serial = 5500 + (session.scalar(select(func.count(Person.id))) or 0)
        at = session.scalars(select(Unit).where(Unit.code == code)).one()
        desk.by = org.actor("custodian", at=at, name="钱保管")
    return desk


def at(desk: Desk, code: str) -> Desk:
    """Who keeps the certificates of one unit, bringing in its ledgers."""
    narrow(desk, code)
    with reading(desk.engine) as session:
        desk.company = session.scalars(select(Unit.id).where(Unit.code == code)).one()
    return desk


def elsewhere(desk: Desk) -> int:
    """Somebody in another company, with a certificate that ends in May 2027: worker(9)."""
    desk.bring([worker(9, "王远方", 单位=OTHER)])
    with reading(desk.engine) as session:
        return session.scalars(select(Certificate.id)).one()


def told(desk: Desk, number: int) -> str:
    with reading(desk.engine) as session:
        found = session.scalars(select(Flaw).where(Flaw.batch_id == number, Flaw.weight == "stop")).all()
        return " ".join(f"{flaw.kind} {flaw.text} {flaw.params}" for flaw in found)


def counts(desk: Desk) -> list[int]:
    with reading(desk.engine) as session:
        return [session.scalar(select(func.count()).select_from(each)) or 0
                for each in (Certificate, Person, Machine, Unit, Original, Loan)]


def test_a_person_of_another_company_gets_no_certificate_and_is_not_named(desk: Desk) -> None:
    elsewhere(desk)
    narrow(desk)
    before = counts(desk)
    number = desk.bring([worker(1, "张一", 身份证号=id_number(9)), worker(2, "王远方", 身份证号=id_number(9))])
    assert desk.outcomes(number)[0] == "stopped" and counts(desk) == before
    assert "out_of_reach" in told(desk, number) and "王远方" not in told(desk, number).split("id_of_two")[0]


def test_a_certificate_of_another_company_is_not_changed_by_its_number_or_by_our_code(desk: Desk) -> None:
    made = elsewhere(desk)
    narrow(desk)
    with reading(desk.engine) as session:
        code = session.get_one(Certificate, made).code
    number = desk.bring([worker(9, "王远方", 身份证号="", 有效期至="2031-05-31")])
    coded = desk.bring([worker(9, "王远方", 有效期至="2031-05-31") | {"台账号": code}], (*HEADINGS, "台账号"))
    assert desk.outcomes(number) == ["stopped"] and desk.outcomes(coded) == ["stopped"]
    assert code not in told(desk, number) and "王远方" not in told(desk, number)
    with reading(desk.engine) as session:
        assert session.get_one(Certificate, made).valid_until == dt.date(2027, 5, 31)


@pytest.mark.parametrize("row", [
    worker(1, 单位=OTHER), worker(1, 身份证号="", 单位=OTHER),
    {"设备名称": "塔式起重机", "出厂编号": "TC900", "证书编号": "Q1", "单位": OTHER},
], ids=["person", "person without a number", "machine"])
def test_nobody_new_is_entered_into_another_company(desk: Desk, row: dict[str, Any]) -> None:
    narrow(desk)
    before = counts(desk)
    headings = HEADINGS if "姓名" in row else ("设备名称", "出厂编号", "证书编号", "单位", "有效期至")
    number = desk.bring([row, row | {"有效期至": "2028-01-01"}], headings)
    assert set(desk.outcomes(number)) == {"stopped"} and counts(desk) == before
    with reading(desk.engine) as session:  # nor does the other company's steward see the row
        assert set(session.scalars(select(Flaw.unit_path))) == {"/1/2/"}


def test_who_keeps_a_project_brings_its_people_in_there_though_the_ledger_names_the_company(desk: Desk) -> None:
    narrow(desk, "C1-P1")
    with reading(desk.engine) as session:
        desk.company = session.scalars(select(Unit.id).where(Unit.code == "C1-P1")).one()
    number = desk.bring([worker(1)])
    assert desk.outcomes(number) == ["new"]
    with reading(desk.engine) as session:
        assert session.scalars(select(Certificate.unit_id)).all() == [desk.company]


def test_a_mapping_that_names_a_unit_out_of_reach_is_refused(desk: Desk) -> None:
    narrow(desk)
    number = desk.receive(sheet([worker(1)]))
    desk.work()
    with unit(desk.engine) as session:
        stranger = create_unit(session, kind="group", name="别的集团", code="X", by=SYSTEM)
        org, batch = desk.org(session), session.get_one(Batch, number)
        for unit_id in (org.other.id, org.far.id, org.group.id, stranger.id, 999_999):
            for name in ("unit", "holder_unit"):
                mappings = mapping_acts.mappings_of(batch)
                setattr(mappings[0], name, unit_id)
                with pytest.raises(BadAnswer):
                    mapping_acts.confirm(session, batch, mappings, by=desk.by)
        assert batch.state == "mapping"


def test_the_rights_of_who_commits_count_not_those_of_who_previewed(desk: Desk) -> None:
    number = desk.preview([worker(1, 单位=OTHER), worker(2)])
    assert desk.outcomes(number) == ["new", "new"]
    narrow(desk)
    with unit(desk.engine) as session:
        committing.ask(session, session.get_one(Batch, number), by=desk.by)
    desk.work()
    assert desk.state(number) == "committed" and desk.outcomes(number) == ["stopped", "new"]
    assert desk.flaws(number) == ["out_of_reach"]
    with unit(desk.engine) as session:  # and settling it does not let it in
        with pytest.raises(settling.StillStopped):
            settling.dismiss(session, session.scalars(select(Flaw).where(
                Flaw.batch_id == number, Flaw.state == "open")).one(), by=desk.by)
    assert desk.flaws(number) == ["out_of_reach"] and counts(desk)[0] == 1


def test_a_loan_touches_no_paper_and_nobody_of_another_company(desk: Desk) -> None:
    elsewhere(desk)
    narrow(desk)
    before = counts(desk)
    headings = ("证件名称", "证书编号", "借用人", "借出时间")
    row = dict(zip(headings, ("建筑施工特种作业操作资格证", "苏A012025000009", "王远方", "2026-10-01"), strict=True))
    number = desk.bring([row], headings)
    assert desk.outcomes(number) == ["stopped"] and counts(desk) == before


def test_of_another_companys_ledger_one_learns_that_it_is_there_and_nothing_else(desk: Desk) -> None:
    content = sheet([worker(1)])
    first = desk.receive(content, "秘密.csv")
    with pytest.raises(receiving.SameFile) as refused:
        desk.receive(content)
    assert refused.value.batch_id == first
    at(desk, "C2")
    with pytest.raises(receiving.SameFileElsewhere) as unseen:
        desk.receive(content)
    assert unseen.value.params == {} and not hasattr(unseen.value, "batch_id")


def mapped(desk: Desk, headings: tuple[str, ...]) -> mapping_acts.Mapping:
    number = desk.receive(sheet([worker(desk.files + 10)], headings))
    desk.work()
    with reading(desk.engine) as session:
        return mapping_acts.mappings_of(session.get_one(Batch, number))[0]


def test_what_one_company_has_taught_us_is_proposed_to_no_other(desk: Desk) -> None:
    headings, further = (*HEADINGS, "栏位甲"), ("序号", *HEADINGS, "栏位甲")
    number = at(desk, "C1").receive(sheet([worker(1)], headings))
    desk.work()
    with unit(desk.engine) as session:
        batch = session.get_one(Batch, number)
        [mapping] = mapping_acts.mappings_of(batch)
        mapping.columns[-1] = staging.Mapped(field="place")
        mapping_acts.confirm(session, batch, [mapping], by=desk.by)
    assert [mapped(desk, each).columns[-1].field for each in (headings, further)] == ["place", "place"]
    at(desk, "C2")
    assert "place" not in [mapped(desk, each).columns[-1].field for each in (headings, further)]


def test_a_name_that_was_taught_for_a_unit_out_of_reach_is_no_name(desk: Desk) -> None:
    with unit(desk.engine) as session:
        org = desk.org(session)
        mapping_acts.remember(session, org.company, "unit", "老滨江队", str(org.project.id), by=desk.by)
        holder = mapping_acts.Mapping(columns=[staging.Mapped(field="name")] * len(HEADINGS),
                                      unit=org.project.id, holder_unit=org.project.id)
        mapping_acts.remember(session, org.company, "table", "|".join(HEADINGS), msgspec.json.encode(holder).decode(),
                              by=desk.by)
    assert (mapped(at(desk, "C1"), HEADINGS).unit, mapped(desk, HEADINGS).holder_unit) != (None, None)
    assert "unknown_unit" not in desk.flaws(desk.preview([worker(1, 单位="老滨江队")], HEADINGS[::-1]))
    there = mapped(at(desk, "C1-AQ"), HEADINGS)
    assert (there.unit, there.holder_unit, there.columns[0].field) == (None, None, "name")
    assert "unknown_unit" in desk.flaws(desk.preview([worker(2, 单位="老滨江队")], HEADINGS[::-1]))


def test_rights_that_were_lost_settle_and_commit_nothing(desk: Desk) -> None:
    number = desk.preview([worker(1, 有效期至=""), worker(2)])
    kind = desk.flaws(number)[0]
    with unit(desk.engine) as session:
        batch = session.get_one(Batch, number)
        batch.errands = [{"do": "dismiss", "kind": kind, "case": None, "by": [desk.by.id, desk.by.name]}]
        for grant in session.scalars(select(RoleGrant).where(RoleGrant.person_id == desk.by.id)):
            revoke(session, grant, by=SYSTEM)
        desk.by = actor_for(session, session.get_one(Person, desk.by.id))
    desk.work()
    assert kind in desk.flaws(number)
    with unit(desk.engine) as session:
        batch, row = session.get_one(Batch, number), rows_of(session, number)[0]
        for act in (lambda: committing.ask(session, batch, by=desk.by), lambda: settling.leave_out(
                session, row, by=desk.by), lambda: settling.correct(session, row, 6, "2027-01-01", by=desk.by)):
            with pytest.raises(NotAllowed):
                act()
        batch.state, batch.committed_by = "committing", desk.by.id  # asked for while one still might
    desk.work()
    assert desk.state(number) == "ready" and counts(desk)[0] == 0


def test_a_company_settles_its_own_rows_of_the_groups_ledger_and_no_others(desk: Desk) -> None:
    desk.company = desk.group
    number = desk.bring([worker(1, 有效期至=""), worker(2, 有效期至="", 单位=OTHER)])
    narrow(desk)
    with unit(desk.engine) as session:
        own, others = session.scalars(select(Flaw).where(
            Flaw.batch_id == number, Flaw.kind == "blank_end").order_by(Flaw.id))
        settling.dismiss(session, own, by=desk.by)
        for act in (lambda: settling.dismiss(session, others, by=desk.by),
                    lambda: settling.correct(session, others.row, 6, "2030-01-01", by=desk.by),
                    lambda: settling.leave_out(session, own.row, by=desk.by)):
            with pytest.raises(NotAllowed):
                act()
        assert (own.state, others.state) == ("dismissed", "open")


@pytest.mark.parametrize("at_once", [50, 0], ids=["at once", "by the worker"])
def test_of_a_case_of_the_groups_ledger_a_company_settles_what_is_its_own(
    desk: Desk, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "AT_ONCE", at_once)
    desk.company = desk.group
    number = desk.bring([worker(1, 状态="在用吧"), worker(2, 状态="在用吧", 单位=OTHER)], (*HEADINGS, "状态"))
    narrow(desk)
    with unit(desk.engine) as session:
        batch, case = session.get_one(Batch, number), session.scalars(
            select(Flaw.case).where(Flaw.kind == "wrong_value").distinct()).one()
        assert settling.dismiss_case(session, batch, "wrong_value", case, by=desk.by) == 1
    desk.work()
    with reading(desk.engine) as session:
        assert session.get_one(Batch, number).errands == []
        assert dict(session.execute(select(Flaw.unit_path, Flaw.state).where(Flaw.kind == "wrong_value")).all()) == {
            "/1/2/": "dismissed", "/1/3/": "open"}
