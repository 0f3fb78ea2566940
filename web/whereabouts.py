"""Where a request stands, in words: its stage or end, who acts next, by when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask_babel import gettext as _

from ledger import clock
from registry.access.roles import roles
from web.i18n import named, say
from web.text import day, moment
from workflows import outcomes, stages
from workflows.standing import Where


@dataclass(frozen=True)
class Turn:
    """Who acts next: a person or a role, what they do, by when."""

    who: str
    what: str
    due_at: dt.datetime | None
    due_confirmed: bool


def turns(where: Where) -> list[Turn]:
    """Who acts next, each; the authority while its answer is waited for."""
    found = [
        Turn(one.assignee or role_words(one.role), say(one.name), one.due_at, one.due_confirmed) for one in where.next
    ]
    if not found and where.outcome is None and where.state == "active":
        found.append(Turn(_("发证机关"), _("答复"), where.waits_until, where.waits_confirmed))
    return found


def stage_words(stage: str | None) -> str:
    """What a stage is called."""
    return say(stages().get(stage or "", stage or ""))


def outcome_words(outcome: str | None) -> str:
    """How a process ended."""
    return say(outcomes().get(outcome or "", outcome or "")) or _("已结束")


def role_words(role: str) -> str:
    """What a role is called."""
    return named(roles()[role]) if role in roles() else role


def by_when(value: dt.datetime) -> str:
    """Until when, in full: the day that ends at 24:00, or the day and time."""
    last = clock.day_of(value - dt.timedelta(seconds=1))
    return day(last) if value == clock.end_of_day(last) else moment(value)
