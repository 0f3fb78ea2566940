"""What a list of the register looks for, read from the address: one reading for page, comparison and exports.

?q= number, name, pinyin or initials; family, type, unit, standing, holder; batch= what a ledger brought in; from and
to bound the last day, within= is days from today; sort; on= a past day, known= what was known at the end of that day.
What makes no sense is left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from ledger import clock
from ledger.errors import NotFound
from registry.access.lines import Day
from registry.access.register import SORTS, Filter
from registry.access.rules import can, visible
from registry.certificates import codes
from registry.certificates.catalogue import types
from registry.certificates.standing import Standing
from registry.intake.batch.models import Batch
from registry.intake.batch.provenance import brought
from registry.people.units import Unit
from web.asked import day_in, whole_in
from web.guard import actor
from web.session import db

STANDINGS: dict[str, tuple[Standing, ...]] = {
    "valid": (Standing.VALID, Standing.DUE),
    "due": (Standing.DUE,),
    "expired": (Standing.EXPIRED,),
    "suspended": (Standing.SUSPENDED,),
    "ended": (Standing.CANCELLED, Standing.ANNULLED, Standing.REVOKED),
    "undated": (Standing.UNDATED,),
    "future": (Standing.FUTURE,),
}
WITHIN = (30, 60, 90, 180)
KEPT = ("q", "family", "type", "unit", "standing", "holder", "from", "to", "within", "sort")
"""The arguments that a saved filter keeps: not the page, and no day, so that it always means today."""
DAYS, OURS = ("on", "known"), ("batch",)
"""Arguments that no saved filter keeps."""
MOST_TEXT = 60


@dataclass(frozen=True)
class Sought:
    """The filter, its order, the day (None: today) and the arguments that say all this again."""

    filter: Filter
    order: str
    day: Day | None
    arguments: dict[str, str]
    batch: Batch | None = None

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out of the list at all."""
        return self.batch is not None or self.filter != Filter()


def sought_in(given: Mapping[str, str]) -> Sought:
    """Read the arguments; NotFound for a unit or a ledger that one may not see."""
    asked = {name: given[name].strip() for name in (*KEPT, *DAYS, *OURS) if given.get(name, "").strip()}
    first, last = day_in(asked.get("from")), day_in(asked.get("to"))
    if asked.get("within", "") in map(str, WITHIN):
        first, last = clock.today(), clock.today() + dt.timedelta(days=int(asked["within"]))
    family, kind, standing = asked.get("family", ""), asked.get("type", ""), asked.get("standing", "")
    batch = _batch(asked.get("batch"))
    found = Filter(
        text=asked.get("q", "")[:MOST_TEXT],
        types=(kind,) if kind in types() else (),
        families=(family,) if family in codes.FAMILIES else (),
        standings=STANDINGS.get(standing, ()),
        ends_from=first,
        ends_to=last,
        unit=_unit(asked.get("unit")),
        holder_person_id=whole_in(asked.get("holder")),
        among=brought(batch.id) if batch else None,
    )
    order = asked.get("sort", "")
    if order.removeprefix("-") not in SORTS:
        order = "ends" if standing in {"due", "expired"} or found.ends_from or found.ends_to else "newest"
    return Sought(found, order, _day(asked), asked, batch)


def knows_past() -> bool:
    """Whether somebody may ask what was known when: those who check the book, and those who keep it."""
    return can(actor(), "audit.read") or can(actor(), "certificate.register")


def instant_in(text: str | None) -> dt.datetime | None:
    """What was known when a day ended; None for today, for no day, and for those who may not ask."""
    day = day_in(text)
    return clock.end_of_day(day) if day and day < clock.today() and knows_past() else None


def _day(asked: Mapping[str, str]) -> Day | None:
    on, known = day_in(asked.get("on")), instant_in(asked.get("known"))
    return Day(on or clock.today(), known) if on or known else None


def _batch(text: str | None) -> Batch | None:
    number = whole_in(text)
    if number is None:
        return None
    batch = db.session.scalar(visible(select(Batch), actor()).where(Batch.id == number))
    if batch is None:
        raise NotFound
    return batch


def _unit(text: str | None) -> Unit | None:
    number = whole_in(text)
    if number is None:
        return None
    unit = db.session.scalar(visible(select(Unit), actor()).where(Unit.id == number))
    if unit is None:
        raise NotFound
    return unit
