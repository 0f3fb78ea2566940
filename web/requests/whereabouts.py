"""Where a request stands, in words: its stage or end, who acts next, by when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.errors import Conflict
from registry.access.roles import roles
from web.i18n import named, say
from web.text import day, moment
from workflows import outcomes, stages
from workflows.handling import naming
from workflows.requests import Request
from workflows.standing import APPLICANT, Next, Where
from workflows.story import Line


@dataclass(frozen=True)
class Turn:
    """Who acts next: a person or a role, what they do, by when."""

    who: str
    what: str
    due_at: dt.datetime | None
    due_confirmed: bool


def turns(where: Where, *, veiled: bool = False) -> list[Turn]:
    """Who acts next, each; or who or what is waited for. `veiled`: by role, not by name."""
    found = [
        Turn(_who(one, veiled), say(one.name), one.due_at, one.due_confirmed) for one in where.next
    ]
    if not found and where.outcome is None and where.state == "active":
        who, what = {
            "authority": (_("发证机关"), _("答复")), "loan": (_("借用人"), _("交还原件")),
            "child": (_("由本流程发起的事项"), _("全部办结")),
        }.get(where.awaits, (_("系统"), _("到时间自动办理")))
        found.append(Turn(who, what, where.waits_until, where.waits_confirmed))
    return found


def _who(one: Next, veiled: bool) -> str:
    if not veiled or one.own:
        return one.assignee or role_words(one.role)
    return role_words(one.role) if one.role != APPLICANT else say(one.lane) or _("办理人员")


def unnamed(lines: Sequence[Line], application: Request) -> list[Line]:
    """A story for somebody who is told no names: whoever acted, but the applicant and the system, is 办理人员."""
    told = _by_role(application)
    return [
        replace(line, who=told(line.who), stands_for="",
                params={**line.params, **{key: told("") for key in ("to", "for") if key in line.params}})
        for line in lines
    ]


def names_for(session: Session, application: Request, reader: Actor) -> Callable[[str], str]:
    """How this reader is told somebody's name on the pages of a request: as it is, or 办理人员 where the process tells
    its applicants no names (but their own, and the system)."""
    return _by_role(application) if naming.hidden_from(session, application, reader) else str


def veiled(session: Session, error: Conflict, application: Request, reader: Actor) -> Conflict:
    """A refusal without the names that this reader is not told."""
    if not naming.hidden_from(session, application, reader):
        return error
    told = _by_role(application)
    return Conflict(error.message, **{
        key: told(value) if key in ("by", "who") and isinstance(value, str) else [told(one) for one in value]
        if key == "names" else "" if value is None else value for key, value in error.params.items()})


def _by_role(application: Request) -> Callable[[str], str]:
    known, someone = {application.applicant_name, SYSTEM.name}, _("办理人员")
    return lambda name: name if name in known else someone


GOOD = frozenset({
    "registered", "renewed", "changed", "cancelled", "reviewed", "returned", "copied", "reissued", "redownloaded",
    "found", "turned_up", "given_back", "left", "duty_done", "year_closed", "sent_out", "joint_passed",
})
BAD = frozenset({
    "rejected", "refused", "denied", "disputed", "not_agreed", "not_renewable", "expired", "lost", "not_reissued",
    "joint_failed",
})


def outcome_colour(outcome: str | None) -> str:
    """The colour of how a process ended: what was wanted is there, was refused, or it ended without either."""
    return "good" if outcome in GOOD else "bad" if outcome in BAD else "closed"


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
