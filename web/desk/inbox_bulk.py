"""One verb on the ticked rows of the inbox; what became of each is told by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.exceptions import BadRequest

from ledger.errors import BadAnswer, Conflict
from web.asked import whole_in
from web.desk import late
from web.errors import problem_text, sentence
from web.guard import actor
from web.i18n import say
from web.login import local_path
from web.session import db
from workflows.handling import bulk
from workflows.handling.bulk import Asked, Done

bp = Blueprint("inbox_bulk", __name__)
LONGEST = 1000  # characters of an opinion


@dataclass(frozen=True)
class Bulk:
    """A button of the bar that shows while rows are ticked; `tabs` are where it is offered, `opinion`: it takes
    one, `asks` is what is asked before, `page` the endpoint of a page that asks for more."""

    key: str
    label: Any
    icon: str
    tabs: tuple[str, ...]
    style: str = "btn-secondary"
    opinion: bool = False
    shortcut: str = ""
    asks: Any = ""
    page: str = ""


BULK: list[Bulk] = [
    Bulk("approve", _l("同意"), "circle-check", ("all", "groups", "mine"), style="btn-success", opinion=True,
         shortcut="a", asks=_l("同意选中的每一项吗？")),
    Bulk("claim", _l("签收"), "check", ("all", "groups"), shortcut="c"),
    Bulk("hand", _l("转办"), "arrow-right", ("all", "groups", "mine"), shortcut="t", page="inbox_handing.whom"),
    Bulk("release", _l("放回"), "arrow-back-up", ("mine",)),
]


@bp.post("/inbox/bulk")
def act() -> ResponseReturnValue:
    """Do `verb` to every `task` ("id:version"). All done: back to the list. Otherwise the results, each with why."""
    verb = request.form.get("verb", "")
    items = [item(text) for text in request.form.getlist("task")]
    if verb not in bulk.VERBS:
        raise BadRequest
    back = local_path(request.form.get("next")) if request.form.get("next") else url_for("inbox.tasks")
    if not items:
        return nothing(back)
    if len(dict(items)) > bulk.MOST:  # before their numbers make an address that is too long
        raise bulk.TooMany(most=bulk.MOST)
    page = next((one.page for one in BULK if one.key == verb), "")
    if page:
        return redirect(url_for(page, task=_written(items), next=back), 303)
    asked = Asked(opinion=request.form.get("opinion", "").strip()[:LONGEST])
    return told(bulk.bulk(db.session(), actor(), verb, items, asked=asked), verb, back)


@bp.post("/inbox/approvals/<int:task_id>")
def approve(task_id: int) -> ResponseReturnValue:
    """Approve the one of a row. Where its form wants more than a yes, the task is opened, and what it wants is said."""
    one, = bulk.bulk(db.session(), actor(), "approve", [(task_id, whole_in(request.form.get("version")))])
    if one.refused is None:
        flash(_told("approve", 1), "ok")
        wanted = request.form.get("next")
        return redirect(local_path(wanted) if wanted else url_for("inbox.tasks"), 303)
    if isinstance(one.refused, (BadAnswer, bulk.NotInBulk)):
        why = _why(one)
        db.session.rollback()
        flash(why, "warn")
        return redirect(url_for("tasks.show", task_id=task_id), 303)
    if isinstance(one.refused, Conflict):
        return late.too_late(task_id, one.refused)
    raise one.refused


def _written(items: Sequence[tuple[int, int | None]]) -> list[str]:
    return [f"{number}:{'' if version is None else version}" for number, version in dict(items).items()]


def nothing(back: str) -> ResponseReturnValue:
    """Nothing was ticked: back to the list."""
    flash(_("还没有选中任务。"), "warn")
    return redirect(back, 303)


def told(done: Sequence[Done], verb: str, back: str) -> ResponseReturnValue:
    """Back to the list, if all was done; otherwise what became of each, with why."""
    count = sum(one.ok for one in done)
    if count == len(done):
        flash(_told(verb, count), "ok")
        return redirect(back, 303)
    return render_template("inbox/done.html", done=done, count=count, told=_told(verb, count), back=back, why=_why)


def item(text: str) -> tuple[int, int | None]:
    """A ticked task: its id, and the version the page knew."""
    number, _sign, version = text.partition(":")
    found = whole_in(number)
    if found is None:
        raise BadRequest
    return found, whole_in(version)


def _told(verb: str, count: int) -> str:
    return {
        "claim": ngettext("已签收 %(num)d 项。", "已签收 %(num)d 项。", count),
        "approve": ngettext("已同意 %(num)d 项。", "已同意 %(num)d 项。", count),
        "hand": ngettext("已转办 %(num)d 项。", "已转办 %(num)d 项。", count),
        "release": ngettext("已放回 %(num)d 项。", "已放回 %(num)d 项。", count),
    }.get(verb, ngettext("已办 %(num)d 项。", "已办 %(num)d 项。", count))


def _why(one: Done) -> str:
    """Why a task was not done; of a form, what it wants at which field."""
    if not isinstance(one.refused, BadAnswer):
        return sentence(one.refused) if one.refused is not None else ""
    named = [(say(one.labels.get(key.partition(".")[0], "")), problem_text(problem))
             for key, found in one.refused.problems.items() for problem in found]
    return _("；").join(_("%(field)s：%(value)s", field=label, value=text) if label else text for label, text in named)
