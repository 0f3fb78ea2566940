"""两日对比: what came, went, came back and changed in the register between two days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, render_template, request

from ledger import clock
from registry.access.comparison import Difference, compare
from registry.access.lines import Day
from web.asked import day_in, whole
from web.guard import actor, needs
from web.ledgers.register_list import choices
from web.ledgers.sought import Sought, instant_in, sought_in
from web.pages import SIZE, Page
from web.session import db

bp = Blueprint("register_days", __name__)
ARGUMENTS = ("before", "after", "before_known", "after_known", "only")


@dataclass(frozen=True)
class Asked:
    """Two days, the filter, and which kind of difference alone (None: all)."""

    sought: Sought
    before: Day
    after: Day
    only: Difference | None


def asked_in(given: Mapping[str, str]) -> Asked:
    """Read the arguments: ?before=2026-01-01&after=2026-07-01; without, a month ago and today."""
    today = clock.today()
    before, after = day_in(given.get("before")), day_in(given.get("after"))
    known = instant_in(given.get("before_known")), instant_in(given.get("after_known"))
    only = given.get("only", "")
    return Asked(
        sought_in(given),
        Day(before or today - dt.timedelta(days=30), known[0]),
        Day(after or today, known[1]),
        Difference(only) if only in {each.value for each in Difference} else None,
    )


@bp.get("/certificates/comparison")
@needs("certificate.read")
def comparison() -> str:
    """Two days of the register side by side, by what happened between them."""
    asked = asked_in(request.args)
    number = min(max(1, request.args.get("page", 1, type=whole)), 10**6)
    found = compare(
        db.session(), actor(), asked.sought.filter, asked.before, asked.after, only=asked.only, limit=SIZE,
        offset=(number - 1) * SIZE,
    )
    total = found.counts.get(asked.only, 0) if asked.only else sum(found.counts.values())
    return render_template(
        "register_days.html", asked=asked, sought=asked.sought, found=found, kinds_of=list(Difference),
        listed=Page(found.rows, number, total), **choices(asked.sought),
    )
