"""Running processes: the list by process, version, state, age, place and company, searched, and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from ledger.db import reading
from registry.access.rules import can
from web.asked import whole_in
from web.cockpit.asked import arguments, sought
from web.guard import actor, needs
from web.i18n import say, title_words
from web.requests.whereabouts import outcome_words
from web.session import db
from web.text import moment
from workflows.cockpit import finding, reach
from workflows.cockpit.finding import Line, Sought

bp = Blueprint("instances", __name__, url_prefix="/cockpit/instances")
PAGE, AT_ONCE = 25, 500
STATES = {
    "running": _l("未结束"), "active": _l("运行中"), "suspended": _l("已挂起"), "incident": _l("有异常"),
    "ended": _l("已结束"), "all": _l("全部"),
}
NAMES = {"active": _l("运行中"), "suspended": _l("已挂起"), "completed": _l("已办结"), "terminated": _l("已终止")}
"""What the state of one instance is called."""
AGES = (5, 10, 20, 60)
VERBS = {
    "suspend": _l("挂起"), "resume": _l("恢复"), "migrate": _l("迁移到其他版本"), "retry": _l("重试异常"),
    "terminate": _l("终止"),
}
"""What may be done to many at once (web/cockpit/batches.py)."""


@bp.app_template_global()
def instance_words(state: str) -> str:
    """The state of an instance in words."""
    return str(NAMES.get(state, state))


@bp.get("", endpoint="index")
@needs(reach.READ)
def listed() -> ResponseReturnValue:
    """One page, newest first. ?after= goes on behind an instance; the rest narrows (web/cockpit/asked.py)."""
    session, person, wanted = db.session(), actor(), sought()
    after = whole_in(request.args.get("after"))
    found = finding.find(session, person, wanted, after=after, size=PAGE)
    if after is not None and not found.lines:  # behind the last there is nothing: begin again
        after, found = None, finding.find(session, person, wanted, size=PAGE)
    return render_template(
        "cockpit/instances.html", listed=found, most=finding.COUNT_TO, wanted=wanted, after=after, states=STATES,
        address=lambda **changes: _address(wanted, **changes), verbs=VERBS, arguments=arguments,
        may_act=can(person, reach.ACT),
        next=_address(wanted, after=found.lines[-1].instance.id) if found.more else "", **_choices(session, wanted),
    )


def _address(wanted: Sought, **changes: Any) -> str:
    """This list with some conditions changed; None takes one away."""
    kept = {**arguments(wanted), **changes}
    return url_for("instances.index", **{name: value for name, value in kept.items() if value not in (None, "")})


def _choices(session: Session, wanted: Sought) -> dict[str, Any]:
    """What there is to narrow by; versions and places only once a process is chosen."""
    versions = finding.versions(session, wanted.process) if wanted.process else []
    drawn = next((one.id for one in versions if one.id == wanted.definition), versions[0].id if versions else 0)
    return {
        "processes": finding.processes(session), "versions": versions, "ages": AGES,
        "companies": reach.companies(session, actor()),
        "places": finding.elements(session, drawn) if drawn else [],
    }


@bp.get("/export.csv")
@needs(reach.READ)
def export() -> Response:
    """Every row of the list as it is narrowed, in its columns, as a CSV file that spreadsheets open."""
    person, wanted, engine = actor(), sought(), db.engine

    def body() -> Iterator[bytes]:
        yield b"\xef\xbb\xbf" + _row(_headings())
        with reading(engine) as session:
            below: int | None = None
            while page := finding.ids(session, person, wanted, most=AT_ONCE, below=below):
                for line in finding.lines(session, page):
                    yield _row(_cells(line))
                below = page[-1]
                session.expunge_all()

    answer: Response = current_app.response_class(stream_with_context(body()), mimetype="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="instances.csv"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _headings() -> list[str]:
    return [_("编号"), _("业务编号"), _("标题"), _("流程"), _("版本"), _("状态"), _("异常"), _("办到"), _("单位"),
            _("开始时间"), _("结束时间"), _("结果")]


def _cells(line: Line) -> list[str]:
    one = line.instance
    return [str(one.id), one.business_key, title_words(one.title), say(line.name), str(line.version),
            instance_words(one.state), str(line.troubles), _("、").join(map(say, line.stands)), line.unit,
            moment(one.started_at), moment(one.ended_at), outcome_words(one.outcome) if one.outcome else ""]


def _row(cells: list[str]) -> bytes:
    """A line; what a spreadsheet would take for a formula is text."""
    out = io.StringIO()
    csv.writer(out).writerow("'" + one if one[:1] in ("=", "+", "-", "@", "\t", "\r") else one for one in cells)
    return out.getvalue().encode()


__all__ = ["NAMES", "VERBS", "bp"]
