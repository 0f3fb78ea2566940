"""What a row would change of a certificate in the register, field by field. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Row as Found

from registry.certificates import codes
from registry.certificates.drafting import Number, Term
from registry.intake.judged import Judged

SAID = ("issued_on", "valid_from", "valid_until", "review_on")
LONG = "长期"


def changes_of(row: Judged, there: Found[Any], term: Term, number: Number | None) -> dict[str, list[Any]]:
    """{field: [before, after]}, as ISO days and plain texts; what the row does not say is no change."""
    found: dict[str, list[Any]] = {}
    if number is not None:
        found["number"] = [there.number, number.shown]
    for name in SAID:
        said, before = getattr(row, name), getattr(there, name)
        if name == "review_on":
            before = before or there.duty_on
        if said is not None and said != before:
            found[name] = [_day(before), _day(said)]
    if row.long and term.kind == codes.LONG != there.term:
        found["valid_until"] = [_day(there.valid_until), LONG]
    issuer = row.issuer.strip()[:120]
    if issuer and issuer != there.issuer:
        found["issuer"] = [there.issuer, issuer]
    if row.state != codes.VALID and row.state != there.state and not (
            row.state == codes.LAPSED and there.state in codes.LIVE and there.ends_on):
        found["state"] = [there.state, row.state]
    elif row.code and row.state == codes.VALID and "state" in row.came and there.state == codes.SUSPENDED:
        found["state"] = [there.state, row.state]
    found |= _fields(row, there)
    return found


def _fields(row: Judged, there: Found[Any]) -> dict[str, list[Any]]:
    before: dict[str, Any] = there.fields or {}
    return {
        key: [before.get(key), value] for key, value in row.fields.items()
        if value not in (None, "", []) and _plain(before.get(key)) != _plain(value)
        and not (isinstance(value, str) and "*" in value)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _day(value: dt.date | None) -> str | None:
    return value.isoformat() if value else None
