"""The days, one after the other: on each the certificates whose end reaches a stage, and no others; then the originals
whose return does, and what other rooms have to tell of on a day.

How far the days are planned stands in one row, locked while somebody plans; a day is done in small transactions, and
what is killed in between goes on where it stopped. What a day missed - an end that became known on it - follows from
the fact of it (`learnt`).
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Engine, Select, func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import Bell, reading, unit
from ledger.facts import Fact, record
from ledger.failpoints import fp
from ledger.workdays import Calendar, calendar
from registry.alerts.book import book, rule_for
from registry.alerts.causes import Case, return_of, term_of
from registry.alerts.model import LOAN, TASK, TERM, Alert, AlertDay, AlertPerson
from registry.alerts.notices import notify
from registry.alerts.raising import raise_all
from registry.alerts.rules import WINDOW, Reached, Stage
from registry.alerts.spans import Day, spans
from registry.certificates import codes
from registry.certificates.models import Certificate, Version
from registry.certificates.windows import end_of_term
from registry.custody.loans import Loan
from registry.custody.originals import Original

BATCH = 100
ONLY = 1
"""The one row of AlertDay."""
DAY = dt.timedelta(days=1)
Plan = Callable[[Session, Day], None]
_others: list[Plan] = []


def joined_by(plan: Plan) -> None:
    """Who else tells of something on each day, in the transaction that ends it; the last one named."""
    _others[:] = [plan]


def sweep(engine: Engine, *, limit: int = 20, bell: Bell | None = None) -> int:
    """Plan what has not been planned up to today, at most `limit` small transactions; how many there were."""
    for done in range(limit):
        with reading(engine) as session:
            mark = session.get(AlertDay, ONLY)
            if mark is not None and mark.day >= clock.today():
                return done
        with unit(engine, bell) as session:
            if not _some(session):
                return done
            fp("alerts.planned.before_commit")
        fp("alerts.planned.after_commit")
    return limit


def _some(session: Session) -> bool:
    """The next batch of the next day; False where another plans, or nothing is left."""
    mark = session.scalar(select(AlertDay).where(AlertDay.id == ONLY).with_for_update(skip_locked=True)
                          .execution_options(populate_existing=True))
    if mark is None:
        return _begin(session)
    if mark.day >= clock.today():
        return False
    day = _day(session, mark)
    batch = session.scalars(_reaching(day, book(session).stages(*TERM), mark)).all()
    for certificate in batch:
        _plan(session, term_of(certificate), day)
    if len(batch) == BATCH:
        mark.ends_on, mark.after = batch[-1].ends_on, batch[-1].id
    else:
        for loan in _returning(session, day, book(session).stages(LOAN)):
            _plan(session, return_of(loan), day, _lent_on(loan))
        for plan in _others:
            plan(session, day)
        mark.day, mark.ends_on, mark.after = day.on, None, 0
        if day.first:
            _sum_up(session, day.on)
    return True


def _day(session: Session, mark: AlertDay) -> Day:
    """The day after the last; as it begins, it is settled which ends it is for."""
    on, stages = mark.day + DAY, book(session).stages(*TERM, LOAN, TASK)
    cal = calendar(session) if any(stage.days == "work" for stage in stages) else Calendar()  # else nobody asks it
    if mark.ends_on is None:
        mark.spans = spans(stages, on, cal, mark.spans)
    return Day(on, cal, mark.spans, first=on == mark.begun_on)


def _sum_up(session: Session, day: dt.date) -> None:
    """On the first day everybody gets one notice of all that is near its end, instead of one for each."""
    session.flush()
    counted = select(AlertPerson.person_id, Alert.group_id, func.count()).join(Alert).where(
        AlertPerson.reach != "none", Alert.silent_at.is_(None)).group_by(AlertPerson.person_id, Alert.group_id)
    facts: dict[int, Fact] = {}
    for person_id, group_id, number in session.execute(counted).all():
        if group_id not in facts:
            facts[group_id] = record(session, "alerts.begun", ("unit", group_id), by=SYSTEM, group_id=group_id,
                                     after={"day": day.isoformat()})
        notify(session, [person_id], facts[group_id], "{n} 张由您负责的证件临近到期或已过期，请逐一处理。",
               {"n": number}, subject=("alerts", 1))


def _begin(session: Session) -> bool:
    """The first time: today is the first day, and counts as the day on which every end became known."""
    if session.get(AlertDay, ONLY) is not None:
        return False  # somebody plans just now
    session.add(AlertDay(id=ONLY, day=clock.today() - DAY, begun_on=clock.today()))
    session.flush()
    return True


def _reaching(day: Day, stages: Iterable[Stage], mark: AlertDay) -> Select[Certificate]:
    """The next certificates whose end a stage of any rule reaches on this day."""
    query = select(Certificate).options(joinedload(Certificate.unit)).where(
        day.reached_by(Certificate.ends_on, stages), Certificate.state.in_([*codes.LIVE, codes.LAPSED]))
    if mark.ends_on is not None:
        query = query.where(tuple_(Certificate.ends_on, Certificate.id) > tuple_(mark.ends_on, mark.after))
    query = query.order_by(Certificate.ends_on, Certificate.id).limit(BATCH)
    return query.with_for_update(read=True, of=Certificate)  # whoever renews one now waits, and then silences it


def _returning(session: Session, day: Day, stages: Sequence[Stage]) -> Sequence[Loan]:
    """What is out and is to come back so many days from this day. Few are: of all loans an index knows those."""
    if not stages:
        return ()
    due = func.coalesce(Loan.extended_until_on, Loan.until_on)
    certificate = joinedload(Loan.original).joinedload(Original.certificate).joinedload(Certificate.unit)
    query = select(Loan).where(
        Loan.returned_at.is_(None), Loan.voided_at.is_(None), day.reached_by(due, stages)).order_by(Loan.id)
    query = query.options(certificate, joinedload(Loan.person)).with_for_update(read=True, of=Loan)
    return session.scalars(query).all()


def _lent_on(loan: Loan) -> dt.date:
    """The day on which its return was agreed: nobody is reminded then of what they just heard."""
    return clock.day_of(loan.extended_at or loan.handed_at)


def _plan(session: Session, case: Case | None, day: Day, known: dt.date | None = None) -> int:
    """Raise what a case reaches on a day; of what was agreed on the day `known`, only later stages."""
    if case is None:
        return 0
    rule = rule_for(session, case)
    if day.first and known is None:
        stages = rule.reached(case.term, day.on, day.on, day.calendar)
    else:
        begun = max(rule.since, known or rule.since)
        stages = [Reached(stage.key, on) for stage in rule.stages if day.reaches(stage, case.term)
                  and begun < (on := stage.day(case.term, day.calendar)) <= day.on]
    return raise_all(session, case, stages, noticed=not day.first)


def learnt(session: Session, certificate: Certificate) -> int:
    """Something became known of a certificate: of an end that is new to us the nearest stage, and what the days planned
    since would have raised; how many were raised."""
    mark, case = session.get(AlertDay, ONLY), term_of(certificate)
    if mark is None or case is None:
        return 0
    since = max(known_since(certificate), mark.begun_on)
    stages = rule_for(session, case).reached(case.term, since, max(mark.day, since), calendar(session))
    return raise_all(session, case, stages)


def opened(session: Session, certificate: Certificate, kind: str, on: dt.date) -> int:
    """A day of its window has come (a fact of `kind`); one that was past when we learnt of the end tells nobody
    anything, the nearest stage does that (`learnt`)."""
    case = term_of(certificate)
    if case is None or on < known_since(certificate):
        return 0
    return raise_all(session, case, [Reached(WINDOW[kind], on)])


def known_since(certificate: Certificate) -> dt.date:
    """The day on which we learnt that it ends when it does: versions that changed something else do not count."""
    same = itertools.takewhile(
        lambda version: _end(version) == certificate.ends_on, reversed(certificate.versions))
    first = None
    for first in same:  # noqa: B007 - the last of them
        pass
    return clock.day_of((first or certificate.latest).known_from)


def _end(version: Version) -> dt.date | None:
    return end_of_term(version.valid_until, version.review_on)


__all__ = ["joined_by", "known_since", "learnt", "opened", "sweep"]
