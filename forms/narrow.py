"""A form with only some of its fields open: what is asked to be corrected, each with room for a word beside it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from forms.conditions import context_of, hidden, locked
from forms.contents import returnable
from forms.schema import KEYED, Form, Schema, form_of, walk

SAID = "said_"
ANSWER = "answer"
VERDICT = {"value": ANSWER, "label": "提交补正", "style": "primary", "key": "s"}
WORDS: dict[str, str] = {"label": "说明", "description": "选填：改了什么，或者为什么不用改"}
"""What people read of the word beside a field."""


def shown(form: Form, answers: Mapping[str, Any], given: Mapping[str, Any]) -> list[dict[str, str]]:
    """The fields that may be asked for, {"value": key, "label"}: to be filled in, and shown with these answers. One
    whose answer is kept inside another's is not asked for by itself."""
    context = context_of(form.schema, answers, given)
    nested = {str(inner.get("id")) for one in form.fields() if one.get("type") == "group" and one.get("path")
              for inner in walk(one.get("components", ()))}
    seen = {name_of(one) for one in _seen(form.schema, context)
            if not locked(one, context) and str(one.get("id")) not in nested and "." not in name_of(one)}
    return [one for one in returnable(form) if one["value"] in seen]


def only(form: Form, keys: Collection[str], answers: Mapping[str, Any], given: Mapping[str, Any]) -> Form:
    """The form with only these fields (or lists) open, and after each a text "said_<key>" for a word about it.

    What the answers so far show is to be read only; what they hide stays as it is, since an answer may bring it up.
    """
    context = context_of(form.schema, answers, given)
    seen = {str(one.get("id")) for one in _seen(form.schema, context)}
    schema = json.loads(json.dumps(form.schema, ensure_ascii=False))
    schema["components"] = _narrowed(schema["components"], set(keys), seen)
    return form_of({**schema, "licet:verdicts": [VERDICT]}, form.key)


def merged(form: Form, before: Mapping[str, Any], clean: Mapping[str, Any], given: Mapping[str, Any],
           asked: Collection[str] = ()) -> dict[str, Any]:
    """The answers before with those of the narrowed form over them: what was `asked` and is left empty now is empty;
    what they hide now is left out."""
    said = {key: value for key, value in clean.items() if key != "verdict" and not key.startswith(SAID)}
    found = {**{key: value for key, value in before.items() if key not in asked}, **said}
    seen = {name_of(one) for one in _seen(form.schema, context_of(form.schema, found, given))}
    top = {one["value"] for one in returnable(form)}
    return {key: value for key, value in found.items() if key not in top or key in seen}


def said_of(key: str, clean: Mapping[str, Any]) -> str:
    """The word that was said about a field."""
    return str(clean.get(said_key(key)) or "")


def said_key(key: str) -> str:
    """The key of the text beside a field."""
    return SAID + key.replace(".", "_")


def name_of(component: Schema) -> str:
    """The key of a field, the path of a list."""
    return str(component.get("key") or component.get("path") or "")


def _seen(component: Schema, context: Mapping[str, Any]) -> Iterator[Schema]:
    """Fields and lists that are not hidden; what is inside a list stays inside."""
    for inner in component.get("components", ()):
        if hidden(inner, context):
            continue
        if inner.get("type") == "dynamiclist" or inner.get("type") in KEYED:
            yield inner
        else:
            yield from _seen(inner, context)


def _narrowed(components: list[dict[str, Any]], keys: set[str], seen: set[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in components:
        found.append(one)
        if one.get("type") == "dynamiclist" or one.get("type") in KEYED:
            if name_of(one) in keys:
                found.append(_word(name_of(one)))
            elif str(one.get("id")) in seen:
                _close(one)
        else:
            one["components"] = _narrowed(one.get("components", []), keys, seen)
    return [one for one in found if one.get("components") != [] or one.get("type") != "group"]


def _close(component: dict[str, Any]) -> None:
    """Nothing in it can be answered; rows of a list are neither added nor taken away."""
    component["readonly"] = True
    component.pop("validate", None)
    if component.get("type") == "dynamiclist":
        component["allowAddRemove"] = False
    for inner in component.get("components", ()):
        _close(inner)


def _word(key: str) -> dict[str, Any]:
    name = said_key(key)
    return {"id": name, "key": name, "type": "textarea", **WORDS, "validate": {"maxLength": 500},
            "layout": {"row": f"Row_{name}", "columns": None}}
