"""What an alert says: a sentence for each situation, with values to fill in."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ledger import clock
from registry.alerts.causes import Case
from registry.alerts.model import LOAN, REVIEW, Alert
from registry.alerts.progress import Progress
from registry.certificates.catalogue import type_of
from registry.certificates.models import Certificate

WINDOW_NEWS: dict[str, str] = {
    "opens": "{type}（{holder}）可以开始办理延续。",
    "hand_in": "{type}（{holder}）到达内部交件日。",
    "target": "{type}（{holder}）到达法定申请日，请立即办理。",
    "closes": "{type}（{holder}）的办理窗口已关闭。",
    "lapsed": "{type}（{holder}）有效期已届满。",
}
SAID: dict[str, str] = {
    "before": "{type}（{holder}）将于 {day} 到期，还有 {left} 天。",
    "last": "{type}（{holder}）今天（{day}）到期。",
    "after": "{type}（{holder}）已于 {day} 到期，逾期 {over} 天。",
    "late": "{type}（{holder}）将于 {day} 到期：{number} 正在办理“{step}”，预计 {expected} 办结，将晚 {late} 天。",
    "going": "{type}（{holder}）将于 {day} 到期：{number} 正在办理“{step}”，何时办结尚不确定。",
    "unheeded": "{type}（{holder}）将于 {day} 到期，此前的提醒无人处理，现升级给您。",
    "unheeded_over": "{type}（{holder}）已于 {day} 到期，此前的提醒无人处理，现升级给您。",
    "review": "{type}（{holder}）应于 {day} 前复审，还有 {left} 天。",
    "review_last": "{type}（{holder}）最迟今天（{day}）复审。",
    "review_after": "{type}（{holder}）应于 {day} 前复审，已逾期 {over} 天。",
    "loan": "{borrower}借用的{type}（{holder}）原件应于 {day} 归还，还有 {left} 天。",
    "loan_last": "{borrower}借用的{type}（{holder}）原件应于今天（{day}）归还。",
    "loan_after": "{borrower}借用的{type}（{holder}）原件应于 {day} 归还，已逾期 {over} 天。",
    "loan_unheeded": "{borrower}借用的{type}（{holder}）原件应于 {day} 归还，此前的提醒无人处理，现升级给您。",
}
Said = tuple[str, dict[str, Any]]


def said(case: Case, alert: Alert, matter: Progress | None, left: int) -> Said:
    """The sentence for a stage that was reached with so many days left, and the values of its situation."""
    if alert.stage in WINDOW_NEWS:
        return WINDOW_NEWS[alert.stage], _of(case, alert.stage, left)
    if matter is not None and left >= 0 and case.cause != LOAN:
        situation = "late" if matter.late(alert.term) else "going"
        return SAID[situation], {**_of(case, situation, left), **under_way(matter, alert.term)}
    situation = "after" if left < 0 else "before" if left else "last"
    if case.cause in (REVIEW, LOAN):
        situation = case.cause if left > 0 else f"{case.cause}_{situation}"
    return SAID[situation], _of(case, situation, left)


def unheeded(case: Case, alert: Alert) -> Said:
    """The sentence for whoever is told because nobody acted, and its values."""
    left = (alert.term - clock.today()).days
    situation = "loan_unheeded" if case.cause == LOAN else "unheeded" if left >= 0 else "unheeded_over"
    return SAID[situation], _of(case, situation, left)


def _of(case: Case, situation: str, left: int) -> dict[str, Any]:
    told = values(case.certificate, case.term, situation, left)
    return told if case.loan is None else {**told, "borrower": case.loan.person.name}


def values(certificate: Certificate, term: dt.date, situation: str, left: int) -> dict[str, Any]:
    """What a sentence or a group's own template (templates/values.py) may fill in; never a number of a person."""
    return {"type": type_of(certificate.type_code).name, "holder": certificate.holder_name, "day": term.isoformat(),
            "unit": certificate.unit.name, "code": certificate.code, "left": max(0, left), "over": max(0, -left),
            "situation": situation}


def under_way(matter: Progress, term: dt.date) -> dict[str, Any]:
    """The same of the request that is under way."""
    return {"number": matter.number, "step": matter.step, "late": matter.late(term),
            "expected": matter.expected_on.isoformat() if matter.expected_on else ""}


__all__ = ["SAID", "WINDOW_NEWS", "Said", "said", "under_way", "unheeded", "values"]
