"""Rules about a person: R01 and R02 (project managers), R03, R04, R05, R15. Facts from a book, verdicts from tables."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator, Mapping

from registry.certificates.standing import Standing
from registry.people.persons import Person
from registry.people.tenure import Assignment
from registry.people.works import Works
from registry.rules.book import Book, Paper
from registry.rules.lines import About, Line, line

REGISTERED = ("P06", "P07", "P08", "P09", "P10")
AGED = ("P02", "P04", "P05", *REGISTERED)
LEVELS = {"P06": 1, "P07": 2}
FITS = ("yes", "unknown", "no")
STATES = ("usable", "suspended", "review_overdue", "expired", "none")


def about(person: Person) -> About:
    """A line about a person."""
    return About("person", person.id, person.name, person.unit_path, person.id)


def of_manager(book: Book, post: Assignment) -> Iterator[Line]:
    """R01 and R02 for the manager of a project whose works are known."""
    site, person = book.sites[post.unit_id], post.person
    wanted = book.decide("R01.speciality", work=site.work)["speciality"]
    paper, fits = _best(book, person.id, wanted)
    given = {"scale": site.scale, "level": LEVELS[paper.type] if paper else 0, "fits": fits}
    yield _said(book, "R01_constructor", given, post, wanted=wanted)
    yield _said(book, "R01_b", {"b": book.has(("person", person.id), "P04")}, post)
    company = book.company_of(post.unit_id)
    given = {"employer": _employer(book, person.id, post.unit_id, paper)}
    yield _said(book, "R01_employer", given, post, company=company.name if company else "")
    for other in book.held(person=person.id, post="project_manager"):
        if other.unit_id != post.unit_id and not _may_run_both(book, site, book.sites.get(other.unit_id)):
            pair = {**_pair(book, site, book.sites.get(other.unit_id), site), "other_path": other.unit.path}
            yield _said(book, "R02_second", pair, post, other=other.unit.name)


def _best(book: Book, person: int, wanted: str) -> tuple[Paper | None, str]:
    """The constructor's certificate that speaks best for the person, and whether its speciality fits."""
    held = [
        (FITS.index(fits), LEVELS[paper.type], paper.id, paper, fits)
        for paper in book.of(("person", person), *LEVELS)
        for fits in (paper.covers(wanted, book.on) if wanted else "yes",)
    ]
    return min(held, key=lambda each: each[:3])[3:] if held else (None, "no")


def _employer(book: Book, person: int, project: int, paper: Paper | None) -> str:
    """Whether certificates and contract are with the project's company: "same", "other" or "unknown"."""
    company, contracts = book.company_of(project), book.contracts.get(person, set())
    papers = [*([paper] if paper else []), *book.of(("person", person), "P04")]
    codes = {each.employer for each in papers} - {""}
    if company and company.uscc and codes - {company.uscc}:
        return "other"
    if contracts and (company is None or company.id not in contracts):
        return "other"
    return "same" if contracts or (codes and company and company.uscc) else "unknown"


def _may_run_both(book: Book, site: Works, other: Works | None) -> bool:
    """R02's exceptions may lie with either of the two projects."""
    return any(not book.decide("R02_second", **_pair(book, site, other, halted))["lack"] for halted in (site, other))


def _pair(book: Book, site: Works, other: Works | None, halted: Works | None) -> dict[str, object]:
    stopped = halted.stopped_on if halted else None
    return {
        "same_work": bool(other and site.phase_of and site.phase_of == other.phase_of),
        "accepted": bool(other and other.accepted_on and other.accepted_on <= book.on),
        "stopped_days": max(0, (book.on - stopped).days) if stopped else 0,
        "by_contractor": halted.stopped_by_contractor if halted else True,
        "owner_agreed": halted.owner_agreed if halted else False,
    }


def of_person(book: Book, person: Person, unit: int) -> Iterator[Line]:
    """R03, R04 and R15 for a person, whatever the post."""
    holder = ("person", person.id)
    for paper in book.of(holder, *REGISTERED):
        codes = {"contract": book.contracts, "insurance": book.insured}
        ties = {kind: _tie(paper.employer, book, ids.get(person.id, set())) for kind, ids in codes.items()}
        yield _told(book, "R03_employer", {"registered": bool(paper.employer), **ties}, person, unit, type=paper.type)
    a, b, c = (book.of(holder, code) for code in ("P03", "P04", "P05"))
    firms = len({post.unit_id for post in book.held(person=person.id, post="legal_representative")})
    yield _told(book, "R04_b", {"b": len(b)}, person, unit, b=len(b))
    yield _told(book, "R04_c", {"c": len(c)}, person, unit, c=len(c))
    yield _told(book, "R04_a", {"a": len(a), "covered": len(a) <= firms}, person, unit, a=len(a), firms=firms)
    employers = {paper.employer for paper in (*b, *c, *(a if len(a) <= 1 else ()))} - {""}
    yield _told(book, "R04_unit", {"employers": len(employers)}, person, unit, employers=len(employers))
    yield from _age(book, person, unit)


def _tie(code: str, book: Book, companies: set[int]) -> str:
    if not companies:
        return "none"
    return "same" if code in book.credit_codes(companies) else "other"


def _age(book: Book, person: Person, unit: int) -> Iterator[Line]:
    for code in sorted({paper.type for paper in book.of(("person", person.id), *AGED)}):
        given = {"type": code, "gender": person.gender, "province": person.unit.province}
        row = book.decide("R15_age", **given)
        if person.birth is None or row["years"] is None:
            continue
        limit = age_limit(person.birth, int(row["years"]), int(row["step_months"] or 0), int(row["most_months"] or 0))
        if limit < book.on:
            yield line("R15_age", row, about(person), unit, lack="over_age",
                       data={**given, "birth": person.birth, "limit": limit}, params={"type": code, "limit": limit})


def age_limit(birth: dt.date, years: int, step: int, most: int) -> dt.date:
    """The day on which an age is reached; with `step`, one month later for every `step` months from 2025-01 on that
    the plain day lies in, at most `most` months (渐进式延迟法定退休年龄)."""
    month = (birth.year + years) * 12 + birth.month - 1
    if step:
        passed = month - 2025 * 12
        month += min(most, passed // step + 1) if passed >= 0 else 0
    year, month = month // 12, month % 12 + 1
    return dt.date(year, month, min(birth.day, calendar.monthrange(year, month)[1]))


def of_worker(book: Book, post: Assignment) -> Iterator[Line]:
    """R05 for a special worker."""
    state, paper = trade_state(book, post)
    shown, held = post.person.id_masked, str((paper.fields if paper else {}).get("id_number") or "")
    identity = ("same" if held == shown else "other") if held and shown else "unknown"
    yield _said(book, "R05_worker", {"state": state, "identity": identity}, post, trade=post.trade)


def trade_state(book: Book, post: Assignment) -> tuple[str, Paper | None]:
    """How the person stands with the trade of a post: the best of the matching certificates."""
    found = [
        (STATES.index(state), paper.id, state, paper) for paper in book.papers.get(("person", post.person_id), ())
        if _matches(paper, post.trade) and (state := _state(paper)) != "none"
    ]
    return min(found, key=lambda each: each[:2])[2:] if found else ("none", None)


def _matches(paper: Paper, trade: str) -> bool:
    if trade.isdigit():
        return paper.type == "P02" and paper.fields.get("trade") == trade
    return paper.type == "P01" and trade in (paper.fields.get("item"), paper.item)


def _state(paper: Paper) -> str:
    if paper.usable:
        return "usable"
    if paper.standing in (Standing.UNKNOWN, Standing.FUTURE):
        return "none"
    if paper.standing is Standing.SUSPENDED:
        return "suspended"
    return "review_overdue" if paper.why == "review" else "expired"


def _said(
    book: Book, decision: str, given: Mapping[str, object], post: Assignment, **params: object
) -> Line:
    asked = {key: value for key, value in given.items() if key != "other_path"}
    return line(decision, book.decide(decision, **asked), about(post.person), post.unit_id, post=post.post,
                data=given, params=params)


def _told(
    book: Book, decision: str, given: Mapping[str, object], person: Person, unit: int, **params: object
) -> Line:
    return line(decision, book.decide(decision, **given), about(person), unit, data=given, params=params)


def of_loans(book: Book, unit: int) -> Iterator[Line]:
    """R14 for every original that is out: about whoever carries it."""
    for lent in book.lent:
        given = {"own_staff": lent.own_staff, "legal_agreed": lent.legal_agreed}
        yield line("R14_lending", book.decide("R14_lending", **given), about(lent.carrier), unit, data=given,
                   params={"code": lent.code, "family": lent.family})
