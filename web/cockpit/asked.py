"""What a list of the cockpit is narrowed to, read from its address and written back into addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from web.asked import whole_in
from workflows.cockpit.finding import MOST_DAYS, STATES, Sought

LONGEST, LONGEST_CAUSE = 120, 300  # characters of what is looked for


def sought(given: Mapping[str, str] | None = None) -> Sought:
    """?process= &version= (a definition's id) &state= &older= (working days) &at= (an element) &unit= &q="""
    told = request.args if given is None else given
    state = told.get("state", "")
    return Sought(
        process=told.get("process", "")[:120], definition=whole_in(told.get("version")) or 0,
        state=state if state in STATES else "running", older=min(whole_in(told.get("older")) or 0, MOST_DAYS),
        element=told.get("at", "")[:120], unit=whole_in(told.get("unit")) or 0,
        words=told.get("q", "").strip()[:LONGEST], trouble=told.get("trouble", "")[:120],
        cause=told.get("cause", "")[:LONGEST_CAUSE],
    )


def arguments(wanted: Sought) -> dict[str, Any]:
    """The same as the arguments of an address; what narrows nothing is left out."""
    named = {"process": wanted.process, "version": wanted.definition, "older": wanted.older, "at": wanted.element,
             "unit": wanted.unit, "q": wanted.words, "trouble": wanted.trouble, "cause": wanted.cause,
             "state": "" if wanted.state == "running" else wanted.state}
    return {name: value for name, value in named.items() if value}
