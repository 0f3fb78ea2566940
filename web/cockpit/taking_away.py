"""The form behind which something is taken away: what hangs on it stands above, what is seen goes with what is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import request
from flask_babel import gettext as _

from registry.access.retiring import MOST_REASON
from web.entry import Ask, Entry
from web.errors import sentence
from workflows.impact.listing import Line
from workflows.impact.taking_away import Looked, StillUsed, mark_of, stops

ABOVE = "cockpit/_impact_above.html"


def asked(lines: Sequence[Line], *, anyway: bool = True) -> list[Ask]:
    """Why, and - where something would stand still and may - that they want it all the same."""
    asks = [Ask("seen", "", "hidden", value=mark_of(lines), most=64),
            Ask("reason", _("原因"), "note", required=True, most=MOST_REASON)]
    if anyway and stops(lines):
        asks.append(Ask("anyway", _("我知道有事项会停下来，仍然这样做"), "tick"))
    return asks


def form(title: str, button: str, address: str, trail: Sequence[tuple[str, str]], lines: Sequence[Line], *,
         lead: str = "", anyway: bool = True) -> Entry:
    """The page of an act that takes something away; without its fields where it has to stay (not `anyway`)."""
    needed = 0 if anyway else sum(line.count for line in stops(lines))
    return Entry(title, button, address, trail, asked(lines, anyway=anyway), lead=lead, above=ABOVE,
                 given={"lines": lines}, closed=sentence(StillUsed(n=needed)) if needed else "")


def looked(act: Callable[[Looked], str]) -> Callable[[dict[str, Any]], str]:
    """What was sent, as the verbs take it. The box counts also where the list has grown since: it is told then."""
    return lambda told: act(Looked(told["seen"], request.form.get("anyway") == "yes", told["reason"]))
