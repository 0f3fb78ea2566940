"""How the queue shrinks, drawn: what was open at the end of each day, above what came in and what was settled.

Drawn here as SVG, some 10 kB: a library for charts would weigh a hundred times as much for this one picture. Each mark
opens the rows behind it, and the same numbers stand in a table beside it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from sqlalchemy import select

from ledger import clock
from registry.access.rules import visible
from registry.certificates.catalogue import types
from registry.intake.stewardship import burndown
from registry.intake.stewardship.burndown import Day
from registry.people.units import Unit
from web.guard import actor, needs
from web.session import db
from web.stewardship.steward import MOST_CHOICES, READ, arguments_in, wanted_in

bp = Blueprint("steward_chart", __name__, url_prefix="/steward")
SPANS = (30, 90)
WIDTH, LEFT, RIGHT = 1000, 56, 8
HIGH, LOW, GAP, FOOT = 180, 110, 34, 34
"""Heights of the line's and the bars' panel, what lies between them, and the foot with the dates."""


@dataclass(frozen=True)
class Mark:
    """A day in the drawing: where its column lies, the point of the line, and its two bars (top, height)."""

    day: Day
    x: float
    width: float
    y: float
    opened: tuple[float, float]
    settled: tuple[float, float]


@dataclass(frozen=True)
class Drawing:
    """All that the template draws; `ticks` are (y, words) of lines across, `dates` (x, day) of the foot."""

    marks: list[Mark]
    line: str
    area: str
    ticks: list[tuple[float, str]]
    dates: list[tuple[float, dt.date]]
    height: int = HIGH + GAP + LOW + FOOT
    width: int = WIDTH


@bp.get("/burn-down")
@needs(READ)
def chart() -> str:
    """?days=30 or 90; kind, unit, type and batch narrow it."""
    wanted = wanted_in(request.args)
    span = 90 if request.args.get("days") == "90" else 30
    days = burndown.days(db.session(), actor(), wanted, number=span, until=clock.today())
    companies = visible(select(Unit), actor()).where(Unit.kind.in_(("group", "company"))).order_by(Unit.path)
    return render_template(
        "steward/chart.html", drawing=drawn(days), days=days, span=span, spans=SPANS, wanted=wanted,
        kept=arguments_in(request.args), types=list(types().values()),
        companies=db.session.scalars(companies.limit(MOST_CHOICES)).all(),
        opened=sum(day.opened for day in days), settled=sum(day.settled for day in days),
        told=[day for day in reversed(days) if day.opened or day.settled or day is days[-1]],
    )


def drawn(days: Sequence[Day]) -> Drawing:
    """The days as marks in a picture 1000 units wide."""
    step = (WIDTH - LEFT - RIGHT) / len(days)
    most, busiest = _round(day.left for day in days), _round(max(day.opened, day.settled) for day in days)
    base = HIGH + GAP + LOW
    marks = [
        Mark(day, round(LEFT + place * step, 1), round(step, 1), round(HIGH - HIGH * day.left / most, 1),
             _bar(day.opened, busiest, base), _bar(day.settled, busiest, base))
        for place, day in enumerate(days)
    ]
    points = [(round(mark.x + step / 2, 1), mark.y) for mark in marks]
    line = "M" + " L".join(f"{x} {y}" for x, y in points)
    area = f"{line} L{points[-1][0]} {HIGH} L{points[0][0]} {HIGH} Z"
    ticks = [(0.0, f"{most}"), (HIGH / 2, f"{most // 2}"), (float(HIGH), "0"),
             (float(HIGH + GAP), f"{busiest}"), (float(base), "0")]
    every = max(1, len(days) // 6)
    dates = [(x, mark.day.on) for (x, _), mark in list(zip(points, marks, strict=True))[::-every]]
    return Drawing(marks, line, area, ticks, dates)


def _bar(number: int, most: int, base: int) -> tuple[float, float]:
    height = round(LOW * number / most, 1)
    return round(base - height, 1), height


def _round(numbers: Iterable[int]) -> int:
    """The least even round number that holds them all: 2, 4, 10, 20, 40, 100, ..."""
    most, top = max(numbers), 2
    while top < most:
        top = top * 5 // 2 if str(top).startswith("4") else top * 2
    return top
