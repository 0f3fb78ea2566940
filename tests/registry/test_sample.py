from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from ledger.clock import Fixed
from ledger.db import reading, unit
from ledger.facts import Fact
from registry import sample
from registry.access.accounts import Account, actor_for, actor_of, authenticate
from registry.access.rules import can
from registry.alerts import deadlines
from registry.certificates import standing
from registry.certificates.codes import LIVE
from registry.certificates.models import Certificate, CertificateTimer, Version
from registry.certificates.numbers import check_number
from registry.custody.loans import Loan
from registry.custody.originals import Original
from registry.custody.whereabouts import all_whereabouts
from registry.people.identity import check_id_number, check_uscc
from registry.people.persons import Person
from registry.people.units import Unit, below
from registry.sample.terms import SPREAD
from tests.registry.organisation import DAY

SMALL = {"companies": 2, "projects": 6, "people": 80, "certificates": 300}


@pytest.fixture
def loaded(engine: Engine, clock: Fixed) -> sample.Loaded:
    """A small demonstration group, committed."""
    with unit(engine) as session:
        return sample.load(session, **SMALL)


@pytest.fixture
def whole(engine: Engine, clock: Fixed) -> sample.Loaded:
    """The whole demonstration group, committed."""
    with unit(engine) as session:
        return sample.load(session)


def face(session: Session) -> list[tuple[object, ...]]:
    """What the same seed must make again: everything but random tokens and ciphertexts."""
    rows = session.execute(select(Certificate.code, Certificate.number, Certificate.holder_name, Certificate.state,
                                  Certificate.valid_until, Certificate.version_no).order_by(Certificate.id))
    people = session.execute(select(Person.name, Person.id_masked, Person.post).order_by(Person.id))
    return [*map(tuple, rows), *map(tuple, people)]


def test_the_sample_has_the_promised_size_and_spread(engine: Engine, whole: sample.Loaded) -> None:
    assert (whole.people, whole.certificates) == (302, 1500)  # the steward and the second owner joined last
    with reading(engine) as session:
        rows = session.scalars(select(Certificate)).all()
        left = Counter(_part(row) for row in rows)
        assert {row.family for row in rows} == {"E", "J", "P", "Q"}
    assert all(abs(left[part] / 1500 - share) < 0.02 for part, share in SPREAD.items()), left


def _part(row: Certificate) -> str:
    if row.ends_on is None:
        return row.term
    days = (row.ends_on - DAY).days
    return "overdue" if days < 0 else "month" if days <= 30 else "quarter" if days <= 90 else "valid"


def test_every_number_of_the_sample_holds_by_its_own_rule(engine: Engine, loaded: sample.Loaded) -> None:
    with reading(engine) as session:
        people = session.scalars(select(Person)).all()
        assert all(check_id_number(person.id_number or "").ok for person in people)
        assert all(check_uscc(code).ok for code in session.scalars(select(Unit.uscc)) if code)
        for row in session.scalars(select(Certificate)):
            holder = row.holder_person.id_number if row.holder_person else None
            verdict = check_number(row.type.number.rule, row.full_number, holder)
            assert verdict.ok and not verdict.warnings, (row.code, row.number, verdict.warnings)


def test_the_same_seed_makes_the_same_sample_and_another_makes_another(engine: Engine, clock: Fixed) -> None:
    class Enough(Exception):
        pass

    faces = []
    for seed in (7, 7, 8):
        with pytest.raises(Enough), unit(engine) as session:
            sample.load(session, seed=seed, **SMALL)
            faces.append(face(session))
            raise Enough
    assert faces[0] == faces[1] != faces[2]


def test_chains_have_no_gap_and_stand_in_a_list_as_alone(engine: Engine, loaded: sample.Loaded) -> None:
    with reading(engine) as session:
        for row in session.scalars(select(Certificate).where(Certificate.version_no > 1)):
            assert [version.no for version in row.versions] == list(range(1, row.version_no + 1))
            assert [later.previous_id for later in row.versions[1:]] == [version.id for version in row.versions[:-1]]
            assert standing.of(row).standing is standing.of_row(row, DAY).standing
        assert session.scalar(select(func.count()).select_from(Version).where(Version.operation == "02"))


def test_loading_leaves_nothing_due_and_nothing_undelivered(engine: Engine, loaded: sample.Loaded) -> None:
    with reading(engine) as session:
        waiting = session.scalars(select(CertificateTimer.id).where(CertificateTimer.fired_at.is_(None))).all()
        imported = session.scalars(select(Fact).where(Fact.kind == "certificate.imported")).all()
        assert len(waiting) > 200 and len(imported) == loaded.certificates
        assert all(fact.delivered_at for fact in imported)
    assert deadlines.sweep(engine) == 0


def test_every_demonstration_account_signs_in_and_holds_its_role(engine: Engine, loaded: sample.Loaded) -> None:
    with unit(engine) as session:
        listed = sample.demo_accounts(session)
        assert [row["login"] for row in listed] == list(sample.LOGINS)
        for row in listed:
            account = authenticate(session, row["login"], row["password"])
            assert account and sample.LOGINS[row["login"]] in actor_of(session, account).roles


def test_in_the_first_company_each_of_the_three_types_can_be_applied_for(engine: Engine, loaded: sample.Loaded) -> None:
    with reading(engine) as session:
        company = session.get_one(Unit, loaded.company_id)
        live = select(Certificate.type_code, Certificate.holder_unit_id).where(Certificate.state.in_(LIVE))
        held = set(map(tuple, session.execute(live)))
        assert [firm for firm in below(session, company, "company") if ("E03", firm.id) not in held]
        assert len([project for project in below(session, company, "project") if ("J03", project.id) not in held]) >= 2
        applicant = session.scalar(select(Account).where(Account.login == "applicant"))
        assert applicant and can(actor_for(session, applicant.person), "request.start", company)


def test_the_cabinet_of_the_sample_shows_every_state(engine: Engine, loaded: sample.Loaded) -> None:
    with reading(engine) as session:
        found = all_whereabouts(session, session.scalars(select(Original)).all())
        late = sorted(loan.overdue_days(DAY) for loan in session.scalars(select(Loan)) if loan.overdue_days(DAY))
    assert {one.place.value for one in found.values()} == {"in", "out", "overdue", "authority"}
    assert late == [2, 5]


def test_the_sample_is_loaded_into_an_empty_database_only(engine: Engine, loaded: sample.Loaded) -> None:
    with pytest.raises(sample.NotEmpty), unit(engine) as session:
        sample.load(session)


def test_the_sample_has_people_who_may_not_start_before_they_are_grown(engine: Engine, loaded: sample.Loaded) -> None:
    with reading(engine) as session:
        youngest = session.scalar(select(func.max(Person.birth)))
    assert youngest and youngest < DAY - dt.timedelta(days=18 * 366)
