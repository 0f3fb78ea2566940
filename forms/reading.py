"""A form from a file that somebody made: what a deployment or a draft brings, read with limits, never trusted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from forms.lint import Flaw, flaws
from forms.schema import KEYED, Form, Schema, form_of, property_of

MOST_BYTES = 512 * 1024
MOST_FIELDS = 1000
DEEPEST = 12
OBJECTS = ("validate", "properties", "conditional", "appearance")
TEXTS = ("id", "key", "path", "type", "label", "dateLabel", "timeLabel", "valuesKey", "valuesExpression")


def read(body: bytes, key: str) -> Form | Flaw:
    """The form under this key, or the one thing for which it is none."""
    if len(body) > MOST_BYTES:
        return Flaw(f"表单文件超过 {MOST_BYTES // 1024} kB", f"the form is larger than {MOST_BYTES // 1024} kB")
    try:
        schema = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return Flaw("不是 JSON 格式的表单文件", "this is no form in JSON")
    broken = next(_misshapen(schema), None)
    return broken or form_of(schema, key)


def look(body: bytes, key: str, checks: frozenset[str] | None = None) -> tuple[Form | None, list[Flaw]]:
    """The form and everything wrong with it; `checks` are the names that `licet:check` may say (None: any)."""
    form = read(body, key)
    if isinstance(form, Flaw):
        return None, [form]
    return form, [*flaws(form), *(_strange_checks(form, checks) if checks is not None else ())]


def _no_number(text: str) -> Any:
    raise ValueError(text)


def _misshapen(schema: Any) -> Iterator[Flaw]:
    """What is of another shape than a form has: the rest of the house reads it without looking."""
    if not isinstance(schema, dict) or not isinstance(schema.get("components"), list):
        yield Flaw("表单缺少组件清单", "the form has no list of components")
        return
    if not isinstance(schema.get("licet:title", ""), str):
        yield Flaw("表单名称不是文字", "the form's title is no text")
    yield from _verdicts(schema.get("licet:verdicts", []))
    level, count = schema["components"], 0
    for _ in range(DEEPEST):
        if not all(map(_shapely, level)):
            yield Flaw("组件的写法不对", "a component is not written as one")
            return
        count += len(level)
        if count > MOST_FIELDS:
            yield Flaw(f"表单超过 {MOST_FIELDS} 个组件", f"the form has more than {MOST_FIELDS} components")
            return
        level = [inner for one in level for inner in one.get("components", [])]
    if level:
        yield Flaw(f"组件嵌套超过 {DEEPEST} 层", f"components are nested more than {DEEPEST} deep")


def _shapely(component: Any) -> bool:
    if not isinstance(component, dict):
        return False
    values = component.get("values") or []
    return (all(isinstance(component.get(name) or {}, dict) for name in OBJECTS)
            and all(isinstance(component.get(name) or "", str) for name in TEXTS)
            and isinstance(component.get("components", []), list) and isinstance(values, list)
            and all(isinstance(one, str | int | dict) for one in values)
            and all(isinstance(text, str) for text in (component.get("properties") or {}).values()))


def _verdicts(written: Any) -> Iterator[Flaw]:
    right = isinstance(written, list) and all(
        isinstance(one, dict) and isinstance(one.get("value"), str) and isinstance(one.get("label"), str)
        and isinstance(one.get("needs", []), list) for one in written)
    if not right:
        yield Flaw("结论按钮的写法不对", "the verdicts are not written as verdicts")


def _strange_checks(form: Form, checks: frozenset[str]) -> Iterator[Flaw]:
    for component in form.fields():
        name = property_of(component, "licet:check")
        if name and name not in checks and component.get("type") in KEYED:
            yield Flaw(f"“{_label(component)}”：没有名为 {name} 的核对",
                       f"{_label(component)!r}: no check is called {name}")


def _label(component: Schema) -> str:
    return str(component.get("label") or component.get("key") or "")
