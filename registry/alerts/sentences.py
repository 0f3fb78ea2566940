"""The sentence for each cause: of the end of a certificate as wording.py has it, of a review and of a return here."""

from __future__ import annotations

from typing import Any

from registry.alerts import wording
from registry.alerts.causes import Case
from registry.alerts.model import LOAN, REVIEW, Alert
from registry.alerts.progress import Progress
from registry.certificates.catalogue import type_of

Said = tuple[str, dict[str, Any]]
SAID: dict[str, str] = {
    "review": "{type}（{holder}）应于 {day} 前复审，还有 {left} 天。",
    "review_last": "{type}（{holder}）最迟今天（{day}）复审。",
    "review_after": "{type}（{holder}）应于 {day} 前复审，已逾期 {over} 天。",
    "loan": "{name}借用的{type}（{holder}）原件应于 {day} 归还，还有 {left} 天。",
    "loan_last": "{name}借用的{type}（{holder}）原件应于今天（{day}）归还。",
    "loan_after": "{name}借用的{type}（{holder}）原件应于 {day} 归还，已逾期 {over} 天。",
    "loan_unheeded": "{name}借用的{type}（{holder}）原件应于 {day} 归还，此前的提醒无人处理，现升级给您。",
}


def said(case: Case, alert: Alert, matter: Progress | None, left: int) -> Said:
    """The sentence for a stage that is reached with so many days left, and its values."""
    if case.cause == LOAN or (case.cause == REVIEW and alert.stage not in wording.WINDOW_NEWS and matter is None):
        return _said(case, left)
    return wording.said(case.certificate, alert, matter, left)


def _said(case: Case, left: int) -> Said:
    if left < 0:
        return SAID[f"{case.cause}_after"], {**_named(case), "over": -left}
    return (SAID[case.cause], {**_named(case), "left": left}) if left else (SAID[f"{case.cause}_last"], _named(case))


def unheeded(case: Case, alert: Alert) -> Said:
    """The sentence for whoever is told because nobody acted, and its values."""
    if case.cause == LOAN:
        return SAID["loan_unheeded"], _named(case)
    return wording.unheeded(case.certificate, alert)


def _named(case: Case) -> dict[str, Any]:
    certificate = case.certificate
    named = {"type": type_of(certificate.type_code).name, "holder": certificate.holder_name,
             "day": case.term.isoformat()}
    return {**named, "name": case.loan.person.name} if case.loan is not None else named


__all__ = ["SAID", "Said", "said", "unheeded"]
