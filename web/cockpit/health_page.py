"""/cockpit/health: workers, queue, outbox, timers, database and disk on one page, with what to do; it renews itself."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, render_template

from web.cockpit import verdicts, vitals
from web.config import Config
from web.guard import background, needs
from web.session import db

bp = Blueprint("health_page", __name__, url_prefix="/cockpit/health")
READ = "system.read"


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


def _told() -> dict[str, Any]:
    config: Config = current_app.extensions["licet_config"]
    seen = vitals.read(db.session(), config)
    found = verdicts.verdicts(seen)
    return {"seen": seen, "verdicts": found, "light": verdicts.whole(found), "parts": verdicts.slow_parts(seen),
            "slow": verdicts.SLOW_PART}
