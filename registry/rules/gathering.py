"""Reading a book of facts for one question, in a fixed number of queries however many people it is about."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload

from ledger import clock
from registry.certificates import codes
from registry.certificates.models import Certificate, Speciality, Version
from registry.certificates.standing import standing
from registry.custody.loans import Loan
from registry.custody.originals import Original
from registry.people.machines import Installation
from registry.people.persons import Person
from registry.people.scope import WITHDRAWN
from registry.people.tenure import Assignment, Employment
from registry.people.units import Unit
from registry.people.works import Qualification, Works
from registry.rules.book import Book, Key, Lent, Paper
from registry.rules.editions import tables_on

PERSONAL = ("P01", "P02", "P03", "P04", "P05", "P06", "P07", "P08", "P09", "P10")
OTHERS = ("E02", "E03", "Q02", "Q03", "Q04", "Q05")
"""Beside those of family J: which of them a project needs is for the table of R12 to say."""
SKILLED = ("P06", "P07")
STAFFING = ("P04", "P05", "P06", "P07")
HOLDERS = (("person", Certificate.holder_person_id), ("unit", Certificate.holder_unit_id),
           ("machine", Certificate.holder_machine_id))
_HELD = (Version.no, Version.state, Version.note, Version.term, Version.valid_from, Version.valid_until,
         Version.review_on, Version.holds_from, Version.known_from)


def of_project(session: Session, project: Unit, on: dt.date, known: dt.datetime) -> Book:
    """What is known about a project: its works, its people and all their posts, its cranes, its company."""
    book = Book(on, known, tables=tables_on(session, on, project.province, known))
    _posts(session, book, _serving(project, on, known))
    found = select(Installation).where(Installation.unit_id == project.id, Installation.holding(on, known))
    book.cranes = list(session.scalars(found.options(joinedload(Installation.machine)).order_by(Installation.id)))
    _around(session, book, {project.id})
    _lent(session, book, Original.unit_id == project.id)
    return book


def of_person(session: Session, person: Person, on: dt.date, known: dt.datetime) -> Book:
    """What is known about a person: posts, employers, certificates, and the works of the projects they run."""
    tables = tables_on(session, on, person.unit.province, known)
    book = Book(on, known, people={person.id: person}, tables=tables)
    _posts(session, book, Assignment.person_id == person.id)
    _around(session, book, {person.unit_id})
    _lent(session, book, Loan.carrier_id == person.id)
    return book


def of_company(session: Session, company: Unit, on: dt.date, known: dt.datetime) -> Book:
    """What is known about a company: its own posts, its qualifications, and the certificates of all it employs."""
    book = Book(on, known, tables=tables_on(session, on, company.province, known))
    _posts(session, book, _serving(company, on, known))
    _around(session, book, {company.id})
    employed = select(Employment.person_id).where(
        Employment.company_id == company.id, Employment.kind == "contract", Employment.holding(on, known))
    for person in session.scalars(employed):
        book.contracts.setdefault(person, set()).add(company.id)
    _papers(session, book, Certificate.holder_person_id.in_(employed), Certificate.type_code.in_(STAFFING))
    _lent(session, book, Original.unit_id == company.id)
    return book


def _serving(unit: Unit, on: dt.date, known: dt.datetime) -> ColumnElement[bool]:
    """All the posts, here and elsewhere, of whoever has a post at the unit."""
    there = select(Assignment.person_id).where(Assignment.unit_id == unit.id, Assignment.holding(on, known))
    return Assignment.person_id.in_(there)


def _posts(session: Session, book: Book, whose: ColumnElement[bool]) -> None:
    loaded = joinedload(Assignment.person).joinedload(Person.unit)
    found = select(Assignment).where(whose, Assignment.holding(book.on, book.known)).options(loaded)
    book.posts = list(session.scalars(found.order_by(Assignment.id)))
    book.people |= {post.person_id: post.person for post in book.posts}


def _around(session: Session, book: Book, units: set[int]) -> None:
    """The works, units, employers, qualifications and certificates that go with the posts and cranes."""
    on, known = book.on, book.known
    places = units | {post.unit_id for post in book.posts}
    works = select(Works).where(Works.unit_id.in_(places), Works.holding(on, known)).order_by(Works.id)
    book.sites = {row.unit_id: row for row in session.scalars(works)}
    _ties(session, book)
    employers = {company for found in (book.contracts, book.insured) for ids in found.values() for company in ids}
    installers = {crane.company_id for crane in book.cranes if crane.company_id}
    above = select(Unit.parent_id).where(Unit.id.in_(places), Unit.kind == "project")
    wanted = Unit.id.in_(places | employers | installers)
    book.units = {unit.id: unit for unit in session.scalars(select(Unit).where(or_(wanted, Unit.id.in_(above))))}
    companies = [unit.id for unit in book.units.values() if unit.kind != "project"]
    lines = select(Qualification).where(Qualification.company_id.in_(companies), Qualification.holding(on, known))
    for row in session.scalars(lines.order_by(Qualification.id)):
        book.lines.setdefault(row.company_id, []).append(row)
    machines = [crane.machine_id for crane in book.cranes]
    _papers(session, book, Certificate.holder_person_id.in_(book.people), Certificate.type_code.in_(PERSONAL))
    _papers(session, book, or_(Certificate.holder_unit_id.in_(book.units),
                               Certificate.holder_machine_id.in_(machines)),
            or_(Certificate.type_code.in_(OTHERS), Certificate.family == "J"))


def _ties(session: Session, book: Book) -> None:
    """Contracts of the day, and who paid the pension insurance in the month before it."""
    first = (book.on.replace(day=1) - dt.timedelta(days=1)).replace(day=1)
    last = book.on.replace(day=1) - dt.timedelta(days=1)
    covering = or_(Employment.to_on.is_(None), Employment.to_on >= first)
    rows = session.scalars(select(Employment).where(
        Employment.person_id.in_(book.people), Employment.known(book.known), covering))
    for row in rows:
        if row.kind == "insurance" and row.from_on <= last:
            book.insured.setdefault(row.person_id, set()).add(row.company_id)
        elif row.kind == "contract" and row.from_on <= book.on and (row.to_on is None or row.to_on >= book.on):
            book.contracts.setdefault(row.person_id, set()).add(row.company_id)


def _papers(session: Session, book: Book, whose: ColumnElement[bool], which: ColumnElement[bool]) -> None:
    """How each certificate of these types stood, by holder."""
    columns = (Certificate.id, Certificate.code, Certificate.type_code, Certificate.item,
               Certificate.holder_person_id, Certificate.holder_unit_id, Certificate.holder_machine_id)
    rows = session.execute(
        select(*columns, *_HELD, Version.fields).join(Version, Version.certificate_id == Certificate.id)
        .where(whose, which, Version.known_from <= book.known)
        .order_by(Certificate.id, Version.no))
    chains: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        chains[row.id].append(row)
    skilled = _specialities(session, book, [number for number, each in chains.items() if each[0].type_code in SKILLED])
    for number, chain in chains.items():
        if chain[-1].state == codes.WITHDRAWN:
            continue
        kept = book.papers.setdefault(_holder(chain[0]), [])
        if all(paper.id != number for paper in kept):
            kept.append(_paper(chain, book, skilled.get(number)))


def _specialities(session: Session, book: Book, certificates: list[int]) -> dict[int, frozenset[str]]:
    """The 专业 that run on each certificate on the day, as known; no entry where none was ever registered."""
    if not certificates:
        return {}
    columns = (Speciality.certificate_id, Speciality.name, Speciality.from_on, Speciality.to_on, Speciality.known_until)
    found: dict[int, set[str]] = {}
    for row in session.execute(select(*columns).where(
            Speciality.certificate_id.in_(certificates), Speciality.known_from <= book.known)):
        running = found.setdefault(row.certificate_id, set())
        believed = row.known_until is None or row.known_until > book.known
        if believed and row.from_on <= book.on and (row.to_on is None or row.to_on >= book.on):
            running.add(row.name)
    return {number: frozenset(names) for number, names in found.items()}


def _paper(chain: list[Any], book: Book, specialities: frozenset[str] | None) -> Paper:
    found = standing(chain, on=book.on, known=book.known)
    fields: dict[str, Any] = next((row.fields for row in chain if row.no == found.version), {})
    first = chain[0]
    return Paper(first.id, first.code, first.type_code, first.item, found.standing, found.why.rule, found.ends_on,
                 fields, specialities)


def _holder(row: Any) -> Key:
    return next((kind, number) for kind, column in HOLDERS if (number := getattr(row, column.key)) is not None)


def _lent(session: Session, book: Book, which: ColumnElement[bool]) -> None:
    """The originals that were out on the day, as known at the instant."""
    ended = func.coalesce(Loan.returned_at, Loan.voided_at)  # back, or given up as lost
    rows = session.scalars(
        select(Loan).join(Loan.original).where(
            which, Loan.handed_at <= book.known, Loan.from_on <= book.on, ~Loan.unit_path.startswith(WITHDRAWN),
            or_(ended.is_(None), ended > book.known, ended >= clock.end_of_day(book.on)))
        .options(joinedload(Loan.carrier), joinedload(Loan.original).joinedload(Original.certificate))
        .order_by(Loan.id))
    for loan in rows:
        own = not loan.outside and loan.carrier.group_id == loan.group_id and loan.carrier.employed(book.on)
        book.lent.append(Lent(loan.id, loan.carrier, loan.original.certificate.code, loan.family, own,
                              loan.legal_by is not None))
