"""Handing the ticked tasks of the inbox to a colleague: whom and why is asked once, each has a result of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from engine.usertasks import tasks
from ledger.errors import BadAnswer, Problem
from web.asked import whole_in
from web.desk.handing_over import SHOWN, Passing
from web.desk.inbox_bulk import item, nothing, told
from web.errors import field_problems
from web.guard import actor
from web.login import local_path
from web.session import db
from workflows.handling import bulk, eligible
from workflows.handling.assigning import written
from workflows.handling.bulk import MOST, Asked, TooMany

bp = Blueprint("inbox_handing", __name__)
HAND = Passing(
    "transfer", _l("转办选中的任务"), _l("转办以后由对方办理，不再回到您这里。办不成的会逐项说明原因。"),
    _l("为什么转办"), _l("转办"), "inbox_handing.hand", "reason")


@bp.get("/inbox/handing")
def whom() -> ResponseReturnValue:
    """To whom, and why; ?task= are the ticked ones ("id:version"), ?q= looks for people."""
    return _page() if request.args.getlist("task") else nothing(_back())


@bp.post("/inbox/handing")
def hand() -> ResponseReturnValue:
    """They are theirs from now on, as far as nothing speaks against it; what does is told of each."""
    if not request.form.getlist("task"):
        return nothing(_back())
    reason, to = request.form.get("reason", ""), whole_in(request.form.get("to"))
    wrong = {"to": [] if to else [Problem("请选择一位。")], "reason": written("reason", reason)}
    if any(wrong.values()):
        error = BadAnswer({key: found for key, found in wrong.items() if found})
        return _page({"to": [to] if to else [], "reason": reason}, error), 400
    items = [item(text) for text in request.form.getlist("task")]
    done = bulk.bulk(db.session(), actor(), "hand", items, asked=Asked(to=to, reason=reason.strip()))
    return told(done, "hand", _back())


def _back() -> str:
    wanted = request.values.get("next")
    return local_path(wanted) if wanted else url_for("inbox.tasks")


def _page(typed: Mapping[str, Any] | None = None, error: BadAnswer | None = None) -> str:
    """The page that asks; the tasks are looked up, so that nobody reads the title of one that is not theirs."""
    session, typed = db.session(), typed or {}
    ticked = list(dict.fromkeys(request.values.getlist("task")))
    if len(ticked) > MOST:
        raise TooMany(most=MOST)
    several = [tasks.get(session, item(text)[0], actor()) for text in ticked]
    search = request.values.get("q", "").strip()[:60]
    found = eligible.takers(session, actor(), several, search=search, limit=SHOWN)
    chosen = typed.get("to") or [number for one in request.args.getlist("to") if (number := whole_in(one))]
    return render_template(
        "tasks/passing.html", passing=HAND, task=None, application=None, several_tasks=several, ticked=ticked,
        search=search, search_at=url_for("inbox_handing.whom"), action=url_for("inbox_handing.hand"), back=_back(),
        back_label=_("不了，回到待办"), people=[one for one, _able in found],
        able={one.person_id: able for one, able in found}, chosen=chosen, full=len(found) == SHOWN, typed=typed,
        problems=field_problems(error) if error else {}, why_not={})
