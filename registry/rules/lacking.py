"""What does a post, a person, a project or a company lack on a day, as known at an instant? One answer to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from ledger import clock
from registry.people.persons import Person
from registry.people.tenure import Assignment
from registry.people.units import Unit
from registry.rules import gathering, people, places
from registry.rules.book import Book
from registry.rules.lines import Line, line
from registry.rules.tables import decide

ORDER = {"block": 0, "warn": 1, "unknown": 2}


@dataclass(frozen=True)
class Answer:
    """The lines, the worst first, for a day as known at an instant. `judged`: False where the day lies outside what is
    known about a project (nothing entered yet, or the works accepted), so that nothing could be asked."""

    on: dt.date
    known: dt.datetime
    lines: tuple[Line, ...]
    judged: bool = True


@dataclass(frozen=True)
class Hypothesis:
    """What to think away: certificates that are gone, people who have left (ids). `kept`: certificates to think valid,
    however they stand."""

    gone: frozenset[int] = frozenset()
    left: frozenset[int] = frozenset()
    kept: frozenset[int] = frozenset()


def lacking(
    session: Session, what: Unit | Person | Assignment, *, on: dt.date | None = None, known: dt.datetime | None = None
) -> Answer:
    """What `what` lacks on a day (today), as known at an instant (now). Reads only; thirteen queries at most."""
    on, known = on or clock.today(), known or clock.now()
    if isinstance(what, Assignment):
        return _of_post(session, what, on, known)
    if isinstance(what, Person):
        book = gathering.of_person(session, what, on, known)
        return _answer(book, _person(book, what))
    return under(session, what, (Hypothesis(),), on=on, known=known)[0]


def under(
    session: Session, what: Unit, thoughts: Iterable[Hypothesis], *, on: dt.date, known: dt.datetime
) -> list[Answer]:
    """What a project or a company would lack under each hypothesis; the rows are read once."""
    gather = gathering.of_project if what.kind == "project" else gathering.of_company
    read = gather(session, what, on, known)
    return [_of_unit(read.under(kept=each.kept, gone=each.gone, left=each.left), what) for each in thoughts]


def _of_unit(book: Book, what: Unit) -> Answer:
    if what.kind == "project":
        return _answer(book, _project(book, what), judged=_live(book, what.id))
    return _answer(book, _company(book, what))


def may_lend(*, own_staff: bool, legal_agreed: bool) -> str:
    """R14: "" when an original may be handed out to this borrower, else why not (a key of words.LACKS)."""
    lack: str = decide("R14_lending", own_staff=own_staff, legal_agreed=legal_agreed)["lack"]
    return lack


def _answer(book: Book, lines: Iterable[Line], judged: bool = True) -> Answer:
    found = [_with_papers(book, each) for each in lines if each.lack]
    found.sort(key=lambda each: (ORDER.get(each.severity, 3), each.rule, each.about.kind, each.about.id, each.lack))
    return Answer(book.on, book.known, tuple(found), judged)


def _with_papers(book: Book, found: Line) -> Line:
    held = book.papers.get((found.about.kind, found.about.id), ())
    return replace(found, papers=tuple(paper for paper in held if paper.type in found.looked_at))


def _live(book: Book, project: int) -> bool:
    site = book.sites.get(project)
    return site is not None and (site.accepted_on is None or site.accepted_on > book.on)


def _project(book: Book, project: Unit) -> Iterator[Line]:
    if not _live(book, project.id):
        return
    yield from places.of_project(book, project)
    managers = book.held(unit=project.id, post="project_manager")
    if not managers:
        yield line("R01_constructor", _nobody(book, project), places.about(project), project.id, lack="no_manager")
    for post in book.held(unit=project.id):
        yield from _post(book, post)
    yield from _own_people(book, project)
    yield from people.of_loans(book, project.id)


def _company(book: Book, company: Unit) -> Iterator[Line]:
    yield from places.of_company(book, company)
    yield from _own_people(book, company)
    yield from people.of_loans(book, company.id)


def _nobody(book: Book, project: Unit) -> dict[str, object]:
    """R01's row for a project without a manager: the same as for one without a certificate."""
    return dict(book.decide("R01_constructor", scale=book.sites[project.id].scale, level=0, fits="no"))


def _post(book: Book, post: Assignment) -> Iterator[Line]:
    if post.post == "project_manager" and _live(book, post.unit_id):
        yield from people.of_manager(book, post)
    elif post.post == "special_worker":
        yield from people.of_worker(book, post)


def _own_people(book: Book, unit: Unit) -> Iterator[Line]:
    """What everybody with a post at the unit lacks, once each."""
    for person in {post.person_id: post.person for post in book.held(unit=unit.id)}.values():
        yield from people.of_person(book, person, unit.id)


def _person(book: Book, person: Person) -> Iterator[Line]:
    for post in book.held(person=person.id):
        yield from _post(book, post)
    yield from people.of_person(book, person, person.unit_id)
    yield from people.of_loans(book, person.unit_id)


def _of_post(session: Session, post: Assignment, on: dt.date, known: dt.datetime) -> Answer:
    """The part of a person's answer that a post asks for: its own rules, and those of the person who holds it."""
    book = gathering.of_person(session, post.person, on, known)
    held = [each for each in book.held(person=post.person_id) if (each.unit_id, each.post, each.trade) == (
        post.unit_id, post.post, post.trade)]
    if not held:
        return _answer(book, (), judged=False)
    return _answer(book, [*_post(book, held[0]), *people.of_person(book, post.person, post.unit_id)])
