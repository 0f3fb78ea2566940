"""Is a schema one that we draw and check faithfully? Asked of the shipped forms, and of a draft before its release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import feel
from forms.conditions import is_expression
from forms.schema import CONTAINERS, KEYED, MANY, ONE, SHOWN_ONLY, Form, Schema, label_of, property_of
from forms.values import compiled

RULES = frozenset(
    {"required", "pattern", "patternErrorMessage", "minLength", "maxLength", "min", "max", "validationType"}
)
EXPRESSIONS = ("readonly", "valuesExpression")


class Flaw(NamedTuple):
    """One thing wrong with a form, in a sentence of each language that names the field."""

    zh: str
    en: str


def flaws(form: Form) -> list[Flaw]:
    """What is wrong with the form; empty when it may be released."""
    return [*_fields(form), *_keys(form), *_verdicts(form), *_references(form)]


def findings(form: Form) -> list[str]:
    """The same in Chinese alone."""
    return [flaw.zh for flaw in flaws(form)]


def _fields(form: Form) -> Iterator[Flaw]:
    for field in form.fields():
        name = label_of(field) or str(field.get("id", "?"))
        kind = field.get("type")
        if kind not in KEYED | CONTAINERS | SHOWN_ONLY:
            yield Flaw(f"“{name}”：不支持的组件类型 {kind}", f"{name!r}: components of type {kind} are not supported")
            continue
        if kind in KEYED and not field.get("key"):
            yield Flaw(f"“{name}”：缺少键名", f"{name!r}: the key is missing")
        if kind == "dynamiclist" and not field.get("path"):
            yield Flaw(f"“{name}”：动态列表缺少路径", f"{name!r}: the list has no path")
        if kind in KEYED and label_of({**field, "key": ""}).strip() == "":
            yield Flaw(f"“{name}”：缺少标签", f"{name!r}: the label is missing")
        yield from (Flaw(f"“{name}”：{one.zh}", f"{name!r}: {one.en}")
                    for one in [*_rules(field), *_feel(field), *_options(field)])


def _rules(field: Schema) -> Iterator[Flaw]:
    rules = field.get("validate") or {}
    for rule in sorted(set(rules) - RULES):
        yield Flaw(f"不认识的校验规则 {rule}", f"unknown rule {rule}")
    if rules.get("pattern") and compiled(str(rules["pattern"])) is None:
        yield Flaw("正则表达式不能使用（RE2 不支持环视和反向引用）",
                   "the pattern cannot be used (RE2 knows no look-around and no back references)")


def _feel(field: Schema) -> Iterator[Flaw]:
    written: list[Any] = [(field.get("conditional") or {}).get("hide"), *(field.get(name) for name in EXPRESSIONS)]
    written += list((field.get("validate") or {}).values())
    for expression in written:
        if is_expression(expression):
            try:
                feel.compile(expression[1:])
            except feel.FeelError as error:
                yield Flaw(f"FEEL 表达式有误：{error.message('zh')}",
                           f"the FEEL expression is wrong: {error.message('en')}")


def _options(field: Schema) -> Iterator[Flaw]:
    if field.get("type") not in ONE | MANY:
        return
    if not any(field.get(name) for name in ("values", "valuesKey", "valuesExpression")):
        yield Flaw("没有选项", "there are no options")
    values = [option.get("value") if isinstance(option, dict) else option for option in field.get("values") or ()]
    for value, times in Counter(map(str, values)).items():
        if times > 1:
            yield Flaw(f"选项 {value} 重复", f"the option {value} is there twice")


def _keys(form: Form) -> Iterator[Flaw]:
    keys = _top_keys(form.schema)
    lists = {f"{field['path']}." for field in form.fields() if field.get("type") == "dynamiclist" and field.get("path")}
    yield from (Flaw(f"键名 {key} 重复", f"the key {key} is there twice")
                for key, times in Counter(keys).items() if times > 1)
    fields = [key for key in keys if f"{key}." not in lists]
    yield from (Flaw(f"键名 {key} 与 {other} 冲突", f"the keys {key} and {other} contradict each other")
                for key in fields for other in keys if other.startswith(f"{key}."))
    if "verdict" in keys:
        yield Flaw("键名 verdict 由页面按钮使用，不能作为栏目",
                   "the key verdict belongs to the buttons, no field may have it")


def _top_keys(component: Schema, prefix: str = "") -> list[str]:
    found: list[str] = []
    for inner in component.get("components", ()):
        name = str(inner.get("key") or inner.get("path") or "")
        if inner.get("type") in KEYED | {"dynamiclist"} and name:
            found.append(prefix + name)
        below = f"{prefix}{name}." if name else prefix
        found += _top_keys(inner, below)
    return found


def _verdicts(form: Form) -> Iterator[Flaw]:
    known = set(_top_keys(form.schema))
    for verdict in form.verdicts:
        for need in verdict.needs:
            if need not in known:
                yield Flaw(f"按钮“{verdict.label}”要求的栏目 {need} 不存在",
                           f"the button {verdict.label!r} wants the field {need}, which is not there")
    for value, times in Counter(verdict.value for verdict in form.verdicts).items():
        if times > 1:
            yield Flaw(f"按钮值 {value} 重复", f"two buttons have the value {value}")


def _references(form: Form) -> Iterator[Flaw]:
    known = set(_top_keys(form.schema))
    values = {verdict.value for verdict in form.verdicts}
    for field in form.fields():
        after, everything = property_of(field, "licet:after"), property_of(field, "licet:all")
        if after and after not in known:
            yield Flaw(f"“{label_of(field)}”：比较的日期栏目 {after} 不存在",
                       f"{label_of(field)!r}: there is no date {after} to compare with")
        if everything and (everything not in values or field.get("type") not in MANY):
            yield Flaw(f"“{label_of(field)}”：licet:all 只能用于勾选清单，并写一个按钮值",
                       f"{label_of(field)!r}: licet:all is for check lists, and says the value of a button")
