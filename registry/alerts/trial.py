"""What a rule would do, without doing it: of one certificate, stage by stage; of all, how many it touches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from ledger import clock
from ledger.actor import Actor
from ledger.errors import NotFound
from ledger.facts import record
from ledger.workdays import ONE_DAY, Calendar, calendar
from registry.access.rules import visible
from registry.alerts.book import Book, Spot, book
from registry.alerts.causes import Case, return_of, term_of
from registry.alerts.letters import contacts, writing
from registry.alerts.letters.model import Line
from registry.alerts.model import END, LOAN, REVIEW, Alert
from registry.alerts.notices import notify
from registry.alerts.progress import Progress
from registry.alerts.raising import first_told, under_way, whom, withheld
from registry.alerts.rules import Reached, Rule
from registry.alerts.ruling import EDIT
from registry.alerts.wording import said
from registry.certificates import codes
from registry.certificates.catalogue import in_force_of
from registry.certificates.drafting import folded
from registry.certificates.models import Certificate
from registry.custody.loans import Loan
from registry.custody.originals import Original
from registry.people.persons import Person
from registry.people.scope import subtree
from registry.people.units import Unit

AHEAD = 30
"""Days that an impact looks ahead."""
MARK = "【测试】{said}"
_NEVER = dt.date(9999, 12, 31)
_REVIEWED = and_(func.coalesce(Certificate.review_on, _NEVER) == Certificate.ends_on,
                 func.coalesce(Certificate.valid_until, _NEVER) != Certificate.ends_on)
"""It ends by a review that comes before its end (causes.term_of)."""


@dataclass(frozen=True)
class Told:
    """Somebody who would be told: on which rung, whether in the application, and by which lines."""

    person: Person
    rung: str
    reach: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Step:
    """A stage of a case: its day, whom it would tell, what; `silent`: nobody, because what is under way comes in
    time."""

    key: str
    on: dt.date
    told: list[Told]
    text: str
    params: dict[str, Any]
    silent: bool


@dataclass(frozen=True)
class Impact:
    """Of the next days: how many certificates (or loans) get alerts by a rule, how many alerts, and how many they would
    get as it is now."""

    certificates: int
    alerts: int
    now: int


def rehearse(session: Session, case: Case, rule: Rule) -> list[Step]:
    """Every stage of a case as it would go, the earliest first. Nothing is written."""
    matter = under_way(session, case)
    return [_step(session, case, rule, stage, matter) for stage in rule.days(case.term, calendar(session))]


def _step(session: Session, case: Case, rule: Rule, stage: Reached, matter: Progress | None) -> Step:
    certificate, left = case.certificate, (case.term - stage.on).days
    alert = Alert(group_id=certificate.group_id, unit_path=certificate.unit_path, certificate_id=certificate.id,
                  cause=case.cause, matter_id=case.matter_id, term=case.term, stage=stage.key, due_on=stage.on)
    text, params = said(case, alert, matter, left)
    if withheld(case, stage.key, matter):
        return Step(stage.key, stage.on, [], text, params, True)
    lines = writing.lines_of(session, alert)
    _, met = whom(session, case, rule, first_told(rule, left, matter, case.term), lines, set())
    ways = contacts.ways(session, {one for _, one, _ in met}, lines)
    people = {row.id: row for row in session.scalars(select(Person).where(Person.id.in_([one for _, one, _ in met])))}
    told = [Told(people[one], rung, reach, tuple(ways.get(one, ()))) for rung, one, reach in met]
    return Step(stage.key, stage.on, told, text, params, False)


def found(session: Session, actor: Actor, text: str, *, unit: Unit | None = None, code: str = "", cause: str = END,
          limit: int = 10) -> Sequence[Certificate]:
    """Certificates on which the actor may try rules for a cause: where they may set them. By words of holder, number or
    code, of a unit (and that cause alone) and a type; the nearest end first."""
    query = visible(select(Certificate), actor, action=EDIT).where(Certificate.state.in_(codes.LIVE))
    if unit is not None:
        low, high = subtree(unit.path)
        query = query.where(Certificate.unit_path >= low, Certificate.unit_path < high)
    if code:
        query = query.where(Certificate.type_code == code)
    if cause == LOAN:
        query = query.where(exists().where(Original.certificate_id == Certificate.id, Loan.original_id == Original.id,
                                           Loan.returned_at.is_(None), Loan.voided_at.is_(None)))
    else:
        of_cause = [_REVIEWED] if cause == REVIEW else [~_REVIEWED] if unit is not None else []
        query = query.where(Certificate.ends_on >= clock.today(), *of_cause)
    for word in text.split()[:4]:
        query = query.where(or_(Certificate.search.contains(folded(word), autoescape=True),
                                Certificate.code == word.upper()))
    return session.scalars(query.options(joinedload(Certificate.unit)).order_by(
        Certificate.ends_on, Certificate.id).limit(limit)).all()


def tried(session: Session, actor: Actor, certificate_id: int, cause: str) -> Case:
    """The case of a certificate for a cause: its term, or the return of an original of it that is out. Raises NotFound,
    also where the actor may set no rule for it."""
    certificate = session.scalar(visible(select(Certificate), actor, action=EDIT).where(
        Certificate.id == certificate_id).options(joinedload(Certificate.unit)))
    if certificate is None:
        raise NotFound
    case = term_of(certificate)
    if cause == LOAN:
        loan = session.scalar(select(Loan).join(Loan.original).where(
            Original.certificate_id == certificate.id, Loan.returned_at.is_(None), Loan.voided_at.is_(None))
            .order_by(Loan.id).limit(1))
        case = return_of(loan) if loan is not None else None
    if case is None:
        raise NotFound
    return case


def send_to_me(session: Session, actor: Actor, case: Case, step: Step, words: str) -> None:
    """Tell whoever asks, and nobody else, what a stage would tell; marked as a test. `words` is the sentence."""
    assert actor.id is not None
    fact = record(session, "alert_rule.tried", ("certificate", case.certificate.id), by=actor,
                  group_id=case.certificate.group_id, after={"stage": step.key, "cause": case.cause})
    notify(session, [actor.id], fact, MARK, {"said": words}, subject=("certificate", case.certificate.id))


def impact(session: Session, spot: Spot, unit: Unit, rule: Rule | None) -> Impact:
    """What would follow in the next days from a rule at a spot; None: from there being none there."""
    before = book(session)
    after, cal, counted, alerts, now = before.with_rule(spot, rule), calendar(session), 0, 0, 0
    for cell in _cells(session, spot, unit, before, after, cal):
        path, code, province, ends_on, number = cell
        if spot not in (after.holding(spot[0], path, code), before.holding(spot[0], path, code)):
            continue
        kind = in_force_of(code, clock.today(), province)
        coming, standing = (_coming(each.rule(spot[0], path, kind), ends_on, cal) for each in (after, before))
        counted, alerts, now = counted + number * bool(coming), alerts + number * coming, now + number * standing
    return Impact(counted, alerts, now)


def _coming(rule: Rule, ends_on: dt.date, cal: Calendar) -> int:
    today = clock.today()
    return sum(today < each.on <= today + ONE_DAY * AHEAD for each in rule.days(ends_on, cal))


def _cells(session: Session, spot: Spot, unit: Unit, before: Book, after: Book, cal: Calendar) -> Iterator[Any]:
    """(path, type, province, end, how many) of what lies at and below a unit and may reach a stage in these days."""
    cause, _, code = spot
    stages = {*before.stages(cause), *after.stages(cause)}
    if not stages:
        return
    today = clock.today()
    near = min(stage.covers(today, cal) for stage in stages)
    far = max(stage.covers(today + ONE_DAY * AHEAD, cal) for stage in stages)
    low, high = subtree(unit.path)
    where = [Certificate.unit_path >= low, Certificate.unit_path < high]
    if code:
        where.append(Certificate.type_code == code)
    ends: Any = Certificate.ends_on
    query = select(Certificate.unit_path, Certificate.type_code, Unit.province)
    if cause == LOAN:
        ends = func.coalesce(Loan.extended_until_on, Loan.until_on)
        query = query.select_from(Loan).join(Loan.original).join(Original.certificate)
        where += [Loan.returned_at.is_(None), Loan.voided_at.is_(None)]
    else:
        where += [Certificate.state.in_([*codes.LIVE, codes.LAPSED]), _REVIEWED if cause == REVIEW else ~_REVIEWED]
    query = query.join(Unit, Unit.id == Certificate.unit_id).add_columns(ends, func.count()).where(
        *where, ends.between(near, far)).group_by(Certificate.unit_path, Certificate.type_code, Unit.province, ends)
    yield from session.execute(query)


__all__ = ["AHEAD", "MARK", "Impact", "Step", "Told", "found", "impact", "rehearse", "send_to_me", "tried"]
