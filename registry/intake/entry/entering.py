"""Matched rows enter the register: certificates, versions, days, facts, in one transaction, many at a time.

Each is drafted as a custodian's entry would be (certificates.drafting); only the writing is not one by one. The facts
of old stock are delivered with their writing: nobody need be told of it. What is near its end now is found by the
sweep like any other (its window's timer waits).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Row as Found
from sqlalchemy import update
from sqlalchemy.orm import Session

from ledger import bulk
from ledger.actor import Actor
from ledger.db import ring_after_commit
from registry.certificates import codes, drafting, specialities, windows
from registry.certificates.catalogue import type_of
from registry.certificates.granting import next_code
from registry.certificates.models import NUMBER, Certificate, CertificateTimer, Speciality, Version, new_token
from registry.intake.batch.models import Batch
from registry.intake.entry.arrivals import tell
from registry.intake.entry.coming import Coming, Entry, Register, province_of, type_of_coming
from registry.intake.entry.completing import complete
from registry.intake.entry.drafts import Draft, drafts
from registry.intake.entry.newcomers import Entered, enter
from registry.intake.judged import Judged
from registry.intake.matching.chaining import Match
from registry.intake.matching.matched import Matched
from registry.people import sealing

SLICE = 4000
Codes = Mapping[str, Iterator[str]]
Row = dict[str, Any]


def certificates(
    session: Session, batch: Batch, matched: Matched, given: Codes, *, by: Actor,
    step: Callable[[int], None] = lambda _done: None,
) -> Entry:
    """Enter everything that is new or changed; `given` are our own codes by type, drawn beforehand (what is missing is
    drawn now). The caller holds the group's lock and has matched in this transaction."""
    entry, register = Entry(), Register(session, batch, by, matched.holders)
    complete(session, matched, by)
    entered = enter(session, batch, matched.holders, matched.wanted(), by)
    entry.counts.update(people=sum(key[0] in ("id", "name") for key in entered.ids),
                        machines=sum(key[0] == "serial" for key in entered.ids), units=len(entered.units))
    chains = list(matched.chains.values())
    for start in range(0, len(chains), SLICE):
        some = [_coming(register, matched, places) for places in chains[start:start + SLICE]]
        _enter_slice(register, matched, some, entered, given, entry)
        step(start + len(some))
    _link_the_rest(matched, entry)
    ring_after_commit(session, "timers")
    return entry


def _coming(register: Register, matched: Matched, places: list[int]) -> Coming:
    first = matched.matches[places[0]]
    code = first.there.type_code if first.there is not None else matched.rows[places[0]].type_code
    return Coming(places, first.there,
                  drafts(places, matched.rows, matched.matches, type_of(code), register.today))


def _enter_slice(
    register: Register, matched: Matched, some: list[Coming], entered: Entered, given: Codes, entry: Entry
) -> None:
    session = register.session
    fresh = [coming for coming in some if coming.there is None]
    known = [coming for coming in some if coming.there is not None]
    for coming, number in zip(fresh, bulk.reserve(session, Certificate, len(fresh)), strict=True):
        coming.number = number
        coming.code = _code(session, given, matched.rows[coming.places[0]].type_code)
    for coming in known:
        assert coming.there is not None
        coming.number, coming.code = coming.there.id, coming.there.code
    bulk.write(session, Certificate, (_certificate(register, matched, coming, entered) for coming in fresh))
    ids = iter(bulk.reserve(session, Version, sum(len(coming.drafts) for coming in some)))
    versions = {id(coming): [next(ids) for _ in coming.drafts] for coming in some}
    bulk.write(session, Version, (row for coming in some
                                  for row in _versions(register, matched, coming, versions[id(coming)])))
    _change(register, matched, known, versions)
    bulk.write(session, CertificateTimer, (row for coming in some if _turns(coming)
                                           for row in _timers(register, matched, coming, versions[id(coming)][-1])))
    _specialise(register, matched, fresh, known, versions)
    tell(register, matched, some, entered)
    for coming in some:
        _link(matched, coming, versions[id(coming)], entry)


def _code(session: Session, given: Codes, type_code: str) -> str:
    drawn = next(given[type_code], None) if type_code in given else None
    return drawn or next_code(session, type_code)


def _certificate(register: Register, matched: Matched, coming: Coming, entered: Entered) -> Row:
    """The columns of a new certificate."""
    last, place = coming.drafts[-1], coming.places[-1]
    row, match = matched.rows[place], matched.matches[coming.places[0]]
    held, number = match.held, match.number
    assert held is not None and number is not None and held.unit is not None
    unit = entered.units.get(held.new, held.unit) if held.new else held.unit
    kind = register.kind(row.type_code, unit.province)
    holder = entered.ids[held.new] if held.new else held.id
    personal = number.shown != number.key
    item = row.item[:80]
    return {
        "id": coming.number, "group_id": register.batch.group_id, "unit_path": unit.path, "unit_id": unit.id,
        "family": kind.family, "type_code": kind.code, "code": coming.code, "check_token": new_token(), "item": item,
        "number": number.shown, "number_key": number.key,
        "number_sealed": sealing.seal(row.number, NUMBER) if personal else None, "holder_name": held.name,
        "search": _search(number.shown, coming.code, register.words(held), item),
        "holder_person_id": holder if held.kind == "person" else None,
        "holder_unit_id": holder if held.kind in ("enterprise", "project") else None,
        "holder_machine_id": holder if held.kind == "equipment" else None,
        "version_no": len(coming.drafts), **drafting.repeated(kind, last.term, last.state),
    }


def _search(number: str, code: str, words: tuple[str, ...], item: str) -> str:
    parts = (drafting.folded(number), drafting.folded(code), *words, drafting.folded(item) if item else "")
    return " ".join(filter(None, parts))[:400]


def _versions(register: Register, matched: Matched, coming: Coming, ids: Sequence[int]) -> Iterator[Row]:
    """The columns of its versions, each linked to the one before."""
    there = coming.there
    no, previous = (there.version_no, there.version_id) if there is not None else (0, None)
    kind = type_of(there.type_code if there is not None else matched.rows[coming.places[0]].type_code)
    for draft, number in zip(coming.drafts, ids, strict=True):
        no += 1
        place = draft.place if draft.place is not None else coming.places[-1]
        row = matched.rows[place]
        made = drafting.version_row(
            kind, draft.operation, draft.state, draft.term, _paper(row, there, draft), holds_from=draft.holds_from,
            known_from=register.now)
        yield {
            **made, "id": number, "certificate_id": coming.number, "no": no, "previous_id": previous,
            "number_raw": _raw_number(row, matched.matches[place], there), "duty_on": draft.duty,
            "previous_number": there.number if there is not None and matched.matches[place].number else "",
            "by_id": register.by.id, "by_name": register.by.name,
        }
        previous = number


def _paper(row: Judged, there: Found[Any] | None, draft: Draft) -> drafting.Paper:
    note = draft.note or row.note[:200]
    if there is None:
        return drafting.Paper(row.issuer[:120], row.fields, note=note)
    before = _fields_of(there)
    said = {key: value for key, value in row.fields.items()
            if value not in (None, "", []) and not (isinstance(value, str) and "*" in value)}
    return drafting.Paper(row.issuer.strip()[:120] or there.issuer, {**before, **said}, there.licence_mark, there.qr,
                          note)


def _fields_of(there: Found[Any]) -> dict[str, Any]:
    """All fields of the last version, ID numbers in clear: they are sealed again."""
    if there.fields_sealed is None:
        return dict(there.fields or {})
    return dict(drafting.unsealed(there.fields_sealed))


def _raw_number(row: Judged, match: Match, there: Found[Any] | None) -> str:
    if match.number is None:
        return there.number_raw if there is not None else ""
    if match.number.shown != match.number.key:
        return ""
    column = row.came.get("number")
    return row.raw[column].strip()[:200] if column is not None and column < len(row.raw) else row.number


def _turns(coming: Coming) -> bool:
    """Whether its days are others than before."""
    there, last = coming.there, coming.drafts[-1]
    return there is None or last.term.ends_on != there.ends_on or last.state != there.state


def _timers(register: Register, matched: Matched, coming: Coming, version: int) -> Iterator[Row]:
    """The days of the running term. What lay before the import counts as done, but for the opening of a window that
    is open now: whoever is near the end is found by the sweep like any other."""
    last = coming.drafts[-1]
    if last.state not in codes.LIVE:
        return
    province = province_of(matched, coming)
    kind = register.kind(type_of_coming(matched, coming), province)
    ends_on, now = last.term.ends_on, register.now
    steps = list(register.steps(kind, province, ends_on)) if ends_on else []
    if begun := last.term.valid_from or last.term.issued_on:
        duty = windows.next_duty(kind, begun, last.duty, register.today)
        if duty and (step := windows.duty_step(kind, duty, ends_on, register.days)):
            steps.append(step)
    for step in steps:
        waits = step.at > now or step.kind in ("opens", "duty")
        yield {"certificate_id": coming.number, "version_id": version, "kind": step.kind, "due_on": step.on,
               "due_at": step.at, "confirmed": step.confirmed, "fired_at": None if waits else now}


def _change(register: Register, matched: Matched, known: list[Coming], versions: dict[int, list[int]]) -> None:
    """The columns of certificates that were there, and the days that no longer stand."""
    if not known:
        return
    rows = []
    for coming in known:
        there, last = coming.there, coming.drafts[-1]
        assert there is not None
        kind = register.kind(there.type_code, province_of(matched, coming))
        rows.append({"id": there.id, "version_no": there.version_no + len(coming.drafts),
                     "revision": there.revision + 1, **drafting.repeated(kind, last.term, last.state)})
    session = register.session
    bulk.change(session, Certificate, rows)
    turned = [coming.number for coming in known if _turns(coming)]
    for start in range(0, len(turned), 500):
        session.execute(
            update(CertificateTimer)
            .where(CertificateTimer.certificate_id.in_(turned[start:start + 500]), CertificateTimer.fired_at.is_(None),
                   CertificateTimer.cancelled_at.is_(None))
            .values(cancelled_at=register.now).execution_options(synchronize_session=False))
    for coming in known:
        number = next((matched.matches[place].number for place in reversed(coming.places)
                       if (matched.matches[place].changes or {}).get("number")), None)
        if number is not None:
            text = matched.rows[coming.places[-1]].number
            certificate = session.get_one(Certificate, coming.number, populate_existing=True)
            sealed = sealing.seal(text, NUMBER) if number.shown != number.key else None
            drafting.renumber(certificate, drafting.Number(number.shown, number.key, sealed))
            session.flush()


def _specialise(
    register: Register, matched: Matched, fresh: list[Coming], known: list[Coming], versions: dict[int, list[int]]
) -> None:
    """专业 listed on the papers: rows of their own."""
    def listed(coming: Coming) -> Any:
        return matched.rows[coming.places[-1]].fields.get(specialities.FIELD)

    session = register.session
    bulk.write(session, Speciality, (
        {"certificate_id": coming.number, "name": name, "code": str(each.get("speciality_code") or "")[:20],
         "from_on": _day(each.get("valid_from")) or coming.drafts[0].term.holds_from,
         "to_on": _day(each.get("valid_until")), "known_from": register.now, "by_id": register.by.id}
        for coming in fresh if isinstance(listed(coming), list)
        for name, each in {str(each.get("speciality") or "").strip()[:80]: each for each in listed(coming)
                           if isinstance(each, Mapping)}.items() if name))
    for coming in known:
        if isinstance(rows := listed(coming), list) and rows:
            version = session.get_one(Version, versions[id(coming)][-1])
            session.expire(version.certificate)
            specialities.take_over(session, version, {specialities.FIELD: rows}, by=register.by)


def _day(value: Any) -> dt.date | None:
    if isinstance(value, dt.date) or not value:
        return value or None
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        return None


def _link(matched: Matched, coming: Coming, ids: Sequence[int], entry: Entry) -> None:
    key = matched.matches[coming.places[0]].key
    assert key is not None
    entry.by_key[key] = coming.number
    for draft, version in zip(coming.drafts, ids, strict=True):
        if draft.place is not None:  # the first that a row led to: a state it names as well stands behind it
            entry.links.setdefault(draft.place, (coming.number, version))
    entry.counts.update(versions=len(ids), certificates=coming.there is None, changed=coming.there is not None)


def _link_the_rest(matched: Matched, entry: Entry) -> None:
    """Rows that say what is there already name the certificate, too: they are its sources as well."""
    for place, match in enumerate(matched.matches):
        if place in entry.links or match.outcome not in ("same", "repeated") or match.key is None:
            continue
        number = match.there.id if match.there is not None else entry.by_key.get(match.key)
        if number is not None:
            entry.links[place] = (number, None)
