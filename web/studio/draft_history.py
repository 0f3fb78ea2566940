"""The history of a draft, going back in it, and choosing where two people's changes contradict each other."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from registry.access.rules import can
from web.guard import actor, needs
from web.session import db
from web.studio.drafts import draft_of
from workflows.studio import drafts, history, settling
from workflows.studio.drafts import HOW, OPEN
from workflows.studio.merging import Choice

bp = Blueprint("draft_history", __name__, url_prefix="/studio/drafts/<int:draft_id>")
CHOICES: dict[str, Choice] = {"mine": "mine", "theirs": "theirs"}
MOST_SHOWN = 200


@bp.get("/history")
@needs("process.read")
def index(draft_id: int) -> str:
    """Who saved what when, autosaves of one person as one line."""
    draft = draft_of(draft_id)
    entries = history.entries(drafts.revisions(db.session(), draft))
    return render_template(
        "studio/draft_history.html", draft=draft, entries=entries[:MOST_SHOWN], left=len(entries) - MOST_SHOWN,
        how=HOW, editable=draft.state == OPEN and can(actor(), "process.edit"),
    )


@bp.post("/revisions/<int:number>/restoration")
@needs("process.edit")
def restore(draft_id: int, number: int) -> ResponseReturnValue:
    """Make an older revision the head again."""
    draft = draft_of(draft_id)
    head = draft.revision
    saved = history.restore(db.session(), draft.id, number, by=actor())
    if saved.number == head:
        flash(_("草稿现在就是这个样子，没有变化。"), "warn")
    else:
        flash(_("已恢复到第 %(old)d 次保存的内容，记为第 %(n)d 次。", old=number, n=saved.number), "ok")
    return redirect(url_for("drafts.show", draft_id=draft_id), 303)


@bp.get("/asides/<int:number>")
@needs("process.read")
def aside(draft_id: int, number: int) -> str:
    """A save that contradicts what was saved meanwhile: each place with both versions, to be chosen."""
    return _aside(draft_id, number, {})


def _aside(draft_id: int, number: int, chosen: dict[str, Choice]) -> Any:
    session = db.session()
    draft = draft_of(draft_id)
    sent = settling.aside(session, draft, number)
    open_ = sent.settled is None and draft.state == OPEN
    return render_template(
        "studio/draft_aside.html", draft=draft, sent=sent, chosen=chosen, open=open_,
        conflicts=settling.questions(session, draft, sent) if open_ else (), mine=sent.by_id == actor().id,
        may_edit=can(actor(), "process.edit"),
    )


@bp.post("/asides/<int:number>")
@needs("process.edit")
def settle(draft_id: int, number: int) -> ResponseReturnValue:
    """Take it in as chosen; what nobody has chosen yet, or what came up meanwhile, is asked again (409)."""
    draft = draft_of(draft_id)
    given = {key: CHOICES[one] for key, one in request.form.items() if one in CHOICES}
    saved = settling.settle(db.session(), draft.id, number, given, by=actor())
    if saved.conflicts:
        flash(_("还有 %(n)d 处没有选择，请选完再保存。", n=len(saved.conflicts)), "bad")
        return _aside(draft_id, number, given), 409
    flash(_("两份改动已合并保存。"), "ok")
    return redirect(url_for("drafts.show", draft_id=draft_id), 303)


@bp.post("/asides/<int:number>/surrender")
@needs("process.edit")
def give_up(draft_id: int, number: int) -> ResponseReturnValue:
    """Leave the draft as it is."""
    settling.give_up(db.session(), draft_of(draft_id).id, number, by=actor())
    flash(_("已保留草稿现有内容，另一份仍可在历史中查看。"), "ok")
    return redirect(url_for("drafts.show", draft_id=draft_id), 303)
