"""What may be applied for, how it is found, and what starts an application beside somebody's wish."""

import datetime as dt

import pytest
from sqlalchemy import select

from ledger import outbox
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import NotAllowed
from registry.certificates.catalogue import types
from registry.people.persons import person_of
from registry.people.tenure import assign
from registry.people.works import contracted
from registry.rules.lacking import lacking
from tests.workflows.walk import holder_for
from workflows import triggers
from workflows.applying import cures, offering, opening
from workflows.requests import Request

DAY = dt.date(2026, 1, 5)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def offer(engine, company):
    """offer("desk", "电工证"): what this login is offered; there is a machine to apply for, too."""
    with unit(engine) as session:
        holder_for(session, company, "Q01")

    def found(login, search=""):
        with reading(engine) as session:
            return offering.choice(session, company.actor(session, login), search)

    return found


def codes(choice):
    found = [one for rows in choice.families.values() for one in rows]
    return [(one.type.code, one.option.value if one.option else "") for one in found]


@on_sqlite
def test_every_type_of_the_catalogue_is_offered_to_whoever_may_start_it(offer):
    everything = offer("desk")
    assert everything.total == len(types()) == 67 and list(everything.families) == ["P", "J", "E", "Q"]
    assert {code[0] for code, _ in codes(offer("hr"))} == {"P"}
    assert offer("approver").total == 0


@on_sqlite
def test_a_type_is_found_by_its_everyday_name_or_trade(offer):
    for search, found in (
        ("电工证", ("P01", "")), ("安B", ("P04", "")), ("二建", ("P07", "")), ("塔吊司机", ("P02", "05")),
        ("社保", ("P23", "")), ("行驶证", ("Q09", "")), ("business licence", ("E01", "")), ("j03", ("J03", "")),
    ):
        assert found in codes(offer("desk", search)), search
    assert codes(offer("desk", "没有这种证")) == []


@on_sqlite
def test_a_project_is_offered_nothing_that_only_a_company_holds(offer):
    assert "E" not in {code[0] for code, _ in codes(offer("applicant"))}


@on_sqlite
def test_what_was_applied_for_before_comes_first(engine, company, offer):
    with unit(engine) as session:
        opening.open_request(session, company.actor(session, "desk"), "P14", "person", company.people["worker"])
    assert [kind.code for kind in offer("desk").frequent] == ["P14"]


@on_sqlite
def test_a_paper_with_kinds_of_its_own_opens_with_the_kind_that_was_chosen(engine, company):
    with unit(engine) as session:
        desk, worker = company.actor(session, "desk"), company.people["worker"]
        made = opening.open_request(session, desk, "P23", "person", worker, prefill={"kind": "health", "x": "y"})
        other = opening.open_request(session, desk, "P23", "person", worker, prefill={"kind": "contract"})
        assert made.details["prefill"] == {"kind": "health"} and other.id != made.id
        assert [part.option.value for part in offering.parts(types()["P23"])][:2] == ["contract", "insurance"]


@on_sqlite
def test_a_type_is_held_by_its_own_kind_of_holder(engine, company):
    with unit(engine) as session:
        desk = company.actor(session, "desk")
        for code, kind, number in (("Q01", "unit", company.units["project"]), ("J01", "unit", company.units["company"]),
                                   ("E01", "person", company.people["worker"])):
            with pytest.raises(NotAllowed):
                opening.open_request(session, desk, code, kind, number)


def won(session, company, **about):
    contracted(session, company.unit(session, "project"), from_on=DAY, by=SYSTEM, work="房建", contracting="general",
               **{"scale": "large", "area": 20000, "amount": 4800, "contract_on": DAY, **about})


def manages(session, company):
    assign(session, person_of(session, company.people["pm"]), company.unit(session, "project"), "project_manager",
           from_on=DAY, by=SYSTEM)


def drafts(engine):
    while outbox.deliver(engine, triggers.HANDLERS):
        pass
    with reading(engine) as session:
        rows = session.scalars(select(Request).where(Request.once_key.is_not(None)).order_by(Request.id)).all()
        return [(row.type_code, row.applicant_name, row.submitted_at) for row in rows]


@pytest.mark.parametrize("late", [False, True], ids=["manager first", "works first"])
def test_a_project_won_leaves_drafts_of_its_permits_for_its_manager_once(engine, company, late):
    for step in (won, manages) if late else (manages, won):
        with unit(engine) as session:
            step(session, company)
        found = drafts(engine)
    assert found == [(code, "罗建军", None) for code in ("J01", "J02", "J03")]
    with unit(engine) as session:
        won(session, company, amount=5000)
    assert drafts(engine) == found


@on_sqlite
def test_a_project_that_has_begun_is_not_won_again(engine, company):
    with unit(engine) as session:
        manages(session, company)
        won(session, company, started_on=DAY)
    assert drafts(engine) == []


@on_sqlite
def test_what_is_lacking_names_the_application_that_cures_it(engine, company):
    with unit(engine) as session:
        manages(session, company)
        won(session, company, started_on=DAY)
        project, worker = company.unit(session, "project"), person_of(session, company.people["worker"])
        assign(session, worker, project, "special_worker", trade="05", from_on=DAY, by=SYSTEM)
        desk, pm = company.actor(session, "desk"), company.people["pm"]
        found = {line.lack: cures.cure_of(session, desk, line) for line in lacking(session, project).lines}
        assert found["no_constructor"] == cures.Cure("P06", ("person", pm))
        assert found["no_trade"] == cures.Cure("P02", ("person", worker.id), {"trade": "05"})
        assert found["no_e03"] == cures.Cure("E03", ("unit", company.units["company"]))
        assert found["short_of_officers"] == cures.Cure("P05")
        assert found["missing_paper"].holder == ("unit", project.id)
        approver = company.actor(session, "approver")
        assert {cures.cure_of(session, approver, line) for line in lacking(session, project).lines} == {None}
