"""What every process begins with, and what may be begun only once."""

import datetime as dt

import pytest

from engine import instances
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from registry.certificates import lifecycle
from registry.certificates.models import Certificate
from registry.people.units import unit_of
from workflows import CATALOG, children
from workflows.applying import beginning


@pytest.fixture
def licence(engine, company):
    """A safety production licence of the company, valid for three years."""
    with unit(engine) as session:
        firm = unit_of(session, company.units["company"])
        made = lifecycle.grant(
            session, "E03", firm, number="（浙）JZ安许证字〔2026〕000777", issued_on=dt.date(2026, 1, 1),
            valid_from=dt.date(2026, 1, 1), valid_until=dt.date(2028, 12, 31), issuer="某省住建厅", by=SYSTEM)
        return made.id


def begun(engine, licence, process_id="application", **more):
    with unit(engine) as session:
        certificate = session.get_one(Certificate, licence)
        variables = dict.fromkeys(CATALOG[process_id].variables or ())
        return beginning.about(session, process_id, certificate, by=SYSTEM, variables={
            name: value for name, value in variables.items() if name not in beginning.VARIABLES}, **more).id


@pytest.mark.parametrize("code", ["J03", "E03", "P02"])
def test_a_request_begins_with_what_its_process_declares(walk, code):
    case = walk(code)
    with reading(case.engine) as session:
        known = instances.variables(session, case.request(session).instance_id)
    assert set(known) >= (CATALOG["application"].variables or set())


def test_an_open_request_about_a_certificate_is_offered_instead_of_a_second(engine, licence):
    assert begun(engine, licence) == begun(engine, licence)


def test_what_may_be_begun_once_is_given_back_even_after_its_end(engine, licence):
    first = begun(engine, licence, once_key="renewal:1:2028-12-31")
    with unit(engine) as session:
        number = session.get_one(beginning.Request, first).instance_id
        instances.terminate(session, number, by=SYSTEM, reason="over")
    assert begun(engine, licence, once_key="renewal:1:2028-12-31") == first
    assert begun(engine, licence) != first


def test_what_the_system_begins_belongs_to_nobody(engine, licence):
    number = begun(engine, licence)
    with reading(engine) as session:
        request = session.get_one(beginning.Request, number)
        assert (request.applicant_id, request.certificate_id, request.holder_kind) == (None, licence, "unit")


def test_a_request_counts_those_it_has_begun_and_how_they_ended(engine, licence):
    parent = begun(engine, licence, subtype="b")
    with unit(engine) as session:
        above = session.get_one(beginning.Request, parent)
        child = beginning.about(session, "application", session.get_one(Certificate, licence), by=SYSTEM,
                                parent=above, subtype="c")
        assert [one.id for one in children.of(session, above)] == [child.id]
