"""The 专业 of a registration (建造师 W001: KZ_specSub), each with its own validity beside the certificate's.

Rows are never rewritten (people.spells): a renewal is a further row, a correction closes a row and follows it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, Problem
from ledger.facts import record
from registry.certificates.chain import held, not_future, require_valid
from registry.certificates.models import Certificate, Speciality, Version
from registry.certificates.standing import Standing, kind_of, of
from registry.certificates.windows import near_from
from registry.people.spells import believed, checked, correct

FIELD = "specialities"


class SpecialityTaken(Conflict):
    """该证件已有“{name}”专业，有效期有重叠。"""


@dataclass(frozen=True)
class Held:
    """A 专业 as it stands: the row that decides on the day, its standing and the last day of an unbroken run."""

    row: Speciality
    standing: Standing
    ends_on: dt.date | None

    @property
    def name(self) -> str:
        return self.row.name


def add(
    session: Session, certificate: Certificate, name: str, *, valid_from: dt.date, valid_until: dt.date | None,
    by: Actor, code: str = "", request_id: int | None = None,
) -> Speciality:
    """增项: a further 专业 with its own validity (the last day counts).

    Ended, HeldBack; SpecialityTaken when the certificate has it already at some of these days; BadAnswer.
    """
    require_valid(held(session, certificate))
    if not name.strip():
        raise BadAnswer({"name": [Problem("请填写专业。")]})
    checked(valid_from, valid_until)
    return _add(session, certificate, name, valid_from, valid_until, by, code, request_id)


def _add(
    session: Session, certificate: Certificate, name: str, first: dt.date, last: dt.date | None, by: Actor,
    code: str = "", request_id: int | None = None,
) -> Speciality:
    name = name.strip()[:80]
    for row in _believed(certificate, clock.now()):
        if row.name == name and (last is None or row.from_on <= last) and (row.to_on is None or first <= row.to_on):
            raise SpecialityTaken(name=name)
    made = Speciality(certificate=certificate, name=name, code=code.strip()[:20], from_on=first, to_on=last,
                      known_from=clock.now(), by_id=by.id, request_id=request_id)
    session.add(made)
    session.flush()
    _note(session, "certificate.speciality_added", made, by)
    return made


def renew(
    session: Session, row: Speciality, *, valid_until: dt.date, by: Actor, valid_from: dt.date | None = None,
    request_id: int | None = None,
) -> Speciality:
    """A further term of a 专业, from the day after its end unless told otherwise; SpecialityTaken, BadAnswer."""
    require_valid(held(session, row.certificate))
    if row.to_on is None:
        raise BadAnswer({"valid_until": [Problem("该专业随证件有效，不需要单独延续。")]})
    first = valid_from or row.to_on + dt.timedelta(days=1)
    checked(first, valid_until)
    return _add(session, row.certificate, row.name, first, valid_until, by, row.code, request_id)


def drop(session: Session, row: Speciality, *, since: dt.date, by: Actor) -> Speciality | None:
    """减项: the 专业 is gone from a day on; the row that now says so, None when nothing of it is left. Superseded."""
    held(session, row.certificate)
    return _drop(session, row, not_future(since), by)


def _drop(session: Session, row: Speciality, since: dt.date, by: Actor) -> Speciality | None:
    believed(session, row)
    left = None
    if since > row.from_on:
        left = _correct(session, row, by, to_on=since - dt.timedelta(days=1))
    else:
        row.known_until = clock.now()
    session.flush()
    _note(session, "certificate.speciality_dropped", left or row, by)
    return left


def _correct(session: Session, row: Speciality, by: Actor, **changes: dt.date | None) -> Speciality:
    made: Speciality = correct(session, row, **changes, by_id=by.id)
    session.expire(row.certificate, [FIELD])
    return made


def take_over(session: Session, version: Version, fields: Mapping[str, Any], *, by: Actor) -> None:
    """Bring the rows in line with the 专业 that a paper lists; nothing happens when it lists none.

    What is new is added, what runs on gets its further term, what is listed with other days is corrected, and what is
    not listed any more is dropped from the version's first day.
    """
    listed = fields.get(FIELD)
    if not isinstance(listed, list) or not listed:
        return
    certificate, wanted = version.certificate, {}
    for each in listed:
        name = str(each.get("speciality") or "").strip()[:80] if isinstance(each, Mapping) else ""
        if name:
            wanted[name] = each
    for row in _believed(certificate, clock.now()):
        if row.name not in wanted and (row.to_on is None or row.to_on >= version.holds_from):
            _drop(session, row, version.holds_from, by)
    begins = version.valid_from if version.no == 1 else None
    for name, each in wanted.items():
        first = _day(each.get("valid_from")) or begins or version.holds_from
        _bring(session, certificate, name, first, _day(each.get("valid_until")), each, by)


def _bring(
    session: Session, certificate: Certificate, name: str, first: dt.date, last: dt.date | None,
    each: Mapping[str, Any], by: Actor,
) -> None:
    """From now on it runs as listed: rows that overlap these days, or lie behind them, give way to one."""
    checked(first, last)
    rows = [row for row in _believed(certificate, clock.now())
            if row.name == name and (row.to_on is None or row.to_on >= first)]
    began = min([first, *(row.from_on for row in rows if last is None or row.from_on <= last)])
    if len(rows) == 1 and (rows[0].from_on, rows[0].to_on) == (began, last):
        return
    for row in rows:
        row.known_until = clock.now()
    code = str(each.get("speciality_code") or "") or next((row.code for row in rows), "")
    _add(session, certificate, name, began, last, by, code)


def _day(value: Any) -> dt.date | None:
    try:
        return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value)) if value else None
    except ValueError:
        return None


def specialities(
    certificate: Certificate, *, on: dt.date | None = None, known: dt.datetime | None = None
) -> list[Held]:
    """The 专业 of a certificate on a day (default today), as known at an instant (default now), with their standing.

    A 专业 stands no better than its certificate; within it, it is valid, near its end, expired or not begun.
    """
    day, at = on or clock.today(), known or clock.now()
    whole = of(certificate, on=day, known=known).standing
    rows = sorted(_believed(certificate, at), key=lambda row: (row.name, row.from_on))
    return [_held(certificate, list(group), day, whole) for _, group in groupby(rows, key=lambda row: row.name)]


def _held(certificate: Certificate, rows: list[Speciality], on: dt.date, whole: Standing) -> Held:
    begun = [row for row in rows if row.from_on <= on]
    row = begun[-1] if begun else rows[0]
    ends = _run(rows, row)
    if not whole.usable:
        return Held(row, whole, ends)
    if not begun:
        return Held(row, Standing.FUTURE, ends)
    if row.to_on is not None and row.to_on < on:
        return Held(row, Standing.EXPIRED, ends)
    near = near_from(kind_of(certificate), ends)
    return Held(row, Standing.DUE if near is not None and near <= on else Standing.VALID, ends)


def _run(rows: Iterable[Speciality], row: Speciality) -> dt.date | None:
    """The end of the terms that follow one another without a gap."""
    ends = row.to_on
    for each in rows:
        if ends is not None and row.from_on < each.from_on <= ends + dt.timedelta(days=1):
            ends = each.to_on
    return ends


def _believed(certificate: Certificate, at: dt.datetime) -> list[Speciality]:
    return [row for row in certificate.specialities
            if row.known_from <= at and (row.known_until is None or row.known_until > at)]


def _note(session: Session, kind: str, row: Speciality, by: Actor) -> None:
    certificate = row.certificate
    record(session, kind, ("certificate", certificate.id), by=by, group_id=certificate.group_id,
           about=certificate.concerned,
           after={"speciality": row.id, "from": row.from_on.isoformat(), "type": certificate.type_code,
                  "until": row.to_on.isoformat() if row.to_on else None, "code": certificate.code})
