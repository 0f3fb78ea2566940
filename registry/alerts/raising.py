"""Raising an alert: a row, a fact, and a notice to everybody on its rungs, in the caller's transaction. Each stage of a
term once, whoever asks how often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import SYSTEM
from ledger.facts import Fact, record
from ledger.workdays import calendar
from registry.alerts import progress
from registry.alerts.book import rule_for
from registry.alerts.causes import Case
from registry.alerts.ladder import reachable, standing_on
from registry.alerts.letters import contacts, writing
from registry.alerts.letters.model import Line
from registry.alerts.model import TERM, Alert, AlertPerson
from registry.alerts.notices import notify
from registry.alerts.progress import Progress
from registry.alerts.rules import Reached, Rule, rungs
from registry.alerts.templates import saying
from registry.alerts.wording import WINDOW_NEWS, said, unheeded

RAISED, WITHHELD, CLIMBED = "alert.raised", "alert.withheld", "alert.climbed"


def raise_all(session: Session, case: Case, stages: Iterable[Reached], *, noticed: bool = True) -> int:
    """Raise the stages of a case that were not raised yet; how many were. `noticed`: each with a notice of its own;
    else whoever calls sums them up."""
    stages = list(stages)
    if not stages or not case.there:
        return 0
    matter = under_way(session, case)
    rule, before, done = rule_for(session, case), _raised_otherwise(session, case), 0
    for stage in stages:
        alert_id = _insert(session, case, stage, matter) if stage.key not in before else None
        if alert_id is not None:
            _tell(session, case, rule, session.get_one(Alert, alert_id), matter, noticed)
            done += 1
    return done


def under_way(session: Session, case: Case) -> Progress | None:
    """What is being done about it. Nothing is ever under way to bring an original back but bringing it back."""
    return progress.of(session, case.certificate.id) if case.cause in TERM else None


def withheld(case: Case, stage: str, matter: Progress | None) -> bool:
    """Whether a stage stays silent because what is under way is expected to be done in time."""
    return matter is not None and (stage == "opens" or stage not in WINDOW_NEWS and matter.in_time(case.term))


def _raised_otherwise(session: Session, case: Case) -> set[str]:
    """The stages of this term that were raised when its day still was an end, or a review: they are not raised again
    because it is the other now."""
    if case.cause not in TERM:
        return set()
    return set(session.scalars(select(Alert.stage).where(
        Alert.certificate_id == case.certificate.id, Alert.term == case.term, Alert.cause.in_(TERM),
        Alert.cause != case.cause)))


def _insert(session: Session, case: Case, stage: Reached, matter: Progress | None) -> int | None:
    """The id of a new row; None where the stage was raised before."""
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    quiet, certificate = withheld(case, stage.key, matter), case.certificate
    row = {
        "group_id": certificate.group_id, "unit_path": certificate.unit_path, "family": certificate.family,
        "type_code": certificate.type_code, "certificate_id": certificate.id, "matter_id": case.matter_id,
        "holder_person_id": certificate.holder_person_id, "holder_name": certificate.holder_name, "cause": case.cause,
        "term": case.term, "stage": stage.key, "due_on": stage.on, "raised_at": clock.now(),
        "about": matter.told(case.term) if matter is not None else {}, "level": 0,
        "silent_at": clock.now() if quiet else None, "silent_why": "under_way" if quiet else "", "acted_by_name": "",
        "acted_how": "",
    }
    return session.scalar(insert(Alert).values(row).on_conflict_do_nothing(
        index_elements=["certificate_id", "cause", "matter_id", "term", "stage"]).returning(Alert.id))


def _tell(session: Session, case: Case, rule: Rule, alert: Alert, matter: Progress | None, noticed: bool) -> None:
    if alert.silent_at is not None:
        _write(session, WITHHELD, case, alert, {"stage": alert.stage, "why": alert.silent_why})
        return
    session.execute(update(Alert).where(
        Alert.certificate_id == case.certificate.id, Alert.id != alert.id, Alert.escalate_at.is_not(None),
        Alert.cause.in_(TERM) if case.cause in TERM else Alert.cause == case.cause,
        Alert.matter_id == case.matter_id).values(escalate_at=None))  # the nearer stage goes on climbing
    left = (alert.term - clock.today()).days
    told = _people(session, case, alert, rule, first_told(rule, left, matter, case.term))
    alert.escalate_at = _patience(session, rule, left) if rule.above(frozenset(told)) else None
    fact = _write(session, RAISED, case, alert, {"stage": alert.stage, "rungs": told})
    _notify(session, rule, alert, fact, *said(case, alert, matter, left), noticed=noticed)


def first_told(rule: Rule, left: int, matter: Progress | None, term: dt.date) -> list[str]:
    """The rungs that a stage is told to with so many days left; one more where what is under way comes too late."""
    keys = list(rule.rungs(left))
    if matter is not None and matter.late(term) and (higher := rule.above(frozenset(keys))):
        keys.append(higher)
    return keys


def climb(session: Session, case: Case, alert: Alert) -> bool:
    """Nobody acted: the next rung is told; False when there was none left."""
    rule = rule_for(session, case)
    told = frozenset(each.rung for each in alert.told)
    key = rule.above(told)
    alert.escalate_at = None
    if key is None:
        return False
    alert.level += 1
    told |= set(_people(session, case, alert, rule, [key]))
    alert.escalate_at = _patience(session, rule, 0) if rule.above(told) else None
    fact = _write(session, CLIMBED, case, alert, {"stage": alert.stage, "level": alert.level})
    _notify(session, rule, alert, fact, *unheeded(case, alert))
    return True


def _people(session: Session, case: Case, alert: Alert, rule: Rule, keys: list[str]) -> list[str]:
    """Write down who is told on these rungs; where that reaches nobody, on the next, until somebody is. The rungs."""
    known = {each.person_id for each in alert.told}
    asked, met = whom(session, case, rule, keys, writing.lines_of(session, alert), known)
    alert.told += [AlertPerson(person_id=one, rung=key, level=alert.level, told_at=clock.now(), reach=reach)
                   for key, one, reach in met]
    session.flush()
    return asked


def whom(session: Session, case: Case, rule: Rule, keys: list[str], lines: Sequence[Line],
         known: set[int]) -> tuple[list[str], list[tuple[str, int, str]]]:
    """The rungs that are told, with higher ones where these reach nobody; and who stands on them that is not `known`:
    rung, person, how they are reached."""
    asked, met, reached = list(keys), list[tuple[str, int, str]](), False
    for key in asked:
        people = [one for one in standing_on(session, rungs()[key], case) if one not in known]
        able = reachable(session, people)
        by_letter = contacts.ways(session, set(people) - able, lines)
        met += [(key, one, "inapp" if one in able else "letter" if one in by_letter else "none") for one in people]
        known |= set(people)
        reached = reached or bool(able) or bool(by_letter)
        if key == asked[-1] and not reached and (higher := rule.above(frozenset(asked))):
            asked.append(higher)
    return asked, met


def _patience(session: Session, rule: Rule, left: int) -> dt.datetime | None:
    """When an alert that nobody acts on goes one rung up; None while the end is far, and where a rule
    has no patience."""
    if left > rule.climbs_within or not rule.patience:
        return None
    return clock.end_of_day(calendar(session).after(clock.today(), rule.patience))


def _write(session: Session, kind: str, case: Case, alert: Alert, told: dict[str, Any]) -> Fact:
    certificate = case.certificate
    lent = [("loan", case.matter_id)] if case.loan is not None else []
    return record(session, kind, ("certificate", certificate.id), by=SYSTEM, group_id=certificate.group_id,
                  about=[*certificate.concerned, *lent], key=f"{kind}:{alert.id}:{alert.level}",
                  after={"alert": alert.id, "type": alert.type_code, "ends": alert.term.isoformat(), **told})


def _notify(session: Session, rule: Rule, alert: Alert, fact: Fact, text: str, params: dict[str, Any], *,
            noticed: bool = True) -> None:
    """In the application (also to whoever gets their account later), and by letter to whoever can be reached so; if
    not `noticed`, in one letter with all others."""
    told = [each.person_id for each in alert.told if each.level == alert.level]
    subject = (alert.about["kind"], alert.about["id"]) if alert.about else alert.subject
    for people, own in saying.inside(session, alert.group_id, told, params) if noticed else ():
        notify(session, people, fact, text, own, subject=subject)
    writing.write(session, alert, told, text, params, writing.lines_of(session, alert), daily=not noticed,
                  quiet=rule.quiet)


def raised(session: Session, certificate_id: int) -> list[Alert]:
    """The alerts of a certificate, newest first."""
    return list(session.scalars(select(Alert).where(Alert.certificate_id == certificate_id).order_by(Alert.id.desc())))


__all__ = ["CLIMBED", "RAISED", "WITHHELD", "climb", "first_told", "raise_all", "raised", "under_way", "whom",
           "withheld"]
