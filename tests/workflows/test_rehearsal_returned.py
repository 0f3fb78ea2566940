"""Applications of the house that went back, rehearsed: by the drawing they had, and by drafts of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from engine import catalog
from engine.model import Instance
from engine.rehearsal import recording
from engine.rehearsal.comparing import Compared, compare
from ledger.db import reading, unit
from registry.access.accounts import Account
from registry.people.persons import person_of
from tests.workflows.test_correcting import answer, asked, held
from tests.workflows.test_returning import back, kept, newest, withdraw
from tests.workflows.walk import Walk
from workflows.handling import returning
from workflows.studio import rehearsal_work, rehearsing

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Slow(Walk):
    """Some working hours pass before everything that somebody does."""

    def do(self, login: str, element_id: str, verdict: str, **more: Any) -> None:
        self.now.advance(dt.timedelta(hours=5, seconds=7))
        super().do(login, element_id, verdict, **more)

    def authority(self, kind: str, login: str = "custodian", **more: Any) -> None:
        self.now.advance(dt.timedelta(hours=5, seconds=7))
        super().authority(kind, login, **more)

    def back(self, login: str, source: str, target: str) -> None:
        self.now.advance(dt.timedelta(hours=30))
        back(self, login, source, target)


@pytest.fixture
def case(engine: Any, company: Any, clock: Any, tmp_path: Any) -> Slow:
    """The application of somebody who can sign in."""
    with unit(engine) as session:
        person = person_of(session, company.people["applicant"])
        session.add(Account(person=person, group_id=person.group_id, login="applicant", password_hash="-"))
    return Slow(engine, company, tmp_path / "files", clock, "P02")


def over(case: Slow) -> None:
    """From the approval on to the end."""
    case.do("approver", "A4_approve", "approve")
    case.do("custodian", "A5_file", "done")
    for answered in ("accepted", "granted"):
        case.authority(answered)
    case.do("custodian", "A10_register", "done")
    case.do("hr", "A11_compare", "match")


def rehearsed(case: Slow, *changes: tuple[str, str]) -> Compared:
    """What the drawing of the house with these changes would have made of it."""
    with reading(case.engine) as session:
        number = case.request(session).instance_id
        files = catalog.files_of(session, session.get_one(Instance, number).definition_id)
        name = next(each for each in files if each.endswith("application.bpmn"))
        body = files[name].decode()
        for was, now in changes:
            assert was in body
            body = body.replace(was, now)
        files = {**files, name: body.encode()}
        plan = rehearsing.plan_of(files, "application")
        [record] = recording.records(session, [number])
        return compare(record, rehearsal_work.bench(session, plan, files, {}))


def test_what_the_approver_gave_back_and_what_stood_is_played_as_it_was(case: Slow) -> None:
    case.reviewed()
    case.back("approver", "A4_approve", "A1_fill")
    case.do("applicant", "A1_fill", "submit")
    assert kept(case) == ["A3_hr", "A3_safety"]
    over(case)
    found = rehearsed(case)
    assert (found.kind, found.days, found.why, found.assumed) == ("same", 0, None, ())
    found = rehearsed(case, ('"A4_approve"', '"A4_other"'), (">A4_approve<", ">A4_other<"))
    assert found.kind == "unknown" and found.why is not None and found.why.zh == (
        "当时在“审批”退回，草稿里没有这一步，还会不会退回不能判断")
    found = rehearsed(case, ('"A1_fill"', '"A1_other"'), (">A1_fill<", ">A1_other<"))
    assert found.kind == "unknown" and found.why is not None and found.why.zh == (
        "当时从“审批”退回到“填报申请”，草稿里没有这一步，以后怎样不能判断")


def test_approvals_asked_for_again_after_a_correction_are_played_as_they_were(case: Slow) -> None:
    case.reviewed()
    case.now.advance(dt.timedelta(hours=3))
    number = held(case, "approver", "A4_approve")
    child = asked(case, number, "approver")
    case.now.advance(dt.timedelta(hours=26))
    answer(case, child, trade="02")
    assert sorted(case.open()) == ["A3_hr", "A3_safety"]
    for login in ("hr", "safety"):
        case.do(login, f"A3_{login}", "pass")
    over(case)
    found = rehearsed(case)
    assert (found.kind, found.days, found.why, found.assumed) == ("same", 0, None, ())


def test_what_was_withdrawn_taken_back_and_returned_as_drawn_is_played_as_it_was(case: Slow) -> None:
    case.submitted()
    case.do("hr", "A3_hr", "pass")
    case.now.advance(dt.timedelta(hours=3))
    withdraw(case, "edit")
    case.do("applicant", "A1_fill", "submit")
    assert kept(case) == ["A3_hr"]
    case.do("safety", "A3_safety", "return")
    case.now.advance(dt.timedelta(minutes=3))
    with unit(case.engine) as session:
        returning.take_back(session, case.company.actor(session, "safety"), newest(session, case, "A3_safety").id)
    case.do("safety", "A3_safety", "return")
    case.do("applicant", "A1_correct", "submit")
    case.do("safety", "A3_safety", "pass")
    over(case)
    found = rehearsed(case)
    assert (found.kind, found.days, found.why, found.assumed) == ("same", 0, None, ())
