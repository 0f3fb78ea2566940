"""What waits: timers to come, overdue and held back; messages awaited, and messages that nobody has taken."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from engine.operations import undelivered
from ledger.actor import Actor
from ledger.errors import Refused
from web.asked import whole
from web.errors import field_problems, sentence
from web.guard import actor, needs
from web.pages import here, with_arguments
from web.session import db
from workflows.cockpit import account, deeds, finding, reach, waits

bp = Blueprint("waiting", __name__, url_prefix="/cockpit/waiting")
TABS = {
    "due": _l("将到的定时器"), "overdue": _l("已过时的定时器"), "held": _l("暂停和失败的定时器"),
    "messages": _l("等待的消息"), "kept": _l("没有送达的消息"),
}
DEEPEST = 400  # pages


@bp.get("", endpoint="index")
@needs(reach.READ)
def listed() -> ResponseReturnValue:
    """One tab, a page of it. ?tab= ?process= ?q= (a message's name or key) ?page="""
    tab = request.args.get("tab", "due")
    tab = tab if tab in TABS else "due"
    number = min(max(1, request.args.get("page", 1, type=whole)), DEEPEST)
    rows = _rows(db.session(), actor(), tab, (number - 1) * waits.SIZE)
    return render_template(
        "cockpit/waiting.html", tab=tab, tabs=TABS, rows=rows[:waits.SIZE], number=number, back=here(),
        processes=finding.processes(db.session()), named=_named,
        next=with_arguments(page=number + 1) if len(rows) > waits.SIZE else "",
        before=with_arguments(page=number - 1 if number > 2 else None) if number > 1 else "",
        may=lambda instance: reach.may(actor(), reach.ACT, instance),
    )


def _rows(session: Session, person: Actor, tab: str, skip: int) -> list[Any]:
    process, size = request.args.get("process", "")[:120], waits.SIZE + 1
    if tab == "messages":
        words = request.args.get("q", "").strip()[:200]
        return list(waits.messages(session, person, process_id=process, words=words, skip=skip, size=size))
    if tab == "kept":
        return list(waits.kept(session, person, skip=skip, size=size))
    return list(waits.timers(session, person, tab, process_id=process, skip=skip, size=size))


def _named(instance: Any, element_id: str) -> str:
    """What the drawing calls an element."""
    return account.names(db.session(), instance).get(element_id, element_id)


@bp.post("/messages/<int:delivery_id>/again")
@needs(reach.ACT)
def again(delivery_id: int) -> ResponseReturnValue:
    """Try a message that nobody has taken once more, now."""
    return _settled(delivery_id, undelivered.again, _("已安排马上再送一次。"))


@bp.post("/messages/<int:delivery_id>/drop")
@needs(reach.ACT)
def drop(delivery_id: int) -> ResponseReturnValue:
    """Nobody is to have it any more."""
    return _settled(delivery_id, undelivered.drop, _("已丢弃这条消息。"))


def _settled(delivery_id: int, act: Any, said: str) -> ResponseReturnValue:
    session, person = db.session(), actor()
    waits.delivery(session, person, delivery_id)
    try:
        act(session, delivery_id, by=person, reason=deeds.reason_of(request.form.get("reason", "")))
    except Refused as error:
        db.session.rollback()
        flash("；".join(words for found in field_problems(error).values() for words in found) or sentence(error), "bad")
    else:
        flash(said, "ok")
    return redirect(url_for("waiting.index", tab="kept"), 303)
