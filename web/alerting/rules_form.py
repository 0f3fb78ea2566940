"""A rule of alerts as the fields of a form, and back. What cannot be read is said at its field."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from ledger.errors import BadAnswer, Problem
from registry.alerts.rules import Days, Rule, Rung, Stage, in_order, rungs
from registry.alerts.ruling import FURTHEST

Problems = dict[str, list[Problem]]
STAGES: dict[str, tuple[int, Days]] = {
    "before": (1, "calendar"), "before_work": (1, "work"), "after": (-1, "calendar"), "after_work": (-1, "work")}
"""Each field of stages: which way it counts, in which days."""
LONGEST = 400
_SPLIT = re.compile(r"[\s,，、;；]+")


def rungs_for(cause: str) -> list[Rung]:
    """Who can be told of a cause, lowest first."""
    return [rung for rung in rungs().values() if cause in rung.causes]


def values(rule: Rule) -> dict[str, str]:
    """The fields of a form that shows a rule."""
    shown = {name: "、".join(str(abs(stage.before)) for stage in rule.stages if stage.days == days and (
        stage.before * way > 0 or (not stage.before and name == "before_work")))
             for name, (way, days) in STAGES.items()}
    shown |= {f"within_{key}": str(within) for within, keys in rule.ladder for key in keys}
    return {**shown, "on_day": "yes" if Stage(0) in rule.stages else "", "patience": str(rule.patience),
            "climbs_within": str(rule.climbs_within), "quiet_from": f"{rule.quiet[0]:%H:%M}",
            "quiet_until": f"{rule.quiet[1]:%H:%M}"}


def rule_from(form: Mapping[str, str], cause: str) -> Rule:
    """The rule that a form describes. Raises BadAnswer with what cannot be read, at its field."""
    problems: Problems = {}
    stages = {Stage(0)} if form.get("on_day") == "yes" else set[Stage]()
    for name, (way, days) in STAGES.items():
        stages |= {Stage(way * number, days) for number in _numbers(form, name, problems)}
    within: dict[int, list[str]] = {}
    for rung in rungs_for(cause):
        if form.get(f"within_{rung.key}", "").strip():
            within.setdefault(_whole(form, f"within_{rung.key}", problems), []).append(rung.key)
    ladder = tuple((days, tuple(keys)) for days, keys in sorted(within.items(), reverse=True))
    rule = Rule(in_order(stages), ladder, _whole(form, "patience", problems), _whole(form, "climbs_within", problems),
                (_time(form, "quiet_from", problems), _time(form, "quiet_until", problems)))
    if problems:
        raise BadAnswer(problems)
    return rule


def _numbers(form: Mapping[str, str], name: str, problems: Problems) -> list[int]:
    found = []
    for text in filter(None, _SPLIT.split(form.get(name, "")[:LONGEST])):
        if not (text.isascii() and text.isdigit() and len(text) <= 6):
            problems[name] = [Problem("“{text}”不是天数：请填写整数，用顿号或空格隔开。", {"text": text[:20]})]
        elif not int(text) and name != "before_work":
            problems[name] = [Problem("这里从 1 天起填；当天请勾选“当天”。")]
        elif int(text) > FURTHEST:
            problems[name] = [Problem("最多提前或推后 {most} 天，{n} 太远了。", {"most": FURTHEST, "n": int(text)})]
        else:
            found.append(int(text))
    return found


def _whole(form: Mapping[str, str], name: str, problems: Problems) -> int:
    text = form.get(name, "").strip()
    if not re.fullmatch(r"-?[0-9]{1,6}", text, re.ASCII):
        problems[name] = [Problem("请填写整数。")]
        return 0
    return int(text)


def _time(form: Mapping[str, str], name: str, problems: Problems) -> dt.time:
    try:
        return dt.datetime.strptime(form.get(name, "")[:5], "%H:%M").replace(tzinfo=dt.UTC).time()
    except ValueError:
        problems[name] = [Problem("请填写时间，例如 21:00。")]
        return dt.time()


__all__ = ["STAGES", "rule_from", "rungs_for", "values"]
