"""P-LEAVE: somebody's last day is set, and everything they have here is dealt with before the exit is cleared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI, Fixed
from ledger.db import reading, unit
from ledger.errors import BadAnswer
from registry.access.grants import grant_role
from registry.alerts.notices import Notice
from registry.certificates.lifecycle import grant
from registry.certificates.models import Certificate
from registry.custody.loans import hand_over, open_loans, receive, take_back
from registry.custody.originals import KINDS, enter
from registry.people.joining import come_back
from registry.people.persons import Person, leave
from registry.people.tenure import assign, employ
from registry.people.works import contracted
from tests.journeys.company import Company
from tests.workflows.passage import Passage, elements
from workflows.leaving.answering import GIVEN
from workflows.requests import Request

MONDAY = dt.datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)
TODAY, FIRST, LAST = MONDAY.date(), dt.date(2026, 1, 1), dt.date(2028, 12, 31)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Leaver = Callable[..., Passage]


@pytest.fixture
def leaver(engine: Engine, company: Company, clock: Fixed, tmp_path: Path) -> Leaver:
    """The worker, with a project to run, certificates and an original out, as asked; then the last day is set."""

    def made(*, post: str = "", papers: tuple[str, ...] = (), out: bool = False, on: dt.date = TODAY) -> Passage:
        clock.move_to(MONDAY)
        with unit(engine) as session:
            person = session.get_one(Person, company.people["worker"])
            firm, site = company.unit(session, "company"), company.unit(session, "project")
            grant_role(session, session.get_one(Person, company.people["safety"]), "safety_head", firm, by=SYSTEM)
            employ(session, person, firm, "contract", from_on=FIRST, by=SYSTEM)
            if post:
                contracted(session, site, from_on=FIRST, by=SYSTEM, work="房建", contracting="general", area=20000,
                           scale="medium", started_on=FIRST, contract_on=FIRST)
                _paper(session, "J03", site, "330102202601010177")
                assign(session, person, site, post, from_on=FIRST, by=SYSTEM)
            for code in papers:
                _paper(session, code, person, NUMBERS[code])
            if out:
                _lend(session, company, person)
            leave(session, person, on=on, by=SYSTEM, reason="个人原因")
        case = Passage(engine, company, tmp_path / "files", clock)
        case.work()
        with reading(engine) as session:
            case.id = session.scalars(select(Request).where(Request.process_id == "leaving")).one().id
        case.case.request_id = case.id
        return case

    return made


NUMBERS = {"P04": "浙建安B（2025）0012345", "P07": "浙233101200345", "P02": "浙A012025000321",
           "P19": "浙2025P19000001"}


def _paper(session: Session, code: str, holder: Any, number: str) -> Certificate:
    issued = dt.date(2026, 10, 8) if code == "J03" else FIRST
    until = {} if code in ("J03", "P19") else {"valid_from": FIRST, "valid_until": FIRST + dt.timedelta(days=700)}
    return grant(session, code, holder, number=number, issued_on=issued, issuer="某机关", by=SYSTEM, **until)


def _lend(session: Session, company: Company, person: Person) -> None:
    certificate = _paper(session, "E03", company.unit(session, "company"), "（浙）JZ安许证字〔2025〕000777")
    original = enter(session, certificate, next(iter(KINDS)), serial="1", place="档案室", by=SYSTEM,
                     keeper=company.unit(session, "company"))
    keeper = company.actor(session, "custodian")
    loan = hand_over(session, original, borrower=person, purpose="filing", until=TODAY, by=keeper)
    receive(session, loan, by=company.actor(session, "worker"))


def _options(case: Passage, key: str) -> list[str]:
    with reading(case.engine) as session:
        given = GIVEN[key](session, case.request(session))
    return [row["value"] for row in given["certificates"]]


def succeed(case: Passage, post: str) -> None:
    with unit(case.engine) as session:
        successor = session.get_one(Person, case.company.people["pm"])
        assign(session, successor, case.company.unit(session, "project"), post, from_on=FIRST, by=SYSTEM)


def finish(case: Passage) -> None:
    if "L5_plan" in case.open():
        case.do("safety", "L5_plan", "done", by_on=(TODAY + dt.timedelta(days=30)).isoformat())
    case.do("hr", "L6_clear", "done")
    case.do("hr", "L7_proof", "done")
    assert case.outcome() == "left"


def simple(leaver: Leaver) -> Passage:
    """Nothing but a certificate of one's own: cleared, and proved in time."""
    case = leaver(papers=("P19",))
    assert case.open() == ["L6_clear"]
    finish(case)
    return case


def decided(leaver: Leaver) -> Passage:
    """Tied certificates: one is moved, one cancelled, one taken over."""
    case = leaver(papers=("P04", "P07", "P02"))
    b, constructor, worker = _options(case, "leaving-certificates")
    with pytest.raises(BadAnswer, match="有内容需要修改"):
        case.do("hr", "L2_decide", "done", transfer=[b], cancel=[constructor])
    case.do("hr", "L2_decide", "done", transfer=[b], cancel=[constructor], kept=[worker])
    with reading(case.engine) as session:
        made = session.scalars(select(Request).where(Request.parent_id == case.id).order_by(Request.id)).all()
        assert [(one.process_id, one.subtype, one.details.get("ground")) for one in made] == [
            ("transfer", "a", None), ("cancellation", "", "left")]
    finish(case)
    return case


def manager(leaver: Leaver) -> Passage:
    """Who runs a project: a successor, the permit's change, and the last day passing meanwhile."""
    case = leaver(post="project_manager")
    with pytest.raises(BadAnswer):
        case.do("hr", "L3_succeed", "done")
    case.later(2)
    with reading(case.engine) as session:
        told = session.scalars(select(Notice).where(Notice.text.contains("还没有人接任"))).all()
        assert case.company.people["pm"] in {one.person_id for one in told}
    succeed(case, "project_manager")
    case.do("hr", "L3_succeed", "done")
    with reading(case.engine) as session:
        made = session.scalars(select(Request).where(Request.parent_id == case.id)).all()
        assert [(one.process_id, one.subtype, one.type_code) for one in made] == [("transfer", "c", "J03")]
    finish(case)
    return case


def borrower(leaver: Leaver) -> Passage:
    """An original is out: reminded every two working days, and the exit opens only when it is back."""
    case = leaver(out=True)
    assert case.open() == []
    case.later(3)
    with reading(case.engine) as session:
        assert session.scalars(select(Notice).where(Notice.text.contains("没有归还"))).first() is not None
    give_back(case)
    assert case.open() == ["L6_clear"]
    finish(case)
    return case


def give_back(case: Passage) -> None:
    with unit(case.engine) as session:
        for loan in open_loans(session, person=session.get_one(Person, case.company.people["worker"])):
            take_back(session, loan, condition="intact", by=case.company.actor(session, "custodian"))
    case.work()


def late(leaver: Leaver) -> Passage:
    """The 15 days of the law go by."""
    case = leaver()
    case.do("hr", "L6_clear", "done")
    case.later(17)
    case.do("hr", "L7_proof", "done")
    assert case.outcome() == "left"
    return case


def stayed(leaver: Leaver) -> Passage:
    """They come back before it is over."""
    case = leaver(papers=("P04",))
    case.later(1)
    with unit(case.engine) as session:
        person = session.get_one(Person, case.company.people["worker"])
        come_back(session, person, unit=person.unit, on=TODAY + dt.timedelta(days=1), by=SYSTEM)
    case.work()
    assert case.outcome() == "stayed"
    return case


def short(leaver: Leaver) -> Passage:
    """A safety officer without whom the project is short: the heads plan how to fill the gap."""
    case = leaver(post="safety_officer", papers=("P05",))
    case.do("hr", "L2_decide", "done", cancel=_options(case, "leaving-certificates"))
    succeed(case, "safety_officer")  # without a certificate C: the post is held, the rule is not met
    case.do("hr", "L3_succeed", "done")
    assert case.open() == ["L5_plan"]
    with pytest.raises(BadAnswer):
        case.do("safety", "L5_plan", "done", by_on="2026-01-01")
    finish(case)
    return case


NUMBERS["P05"] = "浙建安C2（2025）0012345"
WAYS: dict[Callable[[Leaver], Passage], str] = {
    simple: "L0_start L1_list G_fork G_tied G_tied_m G_posts G_posts_m G_loans G_join L5_shortage G_short G_planned "
            "L6_clear L7_proof End_left",
    decided: "L2_decide L2_split L2_each L2e_start L2e_g L2e_transfer L2e_done L2e_cancel L2e_gone L2e_kept",
    manager: "L3_succeed L3_open L3_note L3_noted L3_managers L3_each L3e_start L3e_begin L3e_done",
    borrower: "EG_loans M_loan L4_count T_loan L4_remind", late: "L7_late L7_note L7_noted", stayed: "W W_start W_end",
    short: "L5_plan",
}
"""Each way through, and what of the drawing it is there for."""


@pytest.mark.parametrize(("database_url", "way"), [*(("sqlite", way) for way in WAYS), ("postgresql", borrower)],
                         indirect=["database_url"], ids=lambda one: one if isinstance(one, str) else one.__name__)
def test_a_way_through(leaver: Leaver, way: Callable[[Leaver], Passage]) -> None:
    assert set(WAYS[way].split()) - way(leaver).visited() == set()


def test_every_element_of_the_drawing_is_reached_on_one_of_the_ways() -> None:
    assert elements("leaving") == set(" ".join(WAYS.values()).split())


@on_sqlite
def test_it_begins_with_the_fact_and_only_once(leaver: Leaver) -> None:
    case = leaver(papers=("P19",))
    case.work()
    with reading(case.engine) as session:
        request = session.scalars(select(Request).where(Request.process_id == "leaving")).one()
        assert request.applicant_id is None and request.details == {"on": TODAY.isoformat()}


@on_sqlite
def test_the_exit_stays_shut_while_something_is_out(leaver: Leaver) -> None:
    case = leaver(papers=("P19",))
    with unit(case.engine) as session:
        person = session.get_one(Person, case.company.people["worker"])
        person.left_on = None
        _lend(session, case.company, person)
        person.left_on = TODAY
    with pytest.raises(BadAnswer) as refused:
        case.do("hr", "L6_clear", "done")
    assert set(refused.value.problems) == {"returned"}


@on_sqlite
def test_a_last_day_to_come_begins_it_too(leaver: Leaver) -> None:
    case = leaver(post="project_manager", on=TODAY + dt.timedelta(days=20))
    assert case.open() == ["L3_succeed"]
