"""工作日历: which days are worked, year by year. Deadlines by law count working days; they are edited here only."""

from __future__ import annotations

import calendar as months
import datetime as dt

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import delete, select
from werkzeug.wrappers import Response

from ledger import clock, workdays
from ledger.errors import BadAnswer, NotFound, Problem
from ledger.facts import record
from ledger.workdays import ONE_DAY, CalendarDay, CalendarYear
from web.errors import field_problems
from web.guard import actor, needs
from web.i18n import language
from web.session import db
from web.text import WEEKDAYS

bp = Blueprint("calendar", __name__)
YEARS = range(2000, 2101)
LONGEST = 31  # days in one change: nothing official is longer


@bp.get("/calendar")
@needs("calendar.edit")
def this_year() -> Response:
    """The calendar of the present year."""
    return redirect(url_for("calendar.year", year=clock.today().year))


@bp.get("/calendar/<int:year>")
@needs("calendar.edit")
def year(year: int) -> str:
    """Twelve months, what differs from the weekdays, and whether an official notice stands behind it."""
    return _page(_known(year), {})


def _page(year: int, problems: dict[str, list[str]]) -> str:
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    days = db.session.scalars(
        select(CalendarDay).where(CalendarDay.day.between(first, last)).order_by(CalendarDay.day)
    ).all()
    weeks = [(month, months.Calendar().monthdatescalendar(year, month)) for month in range(1, 13)]
    return render_template(
        "calendar.html",
        year=year,
        weeks=weeks,
        special={one.day: one for one in days},
        row=db.session.get(CalendarYear, year),
        problems=problems,
        form=request.values,
        weekdays=WEEKDAYS[language()],
    )


@bp.post("/calendar/<int:year>/days")
@needs("calendar.edit")
def change(year: int) -> Response | tuple[str, int]:
    """Make the days of a range rest days or working days, or let them follow the weekday again."""
    _known(year)
    try:
        first, last, kind, name = _asked(year)
    except BadAnswer as error:
        return _page(year, field_problems(error)), 400
    changed = set_days(year, first, last, kind, name)
    flash(
        _("已修改 %(n)d 天。年份确认后，证件提醒中未确认的日期会重新计算。", n=changed)
        if changed
        else _("这些天本来就是这样，没有修改。"),
        "ok",
    )
    return redirect(url_for("calendar.year", year=year), 303)


@bp.post("/calendar/<int:year>/confirmation")
@needs("calendar.edit")
def confirm(year: int) -> Response | tuple[str, int]:
    """Say that the year follows the official notice named, or take that back (no source)."""
    _known(year)
    source = request.form.get("source", "").strip()[:200]
    confirmed = request.form.get("confirmed") == "yes"
    if confirmed and not source:
        told = {"source": [Problem("请写明依据，例如国办发明电的文号。")]}
        return _page(year, field_problems(BadAnswer(told))), 400
    workdays.touch(db.session(), year, confirmed=confirmed, source=source if confirmed else "")
    record(
        db.session(),
        "calendar.confirmed" if confirmed else "calendar.unconfirmed",
        ("calendar", year),
        by=actor(),
        after={"source": source} if confirmed else None,
    )
    flash(
        _("%(year)d 年已标为按正式通知执行。", year=year) if confirmed else _("%(year)d 年已标为未确认。", year=year),
        "ok",
    )
    return redirect(url_for("calendar.year", year=year), 303)


def set_days(year: int, first: dt.date, last: dt.date, kind: str, name: str) -> int:
    """Write the days that really differ from their weekday; how many changed. kind is "off", "work" or "weekday"."""
    session = db.session()
    before = {
        one.day: one.kind for one in session.scalars(select(CalendarDay).where(CalendarDay.day.between(first, last)))
    }
    days = [first + ONE_DAY * n for n in range((last - first).days + 1)]
    after = {day: kind for day in days if kind != "weekday" and (day.weekday() < 5) == (kind == "off")}
    if before == after:
        return 0
    session.execute(delete(CalendarDay).where(CalendarDay.day.between(first, last)))
    session.add_all(CalendarDay(day=day, kind=kind, name=name) for day in after)
    row = session.get(CalendarYear, year)
    workdays.touch(session, year, confirmed=row.confirmed if row else False, source=row.source if row else "")
    changed = sorted(day for day in days if before.get(day) != after.get(day))
    record(
        session,
        "calendar.changed",
        ("calendar", year),
        by=actor(),
        before={day.isoformat(): before.get(day, "weekday") for day in changed},
        after={day.isoformat(): after.get(day, "weekday") for day in changed},
    )
    return len(changed)


def _asked(year: int) -> tuple[dt.date, dt.date, str, str]:
    problems: dict[str, list[Problem]] = {}
    days: dict[str, dt.date] = {}
    for name in ("first", "last"):
        text = request.form.get(name, "") or request.form.get("first", "")
        try:
            days[name] = dt.date.fromisoformat(text)
        except ValueError:
            problems[name] = [Problem("请选择日期。")]
            continue
        if days[name].year != year:
            problems[name] = [Problem("日期要在 {year} 年内。", {"year": year})]
    kind = request.form.get("kind", "")
    if kind not in {"off", "work", "weekday"}:
        problems["kind"] = [Problem("请选择休息、上班或按星期。")]
    if not problems and not 0 <= (days["last"] - days["first"]).days < LONGEST:
        problems["last"] = [Problem("结束日期要在开始日期之后，一次最多 {most} 天。", {"most": LONGEST})]
    if problems:
        raise BadAnswer(problems)
    return days["first"], days["last"], kind, request.form.get("name", "").strip()[:60]


def _known(year: int) -> int:
    if year not in YEARS:
        raise NotFound
    return year
