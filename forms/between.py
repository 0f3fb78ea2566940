"""Dates of a form against each other and against today (Asia/Shanghai)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from forms.schema import Schema, property_of
from forms.walk import Walk
from ledger import clock

Found = list[tuple[str, dict[str, object]]]


def dates(run: Walk, clean: Mapping[str, Any]) -> None:
    """Note dates that are in the wrong order (`licet:after`), or past or still to come where that cannot be."""
    for component in run.form.fields():
        key = str(component.get("key") or "")
        value = clean.get(key)
        if not _is_date(component) or not isinstance(value, str):
            continue
        for text, params in _wrongs(component, dt.date.fromisoformat(value), clean):
            run.wrong((key,), text, **params)


def _is_date(component: Schema) -> bool:
    return component.get("type") == "datetime" and component.get("subtype", "date") == "date"


def _wrongs(component: Schema, day: dt.date, clean: Mapping[str, Any]) -> Found:
    found: Found = []
    if property_of(component, "licet:past") == "true" and day > clock.today():
        found.append(("不能晚于今天", {}))
    if component.get("disallowPassedDates") and day < clock.today():
        found.append(("不能早于今天", {}))
    earlier = clean.get(property_of(component, "licet:after"))
    if isinstance(earlier, str) and day.isoformat() < earlier:
        found.append(("不能早于 {date}", {"date": earlier}))
    return found
