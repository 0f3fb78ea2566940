"""The words of alerts: stages, rungs, why one fell silent, and whom each of a certificate's alerts was told to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from registry.alerts.model import Alert
from registry.alerts.raising import raised
from registry.alerts.rules import rungs
from registry.people.persons import Person
from web.i18n import language
from web.ledgers.certificate import STEPS
from web.session import db

SILENT = {
    "renewed": _l("已延续"), "over": _l("证件已终止"), "moved": _l("期限已更正"),
    "under_way": _l("正在办理，预计期内办结"),
}
ACTED = {"taken": _l("{name}已接手"), "request": _l("{name}已开始办理")}


@dataclass(frozen=True)
class Told:
    """Somebody who was told, as a page shows it."""

    name: str
    rung: str
    row: object


def alert_stage(stage: str) -> str:
    """The name of a stage as people say it."""
    if stage == "lapsed":
        return _("有效期已届满")
    if stage in STEPS:
        return _(STEPS[stage])
    days = int(stage[1:])
    if stage[0] == "w":
        return _in_working_days(days)
    if days > 0:
        return _("到期前 %(n)d 天", n=days)
    return _("到期后 %(n)d 天", n=-days) if days else _("到期当天")


def _in_working_days(days: int) -> str:
    if days > 0:
        return _("到期前 %(n)d 个工作日", n=days)
    return _("到期后 %(n)d 个工作日", n=-days) if days else _("到期当天或之前最近的工作日")


def rung_words(key: str) -> str:
    """The name of a rung in the reader's language."""
    each = rungs()[key]
    return each.name_en if language() == "en" else each.name


def ledger_of(certificate_id: int) -> list[tuple[Alert, list[Told]]]:
    """Every alert of a certificate, newest first, with whom it went to, in order of the ladder."""
    found = raised(db.session(), certificate_id)
    names = _names([each.person_id for alert in found for each in alert.told])
    order = list(rungs())
    return [(alert, [Told(names[each.person_id], rung_words(each.rung), each)
                     for each in sorted(alert.told, key=lambda one: (one.level, order.index(one.rung)))])
            for alert in found]


def _names(people: Iterable[int]) -> dict[int, str]:
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(set(people))))
    return {row[0]: row[1] for row in rows}
