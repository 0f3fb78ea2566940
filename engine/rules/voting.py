"""The words of a countersign that counts votes: on rounds of people, with a rule, an outcome, readable expressions."""

from __future__ import annotations

from collections.abc import Iterator

import feel
from engine import expressions
from engine.drawing import Element
from engine.findings import Finding
from engine.rules.sheet import Sheet, Text
from engine.vocabulary import Extensions, read_extensions

KINDS = ("all", "any", "percent")
FEEL_WORDS = ("licet:voteWeight", "licet:voteVeto")


def votes(sheet: Sheet) -> Iterator[Finding]:
    """Vote words stand together, on a multi-instance, and say something that can be counted."""
    for _, task in sheet.elements("userTask"):
        words = read_extensions(task)
        named = sorted(name for name in words.properties if name.startswith("licet:vote"))
        if not named:
            continue
        if "licet:vote" not in words.properties:
            yield _found(sheet, task, f"写了 {named[0]}，没有写 licet:vote", f"{named[0]} without licet:vote",
                         "写明规则 all、any 或 percent", "say the rule: all, any or percent")
        elif words.loop is None:
            yield _found(sheet, task, "只有一个人办理，不是会签", "one person does it: there is no vote",
                         "把任务设为多实例，或删除会签规则", "make it a multi-instance, or remove the vote")
        else:
            yield from _said(sheet, task, words)


def _said(sheet: Sheet, task: Element, words: Extensions) -> Iterator[Finding]:
    said = words.properties
    rule, percent = said["licet:vote"].strip(), said.get("licet:votePercent", "100").strip()
    if not rule.startswith("=") and rule not in KINDS:
        yield _found(sheet, task, f"没有会签规则“{rule}”", f"there is no rule {rule!r} of a vote",
                     "改为 all、any 或 percent", "write all, any or percent")
    if not percent.startswith("=") and not _percentage(percent):
        yield _found(sheet, task, f"会签比例 {percent} 须大于 0、不超过 100", f"{percent} is no percentage",
                     "例如 66.7", "for instance 66.7")
    if rule == "percent" and "licet:votePercent" not in said:
        yield _found(sheet, task, "没有写会签比例", "it does not say how many percent",
                     "填写 licet:votePercent", "fill in licet:votePercent")
    if said.get("licet:voteEarly", "true") not in ("true", "false"):
        yield _found(sheet, task, "licet:voteEarly 只能是 true 或 false", "licet:voteEarly must be true or false",
                     "改为 true 或 false", "write true or false")
    if words.loop is not None and words.loop.condition:
        yield _found(sheet, task, "会签规则和完成条件不能同时写", "a vote and a completionCondition exclude each other",
                     "删除完成条件", "remove the completion condition")
    if not said.get("licet:voteResult", "").strip():
        yield _found(sheet, task, "会签结果没有写到变量里，流程读不到", "the result of the vote goes nowhere",
                     "填写 licet:voteResult", "fill in licet:voteResult")
    yield from _expressions(sheet, task, words)


def _expressions(sheet: Sheet, task: Element, words: Extensions) -> Iterator[Finding]:
    texts = [(name, words.properties[name]) for name in FEEL_WORDS if name in words.properties]
    texts += [(name, text) for name in ("licet:vote", "licet:votePercent", "licet:silence")
              if (text := words.properties.get(name, "")).strip().startswith("=")]
    for name, text in texts:
        try:
            expressions.formula(text)
        except feel.FeelError as error:
            yield _found(sheet, task, f"{name} 的表达式有误：{error.message_zh}", f"{name}: {error.message_en}",
                         "按 FEEL 的写法改正", "correct it as FEEL is written")


def _percentage(text: str) -> bool:
    return text.replace(".", "", 1).isascii() and text.replace(".", "", 1).isdigit() and 0 < float(text) <= 100


def _found(sheet: Sheet, task: Element, zh: str, en: str, fix_zh: str, fix_en: str) -> Finding:
    return sheet.found("vote", task, Text(zh, en, fix_zh, fix_en))


RULES = (votes,)
