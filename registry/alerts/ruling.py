"""A rule of alerts is set, changed, removed: what must be right about it, and whom it would touch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, NotFound, Problem
from ledger.facts import Fact, record, story
from registry.access.rules import Thing, require, visible
from registry.alerts.book import forget, rule_in
from registry.alerts.model import END, LOAN, REVIEW, TASK, AlertDay, AlertRule
from registry.alerts.rules import Rule, rungs
from registry.certificates.catalogue import type_of
from registry.people.units import Unit

EDIT, READ = "type.edit", "type.read"
CAUSES = (END, REVIEW, LOAN, TASK)
MOST, FURTHEST, LONGEST = 30, 3650, 250
"""Stages of a rule; days before or after; working days of patience."""


class ChangedMeanwhile(Conflict):
    """{name}已于 {at} 改过这条规则，您的修改没有保存。请核对现在的内容后再改。"""


class AlreadyRuled(Conflict):
    """这个单位的这类证件已有规则，请直接修改那一条。"""


def set_rule(
    session: Session, unit: Unit, type_code: str, cause: str, rule: Rule, *, seen: int, by: Actor
) -> AlertRule:
    """Let a rule hold at and below a unit for a type ("": all types), from the stages of tomorrow on. `seen` is the
    revision that whoever changes it saw, 0 for none.

    Raises NotAllowed, BadAnswer with what is wrong with which part, AlreadyRuled, ChangedMeanwhile.
    """
    may_rule(by, unit, type_code)
    check(rule, cause)
    row = _row(session, unit, type_code, cause)
    before = said(row) if row is not None and row.removed_at is None else None
    if row is None:
        row = AlertRule(group_id=unit.group_id, unit_id=unit.id, unit_path=unit.path, type_code=type_code, cause=cause)
    elif row.removed_at is None and not seen:
        raise AlreadyRuled
    else:
        _fresh(row, seen)
    row.stages = [[stage.before, stage.days] for stage in rule.stages]
    row.ladder = [[within, list(keys)] for within, keys in rule.ladder]
    row.patience, row.climbs_within = rule.patience, rule.climbs_within
    row.quiet_from, row.quiet_until = (f"{time:%H:%M}" for time in rule.quiet)
    if before == said(row):
        return row
    _sign(session, row, by, removed=False)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise AlreadyRuled from error
    _note(session, "alert_rule.set", row, by, before, said(row))
    return row


def remove(session: Session, row: AlertRule, *, seen: int, by: Actor) -> None:
    """What holds above it, or was shipped, holds again. Raises NotAllowed, ChangedMeanwhile."""
    may_rule(by, row.unit, row.type_code)
    session.refresh(row, with_for_update=True)
    _fresh(row, seen)
    if row.removed_at is not None:
        raise NotFound
    before = said(row)
    _sign(session, row, by, removed=True)
    session.flush()
    _note(session, "alert_rule.removed", row, by, before, None)


def may_rule(by: Actor, unit: Unit, type_code: str) -> None:
    """NotAllowed unless the actor may edit types there; UnknownType."""
    kind = type_of(type_code) if type_code else None
    require(by, EDIT, Thing(unit.path, kind.family if kind else None, type_code or None))


def listed(session: Session, actor: Actor) -> Sequence[AlertRule]:
    """The rules that the actor may read: by unit, type and cause, those that hold."""
    query = visible(select(AlertRule), actor).where(AlertRule.removed_at.is_(None))
    return session.scalars(query.order_by(AlertRule.unit_path, AlertRule.type_code, AlertRule.cause)).all()


def at(session: Session, unit: Unit, type_code: str, cause: str) -> AlertRule | None:
    """The rule that somebody set for just this unit, type and cause; None where there is none, or it was removed."""
    return session.scalar(select(AlertRule).where(
        AlertRule.unit_id == unit.id, AlertRule.type_code == type_code, AlertRule.cause == cause,
        AlertRule.removed_at.is_(None)))


def one(session: Session, actor: Actor, rule_id: int) -> AlertRule:
    """A rule, holding or removed. Raises NotFound."""
    found = session.scalar(visible(select(AlertRule), actor).where(AlertRule.id == rule_id))
    if found is None:
        raise NotFound
    return found


def history(session: Session, row: AlertRule) -> list[Fact]:
    """Who set what, newest first."""
    return list(reversed(story(session, ("alert_rule", row.id))))


def check(rule: Rule, cause: str) -> None:
    """BadAnswer with everything that is wrong with a rule, at "stages", "ladder", "patience" or "climbs_within"."""
    problems: dict[str, list[Problem]] = {}
    if not rule.stages:
        problems["stages"] = [Problem("请至少填写一个提醒的日子。")]
    elif len(rule.stages) > MOST:
        many = {"most": MOST, "n": len(rule.stages)}
        problems["stages"] = [Problem("最多 {most} 个提醒的日子，现在有 {n} 个。", many)]
    elif far := [stage.before for stage in rule.stages if abs(stage.before) > FURTHEST]:
        problems["stages"] = [Problem("最多提前或推后 {most} 天，{n} 太远了。", {"most": FURTHEST, "n": abs(far[0])})]
    told = [key for _, keys in rule.ladder for key in keys]
    strange = [key for key in told if key not in rungs() or cause not in rungs()[key].causes]
    if strange:
        problems["ladder"] = [Problem("没有“{rung}”这样的职责。", {"rung": strange[0][:20]})]
    elif not told:
        problems["ladder"] = [Problem("请至少选择一种要提醒的人。")]
    elif len(set(told)) < len(told) or any(abs(within) > FURTHEST for within, _ in rule.ladder):
        problems["ladder"] = [Problem("每种人填写一次，天数在 -{most} 到 {most} 之间。", {"most": FURTHEST})]
    elif not problems and not any(rule.rungs(round(stage.far)) for stage in rule.stages):
        problems["ladder"] = [Problem("照这样填，提醒的日子到了也没有人可以提醒。")]
    if not 0 <= rule.patience <= LONGEST:
        problems["patience"] = [Problem("请填写 0 到 {most} 之间的整数，0 表示不上报。", {"most": LONGEST})]
    if not -FURTHEST <= rule.climbs_within <= FURTHEST:
        problems["climbs_within"] = [Problem("请填写 -{most} 到 {most} 之间的整数。", {"most": FURTHEST})]
    if problems:
        raise BadAnswer(problems)


def said(row: AlertRule) -> dict[str, Any]:
    """What a row says, as facts keep it."""
    rule = rule_in(row)
    return {"stages": [stage.key for stage in rule.stages], "ladder": [[within, *keys] for within, keys in rule.ladder],
            "patience": rule.patience, "climbs_within": rule.climbs_within,
            "quiet": [row.quiet_from, row.quiet_until]}


def _row(session: Session, unit: Unit, type_code: str, cause: str) -> AlertRule | None:
    if cause not in CAUSES:
        raise NotFound
    return session.scalar(select(AlertRule).where(
        AlertRule.unit_id == unit.id, AlertRule.type_code == type_code, AlertRule.cause == cause).with_for_update()
        .execution_options(populate_existing=True))


def _fresh(row: AlertRule, seen: int) -> None:
    if row.removed_at is None and row.revision != seen:
        raise ChangedMeanwhile(name=row.changed_by_name, at=row.changed_at)


def _sign(session: Session, row: AlertRule, by: Actor, *, removed: bool) -> None:
    """Who, when, and from when on: the days that are planned went by the rule before, those that are not by this one.
    Whoever plans just now is waited for, or waits."""
    now = clock.now()
    planned = session.scalar(select(AlertDay.day).with_for_update())
    row.since = clock.today() if planned is None else min(clock.today(), planned)
    row.changed_at, row.changed_by, row.changed_by_name = now, by.id, by.name
    row.removed_at = now if removed else None


def _note(session: Session, kind: str, row: AlertRule, by: Actor, before: dict[str, Any] | None,
          after: dict[str, Any] | None) -> None:
    session.flush()
    forget(session)
    where = {"unit": row.unit_id, "type": row.type_code, "cause": row.cause}
    record(session, kind, ("alert_rule", row.id), by=by, group_id=row.group_id, about=[("unit", row.unit_id)],
           before=before, after={**where, **(after or {})})


__all__ = ["CAUSES", "EDIT", "FURTHEST", "LONGEST", "MOST", "READ", "AlreadyRuled", "ChangedMeanwhile", "at", "check",
           "history", "listed", "may_rule", "one", "remove", "said", "set_rule"]
