"""/cockpit/health: workers, clock, queue, outbox, timers, database and disk on one page, with what to do; it renews
itself."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ledger import clock_guard
from web.cockpit import verdicts, vitals
from web.config import Config
from web.guard import actor, background, needs
from web.session import db

bp = Blueprint("health_page", __name__, url_prefix="/cockpit/health")
READ, EDIT = "system.read", "system.edit"


@bp.get("", endpoint="index")
@needs(READ)
def show() -> str:
    """The whole page."""
    return render_template("cockpit/health.html", **_told())


@bp.get("/now")
@needs(READ)
@background
def now() -> str:
    """What the page asks for by itself every 15 s."""
    return render_template("cockpit/_health.html", **_told())


@bp.post("/clock")
@needs(EDIT)
def confirm_clock() -> ResponseReturnValue:
    """The time is right after all: what waited for that goes on."""
    if clock_guard.confirm(db.session(), by=actor()):
        flash(_("已确认时间正确，到期的事项随即继续。"), "ok")
    return redirect(url_for("health_page.index"), 303)


def _told() -> dict[str, Any]:
    config: Config = current_app.extensions["licet_config"]
    seen = vitals.read(db.session(), config)
    found = verdicts.verdicts(seen)
    return {"seen": seen, "verdicts": found, "light": verdicts.whole(found), "parts": verdicts.slow_parts(seen),
            "slow": verdicts.SLOW_PART}
