"""Raising an alert: a row, a fact, and a notice to everybody on its rungs, in the caller's transaction. Each stage of a
term once, whoever asks how often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
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
from registry.alerts.ladder import reachable, standing_on
from registry.alerts.letters import contacts, writing
from registry.alerts.model import END, Alert, AlertPerson
from registry.alerts.notices import notify
from registry.alerts.progress import Progress
from registry.alerts.rules import Rule, rule_of, rungs
from registry.alerts.templates import saying
from registry.alerts.wording import WINDOW_NEWS, said, unheeded
from registry.certificates import codes
from registry.certificates.catalogue import in_force_of
from registry.certificates.models import Certificate

RAISED, WITHHELD, CLIMBED = "alert.raised", "alert.withheld", "alert.climbed"


@dataclass(frozen=True)
class Reached:
    """A stage that a certificate's term has reached, and the day of it."""

    key: str
    on: dt.date


def there(certificate: Certificate, term: dt.date) -> bool:
    """The cause of an alert is still there: it ends on that day, or did and nothing followed."""
    if certificate.ends_on != term:
        return False
    return certificate.state in codes.LIVE or (certificate.state == codes.LAPSED and term < clock.today())


def rule_for(certificate: Certificate) -> Rule:
    """The rule in force today where the certificate lies."""
    return rule_of(in_force_of(certificate.type_code, clock.today(), certificate.unit.province))


def raise_all(session: Session, certificate: Certificate, stages: Iterable[Reached], *, noticed: bool = True) -> int:
    """Raise the stages of a certificate's present term that were not raised yet; how many were. `noticed`: each with a
    notice of its own; else whoever calls sums them up."""
    term = certificate.ends_on
    if term is None or not there(certificate, term):
        return 0
    rule, matter, done = rule_for(certificate), progress.of(session, certificate.id), 0
    for stage in stages:
        alert_id = _insert(session, certificate, term, stage, matter)
        if alert_id is not None:
            _tell(session, certificate, rule, session.get_one(Alert, alert_id), matter, noticed)
            done += 1
    return done


def _insert(session: Session, certificate: Certificate, term: dt.date, stage: Reached,
            matter: Progress | None) -> int | None:
    """The id of a new row; None where the stage was raised before."""
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    quiet = matter is not None and (stage.key == "opens" or stage.key not in WINDOW_NEWS and matter.in_time(term))
    row = {
        "group_id": certificate.group_id, "unit_path": certificate.unit_path, "family": certificate.family,
        "type_code": certificate.type_code, "certificate_id": certificate.id,
        "holder_person_id": certificate.holder_person_id, "holder_name": certificate.holder_name, "cause": END,
        "term": term, "stage": stage.key, "due_on": stage.on, "raised_at": clock.now(),
        "about": matter.told(term) if matter else {}, "level": 0,
        "silent_at": clock.now() if quiet else None, "silent_why": "under_way" if quiet else "",
        "acted_by_name": "", "acted_how": "",
    }
    return session.scalar(insert(Alert).values(row).on_conflict_do_nothing(
        index_elements=["certificate_id", "cause", "term", "stage"]).returning(Alert.id))


def _tell(session: Session, certificate: Certificate, rule: Rule, alert: Alert, matter: Progress | None,
          noticed: bool) -> None:
    if alert.silent_at is not None:
        _write(session, WITHHELD, certificate, alert, {"stage": alert.stage, "why": alert.silent_why})
        return
    session.execute(update(Alert).where(
        Alert.certificate_id == certificate.id, Alert.id != alert.id, Alert.escalate_at.is_not(None)).values(
        escalate_at=None))  # the nearer stage goes on climbing
    left = (alert.term - clock.today()).days
    keys = list(rule.rungs(left))
    if matter is not None and matter.late(alert.term) and (higher := rule.above(frozenset(keys))):
        keys.append(higher)
    told = _people(session, certificate, alert, rule, keys)
    alert.escalate_at = _patience(session, rule, left) if rule.above(frozenset(told)) else None
    fact = _write(session, RAISED, certificate, alert, {"stage": alert.stage, "rungs": told})
    _notify(session, alert, fact, *said(certificate, alert, matter, left), noticed=noticed)


def climb(session: Session, certificate: Certificate, alert: Alert) -> bool:
    """Nobody acted: the next rung is told; False when there was none left."""
    rule = rule_for(certificate)
    told = frozenset(each.rung for each in alert.told)
    key = rule.above(told)
    alert.escalate_at = None
    if key is None:
        return False
    alert.level += 1
    told |= set(_people(session, certificate, alert, rule, [key]))
    alert.escalate_at = _patience(session, rule, 0) if rule.above(told) else None
    fact = _write(session, CLIMBED, certificate, alert, {"stage": alert.stage, "level": alert.level})
    _notify(session, alert, fact, *unheeded(certificate, alert))
    return True


def _people(session: Session, certificate: Certificate, alert: Alert, rule: Rule, keys: list[str]) -> list[str]:
    """Write down who is told on these rungs; where that reaches nobody, on the next, until somebody is. The rungs."""
    known = {each.person_id for each in alert.told}
    asked, reached, lines = list(keys), False, writing.lines_of(session, alert)
    for key in asked:
        people = [one for one in standing_on(session, rungs()[key], certificate) if one not in known]
        able = reachable(session, people)
        by_letter = contacts.ways(session, set(people) - able, lines)
        alert.told += [AlertPerson(person_id=one, rung=key, level=alert.level, told_at=clock.now(),
                                   reach="inapp" if one in able else "letter" if one in by_letter else "none")
                       for one in people]
        known |= set(people)
        reached = reached or bool(able) or bool(by_letter)
        if key == asked[-1] and not reached and (higher := rule.above(frozenset(asked))):
            asked.append(higher)
    session.flush()
    return asked


def _patience(session: Session, rule: Rule, left: int) -> dt.datetime | None:
    """When an alert that nobody acts on goes one rung up; None while the end is far."""
    if left > rule.climbs_within:
        return None
    return clock.end_of_day(calendar(session).after(clock.today(), rule.patience))


def _write(session: Session, kind: str, certificate: Certificate, alert: Alert, told: dict[str, Any]) -> Fact:
    return record(session, kind, ("certificate", certificate.id), by=SYSTEM, group_id=certificate.group_id,
                  about=certificate.concerned, key=f"{kind}:{alert.id}:{alert.level}",
                  after={"alert": alert.id, "type": alert.type_code, "ends": alert.term.isoformat(), **told})


def _notify(session: Session, alert: Alert, fact: Fact, text: str, params: dict[str, Any], *,
            noticed: bool = True) -> None:
    """In the application (also to whoever gets their account later), and by letter to whoever can be reached so; if
    not `noticed`, in one letter with all others."""
    told = [each.person_id for each in alert.told if each.level == alert.level]
    subject = (alert.about["kind"], alert.about["id"]) if alert.about else alert.subject
    for people, own in saying.inside(session, alert.group_id, told, params) if noticed else ():
        notify(session, people, fact, text, own, subject=subject)
    writing.write(session, alert, told, text, params, writing.lines_of(session, alert), daily=not noticed)


def raised(session: Session, certificate_id: int) -> list[Alert]:
    """The alerts of a certificate, newest first."""
    return list(session.scalars(select(Alert).where(Alert.certificate_id == certificate_id).order_by(Alert.id.desc())))


__all__ = ["CLIMBED", "RAISED", "WITHHELD", "Reached", "climb", "raise_all", "raised", "rule_for", "there"]
