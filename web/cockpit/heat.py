"""/cockpit/heat: a process drawn with how long its steps take, how often they are done, where things wait and fail.

The sums are the worker's (engine/figures); who waits and what is broken is read as it is now.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from engine import catalog
from engine.figures import counting, reading, standing
from engine.figures.reading import Asked
from engine.figures.sketch import ERROR
from engine.model import Definition
from ledger import clock
from ledger.errors import NotFound
from web.asked import whole
from web.cockpit import heat_shown as shown
from web.cockpit.companies import READ, scope, with_projects
from web.guard import actor, needs
from web.session import db

bp = Blueprint("heat", __name__, url_prefix="/cockpit/heat")
SHAPE = re.compile(r'\bbpmnElement="([^"]+)"')
SPANS = (30, 90, 365)
EARLIEST = dt.date(2000, 1, 1)
ALL_VERSIONS = 40
"""So many versions are looked through for the names of elements that the drawing does not show any more."""


@dataclass
class Wanted:
    """What the address asks for; `problems` are sentences at the fields, with which the usual period is shown."""

    process_id: str
    version: int | None
    unit_id: int | None
    project_id: int | None
    measure: str
    first: dt.date
    last: dt.date
    span: int | None
    compare: bool
    problems: dict[str, str]


@bp.get("", endpoint="index")
@needs(READ)
def show() -> ResponseReturnValue:
    """?process= version= unit= project= measure= span=30 (or first= last=) compare=1."""
    session, wanted = db.session(), wanted_in(request.args)
    seen = with_projects(session, actor(), scope(session, actor(), wanted.unit_id), wanted.project_id)
    processes = _processes(session)
    if not processes or not seen.ids:
        return render_template("cockpit/heat.html", processes=processes, wanted=wanted, scope=seen, definition=None)
    wanted.process_id = wanted.process_id or reading.busiest(session, processes, seen.ids) or next(iter(processes))
    versions = list(session.scalars(select(Definition).where(
        Definition.process_id == wanted.process_id).order_by(Definition.version.desc())))
    definition = next((one for one in versions if wanted.version in (None, one.version)), None)
    if definition is None:
        raise NotFound
    asked = Asked(wanted.process_id, seen.ids, wanted.first, wanted.last,
                  definition.id if wanted.version is not None else None)
    return render_template(
        "cockpit/heat.html", processes=processes, wanted=wanted, scope=seen, definition=definition, versions=versions,
        behind=counting.behind(session), looked_at=standing.looked_at(session), spans=SPANS,
        measures=shown.MEASURES, compared=shown.COMPARED,
        days=shown.days, percent=shown.percent, words=shown.words, error=ERROR,
        **_figures(session, wanted, asked, versions, definition))


def _figures(session: Session, wanted: Wanted, asked: Asked, versions: list[Definition],
             definition: Definition) -> dict[str, Any]:
    waits = reading.waits(session, asked)
    now = _gathered(session, asked)
    comparing = wanted.compare and wanted.measure in shown.COMPARED
    earlier = shown.period(asked.first, asked.last)
    before = _gathered(session, Asked(asked.process_id, asked.units, *earlier, asked.definition_id)
                       ) if comparing else None
    drawn = frozenset(SHAPE.findall(catalog.diagram(session, definition).decode("utf-8", "replace")))
    names = _names(session, [definition, *versions], {*now.passed, *waits, *now.failed})
    listed = shown.rows(names, drawn, wanted.measure, now, before, waits)
    every = request.args.get("all") == "1" or wanted.measure == "count"
    most = max((row.value for row in listed if row.value), default=0)
    return {
        "rows": [row for row in listed if every or row.worth_a_line], "hidden": 0 if every else sum(
            not row.worth_a_line for row in listed), "comparing": comparing, "earlier": earlier,
        "painted": shown.painted(listed, wanted.measure, comparing),
        "legend": [] if comparing else shown.legend(wanted.measure, most),
        "quiet": not any(row.passed or row.waiting or row.failed for row in listed),
    }


def _gathered(session: Session, asked: Asked) -> shown.Gathered:
    return shown.Gathered(reading.passed(session, asked), reading.failed(session, asked))


def _processes(session: Session) -> dict[str, str]:
    """Process id -> name, as its newest version is called."""
    newest = select(func.max(Definition.id)).group_by(Definition.process_id)
    rows = session.execute(select(Definition.process_id, Definition.name).where(Definition.id.in_(newest))
                           .order_by(Definition.process_id))
    return dict(row._tuple() for row in rows)


def _names(session: Session, versions: list[Definition], used: set[str]) -> dict[str, str]:
    """What the elements are called in the first of these versions that has them."""
    names: dict[str, str] = {}
    for one in versions[:ALL_VERSIONS]:
        if used <= names.keys():
            break
        names = {**catalog.plan(session, one.id).names(), **names}
    return names


def wanted_in(args: MultiDict[str, str]) -> Wanted:
    """The address, read; what it gets wrong is said at the field."""
    today = clock.today()
    span = args.get("span", type=whole)
    measure = args.get("measure", "median")
    wanted = Wanted(
        args.get("process", "")[:120], args.get("version", type=whole), args.get("unit", type=whole),
        args.get("project", type=whole),
        measure if measure in shown.MEASURES else "median", today, today, span if span in SPANS else None,
        args.get("compare") == "1", {})
    first, last = args.get("first", "").strip(), args.get("last", "").strip()
    if wanted.span is None and (first or last):
        _own_period(wanted, first, last, today)
    if wanted.span is None and (wanted.problems or not (first or last)):
        wanted.span = 90
    if wanted.span is not None:
        wanted.first, wanted.last = today - dt.timedelta(days=wanted.span - 1), today
    return wanted


def _own_period(wanted: Wanted, first: str, last: str, today: dt.date) -> None:
    for name, text, usual in (("first", first, today - dt.timedelta(days=89)), ("last", last, today)):
        try:
            day = dt.date.fromisoformat(text) if text else usual
        except ValueError:
            wanted.problems[name] = _("请按 2026-01-31 的样子填写日期。")
            continue
        setattr(wanted, name, min(max(day, EARLIEST), today))
    if not wanted.problems and wanted.first > wanted.last:
        wanted.problems["last"] = _("结束日期早于开始日期。")
