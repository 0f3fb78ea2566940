"""The inbox: what waits for me, what I began, took part in or was sent a copy of; narrowed, and kept under a name."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from engine.usertasks import listing
from ledger.actor import Actor
from ledger.errors import BadAnswer
from registry.certificates.catalogue import types
from web import navigation
from web.asked import whole_in
from web.desk.inbox_bulk import BULK
from web.errors import problem_text
from web.guard import actor, background
from web.i18n import named, say
from web.session import db
from workflows import CATALOG
from workflows.handling import inbox
from workflows.handling.inbox import Tab, Wanted

bp = Blueprint("inbox", __name__)
PAGE = 20
TABS: dict[Tab, Any] = {
    "all": _l("全部待办"), "groups": _l("待签收"), "mine": _l("我已签收"), "started": _l("我发起的"),
    "took_part": _l("我办过的"), "copied": _l("抄送我的"),
}
FILTERS = ("process", "step", "type", "unit", "overdue")
KEPT = ("scope", "order", "q", *FILTERS)
"""What of the address a saved view keeps."""
PLACE = re.compile(r"(\d{1,18})-(\d{1,18})", re.ASCII)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@bp.get("/inbox", endpoint="tasks")
def show() -> ResponseReturnValue:
    """One page. ?scope= is the tab, ?order=due|newest, ?q= searches, ?process= ?step= ?type= ?unit= ?overdue=1 narrow,
    ?after= goes on behind a row, ?filters=1 opens the filters."""
    wanted, session = _wanted(), db.session()
    opened = wanted.narrowed or "filters" in request.args
    return render_template(
        "inbox/tasks.html", **_listed(wanted), search=wanted.search, opened=opened,
        choices=_choices(session, wanted) if opened else None, views=_views(session), filters=FILTERS,
    )


@bp.get("/inbox/list")
@background
def part() -> ResponseReturnValue:
    """The tabs and the list alone, as they are now: what an open page asks for when it is told of a change."""
    return render_template("inbox/part.html", **_listed(_wanted()))


@bp.get("/inbox/counts")
@background
def numbers() -> ResponseReturnValue:
    """How much every tab holds: {"all": 7, "groups": 4, "mine": 3, …}."""
    return jsonify(inbox.numbers(db.session(), actor()))


@bp.post("/inbox/views")
def keep() -> ResponseReturnValue:
    """Keep the filters of the page under a name."""
    kept = {name: value for name in KEPT if (value := request.form.get(name, "").strip()[:120])}
    try:
        view = inbox.save_view(db.session(), actor(), request.form.get("name", ""), kept)
        flash(_("已保存视图“%(name)s”。", name=view.name), "ok")
    except BadAnswer as error:
        flash(problem_text(error.problems["name"][0]), "bad")
    return redirect(_address(kept), 303)


@bp.post("/inbox/views/<int:view_id>/delete")
def drop(view_id: int) -> ResponseReturnValue:
    """Forget a saved view."""
    inbox.drop_view(db.session(), actor(), view_id)
    flash(_("已删除这个视图。"), "ok")
    return redirect(url_for("inbox.tasks"), 303)


def waiting(session: Session, person: Actor) -> int:
    """The number beside 待办 in the navigation."""
    if "inbox_waiting" not in g:
        g.inbox_waiting = sum(listing.counts(session, person).values())  # held or offered, never both
    told: int = g.inbox_waiting
    return told


def _wanted() -> Wanted:
    """What the address asks for; nonsense is nothing."""
    said = request.args
    tab: Tab = next((known for known in TABS if known == said.get("scope")), "all")
    return Wanted(
        tab=tab, order="newest" if said.get("order") == "newest" else "due", process=said.get("process", "")[:120],
        element=said.get("step", "")[:120], type_code=said.get("type", "")[:8], unit_id=whole_in(said.get("unit")),
        overdue=said.get("overdue") == "1", search=said.get("q", "").strip()[:80], after=_place(said.get("after")),
        limit=PAGE,
    )


def _place(text: str | None) -> listing.After | None:
    found = PLACE.fullmatch(text or "")
    try:
        return (EPOCH + dt.timedelta(microseconds=int(found[1])), int(found[2])) if found else None
    except OverflowError:
        return None


def _written(place: listing.After) -> str:
    return f"{(place[0] - EPOCH) // dt.timedelta(microseconds=1)}-{place[1]}"


def _listed(wanted: Wanted) -> dict[str, Any]:
    session, person = db.session(), actor()
    found = inbox.page(session, person, wanted)
    if wanted.after is not None and not found.rows:  # a last page that has been worked off: the first has what is left
        wanted = replace(wanted, after=None)
        found = inbox.page(session, person, wanted)
    told = inbox.numbers(session, person)
    g.inbox_waiting = told["all"]
    kept: dict[str, Any] = {name: value for name in KEPT if (value := request.args.get(name, ""))}
    here = {**kept, "after": _written(wanted.after)} if wanted.after is not None else kept
    return {
        "rows": found.rows, "tab": wanted.tab, "tabs": TABS, "numbers": told, "wanted": wanted,
        "part_url": url_for("inbox.part", **here),
        "more": _address({**kept, "after": _written(found.rows[-1].place)}) if found.more else "",
        "first": _address(kept) if wanted.after is not None else "", "back": _address(here),
        "address": lambda **changed: _address({**kept, **changed}), "live": wanted.after is None,
        "verbs": [verb for verb in BULK if wanted.tab in verb.tabs], "most": listing.COUNT_TO,
    }


def _address(kept: dict[str, Any]) -> str:
    return url_for("inbox.tasks", **{name: value for name, value in kept.items() if value not in (None, "")})


def _views(session: Session) -> list[tuple[int, str, str, bool]]:
    """(id, name, address, whether it is the page shown) of every saved view."""
    now = {name: value for name in KEPT if (value := request.args.get(name, ""))}
    return [(one.id, one.name, _address(one.filter), one.filter == now) for one in inbox.views(session, actor())]


def _choices(session: Session, wanted: Wanted) -> dict[str, list[tuple[str, str]]]:
    """What each filter offers, (value, words); what is chosen stands there even when nothing has it any more."""
    found = inbox.choices(session, actor(), wanted.tab)
    told = {
        "process": [(key, _process_words(key)) for key in found.processes],
        "step": [(key, say(name)) for key, name in found.elements],
        "type": [(code, _type_words(code)) for code in found.types],
        "unit": [(str(number), name) for number, name in found.units],
    }
    chosen = {"process": wanted.process, "step": wanted.element, "type": wanted.type_code,
              "unit": str(wanted.unit_id or "")}
    for name, value in chosen.items():
        if value and value not in dict(told[name]):
            told[name].append((value, value))
    return told


def _process_words(key: str) -> str:
    return say(CATALOG[key].name) if key in CATALOG else key


def _type_words(code: str) -> str:
    return named(types()[code]) if code in types() else code


navigation.COUNTS["inbox"] = waiting
