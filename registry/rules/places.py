"""Rules about a project (R06-R08, R12) and a company (R09-R11, R13). Facts from a book, verdicts from tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from registry.certificates.standing import Standing
from registry.people.machines import Installation
from registry.people.units import Unit
from registry.people.works import Qualification, Works
from registry.rules import people
from registry.rules.book import Book
from registry.rules.lines import About, Line, line

SIGNALLER = "04"
LEGAL = ("legal_representative", "principal")


def about(unit: Unit) -> About:
    """A line about a project or a company."""
    return About("unit", unit.id, unit.name, unit.path)


def of_project(book: Book, project: Unit) -> Iterator[Line]:
    """R06, R07 or R08, and R12 for a project whose works are known and not yet accepted."""
    site = book.sites[project.id]
    for crane in book.cranes:
        yield from _crane(book, project, crane)
    yield from _officers(book, project, site)
    yield from _permits(book, project, site)


def _crane(book: Book, project: Unit, crane: Installation) -> Iterator[Line]:
    machine, holder = crane.machine, ("machine", crane.machine_id)
    trades = book.decide("R06.R06_trades", kind=machine.kind)
    if not trades["driver"]:
        return
    skilled = {post.trade for post in book.held(unit=project.id, post="special_worker")
               if people.trade_state(book, post)[0] == "usable"}
    installer = ("unit", crane.company_id or 0)
    named = About("machine", machine.id, machine.name, project.path)
    for decision, given in (
        ("R06_filing", {"filed": book.has(holder, "Q03")}),
        ("R06_use", {"in_use": book.has(holder, "Q04")}),
        ("R06_inspection", {"inspected": book.has(holder, "Q02", "Q05")}),
        ("R06_driver", {"driver": trades["driver"] in skilled}),
        ("R06_signaller", {"signaller": SIGNALLER in skilled}),
        ("R06_erector", {"erector": trades["erector"] in skilled}),
        ("R06_installer", {"known": crane.company_id is not None, "e02": book.has(installer, "E02"),
                           "e03": book.has(installer, "E03")}),
    ):
        yield line(decision, book.decide(decision, **given), named, project.id, data={"kind": machine.kind, **given},
                   params={"machine": machine.name})


def _officers(book: Book, project: Unit, site: Works) -> Iterator[Line]:
    if site.contracting == "general":
        decision = "R07_needed"
        given: dict[str, Any] = {"work": site.work, "area": site.area, "amount": site.amount}
    else:
        decision, given = "R08_needed", {"contracting": site.contracting, "workers": site.workers}
    row = book.decide(decision, **given)
    held = {post.person_id for post in book.held(unit=project.id, post="safety_officer")}
    have = sum(book.has(("person", person), "P05") for person in held)
    yield from _short(decision, row, about(project), project.id, have, given, "short_of_officers", "measure_unknown")


def _short(
    decision: str, row: Mapping[str, Any], whom: About, unit: int, have: int, given: Mapping[str, Any], lack: str,
    unknown: str, needed: str = "needed", **params: Any,
) -> Iterator[Line]:
    """A line where fewer are there than needed, or where it cannot be said how many are needed."""
    if row[needed] is None:
        yield line(decision, row, whom, unit, lack=unknown, data=given, params=params)
    elif have < int(row[needed]):
        numbers = {"needed": int(row[needed]), "have": have}
        yield line(decision, row, whom, unit, lack=lack, data={**given, **numbers}, params={**numbers, **params})


def _permits(book: Book, project: Unit, site: Works) -> Iterator[Line]:
    given: dict[str, Any] = {"planning": site.planning, "special_fire": site.special_fire,
                             "started": site.started_on is not None and site.started_on <= book.on}
    for row in book.tables.listed("R12_papers", **given):
        if not book.has(("unit", project.id), row["type"]):
            yield line("R12_papers", row, about(project), project.id, lack="missing_paper",
                       data={**given, "type": row["type"]}, params={"type": row["type"]})
    company = book.company_of(project.id)
    if company is None:
        return
    holder = ("unit", company.id)
    given = {"contracted": site.contract_on is not None and site.contract_on <= book.on}
    yield line("R12_contract", book.decide("R12_contract", **given), about(project), project.id, data=given)
    covered = any(each.work == site.work and each.contracting == site.contracting
                  for each in book.lines.get(company.id, ()))
    given = {"scope": ("covers" if covered else "other") if book.has(holder, "E02") else "none"}
    named = {"company": company.name}
    yield line("R12_scope", book.decide("R12_scope", **given), about(project), project.id, data=given, params=named)
    given = {"e03": book.has(holder, "E03")}
    yield line("R12_licence", book.decide("R12_licence", **given), about(project), project.id, data=given, params=named)


def of_company(book: Book, company: Unit) -> Iterator[Line]:
    """R09, R10, R11 and R13 for a company."""
    lines = book.lines.get(company.id, [])
    if lines:
        yield from _staff(book, company, lines)
    for each in lines:
        yield from _constructors(book, company, each)
    holder = ("unit", company.id)
    gone = any(paper.type == "E02" and paper.standing not in (Standing.UNKNOWN, Standing.FUTURE)
               for paper in book.papers.get(holder, ()))
    given = {"e02": "usable" if book.has(holder, "E02") else "gone" if gone else "none", "e03": book.has(holder, "E03")}
    yield line("R13_bid", book.decide("R13_bid", **given), about(company), company.id, data=given)


def _staff(book: Book, company: Unit, lines: list[Qualification]) -> Iterator[Line]:
    """R09, and the people that a safety licence asks for (R10)."""
    whom = about(company)
    rows = [(book.decide("R09_needed", contracting=each.contracting, grade=each.grade), each) for each in lines]
    row, each = max(rows, key=lambda found: int(found[0]["needed"] or 0))
    given = {"contracting": each.contracting, "grade": each.grade}
    held = {post.person_id for post in book.held(unit=company.id, post="safety_staff")}
    have = sum(book.has(("person", person), "P05") for person in held)
    yield from _short("R09_needed", row, whom, company.id, have, given, "short_of_staff", "standard_unknown")
    leaders = {post.person_id for post in book.held(unit=company.id) if post.post in LEGAL}
    given_a = {"a": any(book.has(("person", person), "P03") for person in leaders)}
    yield line("R10_a", book.decide("R10_a", **given_a), whom, company.id, data=given_a)
    needed = [int(n) for each in lines if (n := _standard(book, each)["needed"]) is not None]
    for decision, lack_of, wanted in (("R10_b", "P04", max(needed, default=0)),
                                      ("R10_c", "P05", int(row["needed"] or 0))):
        have = sum(book.has(("person", person), lack_of) for person in _employed(book, company))
        yield line(decision, book.decide(decision, missing=wanted - have), whom, company.id,
                   data={"missing": wanted - have}, params={"needed": wanted, "have": have})


def _standard(book: Book, each: Qualification) -> Mapping[str, Any]:
    return book.decide("R11_needed", work=each.work, contracting=each.contracting, grade=each.grade)


def _employed(book: Book, company: Unit) -> list[int]:
    return [person for person, companies in book.contracts.items() if company.id in companies]


def _constructors(book: Book, company: Unit, each: Qualification) -> Iterator[Line]:
    """R11: how many registered constructors the company employs, of a level, and of the works' own speciality."""
    row, whom = _standard(book, each), about(company)
    given = {"work": each.work, "contracting": each.contracting, "grade": each.grade}
    level = int(row["level"] or 0)
    types = [code for code, reached in people.LEVELS.items() if reached <= level]
    papers = [book.of(("person", person), *types) for person in _employed(book, company)]
    speciality = book.decide("R01.speciality", work=each.work)["speciality"]
    shown = {"work": each.work, "grade": each.grade}
    yield from _short("R11_needed", row, whom, company.id, sum(map(bool, papers)), given, "short_of_constructors",
                      "standard_unknown", **shown)
    if row["own"] is not None:
        own = sum(any(paper.covers(speciality, book.on) == "yes" for paper in held) for held in papers)
        yield from _short("R11_needed", row, whom, company.id, own, given, "short_of_speciality", "standard_unknown",
                          "own", speciality=speciality, **shown)
