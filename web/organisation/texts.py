"""提醒文字: what alerts say, in a group's own words: edited, tried with a real case, put in force, taken back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ledger.errors import BadAnswer, Conflict, NotFound
from registry.access.register import Filter, find
from registry.access.rules import can, visible
from registry.alerts.channels.facts import NAMES
from registry.alerts.letters import lines
from registry.alerts.templates import keeping, trying, values
from registry.alerts.templates.sandbox import Unfit, Wrong
from registry.alerts.templates.trying import MANY, Trial
from registry.certificates.catalogue import type_of
from registry.certificates.models import Certificate
from web.asked import whole, whole_in
from web.config import Config
from web.errors import problem_text, sentence
from web.guard import actor, needs, reads
from web.i18n import NAMES as NAMES_OF
from web.i18n import language, say, spoken
from web.session import db

bp = Blueprint("texts", __name__, url_prefix="/lines/texts")
SHOWN = 8


@bp.get("")
@needs(lines.READ)
def listed() -> str:
    """Every situation with what is said in it, and the texts that could not be filled in."""
    own = keeping.in_force(db.session(), actor())
    return render_template(
        "texts/index.html", situations=values.SITUATIONS, own=own, way=way, languages=NAMES_OF,
        shipped_text=lambda key: _shipped(key, "", language()),
        failing=keeping.failing(db.session(), actor()), variants=_variants(own))


@bp.get("/<situation>")
@needs(lines.EDIT)
def edit(situation: str) -> str:
    """The editor of one text: of ?channel= and ?language=."""
    return _editor(situation)


@bp.post("/<situation>")
@needs(lines.EDIT)
def save(situation: str) -> ResponseReturnValue:
    """It is in force from now on; or the page again with what is wrong, at its place."""
    channel, tongue = request.form.get("channel", ""), request.form.get("language", "")
    try:
        keeping.save(db.session(), situation, channel, tongue, request.form.get("subject", ""),
                     request.form.get("body", ""), seen=request.form.get("seen", type=whole), by=actor())
    except BadAnswer as error:
        db.session.rollback()
        return _editor(situation, wrong=True), error.status
    except Conflict as error:
        words = sentence(error)
        db.session.rollback()
        return _editor(situation, refusal=words), error.status
    flash(_("已保存，下一次提醒就用这段文字。"), "success")
    return redirect(url_for("texts.edit", situation=situation, channel=channel, language=tongue), 303)


@bp.post("/<situation>/shipped")
@needs(lines.EDIT)
def reset(situation: str) -> ResponseReturnValue:
    """Back to the shipped text."""
    channel, tongue = request.form.get("channel", ""), request.form.get("language", "")
    keeping.reset(db.session(), situation, channel, tongue, seen=request.form.get("seen", type=whole), by=actor())
    flash(_("已恢复系统自带的文字。"), "success")
    return redirect(url_for("texts.edit", situation=situation, channel=channel, language=tongue), 303)


@bp.post("/<situation>/preview")
@needs(lines.EDIT)
@reads
def preview(situation: str) -> str:
    """What stands in the form, as it would leave by each channel."""
    keeping.known(situation, request.form.get("channel", ""), request.form.get("language", ""))
    return render_template("texts/_preview.html", **_tried(situation, dict(request.form)))


@bp.get("/cases")
@needs(lines.EDIT)
def cases() -> str:
    """Certificates to try a text with: those that one may read."""
    text = " ".join(request.args.get("q", "")[:60].split())
    found = find(db.session(), actor(), Filter(text=text), limit=SHOWN).rows if text and _may_look() else []
    return render_template("texts/_cases.html", found=found, asked=bool(text), kind_of=type_of)


def way(channel: str) -> str:
    """A channel as people call it."""
    if not channel:
        return _("全部渠道")
    return _("系统通知") if channel == values.INAPP else say(NAMES[channel])


def _may_look() -> bool:
    return can(actor(), "certificate.read")


def _variants(own: dict[tuple[str, str, str], Any]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for situation, channel, tongue in sorted(own):
        found.setdefault(situation, []).append((channel, tongue))
    return found


def _editor(situation: str, *, wrong: bool = False, refusal: str = "") -> str:
    given = request.form if request.method == "POST" else request.args
    channel, tongue = given.get("channel", ""), given.get("language", language())
    history = keeping.history(db.session(), actor(), situation, channel, tongue)
    own = history[0] if history and history[0].ended_at is None else None
    typed = {"channel": channel, "language": tongue, "body": own.body if own else "",
             "subject": own.subject if own else _shipped(situation, channel, tongue)}
    if request.method == "POST":
        typed |= {name: request.form.get(name, "").replace("\r\n", "\n") for name in ("subject", "body")}
    seen = request.form.get("seen", "") if wrong else (own.id if own else "")
    faults = _faults(situation, channel, typed) if wrong else {}
    return render_template(
        "texts/edit.html", situation=situation, situations=values.SITUATIONS, channel=channel, tongue=tongue,
        channels=values.channels(situation), languages=NAMES_OF, own=own, history=history, typed=typed, seen=seen,
        faults=faults, refusal=refusal, values=values.of(situation), sms=values.is_sms(channel), may_look=_may_look(),
        many=MANY, digest=situation == values.DIGEST, **_tried(situation, {**dict(given), **typed}))


def _shipped(situation: str, channel: str, tongue: str) -> str:
    """The shipped sentence as a template; of an SMS there is none."""
    if values.is_sms(channel):
        return ""
    called = {each.name: each.chinese if tongue == "zh" else each.name for each in values.of(situation)}
    return spoken(trying.shipped(situation), {name: "{{ " + word + " }}" for name, word in called.items()}, tongue)


def _tried(situation: str, typed: dict[str, Any]) -> dict[str, Any]:
    """The trials of a text, or what is wrong with it."""
    channel, tongue = typed.get("channel", ""), typed.get("language", "zh")
    subject, body = typed.get("subject", ""), typed.get("body", "").replace("\r\n", "\n")
    case, found = _case(typed.get("case")), list[Trial]()
    begun = bool(subject.strip() or body.strip()) or not values.is_sms(channel)
    faults = _faults(situation, channel, typed) if begun else {}
    if begun and not faults:
        count = next((n for n in MANY if str(n) == typed.get("count")), MANY[0])
        told = trying.told_of(db.session(), situation, case, actor().name)
        try:
            found = trying.trials(db.session(), actor(), situation, channel, tongue, subject, body, told, spoken,
                                  link=_link(case), count=count)
        except Unfit as error:
            faults = {"body": fault_of(body, error.wrong)}
    return {"trials": found, "why_not": faults, "case": case, "way": way, "sms_way": values.is_sms}


def fault_of(text: str, wrong: Wrong) -> dict[str, Any]:
    """What is wrong, in words, and the line with the place in it."""
    rows = text.split("\n")
    line = rows[wrong.line - 1] if wrong.length and wrong.line <= len(rows) else ""
    start = wrong.column - 1
    return {"words": problem_text(keeping.placed(wrong)), "before": line[max(0, start - 30):start],
            "near": line[start:start + wrong.length], "after": line[start + wrong.length:][:30]}


def _faults(situation: str, channel: str, typed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    texts = {name: typed.get(name, "").replace("\r\n", "\n").strip() for name in ("subject", "body")}
    found = keeping.faults(situation, channel, texts["subject"], texts["body"])
    return {name: fault_of(texts[name], wrong) for name, wrong in found.items()}


def _case(number: str | None) -> Certificate | None:
    """The certificate one has chosen to try with, if one may read it."""
    chosen = whole_in(number)
    if chosen is None:
        return None
    found = db.session.scalar(visible(select(Certificate), actor()).where(Certificate.id == chosen).options(
        joinedload(Certificate.unit)))
    if found is None:
        raise NotFound
    return found


def _link(case: Certificate | None) -> str:
    config: Config = current_app.extensions["licet_config"]
    return (config.url or request.host_url.rstrip("/")) + (f"/certificates/{case.id}" if case else "/alerts")


__all__ = ["bp"]
