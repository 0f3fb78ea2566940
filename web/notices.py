"""通知: what one was told, newest first; opening one reads it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from registry.alerts import notices
from web.alerting import opening
from web.asked import whole
from web.guard import actor
from web.navigation import COUNTS
from web.session import db

bp = Blueprint("notices", __name__)
SIZE = 30
COUNTS["notices"] = notices.unread


@bp.get("/notices")
def newest() -> str:
    """The newest notices; ?unread=yes only those not read; ?before= the next older ones."""
    listed = notices.notices(
        db.session(),
        actor(),
        only_unread=request.args.get("unread") == "yes",
        before=request.args.get("before", type=whole),
        limit=SIZE,
    )
    older = listed[-1].id if len(listed) == SIZE else None
    return render_template("notices.html", listed=listed, older=older)


@bp.post("/notices/<int:notice_id>/reading")
def read(notice_id: int) -> Response:
    """Mark it as read and go to what it is about, as far as the reader may open it."""
    notice = notices.read(db.session(), actor(), notice_id)
    place = opening.of_notice(db.session(), actor(), notice)
    if place is None:
        flash(_("这条通知的内容已经不在，或您不再有权查看。"), "warn")
    return redirect(place or url_for("notices.newest"), 303)


@bp.post("/notices/reading")
def read_all() -> Response:
    """Mark all as read."""
    notices.read_all(db.session(), actor())
    return redirect(url_for("notices.newest"), 303)
