"""The days, one after the other: on each the certificates whose end reaches a stage, and no others.

How far the days are planned stands in one row, locked while somebody plans; a day is done in small transactions, and
what is killed in between goes on where it stopped. What a day missed - an end that became known on it - follows from
the fact of it (`learnt`).
"""

from __future__ import annotations

import datetime as dt
import itertools

from sqlalchemy import Engine, Select, func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import Bell, reading, unit
from ledger.facts import Fact, record
from ledger.failpoints import fp
from registry.alerts.model import Alert, AlertDay, AlertPerson
from registry.alerts.notices import notify
from registry.alerts.raising import Reached, raise_all, rule_for
from registry.alerts.rules import WINDOW, rule_of
from registry.certificates import codes
from registry.certificates.catalogue import types
from registry.certificates.models import Certificate, Version
from registry.certificates.windows import end_of_term

BATCH = 100
ONLY = 1
"""The one row of AlertDay."""
DAY = dt.timedelta(days=1)


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
    day = mark.day + DAY
    first = day == mark.begun_on
    batch = session.scalars(_reaching(day, mark, first)).all()
    for certificate in batch:
        _plan(session, certificate, day, first)
    if len(batch) == BATCH:
        mark.ends_on, mark.after = batch[-1].ends_on, batch[-1].id
    else:
        mark.day, mark.ends_on, mark.after = day, None, 0
        if first:
            _sum_up(session, day)
    return True


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


def _reaching(day: dt.date, mark: AlertDay, first: bool) -> Select[Certificate]:
    """The next certificates whose end is as many days from this day as a stage of any type says."""
    stages = sorted({stage.before for kind in types().values() for stage in rule_of(kind).stages})
    ends = (Certificate.ends_on.between(day + dt.timedelta(days=stages[0]), day + dt.timedelta(days=stages[-1]))
            if first else Certificate.ends_on.in_([day + dt.timedelta(days=before) for before in stages]))
    query = select(Certificate).options(joinedload(Certificate.unit)).where(
        ends, Certificate.state.in_([*codes.LIVE, codes.LAPSED]))
    if mark.ends_on is not None:
        query = query.where(tuple_(Certificate.ends_on, Certificate.id) > tuple_(mark.ends_on, mark.after))
    query = query.order_by(Certificate.ends_on, Certificate.id).limit(BATCH)
    return query.with_for_update(read=True, of=Certificate)  # whoever renews one now waits, and then silences it


def _plan(session: Session, certificate: Certificate, day: dt.date, first: bool) -> int:
    ends_on = certificate.ends_on
    assert ends_on is not None
    rule = rule_for(certificate)
    stages = rule.reached(ends_on, day, day) if first else [
        stage for stage in rule.stages if stage.day(ends_on) == day]
    return raise_all(session, certificate, [Reached(stage.key, stage.day(ends_on)) for stage in stages],
                     noticed=not first)


def learnt(session: Session, certificate: Certificate) -> int:
    """Something became known of a certificate: of an end that is new to us the nearest stage, and what the days planned
    since would have raised; how many were raised."""
    mark = session.get(AlertDay, ONLY)
    if mark is None or certificate.ends_on is None:
        return 0
    since = max(known_since(certificate), mark.begun_on)
    stages = rule_for(certificate).reached(certificate.ends_on, since, max(mark.day, since))
    return raise_all(session, certificate, [Reached(stage.key, stage.day(certificate.ends_on)) for stage in stages])


def opened(session: Session, certificate: Certificate, kind: str, on: dt.date) -> int:
    """A day of its window has come (a fact of `kind`); one that was past when we learnt of the end tells nobody
    anything, the nearest stage does that (`learnt`)."""
    if on < known_since(certificate):
        return 0
    return raise_all(session, certificate, [Reached(WINDOW[kind], on)])


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


__all__ = ["known_since", "learnt", "opened", "sweep"]
