"""What a field's FEEL conditions see, and what they say. The same data as form-js gives them in the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

import feel
from forms.schema import FILES, MANY, TEXTS, Schema, walk

BUDGET = 20_000  # steps; form conditions take tens


def is_expression(value: object) -> TypeGuard[str]:
    """form-js: a text that begins with "=" is FEEL."""
    return isinstance(value, str) and value.startswith("=")


def value_of(expression: str, context: Mapping[str, Any]) -> Any:
    """The value of "=…", or None where it cannot be evaluated (form-js draws the field then)."""
    try:
        return feel.compile(expression[1:])(context, BUDGET)
    except feel.FeelError:
        return None


def hidden(component: Schema, context: Mapping[str, Any]) -> bool:
    """Whether the field's `conditional.hide` says true."""
    condition = (component.get("conditional") or {}).get("hide")
    return is_expression(condition) and value_of(condition, context) is True


def locked(component: Schema, context: Mapping[str, Any]) -> bool:
    """Whether the field is disabled or read-only: shown, never answered."""
    readonly = component.get("readonly")
    if is_expression(readonly):
        readonly = value_of(readonly, context) is True
    return bool(component.get("disabled") or readonly)


def empty_value(component: Schema) -> Any:
    """What form-js takes an unanswered field to be."""
    kind = component.get("type")
    if kind in TEXTS:
        return ""
    if kind in MANY or kind in FILES:
        return []
    return False if kind == "checkbox" else None


def context_of(schema: Schema, answers: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Names and values for FEEL: what the caller gave, over it the answers; every other field is empty."""
    empty = {str(c["key"]): empty_value(c) for c in walk(schema.get("components", ())) if c.get("key")}
    return {"verdict": None, **empty, **given, **answers}


def row_context(context: Mapping[str, Any], row: Any, number: int, around: Any) -> dict[str, Any]:
    """Inside one row of a list: `this` is the row, `parent` what is around it, `i` the row's number from 1."""
    inside = {"this": row, "parent": around, "i": [*context.get("i", []), number]}
    guarded = {f"_{name}_": value for name, value in inside.items()}
    return {"parent": around, **context, **guarded, "this": row, "i": inside["i"]}
