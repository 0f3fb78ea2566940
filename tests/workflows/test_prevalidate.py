"""A2: what stands against an application, by the rules; what blocks, what is only shown, and the way out."""

import datetime as dt

import pytest
from sqlalchemy import select

from ledger.actor import SYSTEM
from ledger.db import unit
from ledger.errors import BadAnswer
from registry.certificates import lifecycle
from registry.certificates.models import Certificate
from registry.people.persons import person_of
from registry.people.tenure import employ
from registry.people.works import contracted
from registry.rules.editions import publish
from registry.rules.tables import files
from tests.workflows.walk import Walk
from workflows.application.rules import faults
from workflows.over_age.steps import over_age

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DAY = dt.date(2026, 1, 5)


@pytest.fixture
def against(engine, company, clock, tmp_path):
    """against("P04", prepare): what stands against an application of this type, severity by sentence."""

    def found(code, prepare=None):
        case = Walk(engine, company, tmp_path, clock, code, prepare=prepare)
        with unit(engine) as session:
            request = case.request(session)
            said = {str(fault.problem): fault for fault in faults(session, request)}
            assert list(said.values()) == sorted(said.values(), key=lambda fault: fault.severity != "block")
            return said

    return found


def held(code, number, until=None, **fields):
    """A certificate of the worker's."""
    def prepare(session, _kind, person):
        lifecycle.grant(session, code, person_of(session, person), number=number, issued_on=DAY, issuer="某局",
                        valid_until=until or dt.date(2028, 12, 31), by=SYSTEM, fields=fields)
    return prepare


def born(year, gender="1", province="浙"):
    def prepare(session, _kind, person):
        worker = person_of(session, person)
        worker.birth, worker.gender, worker.unit.province = dt.date(year, 3, 1), gender, province
    return prepare


def test_certificate_b_needs_a_constructors_registration(against):
    fault = against("P04")["没有有效的一级建造师注册证书 / 二级建造师注册证书。"]
    assert fault.severity == "block" and "申领" in str(fault.cure)


def test_a_constructor_registered_elsewhere_gets_no_certificate_b_here(against):
    said = against("P04", held("P07", "苏232262600001", employer_code="91320100135800013L"))
    assert said["建造师注册在其他单位，B证须与建造师注册在同一单位。"].severity == "block"


def test_a_registration_needs_contract_and_insurance_with_us(against, company):
    def contract(session, _kind, person):
        employ(session, person_of(session, person), company.unit(session, "company"), "contract", from_on=DAY,
               by=SYSTEM)

    [fault] = [fault for fault in against("P06", contract).values() if fault.rule == "R03"]
    assert (str(fault.problem), fault.severity) == ("上月没有养老保险缴纳记录（一级建造师注册证书）。", "block")


def test_the_age_limit_weighs_what_the_rules_say_for_the_province(against):
    for code, province, severity in (
            ("P08", "浙", ["block"]), ("P04", "京", ["block"]), ("P04", "浙", ["warn"]), ("P05", "浙", [])):
        found = [fault for fault in against(code, born(1950, province=province)).values() if fault.rule == "R15"]
        assert [fault.severity for fault in found] == severity


def test_whoever_holds_it_renews_and_whose_ran_out_is_told_to_end_it(against):
    assert against("P05", held("P05", "浙建安C3（2026）0000001"))[
        "已持有有效的同类证件 浙建安C3（2026）0000001，请办理延续或变更。"].severity == "block"
    said = against("P03", held("P03", "浙建安A（2026）0000001", until=dt.date(2026, 10, 1)))
    assert said["原证件 浙建安A（2026）0000001 已于 2026-10-01 到期，仍在册。"].severity == "warn"


def lapsed(code, number):
    """A certificate of the worker's that ran out at the end of September."""
    def prepare(session, kind, person):
        held(code, number, until=dt.date(2026, 9, 30))(session, kind, person)
        lifecycle.lapse(session, session.scalars(select(Certificate).where(Certificate.type_code == code)).one())
    return prepare


def test_a_constructor_s_registration_that_ran_out_is_cancelled_before_the_next(against):
    fault = against("P07", lapsed("P07", "苏232101200345"))[
        "原证件 苏232101200345 已于 2026-09-30 到期，注销以前不能重新申请。"]
    assert (fault.severity, str(fault.cure)) == ("block", "请先办理原证件的注销，办结后再申请。")
    assert not any("到期" in text for text in against("P08", lapsed("P08", "A1")))


def test_what_ran_out_and_was_cancelled_stands_in_nobody_s_way(against):
    def ended(session, kind, person):
        lapsed("P07", "苏232101200345")(session, kind, person)
        old = session.scalars(select(Certificate)).one()
        lifecycle.cancel(session, old, kind="注销", since=dt.date(2026, 11, 20), reason="到期", by=SYSTEM)

    assert not any("到期" in text for text in against("P07", ended))


def test_in_its_last_days_a_certificate_is_renewed_before_anything_is_added(against):
    said = against("P07", held("P07", "苏232101200345", until=dt.date(2026, 12, 10)))
    fault = said["已持有有效的同类证件 苏232101200345，请办理延续或变更。"]
    assert fault.severity == "block" and "最后 30 天内不办理增项和变更" in str(fault.cure)


@pytest.mark.parametrize(("code", "birth", "said"), [
    ("P07", dt.date(1962, 2, 20), True), ("P07", dt.date(1962, 2, 21), False),
    ("P09", dt.date(1957, 2, 20), True), ("P06", dt.date(1962, 2, 20), False)])
def test_ninety_days_before_the_age_limit_nothing_is_applied_for_any_more(against, code, birth, said):
    def old(session, _kind, person):
        person_of(session, person).birth = birth

    found = [fault for text, fault in against(code, old).items() if "90 日" in text]
    assert [fault.severity for fault in found] == (["block"] if said else [])


def test_an_edition_of_a_rule_is_asked_like_the_shipped_table(engine, against):
    younger = files()["R15"].replace(b"<text>65</text>", b"<text>55</text>")
    with unit(engine) as session:
        publish(session, "R15", younger, effective_from=DAY, reason="试点", by=SYSTEM)
    said = against("P07", lambda session, kind, person: (
        born(1970)(session, kind, person), held("P06", "浙133200800001")(session, kind, person)))
    assert [fault.severity for fault in said.values() if fault.rule == "R15"] == ["block"]
    with unit(engine) as session:
        assert [one.type_code for one in over_age(session, dt.date(2026, 11, 22))] == ["P06"]


def test_a_second_certificate_a_is_for_whoever_heads_several_firms(against):
    [fault] = [one for one in against("P03", held("P03", "浙建安A（2026）0000002")).values() if one.rule == "R04"]
    assert fault.problem.params["what"].params["firms"] == 0


def test_a_construction_permit_waits_for_the_papers_of_r12(engine, company, against):
    def won(session, _kind, _number):
        contracted(session, company.unit(session, "project"), from_on=DAY, by=SYSTEM, work="房建",
                   contracting="general", scale="large", area=20000, amount=4800, contract_on=DAY)

    said = against("J03", won)
    assert said["没有有效的建设工程规划许可证。"].severity == "block"
    assert said["华建第一建筑有限公司没有有效的安全生产许可证。"].severity == "block"
    assert not any("建筑工程施工许可证" in text for text in said)


def test_works_that_are_not_recorded_stop_nobody(against):
    said = against("J03")
    assert said["没有登记工程概况，无法核对开工条件。"].severity == "warn"
    assert {fault.severity for fault in said.values()} == {"warn"}


def test_what_blocks_is_said_at_once_with_the_way_out(engine, company, clock, tmp_path):
    with pytest.raises(BadAnswer) as refusal:
        Walk(engine, company, tmp_path, clock, "Q04").submitted()
    assert str(refusal.value.problems[""][0]) == "没有有效的建筑起重机械备案证明。 请先申领或延续该证件。"


def test_what_only_warns_is_kept_for_the_reviewers(engine, company, clock, tmp_path):
    case = Walk(engine, company, tmp_path, clock, "E03").submitted()
    with unit(engine) as session:
        kept = case.request(session).problems
    assert case.open() == ["A3_legal"] and {one["severity"] for one in kept} == {"warn"} and kept[0]["cure"]
