"""What the rules of domain 4.11 and the type's own requirements ask for before a certificate can be applied for (A2).

Where a decision table speaks (R03, R04, R07-R12, R15) its severity holds. A requirement of the catalogue that no table
judges stops a request only if it was read in its source and holds always; the others are shown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.errors import Problem
from registry.certificates import codes
from registry.certificates.catalogue import type_of
from registry.certificates.kinds import CertificateType, Requirement
from registry.certificates.models import Certificate, Holder
from registry.people.machines import Machine
from registry.people.persons import Person
from registry.people.scope import subtree
from registry.people.units import Unit
from registry.people.works import Qualification
from registry.rules import gathering
from registry.rules.book import Book
from registry.rules.lacking import lacking
from registry.rules.people import AGED, REGISTERED, age_limit
from workflows.applying.faults import BLOCK, WARN, Fault, of_line, told

ABC = ("P03", "P04", "P05")
ASKED = {"J03": ("R07", "R08", "R12"), "E02": ("R11",), "E03": ("R09", "R10")}
"""Type of a project or company -> the rules whose answer about it counts."""


@dataclass(frozen=True)
class Matter:
    """What is applied for, for whom, on which day."""

    session: Session
    kind: CertificateType
    holder: Holder
    on: dt.date


def faults(matter: Matter) -> Iterator[Fault]:
    """What rules and requirements have against it, the rules' own order."""
    if isinstance(matter.holder, Person):
        yield from _of_person(matter, matter.holder)
    judged = False
    if isinstance(matter.holder, Unit) and matter.kind.code in ASKED:
        answer = lacking(matter.session, matter.holder, on=matter.on)
        found = [line for line in answer.lines if line.rule in ASKED[matter.kind.code]]
        own = {"missing_paper": matter.kind.code}
        yield from (of_line(line) for line in found if own.get(line.lack) != line.params.get("type", ""))
        judged = answer.judged and (matter.holder.kind == "project" or _qualified(matter, matter.holder))
        if not answer.judged:
            yield Fault("", Problem("没有登记工程概况，无法核对开工条件。"),
                        Problem("请在项目资料中登记工程概况。"), WARN, "R12")
    yield from _requirements(matter, judged)


def _qualified(matter: Matter, company: Unit) -> bool:
    """Whether the rules know what the company is qualified for, and so could judge its people."""
    found = select(Qualification.id).where(
        Qualification.company_id == company.id, Qualification.holding(matter.on, clock.now()))
    return matter.session.scalar(found.limit(1)) is not None


def _of_person(matter: Matter, person: Person) -> Iterator[Fault]:
    code, book = matter.kind.code, gathering.of_person(matter.session, person, matter.on, clock.now())
    if code in AGED:
        yield from _age(matter, book, person)
    company = matter.session.get(Unit, person.company_id or person.unit.company_id or 0)
    if code in REGISTERED and company is not None:
        yield from _employer(matter, book, person, company)
    if code in ABC:
        yield from _safety(matter, book, person, company)


def _age(matter: Matter, book: Book, person: Person) -> Iterator[Fault]:
    """R15."""
    row = book.decide("R15_age", type=matter.kind.code, gender=person.gender, province=person.unit.province)
    if person.birth is None or row["years"] is None:
        return
    limit = age_limit(person.birth, int(row["years"]), int(row["step_months"]), int(row["most_months"]))
    if limit < matter.on:
        yield told(row, "R15", "over_age", type=matter.kind.code, limit=limit)


def _employer(matter: Matter, book: Book, person: Person, company: Unit) -> Iterator[Fault]:
    """R03, as if the certificate were registered with our company."""
    ties = {}
    for name, known in (("contract", book.contracts), ("insurance", book.insured)):
        firms = known.get(person.id, set())
        ties[name] = "none" if not firms else "same" if company.id in firms else "other"
    row = book.decide("R03_employer", registered=True, **ties)
    if row["lack"]:
        yield told(row, "R03", type=matter.kind.code)


def _safety(matter: Matter, book: Book, person: Person, company: Unit | None) -> Iterator[Fault]:
    """R04: one employer for A, B and C; several A only for as many firms. B goes with the constructor's employer."""
    holder = ("person", person.id)
    own = company.uscc or "" if company else ""
    employers = {paper.employer for paper in book.of(holder, *ABC)} | {own}
    row = book.decide("R04_unit", employers=len(employers - {""}))
    if row["lack"]:
        yield told(row, "R04", employers=len(employers - {""}))
    held = len(book.of(holder, "P03"))
    if matter.kind.code == "P03" and held:
        firms = len({post.unit_id for post in book.held(person=person.id, post="legal_representative")})
        row = book.decide("R04_a", a=held + 1, covered=held + 1 <= firms)
        if row["lack"]:
            yield told(row, "R04", a=held + 1, firms=firms)
    elsewhere = {paper.employer for paper in book.of(holder, "P06", "P07")} - {"", own}
    if matter.kind.code == "P04" and own and elsewhere:
        yield Fault("", Problem("建造师注册在其他单位，B证须与建造师注册在同一单位。"),
                    Problem("请先办理建造师执业企业变更。"), BLOCK, "R01", "证书管理系统规则")


def _requirements(matter: Matter, judged: bool) -> Iterator[Fault]:
    """The catalogue's requirements that are not met; those that the rules have judged already are not repeated."""
    for need in matter.kind.requires:
        if judged and not (matter.kind.code == "E03" and "E02" in need.types):
            continue
        if not _met(matter, need):
            yield _missing(matter, need)


def _missing(matter: Matter, need: Requirement) -> Fault:
    names = " / ".join(type_of(code).name for code in need.types)
    text = "没有有效的{type}（{when}）。" if need.when else "没有有效的{type}。"
    firm = need.verified and not need.when and matter.kind.code not in ASKED
    return Fault("", Problem(text, {"type": names, "when": need.when}), Problem("请先申领或延续该证件。"),
                 BLOCK if firm else WARN, "", need.text, need.verified)


def _met(matter: Matter, need: Requirement) -> bool:
    """Whether a certificate of one of the types can be relied on, with whoever must hold it."""
    usable = select(Certificate.id).where(
        _whose(matter.holder, need), Certificate.type_code.in_(need.types), Certificate.state == codes.VALID,
        Certificate.term != codes.UNKNOWN, or_(Certificate.ends_on.is_(None), Certificate.ends_on >= matter.on),
        or_(Certificate.valid_from.is_(None), Certificate.valid_from <= matter.on))
    return matter.session.scalar(usable.limit(1)) is not None


def _whose(holder: Holder, need: Requirement) -> ColumnElement[bool]:
    if isinstance(holder, Machine):
        return Certificate.holder_machine_id == holder.id
    if isinstance(holder, Person):
        if need.of == "holder":
            return Certificate.holder_person_id == holder.id
        return Certificate.holder_unit_id == (holder.company_id or holder.unit.company_id)
    if need.of == "contractor":
        return Certificate.holder_unit_id == holder.parent_id
    if all(type_of(code).holder == "person" for code in need.types):  # a company's people
        low, high = subtree(holder.path)
        return (Certificate.unit_path >= low) & (Certificate.unit_path < high)
    return Certificate.holder_unit_id == holder.id
