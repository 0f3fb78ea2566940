"""The first company's cabinet: originals of its certificates, what is out, what is late, what has come back."""

from __future__ import annotations

import datetime as dt
from random import Random

from sqlalchemy import select

from ledger import clock
from ledger.actor import SYSTEM
from registry.certificates.codes import LIVE
from registry.certificates.models import Certificate
from registry.custody import days
from registry.custody.loans import Loan
from registry.custody.originals import Absence, Original, repeated
from registry.custody.reservations import reserve
from registry.people.persons import Person
from registry.people.scope import subtree
from registry.people.units import Unit
from registry.sample.organisation import Sample

SEED = 11
OWN, PROJECTS, PEOPLE = 14, 8, 24
"""How many certificates of the company, of its projects and of its people lie in the cabinet."""
COMPANY_KINDS = (("original", ""), ("duplicate", "1"), ("duplicate", "2"), ("working", ""))
OUT = ((-4, 3, ""), (-2, 1, ""), (-9, -2, ""), (-12, -5, ""), (-1, 6, "extended"), (0, 2, ""))
"""The loans that run: first day and due day counted from today."""


def load(made: Sample) -> int:
    """Enter them as old stock, with their loans; draws its own chances. How many originals there are."""
    random = Random(SEED)
    originals = [one for certificate in _kept(made) for one in _originals(made, certificate)]
    made.session.add_all(originals)
    made.session.flush()
    lent = [one for one in originals if one.kind == "original"]
    borrowers = _borrowers(made)
    for place, (first, due, how) in enumerate(OUT):
        _out(made, lent[place * 3], borrowers[place % len(borrowers)], first, due, how)
    for original in random.sample(lent[1::3], min(8, len(lent[1::3]))):
        _returned(made, random, original, random.choice(borrowers))
    waiting = lent[2]
    reserve(made.session, waiting, borrowers[0], from_on=_on(3), to_on=_on(5), by=SYSTEM)
    reserve(made.session, waiting, borrowers[-1], from_on=_on(8), to_on=_on(9), by=SYSTEM)
    made.session.add(Absence(group_id=made.group.id, original=lent[5], kind="authority", note="某省住房和城乡建设厅",
                             due_on=_on(12), at=clock.start_of_day(_on(-3))))
    return len(originals)


def _on(step: int) -> dt.date:
    return clock.today() + dt.timedelta(days=step)


def _kept(made: Sample) -> list[Certificate]:
    """Certificates of the first company, of some of its projects and of some of its people, still in force."""
    company = made.companies[0]
    low, high = subtree(company.path)
    mine = select(Certificate).where(Certificate.unit_path >= low, Certificate.unit_path < high,
                                     Certificate.state.in_(LIVE)).order_by(Certificate.id)
    own = mine.where(Certificate.holder_unit_id == company.id).limit(OWN)
    built = mine.where(Certificate.family == "J").limit(PROJECTS)
    held = mine.where(Certificate.type_code.in_(("P04", "P05", "P06", "P07"))).limit(PEOPLE)
    return [row for query in (own, built, held) for row in made.session.scalars(query)]


def _originals(made: Sample, certificate: Certificate) -> list[Original]:
    kinds = COMPANY_KINDS if certificate.family == "E" else COMPANY_KINDS[:1]
    cabinet = made.departments[made.companies[0].id, "ZZ"]
    where = {"E": "档案室 1 柜", "J": "档案室 2 柜"}.get(certificate.family, "档案室 3 柜")
    return [
        Original(**repeated(certificate), unit_id=certificate.unit_id, holder_person_id=certificate.holder_person_id,
                 certificate=certificate, kind=kind, serial=serial, place=where, keeper_unit=cabinet,
                 entered_at=clock.start_of_day(_on(-200)))
        for kind, serial in kinds
    ]


def _borrowers(made: Sample) -> list[Person]:
    """The applicant first (who is to find something under 我的借阅), then project managers of the company."""
    company, projects = made.companies[0], [p for p in made.projects if p.path.startswith(made.companies[0].path)]
    managers = [person for project in projects for person in made.holders[("project_manager", project.id)]]
    return [*made.holders[("applicant", company.id)], *managers]


def _project(made: Sample, person: Person) -> Unit | None:
    return person.unit if person.unit.kind == "project" else next(iter(made.projects), None)


def _row(made: Sample, original: Original, person: Person, first: dt.date, due: dt.date) -> Loan:
    keeper = made.holders[("custodian", made.companies[0].id)][0]
    handed = clock.start_of_day(first) + dt.timedelta(hours=9)
    return Loan(
        **repeated(original), original=original, person=person, carrier=person, project=_project(made, person),
        purpose="bid", purpose_note="投标文件核验", from_on=first, until_on=due, handed_by=keeper.id, handed_at=handed,
        taken_at=handed + dt.timedelta(minutes=4))


def _out(made: Sample, original: Original, person: Person, first: int, due: int, how: str) -> None:
    loan = _row(made, original, person, _on(first), _on(due))
    if how == "extended":
        loan.extended_until_on, loan.extended_at = loan.until_on, loan.handed_at + dt.timedelta(hours=2)
        loan.until_on = loan.until_on - dt.timedelta(days=3)
    made.session.add(loan)
    made.session.flush()
    if loan.due_on >= clock.today():
        days.take(made.session, original.id, clock.today(), loan.due_on, loan=loan.id)


def _returned(made: Sample, random: Random, original: Original, person: Person) -> None:
    first = _on(-random.randrange(30, 150))
    loan = _row(made, original, person, first, first + dt.timedelta(days=random.randrange(1, 8)))
    loan.returned_at = clock.start_of_day(loan.until_on) + dt.timedelta(hours=16)
    loan.returned_to, loan.condition = loan.handed_by, "intact"
    made.session.add(loan)
