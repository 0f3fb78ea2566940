"""Forms made for one test, and answers that fit a form."""

from __future__ import annotations

from typing import Any

from forms.check import check
from forms.schema import FILES, Form, form_of, walk
from ledger.errors import BadAnswer, Problem

CHECKS: dict[str, Any] = dict.fromkeys(("uscc", "cn-id", "certificate-number", "licence-id"), lambda *_: None)


def form(*components: dict[str, Any], verdicts: list[dict[str, Any]] | None = None) -> Form:
    """A form of these components."""
    return form_of({"id": "made", "type": "default", "components": list(components), "licet:verdicts": verdicts or []})


def field(kind: str = "textfield", key: str = "a", **more: Any) -> dict[str, Any]:
    return {"type": kind, "key": key, "label": "某栏", **more}


def hidden_when(expression: str, **more: Any) -> dict[str, Any]:
    return {"conditional": {"hide": f"={expression}"}, **more}


def problems(made: Form, answers: Any, given: dict[str, Any] | None = None, **more: Any) -> dict[str, list[str]]:
    """What is wrong, as sentences by field; {} when nothing is."""
    try:
        check(made, answers, given, checks={**CHECKS, **more.pop("checks", {})}, **more)
    except BadAnswer as bad:
        return {key: [str(one) for one in found] for key, found in bad.problems.items()}
    return {}


def wrong(text: str, **params: object) -> Problem:
    return Problem(text, params)


GOOD = {"number": 1, "checkbox": True, "datetime": "2026-01-02", "textarea": "说明"}
NUMBERS = {"project_code": "2026-320102-48-01-000001"}


def good(component: Any, given: dict[str, Any]) -> Any:
    """A right answer for a field."""
    kind = component["type"]
    if kind in FILES:
        return [7]
    if component.get("valuesKey") or component.get("values"):
        options = given.get(component["valuesKey"], []) if component.get("valuesKey") else component["values"]
        values = [option["value"] for option in options]
        return values if kind in ("licet-ticks", "checklist") else values[0]
    return GOOD.get(kind) or NUMBERS.get(component["key"], "某某")


def filled(schema: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Right answers for every field that is neither conditional nor read-only; one row in every list."""
    answers: dict[str, Any] = {}
    for component in schema["components"]:
        if "conditional" in component or component.get("readonly"):
            continue
        if component["type"] == "dynamiclist":
            answers[component["path"]] = [{inner["key"]: good(inner, given) for inner in walk(component["components"])}]
        elif component["type"] == "group":
            answers |= filled(component, given)
        else:
            answers[component["key"]] = good(component, given)
    return answers
