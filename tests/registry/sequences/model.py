"""What must be so after each act, written from the domain's sentences: nothing here asks the register's own rules."""

from __future__ import annotations

import calendar
import datetime as dt
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

TYPES = Path(__file__).parents[3] / "registry" / "certificates" / "types"
LIVE, OVER = ("01", "02", "06"), {"03": "annulled", "04": "cancelled", "05": "expired", "07": "revoked"}
# which states an act may find (facts 3 and 4.4-4.8); "ran out" is a lapse by the clock that is taken back, "closed" a
# lapse to which a wrong ending was taken back; what ran out may still be 注销 (行政许可法 70)
MAY: dict[str, tuple[str, ...]] = {
    "renew": ("01", "ran out"), "change": ("01", "02"), "reissue": ("01",), "reviewed": ("01", "ran out"),
    "suspend": ("01", "06"), "give_back": ("02",), "send_out": ("01",), "withdraw_sending": ("06",),
    "sent_out": ("06",), "cancel": LIVE, "deregister": (*LIVE, "ran out", "closed"), "restore": ("over",),
    "start_work": (*LIVE, "ran out"), "lapse": LIVE,
}


@dataclass(frozen=True)
class Term:
    """First day, last day (None: none), and the day of a review that ends it when missed."""

    first: dt.date | None
    last: dt.date | None
    review: dt.date | None = None
    unknown: bool = False

    @property
    def end(self) -> dt.date | None:
        return min((day for day in (self.last, self.review) if day), default=None)


@dataclass(frozen=True)
class Entry:
    """What an act said: from a day on it stands so; learnt at an instant."""

    act: str
    known: dt.datetime
    day: dt.date
    state: str
    term: Term


@dataclass
class Card:
    """A certificate and the book kept of it beside the register."""

    certificate: Any
    code: str
    log: list[Entry] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    renewed: list[Term] = field(default_factory=list)

    @property
    def last(self) -> Entry:
        return self.log[-1]

    @property
    def stands(self) -> str:
        """The state for MAY."""
        if self.last.state in LIVE:
            return self.last.state
        if self.last.act == "lapse":
            return "ran out"
        return "over" if self.last.act in ("cancel", "deregister", "sent_out") else "closed"

    def wrote(self, act: str, known: dt.datetime, day: dt.date, state: str, term: Term) -> None:
        assert self.stands in MAY[act], f"{act} was done to a certificate in state {self.stands}"
        self.log.append(Entry(act, known, day, state, term))


@cache
def data(code: str) -> dict[str, Any]:
    """The type's file, read as it lies there."""
    return tomllib.loads((TYPES / code[0] / f"{code}.toml").read_text("utf-8"))


def months(day: dt.date, count: int) -> dt.date:
    """So many months later (or earlier): the same-numbered day, or the month's last."""
    year, month = day.year, day.month + count
    while month > 12:
        year, month = year + 1, month - 12
    while month < 1:
        year, month = year - 1, month + 12
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def near(code: str, end: dt.date, province: str) -> dt.date:
    """From when an end is near: the window's opening; else 60 days before, or 30 before an earlier deadline. A
    province may have a window of its own."""
    window = data(code)["window"]
    for variant in data(code).get("variants", []):
        if variant.get("province") == province and "window" in variant:
            window = variant["window"]
    if "opens" in window:
        return _before(window["opens"], end)
    points = [_before(window[name], end) for name in ("hand_in", "target", "closes") if name in window]
    return min([end - dt.timedelta(60), *(point - dt.timedelta(30) for point in points)])


def _before(offset: dict[str, Any], end: dt.date) -> dt.date:
    if offset.get("days_before"):
        return end - dt.timedelta(offset["days_before"])
    return months(end, -offset.get("months_before", 0))


def standing(card: Card, on: dt.date, known: dt.datetime | None) -> str:
    """How it stands on a day as known at an instant: the last thing then known that says something about the day."""
    learnt = [entry for entry in card.log if known is None or entry.known <= known]
    if not learnt:
        return "unknown"
    said = [entry for entry in learnt if entry.day <= on]
    if not said:
        return "future"
    entry = said[-1]
    end = entry.term.end
    if entry.state in OVER:
        return OVER[entry.state]
    if end and on > end:
        return "expired"
    if entry.state != "01":
        return {"02": "suspended", "06": "leaving"}[entry.state]
    if end is None:
        return "undated" if entry.term.unknown else "valid"
    province = card.certificate.unit.province
    if on < near(card.code, end, province):
        return "valid"
    after = learnt[max(at for at, each in enumerate(learnt) if each is entry) + 1:]
    later = [e.term.end for e in after if e.day > on and e.state == "01"]
    return "valid" if any(e is None or on < near(card.code, e, province) for e in later) else "due"
