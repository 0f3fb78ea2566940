"""How dates, periods and numbers of persons are written on a page."""

from __future__ import annotations

import datetime as dt
import math

from flask import Flask, g
from flask_babel import gettext as _
from flask_babel import ngettext

from ledger import clock
from ledger.clock import SHANGHAI
from ledger.workdays import Calendar, calendar
from web.i18n import language
from web.session import db

WEEKDAYS = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}


def day(value: dt.date | dt.datetime | None) -> str:
    """2026-11-22 (周日)"""
    if value is None:
        return _("长期")
    if isinstance(value, dt.datetime):
        value = clock.day_of(value)
    name = WEEKDAYS[language()][value.weekday()]
    return f"{value.isoformat()} ({'周' if language() == 'zh' else ''}{name})"


def plain_day(value: dt.date | dt.datetime | None) -> str:
    """2026-11-22; for tables, where the weekday would be noise."""
    if value is None:
        return _("长期")
    return (clock.day_of(value) if isinstance(value, dt.datetime) else value).isoformat()


def moment(value: dt.datetime | None) -> str:
    """2026-11-22 10:02, Shanghai time."""
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if value else ""


def since(value: dt.datetime | None) -> str:
    """How long ago, in the roundest words: 刚刚, 5 分钟前, 3 小时前, 昨天 10:02, then the date."""
    if value is None:
        return ""
    seconds = (clock.now() - value).total_seconds()
    days = (clock.today() - clock.day_of(value)).days
    if seconds < 60:
        return _("刚刚")
    if seconds < 3600:
        return _("%(n)d 分钟前", n=seconds // 60)
    if days == 0:
        return _("%(n)d 小时前", n=seconds // 3600)
    time = value.astimezone(SHANGHAI).strftime("%H:%M")
    return _("昨天 %(time)s", time=time) if days == 1 else plain_day(value)


def due(value: dt.datetime | None, confirmed: bool = True) -> str:
    """A promised instant in words: 还剩 1 个工作日, 今天 17:30 前, 已逾期 3 小时.

    An instant at 24:00 belongs to the day it ends. `confirmed` is False where a year without a notice was counted.
    """
    if value is None:
        return ""
    words = _overdue(clock.now() - value) if value <= clock.now() else _remaining(value)
    return words if confirmed else _("%(words)s(日历未确认)", words=words)


def _remaining(value: dt.datetime) -> str:
    last = clock.day_of(value - dt.timedelta(seconds=1))
    if last == clock.today():
        whole = value == clock.end_of_day(last)
        return _("今天到期") if whole else _("今天 %(time)s 前", time=value.astimezone(SHANGHAI).strftime("%H:%M"))
    count = work_calendar().between(clock.today(), last)
    return (
        ngettext("还剩 %(num)d 个工作日", "还剩 %(num)d 个工作日", count) if count else _("%(day)s 前", day=day(last))
    )


def _overdue(late: dt.timedelta) -> str:
    if late < dt.timedelta(hours=1):
        return _("已逾期 %(n)d 分钟", n=max(1, late.total_seconds() // 60))
    if late < dt.timedelta(days=1):
        return _("已逾期 %(n)d 小时", n=late.total_seconds() // 3600)
    return ngettext("已逾期 %(num)d 天", "已逾期 %(num)d 天", late.days)


def days_left(value: dt.date | None) -> str:
    """How long a certificate still holds: 还有 45 天, 今天到期, 已过期 3 天, 长期有效."""
    if value is None:
        return _("长期有效")
    left = (value - clock.today()).days
    if left == 0:
        return _("今天到期")
    if left < 0:
        return ngettext("已过期 %(num)d 天", "已过期 %(num)d 天", -left)
    if left < 120:
        return ngettext("还有 %(num)d 天", "还有 %(num)d 天", left)
    return _("还有约 %(n)d 个月", n=math.floor(left / 30.4))


def work_calendar() -> Calendar:
    """The working-day calendar, read once a request."""
    if "work_calendar" not in g:
        g.work_calendar = calendar(db.session())
    return g.work_calendar


def masked_name(name: str) -> str:
    """A name for the public page: its first character (王**), its first letter for Latin names."""
    return name[:1] + "*" * max(1, min(2, len(name) - 1)) if name else ""


def masked_number(text: str | None) -> str:
    """An ID or phone number for a page: 110101********0214, 138****5678. Whatever is short keeps its two ends only."""
    text = text or ""
    if len(text) >= 15:
        return text[:6] + "*" * (len(text) - 10) + text[-4:]
    if len(text) >= 11:
        return text[:3] + "*" * (len(text) - 7) + text[-4:]
    return text[:1] + "*" * (len(text) - 2) + text[-1:] if len(text) > 2 else "*" * len(text)


def open_text(app: Flask) -> None:
    """Make the words available to every template."""
    app.jinja_env.filters.update(
        day=day,
        plain_day=plain_day,
        moment=moment,
        since=since,
        due=due,
        days_left=days_left,
        masked_name=masked_name,
        masked_number=masked_number,
    )
    app.jinja_env.globals.update(today=clock.today, now=clock.now)
