"""提醒规则: when alerts come and whom they go to, of a unit, a type, a cause; tried on a real certificate before it
counts."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ledger.errors import BadAnswer, Conflict, NotFound, Problem
from registry.access.rules import can
from registry.alerts import ruling, trial
from registry.alerts.book import Spot, book, rule_for, rule_in
from registry.alerts.causes import Case
from registry.alerts.model import END, LOAN, REVIEW, TASK, AlertRule
from registry.alerts.rules import Rule, Stage, shipped
from registry.certificates.catalogue import types
from registry.certificates.models import Certificate
from registry.people.units import Unit
from web.alerting.rules_form import STAGES, rule_from, rungs_for, values
from web.asked import whole, whole_in
from web.errors import field_problems, sentence
from web.guard import actor, needs, reads
from web.i18n import named, say
from web.organisation.sight import unit_of, unit_options
from web.session import db
from workflows import nearing

bp = Blueprint("alert_rules", __name__, url_prefix="/alert-rules")
CAUSES = {END: _l("证件到期"), REVIEW: _l("期内复审"), LOAN: _l("借出的原件归还"), TASK: _l("待办期限")}
"""What rules are about, as people say it."""
TRIED = (END, REVIEW, LOAN)
SPOT = ("unit", "type", "cause")


@bp.get("")
@needs(ruling.READ)
def listed() -> str:
    """The rules that somebody set, and what holds where there is none."""
    rows = [(row, rule_in(row)) for row in ruling.listed(db.session(), actor())]
    return render_template("alert_rules/index.html", rows=rows, causes=CAUSES, kinds=types(), rungs_for=rungs_for,
                           shipped=[(cause, shipped(cause, None)) for cause in CAUSES],
                           may_edit=can(actor(), ruling.EDIT))


@bp.get("/new")
@needs(ruling.EDIT)
def new() -> ResponseReturnValue:
    """First where the rule is to hold; then the rule, which begins with what holds there now."""
    given = {name: request.args.get(name, "") for name in SPOT}
    options = unit_options(ruling.EDIT)
    if given["unit"] not in dict(options) or given["cause"] not in CAUSES or given["type"] not in {"", *types()}:
        return render_template("alert_rules/new.html", units=options, causes=CAUSES, given=given, options=_types())
    unit = unit_of(int(given["unit"]))
    if (row := ruling.at(db.session(), unit, given["type"], given["cause"])) is not None:
        return redirect(url_for("alert_rules.show", rule_id=row.id))
    rule = book(db.session()).rule(given["cause"], unit.path, types().get(given["type"]))
    return _form({**given, **values(rule), "seen": "0"})


def _types() -> list[tuple[str, str]]:
    return [(code, f"{code} {named(kind)}") for code, kind in sorted(types().items())]


@bp.get("/<int:rule_id>")
@needs(ruling.READ)
def show(rule_id: int) -> str:
    """A rule, to be read or changed, and its history."""
    row = ruling.one(db.session(), actor(), rule_id)
    given = {"unit": str(row.unit_id), "type": row.type_code, "cause": row.cause, "seen": str(row.revision)}
    return _form({**given, **values(rule_in(row))}, row=row)


@bp.post("/preview")
@needs(ruling.EDIT)
@reads
def preview() -> ResponseReturnValue:
    """What it would do: how many certificates in the next days, and one of them stage by stage. Nothing is kept."""
    given = _given()
    try:
        unit, rule = _read(given)
    except BadAnswer as error:
        return _form(given, problems=field_problems(error)), error.status
    return _form(given, unit=unit, rule=rule)


@bp.post("")
@needs(ruling.EDIT)
def save() -> ResponseReturnValue:
    """It is set; first shown again where it is not what the preview showed."""
    given = _given()
    try:
        unit, rule = _read(given)
        if request.form.get("previewed") != _digest(given):
            return _form(given, unit=unit, rule=rule)
        ruling.set_rule(db.session(), unit, given["type"], given["cause"], rule, seen=whole_in(given["seen"]) or 0,
                        by=actor())
    except BadAnswer as error:
        problems = field_problems(error)
        db.session.rollback()
        return _form(given, problems=problems), error.status
    except Conflict as error:
        words = sentence(error)
        db.session.rollback()
        return _form(given, refusal=words), error.status
    flash(_("规则已保存，从明天起按它提醒；已经过去的日子不补发。"), "success")
    return redirect(url_for("alert_rules.listed"), 303)


@bp.get("/<int:rule_id>/removal")
@needs(ruling.EDIT)
def removing(rule_id: int) -> str:
    """What follows when it is removed."""
    row = _mine(rule_id)
    effect = _impact((row.cause, row.unit_id, row.type_code), row.unit, None)
    return render_template("alert_rules/removal.html", row=row, causes=CAUSES, kinds=types(), effect=effect,
                           ahead=trial.AHEAD)


@bp.post("/<int:rule_id>/removal")
@needs(ruling.EDIT)
def remove(rule_id: int) -> ResponseReturnValue:
    """What held before it holds again."""
    ruling.remove(db.session(), _mine(rule_id), seen=request.form.get("seen", 0, type=whole), by=actor())
    flash(_("规则已删除，从明天起按上级单位的规则或系统默认提醒。"), "success")
    return redirect(url_for("alert_rules.listed"), 303)


@bp.get("/trial")
@needs(ruling.EDIT)
def try_out() -> str:
    """A real certificate, stage by stage, by the rule in force for it. ?certificate=7&cause=end, ?q= words."""
    text, cause = request.args.get("q", "")[:60], request.args.get("cause", END)
    if cause not in TRIED:
        raise NotFound
    number = request.args.get("certificate", type=whole)
    if number is None:
        return render_template("alert_rules/trial.html", q=text, cause=cause, causes=CAUSES, tried=TRIED,
                               kinds=types(), case=None, rows=trial.found(db.session(), actor(), text, cause=cause))
    case = trial.tried(db.session(), actor(), number, cause)
    rule, spot = rule_for(db.session(), case), book(db.session()).holding(
        case.cause, case.certificate.unit_path, case.certificate.type_code)
    own = next((row for row in ruling.listed(db.session(), actor())
                if (row.cause, row.unit_id, row.type_code) == spot), None)
    return render_template(
        "alert_rules/trial.html", q=text, cause=cause, causes=CAUSES, tried=TRIED, kinds=types(), case=case, rule=rule,
        spot=spot, own=own, steps=trial.rehearse(db.session(), case, rule))


@bp.post("/trial/<int:certificate_id>/message")
@needs(ruling.EDIT)
def send_to_me(certificate_id: int) -> ResponseReturnValue:
    """One's own eyes only: what a stage would tell, marked as a test."""
    cause, key = request.form.get("cause", END), request.form.get("stage", "")
    case = trial.tried(db.session(), actor(), certificate_id, cause)
    step = next((each for each in trial.rehearse(db.session(), case, _rule_of(case, key)) if each.key == key), None)
    if step is None:
        raise NotFound
    trial.send_to_me(db.session(), actor(), case, step, say(step.text, step.params))
    flash(_("测试通知已发给您自己，别人没有收到。"), "success")
    return redirect(url_for("alert_rules.try_out", certificate=certificate_id, cause=cause), 303)


def _rule_of(case: Case, key: str) -> Rule:
    """The rule in force, or one with the single stage of this name where it has none such."""
    rule = rule_for(db.session(), case)
    days = {"d": "calendar", "w": "work"}.get(key[:1])
    if any(stage.key == key for stage in rule.stages) or days is None:
        return rule
    try:
        stage = Stage(int(key[1:6]), days)  # type: ignore[arg-type]
    except ValueError:
        raise NotFound from None
    return Rule((stage,), rule.ladder, rule.patience, rule.climbs_within)


def _mine(rule_id: int) -> AlertRule:
    row = ruling.one(db.session(), actor(), rule_id)
    ruling.may_rule(actor(), row.unit, row.type_code)
    if row.removed_at is not None:
        raise NotFound
    return row


def _given() -> dict[str, str]:
    """What was sent, every field."""
    return {name: text[:400] for name, text in request.form.items() if name not in ("csrf_token", "previewed")}


def _read(given: dict[str, str]) -> tuple[Unit, Rule]:
    """The unit and the rule of a form; BadAnswer with everything that is wrong with them."""
    problems: dict[str, list[Problem]] = {}
    cause, code, number = given.get("cause", ""), given.get("type", ""), whole_in(given.get("unit"))
    if cause not in CAUSES:
        problems["cause"] = [Problem("请从列表中选择。")]
    if code and code not in types():
        problems["type"] = [Problem("请从列表中选择。")]
    if number is None or str(number) not in dict(unit_options(ruling.EDIT)):
        problems["unit"] = [Problem("请从列表中选择。")]
    rule = None
    try:
        rule = rule_from(given, cause)
        ruling.check(rule, cause)
    except BadAnswer as error:
        problems |= error.problems
    if problems or rule is None or number is None:
        raise BadAnswer(problems)
    unit = unit_of(number)
    ruling.may_rule(actor(), unit, code)
    return unit, rule


def _digest(given: dict[str, str]) -> str:
    kept = {name: text.strip() for name, text in given.items() if name not in ("try", "certificate")}
    return hashlib.sha256(repr(sorted(kept.items())).encode()).hexdigest()[:32]


def _form(given: dict[str, str], *, row: AlertRule | None = None, problems: dict[str, list[str]] | None = None,
          refusal: str = "", unit: Unit | None = None, rule: Rule | None = None) -> str:
    """The page; with a unit and a rule also what the rule would do there."""
    cause = given.get("cause", END)
    shown: dict[str, Any] = {}
    if unit is not None and rule is not None:
        shown = _tried(given, unit, rule)
    units = unit_options(ruling.EDIT) if can(actor(), ruling.EDIT) else []
    known = {*STAGES, "stages", "ladder", "patience", "climbs_within", "quiet_from", "quiet_until",
             *(f"within_{rung.key}" for rung in rungs_for(cause))}
    return render_template(
        "alert_rules/edit.html", given=given, row=row, problems=problems or {}, refusal=refusal, causes=CAUSES,
        others=[words for name, told in (problems or {}).items() if name not in known for words in told],
        kinds=types(), rungs=rungs_for(cause), ahead=trial.AHEAD, place=dict(units).get(given.get("unit", ""), ""),
        may_edit=row is None or str(row.unit_id) in dict(units),
        facts=ruling.history(db.session(), row) if row is not None else [], **shown)


def _tried(given: dict[str, str], unit: Unit, rule: Rule) -> dict[str, Any]:
    session, cause, code = db.session(), given["cause"], given["type"]
    told = {"previewed": _digest(given), "effect": _impact((cause, unit.id, code), unit, rule)}
    if cause not in TRIED:
        return told
    found = trial.found(session, actor(), given.get("try", "")[:60], unit=unit, code=code, cause=cause)
    number = whole_in(given.get("certificate"))
    chosen: Certificate | None = next((one for one in found if one.id == number), found[0] if found else None)
    case = trial.tried(session, actor(), chosen.id, cause) if chosen is not None else None
    return {**told, "found": found, "case": case,
            "steps": trial.rehearse(session, case, rule) if case is not None else []}


def _impact(spot: Spot, unit: Unit, rule: Rule | None) -> trial.Impact:
    if spot[0] == TASK:
        return nearing.impact(db.session(), spot, unit.path, rule)
    return trial.impact(db.session(), spot, unit, rule)


@bp.app_template_global()
def rule_place(row: AlertRule) -> str:
    """For which certificates a rule holds, in words."""
    return named(types()[row.type_code]) if row.type_code in types() else _("所有种类")
