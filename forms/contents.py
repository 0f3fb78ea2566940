"""A filled-in form as something to read: its documents, what can be returned for correction, and labels with values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from forms.conditions import context_of, hidden
from forms.schema import FILES, KEYED, MANY, ONE, Form, Schema, label_of
from forms.walk import steps_of

YES, NO = "是", "否"


@dataclass(frozen=True)
class Entry:
    """One answered field: label and text are to be read by people (label a gettext msgid), `files` are ids.

    `path` is the field's dotted key ("units.0.name"), `section` the label of the group it stands in, `parts` the
    options that were chosen where there may be several (each a msgid; `text` has them all).
    """

    path: str
    section: str
    label: str
    text: str
    files: tuple[int, ...] = ()
    parts: tuple[str, ...] = ()


def documents(form: Form, answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows for a tick list (`valuesKey: documents` of review.form): every file field, and what was uploaded there."""
    return [
        {"value": str(field["key"]), "label": label_of(field), "files": list(answers.get(field["key"]) or [])}
        for field in form.fields()
        if field.get("type") in FILES and (answers.get(field["key"]) or (field.get("validate") or {}).get("required"))
    ]


def returnable(form: Form) -> list[dict[str, str]]:
    """Options for "which field or document" (`valuesKey: returnable`): every field of the form by key and label."""
    named = [(str(field.get("key") or field.get("path") or ""), field) for field in _top(form.schema)]
    return [{"value": key, "label": label_of(field)} for key, field in named if key and not field.get("readonly")]


def _top(component: Schema) -> Iterator[Schema]:
    """Keyed fields and lists; what is inside a list stays inside."""
    for inner in component.get("components", ()):
        if inner.get("type") == "dynamiclist" or inner.get("type") in KEYED:
            yield inner
        else:
            yield from _top(inner)


def entries(form: Form, answers: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> list[Entry]:
    """What a reader sees of a filled-in form: visible fields with an answer, in drawing order."""
    context = {**context_of(form.schema, answers, given or {}), "verdict": answers.get("verdict")}
    return list(_entries(form.schema.get("components", ()), answers, context, "", ""))


def _entries(
    components: Any, scope: Any, context: Mapping[str, Any], path: str, section: str
) -> Iterator[Entry]:
    for field in components:
        if hidden(field, context):
            continue
        kind = field.get("type")
        if kind == "dynamiclist":
            yield from _list_entries(field, scope, context, path)
        elif kind == "group":
            inner = _value(scope, field["path"]) if field.get("path") else scope
            below = f"{path}{field['path']}." if field.get("path") else path
            yield from _entries(field.get("components", ()), inner, context, below, label_of(field) or section)
        elif kind in KEYED:
            value = _value(scope, field["key"])
            value = context.get(str(field["key"])) if value is None and field.get("readonly") else value
            if value not in (None, "", []):
                yield _entry(field, value, context, path, section)


def _list_entries(field: Schema, scope: Any, context: Mapping[str, Any], path: str) -> Iterator[Entry]:
    rows = _value(scope, field.get("path", ""))
    for number, row in enumerate(rows if isinstance(rows, list) else []):
        section = f"{label_of(field)} {number + 1}"
        yield from _entries(field.get("components", ()), row, context, f"{path}{field['path']}.{number}.", section)


def _entry(field: Schema, value: Any, context: Mapping[str, Any], path: str, section: str) -> Entry:
    label = label_of(field)
    where = f"{path}{field['key']}"
    if field.get("type") in FILES:
        return Entry(where, section, label, "", tuple(value))
    if field.get("type") in MANY:
        parts = tuple(_option(field, one, context) for one in value)
        return Entry(where, section, label, "、".join(parts), parts=parts)
    return Entry(where, section, label, _text(field, value, context))


def _text(field: Schema, value: Any, context: Mapping[str, Any]) -> str:
    kind = field.get("type")
    if kind == "checkbox":
        return YES if value else NO
    if kind in ONE:
        return _option(field, value, context)
    return str(value)


def _option(field: Schema, value: Any, context: Mapping[str, Any]) -> str:
    options = context.get(str(field["valuesKey"])) if field.get("valuesKey") else field.get("values")
    for option in options or ():
        if isinstance(option, Mapping) and option.get("value") == value:
            return str(option.get("label", value))
    return str(value)


def _value(scope: Any, name: Any) -> Any:
    for step in steps_of(name):
        if not isinstance(scope, Mapping):
            return None
        scope = scope.get(step)
    return scope


def prefill(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers of another form that this one asks for under the same keys: registering begins with the application."""
    wanted = [str(field.get("key") or field.get("path")) for field in _top(form.schema) if not field.get("readonly")]
    return {key: answers[key] for key in wanted if answers.get(key) is not None}
