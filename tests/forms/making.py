"""Forms made for one test, and answers that fit a form."""

from __future__ import annotations

from typing import Any

from forms.check import check
from forms.conditions import context_of, hidden, locked
from forms.schema import FILES, KEYED, Form, form_of, walk
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
NUMBERS = {"project_code": "2026-320102-48-01-000001", "new_id_number": "11010519491231002X"}


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
    """Right answers for every field that is shown and not read-only; one row in every list.

    Shown means: with the first verdict, and with the answers to the fields above it.
    """
    answers: dict[str, Any] = {}
    verdict = next((one["value"] for one in schema.get("licet:verdicts", ())), None)

    def fill(components: Any) -> None:
        for component in components:
            context = {**context_of(schema, answers, given), "verdict": verdict}
            if hidden(component, context) or locked(component, context):
                continue
            if component["type"] == "dynamiclist":
                row = {inner["key"]: good(inner, given) for inner in walk(component["components"])}
                answers[component["path"]] = [row]
            elif component["type"] == "group":
                fill(component["components"])
            elif component["type"] in KEYED:
                answers[component["key"]] = good(component, given)

    fill(schema["components"])
    return answers


def conditional(made: Form) -> set[str]:
    """The fields that are shown only sometimes: by their own condition, or by that of a group they are in."""
    shown_sometimes = (inner for one in made.fields() if "conditional" in one for inner in walk([one]))
    return {str(name) for one in shown_sometimes if (name := one.get("key") or one.get("path"))}
