"""What a steward does with a finding: take it, accept our proposal, correct it, dismiss it; alike ones at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func
from werkzeug.wrappers import Response

from ledger.errors import BadAnswer, Conflict, NotAllowed, NotFound, Problem
from ledger.facts import record
from registry.access.rules import require, visible
from registry.intake.batch import cells
from registry.intake.batch.models import Batch, Flaw
from registry.intake.settlement import settling
from registry.intake.stewardship import queue
from web.asked import whole
from web.errors import field_problems, sentence
from web.freshness import sensitive
from web.guard import actor, needs
from web.login import local_path
from web.session import db
from web.stewardship.steward import SETTLE, arguments_in, item_page, wanted_in

bp = Blueprint("steward_acts", __name__, url_prefix="/steward")
LONGEST, LONGEST_REASON = 500, 200  # characters of a cell and of a reason


def flaw_of(flaw_id: int) -> Flaw:
    """The finding, for whoever may settle it; NotAllowed for those who only see it."""
    found = queue.flaw_of(db.session(), actor(), flaw_id)
    require(actor(), SETTLE, found)
    return found


def back(flaw: Flaw) -> Response:
    """On to where the form says (the next row of the list, which then has the focus), or the finding's own page."""
    return redirect(_next(url_for("steward.item", flaw_id=flaw.id)), 303)


def _next(otherwise: str) -> str:
    wanted = request.form.get("next")
    return local_path(wanted) if wanted else otherwise


def _act(flaw_id: int, act: Callable[[Flaw], None], done: str) -> Response:
    flaw = flaw_of(flaw_id)
    try:
        act(flaw)
    except (BadAnswer, Conflict, NotAllowed) as refused:  # a further finding of the row may lie out of reach
        words = [sentence(refused), *(each for found in field_problems(refused).values() for each in found)]
        db.session.rollback()
        for each in words:
            flash(each, "bad")
    else:
        flash(done, "ok")
    return back(flaw)


@bp.post("/items/<int:flaw_id>/acceptance")
@needs(SETTLE)
def accept(flaw_id: int) -> Response:
    """What we propose is right."""
    return _act(flaw_id, lambda flaw: settling.accept(db.session(), flaw, by=actor()), _("已按建议改正。"))


@bp.post("/items/<int:flaw_id>/dismissal")
@needs(SETTLE)
def dismiss(flaw_id: int) -> Response:
    """It is right as it stands."""
    return _act(flaw_id, lambda flaw: settling.dismiss(db.session(), flaw, by=actor()), _("已确认原文无误。"))


@bp.post("/items/<int:flaw_id>/exclusion")
@needs(SETTLE)
def leave_out(flaw_id: int) -> Response:
    """The quarantined row is not brought in at all."""
    return _act(flaw_id, lambda flaw: settling.leave_out(db.session(), flaw.row, by=actor()), _("这一行不再导入。"))


@bp.post("/items/<int:flaw_id>/taking")
@needs(SETTLE)
def take(flaw_id: int) -> Response:
    """It is mine from now on. `was` is who had it when the page was drawn."""
    was = request.form.get("was", type=whole)
    return _act(flaw_id, lambda flaw: queue.take(db.session(), flaw, by=actor(), was=was), _("已领取。"))


@bp.post("/items/<int:flaw_id>/release")
@needs(SETTLE)
def release(flaw_id: int) -> Response:
    """Anybody may take it again."""
    return _act(flaw_id, lambda flaw: queue.give_back(db.session(), flaw, by=actor()), _("已退回队列。"))


@bp.post("/items/<int:flaw_id>/correction")
@needs(SETTLE)
def correct(flaw_id: int) -> Any:
    """Another text in a cell of the row: column= its place, text= what is right."""
    flaw = flaw_of(flaw_id)
    column, text = request.form.get("column", type=whole), request.form.get("text", "").strip()
    try:
        if column is None or column >= len(settling.read(flaw.row).raw):
            raise BadAnswer({"column": [Problem("请选择要改的列。")]})
        if len(text) > LONGEST or "****" in text:
            raise BadAnswer({"text": [
                Problem("请填写完整的正确内容，不超过 {most} 个字，不含星号。", {"most": LONGEST})]})
        settling.correct(db.session(), flaw.row, column, text, by=actor())
    except BadAnswer as refused:
        problems = field_problems(refused)
        db.session.rollback()
        return item_page(queue.flaw_of(db.session(), actor(), flaw_id), problems=problems, typed=text, status=422)
    except (Conflict, NotAllowed) as refused:
        db.session.rollback()
        flash(sentence(refused), "bad")
        return back(flaw)
    flash(_("已改正。"), "ok")
    return back(flaw)


@bp.post("/items/<int:flaw_id>/disclosure")
@needs("person.unmask")
@sensitive
def disclose(flaw_id: int) -> Any:
    """The row's cells in clear, once, for a reason that is written down."""
    flaw = queue.flaw_of(db.session(), actor(), flaw_id)
    require(actor(), "person.unmask", flaw)
    reason = " ".join(request.form.get("reason", "").split())[:LONGEST_REASON]
    if not reason:
        problem = field_problems(BadAnswer({"reason": [Problem("请说明查看原因。")]}))
        return item_page(flaw, problems=problem, status=422)
    record(db.session(), "intake.unmasked", ("intake", flaw.batch_id), by=actor(), group_id=flaw.group_id,
           after={"row": flaw.row_id, "reason": reason})
    return item_page(flaw, clear=cells.kept_of(flaw.row).judged.raw)


@bp.post("/cases/acceptance")
@needs(SETTLE)
def accept_case() -> Response:
    """All rows of a case, in every ledger where it waits: kind=, case= and the filter of the list."""
    return _alike(settling.accept_case, lambda n: ngettext(
        "已采纳建议：%(num)d 条同类问题。", "已采纳建议：%(num)d 条同类问题。", n))


@bp.post("/cases/dismissal")
@needs(SETTLE)
def dismiss_case() -> Response:
    """The same, where all are right as they stand."""
    return _alike(settling.dismiss_case, lambda n: ngettext(
        "已确认无误：%(num)d 条同类问题。", "已确认无误：%(num)d 条同类问题。", n))


@bp.post("/cases/taking")
@needs(SETTLE)
def take_case() -> Response:
    """What waits there and nobody has yet is mine."""
    wanted = wanted_in(request.form)
    if not wanted.kind:
        raise NotFound
    number = queue.take_all(db.session(), wanted, by=actor())
    flash(ngettext("已领取 %(num)d 条。", "已领取 %(num)d 条。", number), "ok")
    return redirect(_next(url_for("steward.cases")), 303)


def _alike(settle: Callable[..., int], done: Callable[[int], str]) -> Response:
    """Every batch in which the case waits, one after the other in one transaction; big ones are left to the worker. Of
    a ledger that came in above the steward it is what lies where they may settle; the others they see are counted."""
    wanted = wanted_in(request.form)
    if not wanted.kind or not wanted.case:
        raise NotFound
    session, me, number = db.session(), actor(), 0
    waiting = visible(queue.rows(me, wanted), me, model=Flaw, action=SETTLE)
    by_batch = waiting.with_only_columns(Flaw.batch_id, func.count(), maintain_column_froms=True)
    theirs: dict[int, int] = {row[0]: row[1] for row in session.execute(by_batch.group_by(Flaw.batch_id))}
    others = queue.count(session, me, wanted) - sum(theirs.values())
    for batch_id in theirs:
        number += settle(session, session.get_one(Batch, batch_id), wanted.kind, wanted.case, by=me)
    later = _("%(n)s 条同类问题交给后台处理，稍后自动从队列消失。", n=number)
    flash(done(number) if number <= settling.AT_ONCE else later, "ok")
    if others:
        flash(_("另有 %(n)d 条不在您管理的范围内，没有处理。", n=others), "bad")
    rest = {name: value for name, value in arguments_in(request.form).items() if name not in ("kind", "case")}
    return redirect(_next(url_for("steward.cases", **rest)), 303)
