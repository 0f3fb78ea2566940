"""暂扣与返还: held back until a day, given back, or turned into a cancellation."""

import datetime as dt

import pytest
from sqlalchemy import select

from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI
from ledger.db import reading, unit
from ledger.errors import BadAnswer, NotFound
from registry.certificates import lifecycle
from registry.certificates.models import Certificate
from tests.workflows.acts import renewed_ahead
from workflows import authority
from workflows.requests import Request

pytestmark = [pytest.mark.parametrize("database_url", ["sqlite"], indirect=True), pytest.mark.usefixtures("noted")]


def held_back(case):
    case.do("custodian", "S1_notice", "done", since="2026-11-20", until="2026-12-20")
    return case


def state(engine, number):
    with reading(engine) as session:
        return session.get_one(Certificate, number).state


def test_a_licence_is_held_back_put_right_and_given_back_with_its_term(engine, holding, suspending):
    number = holding("E03")
    case = held_back(suspending(number))
    assert state(engine, number) == "02" and case.stage() == "suspended"
    case.do("legal", "S3_rectify", "done")
    case.do("legal", "S4_ask", "submit")
    case.do("custodian", "S5_file", "done")
    case.authority("accepted")
    case.authority("granted")
    case.do("custodian", "S6_record", "done")
    assert case.outcome() == "given_back" and state(engine, number) == "01"
    with reading(engine) as session:
        assert session.get_one(Certificate, number).valid_until == dt.date(2028, 12, 31)


def test_when_the_term_of_the_suspension_is_over_its_return_is_asked_for(engine, holding, suspending):
    case = held_back(suspending(number := holding("E03")))
    case.wait_until(dt.datetime(2026, 12, 20, 20, tzinfo=SHANGHAI))
    assert case.open() == ["S3_rectify"]
    case.wait_until(dt.datetime(2026, 12, 21, 1, tzinfo=SHANGHAI))
    assert case.open() == ["S4_ask"] and state(engine, number) == "02"


def test_a_refused_return_is_asked_for_again(engine, holding, suspending):
    case = held_back(suspending(number := holding("E03")))
    case.do("legal", "S3_rectify", "done")
    case.do("legal", "S4_ask", "submit")
    case.do("custodian", "S5_file", "done")
    case.authority("refused")
    assert case.open() == ["S4_ask"] and state(engine, number) == "02"


def test_what_the_authority_revokes_goes_on_as_a_cancellation(engine, holding, suspending):
    case = held_back(suspending(number := holding("E03")))
    case.do("legal", "S3_rectify", "done")
    case.do("legal", "S4_ask", "revoked")
    assert case.outcome() == "to_cancellation"
    with reading(engine) as session:
        begun = session.scalars(select(Request).where(Request.process_id == "cancellation")).one()
        assert (begun.certificate_id, begun.subtype, begun.parent_id) == (number, "passive", case.id)


def test_what_was_not_suspended_is_left_alone(engine, holding, suspending):
    case = suspending(number := holding("E03"))
    case.do("custodian", "S1_notice", "abandon")
    assert case.outcome() == "void" and state(engine, number) == "01"


@pytest.mark.parametrize(("field", "more"), [
    ("since", {"since": "2025-12-31", "until": "2026-12-20"}),
    ("until", {"since": "2026-11-20", "until": "2026-11-19"}),
])
def test_wrong_days_are_refused_at_their_field(holding, suspending, field, more):
    case = suspending(holding("E03"))
    with pytest.raises(BadAnswer) as refusal:
        case.do("custodian", "S1_notice", "done", **more)
    assert field in refusal.value.problems


def test_what_was_renewed_ahead_can_still_be_held_back(engine, holding, suspending):
    number = holding("E03")
    renewed_ahead(engine, number)
    held_back(suspending(number))
    assert state(engine, number) == "02"


def test_what_was_given_back_by_hand_ends_the_matter(engine, holding, suspending):
    case = held_back(suspending(number := holding("E03")))
    case.do("legal", "S3_rectify", "done")
    case.do("legal", "S4_ask", "submit")
    case.do("custodian", "S5_file", "done")
    case.authority("accepted")
    case.authority("granted")
    with unit(engine) as session:
        lifecycle.give_back(session, session.get_one(Certificate, number), since=dt.date(2026, 11, 21), by=SYSTEM)
    case.do("custodian", "S6_record", "done")
    assert case.outcome() == "given_back" and state(engine, number) == "01"


def test_only_a_custodian_records_it_and_two_starts_give_one(holding, suspending):
    number = holding("E03")
    with pytest.raises(NotFound):
        suspending(number, "legal")
    assert suspending(number).id == suspending(number).id


def test_an_answer_for_another_stage_changes_nothing(engine, holding, suspending):
    case = held_back(suspending(number := holding("E03")))
    with pytest.raises(authority.OtherStage):
        case.authority("granted")
    assert case.open() == ["S3_rectify"] and state(engine, number) == "02"
