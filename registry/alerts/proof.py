"""The proof of delivery: who was told of a certificate's end, by which way, in which words, and what came of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from ledger.actor import Actor
from ledger.facts import Fact, FactAbout, record
from registry.access.accounts import Account
from registry.alerts.letters.composing import Say
from registry.alerts.letters.model import SENT, Letter, LetterAlert, LetterTry
from registry.alerts.model import Alert, AlertPerson
from registry.alerts.notices import Notice
from registry.alerts.raising import CLIMBED, RAISED
from registry.alerts.rules import rungs
from registry.certificates.models import Certificate
from registry.people.persons import Person

INAPP = "inapp"
PRINTED = "alerts.proved"
BEGUN = "alerts.begun"


@dataclass(frozen=True)
class Passage:
    """One way by which an alert went to somebody, or into a room: `words` about this alert as they left, or as they
    are to leave. Words that left and nobody kept (`exact` is False: from before every try was written down) are said
    again from what was kept.

    `others` are the alerts that the same letter told of beside this one; `listed` is False where this one was only
    counted among them. `template` and `values` are all that leaves by a short message.
    """

    channel: str
    title: str
    words: tuple[str, ...]
    planned_at: dt.datetime
    state: str
    exact: bool = True
    others: int = 0
    listed: bool = True
    template: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    sent_at: dt.datetime | None = None
    reference: str = ""
    why: dict[str, Any] | None = None
    tries: tuple[LetterTry, ...] = ()


@dataclass(frozen=True)
class Told:
    """Somebody who stands on a rung of an alert."""

    name: str
    row: AlertPerson
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Entry:
    """An alert, the people of its ladder, and the rooms and systems that heard of it."""

    alert: Alert
    told: tuple[Told, ...]
    rooms: tuple[Passage, ...]


def entries(session: Session, certificate_id: int, say: Say) -> list[Entry]:
    """All of a certificate's alerts, the oldest first."""
    alerts = session.scalars(select(Alert).where(Alert.certificate_id == certificate_id).options(
        selectinload(Alert.told)).order_by(Alert.id)).all()
    people = {each.person_id for alert in alerts for each in alert.told}
    names = dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(people))).tuples().all())
    tongues = dict(session.execute(select(Account.person_id, Account.locale).where(
        Account.person_id.in_(people))).tuples().all())
    notices, letters = _notices(session, certificate_id), _letters(session, [alert.id for alert in alerts])
    begun = _begun(session, people)
    order, found = {key: number for number, key in enumerate(rungs())}, []
    for alert in alerts:
        told = []
        for each in sorted(alert.told, key=lambda one: (one.level, order.get(one.rung, len(order)), one.person_id)):
            tongue, passages = tongues.get(each.person_id, "zh"), list[Passage]()
            if each.reach == INAPP:
                passages.append(_inside(notices.get((alert.id, each.level, each.person_id)),
                                        begun.get(each.person_id), each, say, tongue))
            passages += [_by_letter(one, say, tongue) for one in letters.get((alert.id, each.person_id), ())]
            told.append(Told(names[each.person_id], each, tuple(passages)))
        rooms = tuple(_by_letter(one, say, "zh") for one in letters.get((alert.id, None), ()))
        found.append(Entry(alert, tuple(told), rooms))
    return found


def _notices(session: Session, certificate_id: int) -> dict[tuple[int, int, int], Notice]:
    """The notices of its alerts, by alert, level and person."""
    rows = session.execute(
        select(Notice, Fact).join(Fact, Fact.id == Notice.fact_id).join(FactAbout, FactAbout.fact_id == Fact.id).where(
            FactAbout.kind == "certificate", FactAbout.subject_id == certificate_id,
            Fact.kind.in_((RAISED, CLIMBED)))).tuples().all()
    known = [(notice, fact.after or {}) for notice, fact in rows]
    return {(after["alert"], after.get("level", 0), notice.person_id): notice for notice, after in known}


def _begun(session: Session, people: set[int]) -> dict[int, Notice]:
    """The notice by which each person was told, on the first day, of everything near its end."""
    rows = session.scalars(select(Notice).join(Fact, Fact.id == Notice.fact_id).where(
        Fact.kind == BEGUN, Notice.person_id.in_(people)))
    return {notice.person_id: notice for notice in rows}


def _letters(session: Session, alerts: Sequence[int]) -> dict[tuple[int, int | None], list[LetterAlert]]:
    rows = session.scalars(select(LetterAlert).where(LetterAlert.alert_id.in_(alerts)).options(
        joinedload(LetterAlert.letter).options(joinedload(Letter.line), selectinload(Letter.handed))
    ).order_by(LetterAlert.letter_id))
    found: dict[tuple[int, int | None], list[LetterAlert]] = {}
    for row in rows:
        found.setdefault((row.alert_id, row.letter.person_id), []).append(row)
    return found


def _inside(own: Notice | None, begun: Notice | None, each: AlertPerson, say: Say, tongue: str) -> Passage:
    """In the application: by a notice of its own, or, on the first day, by the one that summed up all of them."""
    if own is None and begun is not None and begun.at.date() == each.told_at.date():
        return Passage(INAPP, "", (say(begun.text, begun.params, tongue),), begun.at, "sent", sent_at=begun.at,
                       others=max(0, int(begun.params.get("n", 1)) - 1), listed=False)
    words = (say(own.text, own.params, tongue),) if own is not None else ()
    return Passage(INAPP, "", words, each.told_at, "sent", sent_at=own.at if own is not None else each.told_at)


def _by_letter(row: LetterAlert, say: Say, tongue: str) -> Passage:
    letter = row.letter
    last = next((each for each in reversed(letter.handed) if each.outcome in ("sent", "")),
                letter.handed[-1] if letter.handed else None)
    about: dict[str, Any] = {"words": (say(row.text, row.params, tongue),), "exact": letter.state != SENT}
    if last is not None:
        about = _as_left(last.said, row.alert_id)
    return Passage(letter.line.channel, letter.line.title, planned_at=letter.made_at, state=letter.state,
                   sent_at=letter.sent_at, reference=letter.reference, why=letter.why, tries=tuple(letter.handed),
                   **about)


def _as_left(said: Mapping[str, Any], alert_id: int) -> dict[str, Any]:
    """Of a letter's words those about one alert: what it says of others is for whoever may read those."""
    alerts, lines = said["alerts"], said["lines"]
    if len(alerts) == 1:
        words = [said["title"], *lines]
    else:
        words = [said["title"], *([lines[said["first"] + alerts.index(alert_id)]] if alert_id in alerts else [])]
    return {"words": tuple(words), "others": len(alerts) - 1 if alert_id in alerts else len(alerts),
            "listed": alert_id in alerts, "template": said.get("template", ""), "values": said.get("values", {})}


def content(certificate: Certificate, found: Sequence[Entry], *, at: dt.datetime, by: str) -> bytes:
    """All of it as JSON whose order is fixed, in UTF-8: what the hash at the foot of each page is of."""
    whole = {
        "certificate": {"code": certificate.code, "type": certificate.type_code, "number": certificate.number,
                        "holder": certificate.holder_name, "ends_on": _said(certificate.ends_on)},
        "made_at": _said(at), "made_by": by, "alerts": [_plain(entry) for entry in found]}
    return json.dumps(whole, ensure_ascii=False, sort_keys=True, indent=1).encode()


def digest(whole: bytes) -> str:
    """The hash of the content, in hexadecimal."""
    return hashlib.sha256(whole).hexdigest()


def _plain(entry: Entry) -> dict[str, Any]:
    alert = entry.alert
    return {
        "stage": alert.stage, "term": _said(alert.term), "due_on": _said(alert.due_on),
        "raised_at": _said(alert.raised_at), "about": alert.about, "acted_at": _said(alert.acted_at),
        "acted_by": alert.acted_by_name, "acted_how": alert.acted_how, "silent_at": _said(alert.silent_at),
        "silent_why": alert.silent_why, "rooms": [_passage(each) for each in entry.rooms],
        "told": [{"name": each.name, "rung": each.row.rung, "level": each.row.level, "reach": each.row.reach,
                  "told_at": _said(each.row.told_at), "opened_at": _said(each.row.opened_at),
                  "passages": [_passage(one) for one in each.passages]} for each in entry.told]}


def _passage(one: Passage) -> dict[str, Any]:
    return {"channel": one.channel, "line": one.title, "words": list(one.words), "exact": one.exact,
            "others": one.others, "listed": one.listed, "template": one.template, "values": dict(one.values),
            "planned_at": _said(one.planned_at), "state": one.state, "sent_at": _said(one.sent_at),
            "reference": one.reference,
            "tries": [{"at": _said(each.at), "over_at": _said(each.over_at), "outcome": each.outcome,
                       "code": each.code, "reference": each.reference, "parts": each.parts} for each in one.tries]}


def _said(when: dt.datetime | dt.date | None) -> str | None:
    if isinstance(when, dt.datetime):
        return when.astimezone(dt.UTC).isoformat()
    return when.isoformat() if when is not None else None


def printed(session: Session, certificate: Certificate, hash_: str, *, by: Actor) -> None:
    """Write down that it was printed, by whom, with which content: so whoever holds the paper can compare it."""
    record(session, PRINTED, ("certificate", certificate.id), by=by, group_id=certificate.group_id,
           about=certificate.concerned, after={"sha256": hash_})


def printings(session: Session, certificate_id: int, *, limit: int = 20) -> Sequence[Fact]:
    """When it was printed, the newest first."""
    return session.scalars(
        select(Fact).join(FactAbout, FactAbout.fact_id == Fact.id).where(
            FactAbout.kind == "certificate", FactAbout.subject_id == certificate_id, Fact.kind == PRINTED)
        .order_by(Fact.id.desc()).limit(limit)).all()


__all__ = ["INAPP", "PRINTED", "Entry", "Passage", "Told", "content", "digest", "entries", "printed", "printings"]
