"""What answering the forms of loss.bpmn leaves behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from ledger.errors import BadAnswer, Problem
from registry.custody.originals import held, original_of
from workflows.handling import reviewing
from workflows.handling.reviewing import note
from workflows.loss.freezing import loss_of
from workflows.process import Act
from workflows.requests import RequestContent


def reported(act: Act) -> None:
    """L1: which original, where and how. BadAnswer where its loss is reported already."""
    if act.answers.get("verdict") == "submit":
        lost = held(act.session, original_of(act.session, int(act.answers["original"])))
        if (before := loss_of(act.session, lost)) is not None and before.id != act.request.id:
            raise BadAnswer({"original": [Problem("这件原件已报失：{number}。", {"number": before.number})]})
        act.request.details = {**act.request.details, "original": int(act.answers["original"])}
        reviewing.asked(act)


def confirmed(act: Act) -> None:
    """L1: what the custodian found out about what was not brought back."""
    _keep(act)
    note(act, "loss.confirmed", verdict=act.answers["verdict"])


def announced(act: Act) -> None:
    """L4: when it was announced; the proof is kept with the request."""
    note(act, "loss.announced", on=act.answers["published_on"])


def replaced(act: Act) -> None:
    """L3, L6: the new file or the new original, for the next step."""
    act.request.grant = {key: value for key, value in act.answers.items() if key != "verdict"}
    note(act, "loss.replaced")


def replaced_checked(act: Act) -> None:
    """L6: a new original is issued after the version that it repeats."""
    original = original_of(act.session, act.request.details["original"])
    since = original.certificate.latest.holds_from
    if dt.date.fromisoformat(act.answers["issued_on"]) < since:
        raise BadAnswer({"issued_on": [Problem("补发日期不能早于现有版本的日期 {day}。", {"day": since})]})


def closed(act: Act) -> None:
    """L7: cause, cost and what follows."""
    _keep(act)
    original = original_of(act.session, act.request.details["original"])
    note(act, "loss.incident", cost=act.answers.get("cost"), original=original.kind)


def _keep(act: Act) -> None:
    """Keep an answer as a further round of what the request contains."""
    answers = {key: value for key, value in act.answers.items() if key != "verdict"}
    act.request.contents.append(RequestContent(
        no=len(act.request.contents) + 1, form_key=reviewing.form_key(act), answers=answers, by_name=act.by.name))


CHECKED: dict[str, Callable[[Act], None]] = {"new-original": replaced_checked}
ANSWERED: dict[str, Callable[[Act], None]] = {
    "report-loss": reported, "confirm-loss": confirmed, "loss-notice": announced, "redownload": replaced,
    "new-original": replaced, "loss-incident": closed,
}
