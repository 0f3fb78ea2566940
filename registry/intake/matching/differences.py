"""What a row would change of a certificate in the register, field by field. Pure."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from sqlalchemy import Row as Found

from registry.certificates import codes
from registry.certificates.catalogue import type_of
from registry.certificates.drafting import Number, Term
from registry.intake.judged import Judged

SAID = ("issued_on", "valid_from", "valid_until", "review_on")
LONG = "长期"
SPECIALITY, SPECIALITIES = "speciality", "specialities"
_SPLIT = re.compile(r"[、,，;；/|]+")


OTHER_HOLDER = "台账号 {code} 的持有人是{holder}，这一行写的是{name}，请核对是否错行。"


def other_holder(row: Judged, there: Found[Any]) -> str:
    """The holder's name as a row with our own number says it, where the register has another: rows that slipped."""
    said = row.holder.name if row.holder is not None else ""
    return said if "".join(said.split()) not in ("", "".join(there.holder_name.split())) else ""


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
        if value not in (None, "", []) and not _same(there.type_code, key, _before(before, key), value)
        and not (isinstance(value, str) and "*" in value)
    }


def _before(fields: dict[str, Any], key: str) -> Any:
    """What the register says of a field; of one speciality it may say it in a list."""
    if key == SPECIALITY and key not in fields:
        return fields.get(SPECIALITIES)
    return fields.get(key)


def _same(type_code: str, key: str, before: Any, said: Any) -> bool:
    """Whether a row says what was known: a code by value or label, specialities whatever else is known of each."""
    if isinstance(before, list):
        return _names(before) == _names(said)
    if _plain(before) == _plain(said):
        return True
    options = (option for field in type_of(type_code).fields if field.key == key for option in field.options)
    return any(option.label == before and option.value == said for option in options)


def _names(value: Any) -> set[str]:
    if isinstance(value, str):
        return set(filter(None, _SPLIT.split(value)))
    if not isinstance(value, list):
        return set()
    return {str(each.get(SPECIALITY, each)) if isinstance(each, dict) else str(each) for each in value}


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _day(value: dt.date | None) -> str | None:
    return value.isoformat() if value else None
