"""What waits for me: tasks I have claimed and tasks offered to my groups, newest first."""

from __future__ import annotations

from flask import Blueprint, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from engine import listing
from ledger.actor import Actor
from web import navigation
from web.asked import whole
from web.guard import actor
from web.session import db

bp = Blueprint("inbox", __name__)
PAGE = 20
SCOPES: dict[listing.Scope, str] = {"all": _l("全部"), "groups": _l("待签收"), "mine": _l("我已签收")}


@bp.get("/inbox", endpoint="tasks")
def show() -> ResponseReturnValue:
    """One page of tasks. ?scope=all|groups|mine, ?q= searches, ?after= continues behind a task."""
    session, person = db.session(), actor()
    scope: listing.Scope = next((known for known in SCOPES if known == request.args.get("scope")), "all")
    search = request.args.get("q", "").strip()[:80]
    found = listing.inbox(
        session, person, scope=scope, search=search or None, after=request.args.get("after", type=whole), limit=PAGE + 1
    )
    return render_template(
        "inbox/tasks.html", rows=found[:PAGE], more=len(found) > PAGE, scope=scope, scopes=SCOPES, search=search,
        numbers=_counts(session, person),
    )


@bp.get("/inbox/counts")
def numbers() -> ResponseReturnValue:
    """How many tasks wait: {"all": 7, "groups": 4, "mine": 3}."""
    return jsonify(_counts(db.session(), actor()))


def waiting(session: Session, person: Actor) -> int:
    """The number beside 待办 in the navigation."""
    return _counts(session, person)["all"]


def _counts(session: Session, person: Actor) -> dict[str, int]:
    """Counted once a request: the navigation and the tabs show the same numbers."""
    if "inbox_counts" not in g:
        found = listing.counts(session, person)
        g.inbox_counts = {**found, "all": sum(found.values())}  # a task is held or offered, never both
    told: dict[str, int] = g.inbox_counts
    return told


navigation.COUNTS["inbox"] = waiting
