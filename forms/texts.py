"""The words of a form: for gettext to collect, and put into the reader's language before the form is drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from forms.schema import Schema
from ledger.errors import fill

WORDS = ("label", "dateLabel", "timeLabel", "description", "text", "licet:title")
NESTED = {"validate": ("patternErrorMessage",), "appearance": ("prefixAdorner", "suffixAdorner")}
VERDICT_WORDS = ("label", "confirm")


def strings(schema: Schema) -> list[str]:
    """Every Chinese text of the schema that a person reads, once each, in drawing order."""
    found: dict[str, None] = {}

    def note(text: str) -> str:
        found.setdefault(text)
        return text

    translated(schema, note)
    return list(found)


def translated(schema: Schema, gettext: Callable[[str], str]) -> dict[str, Any]:
    """A copy of the schema with its texts passed through gettext. FEEL and templates ("=…", "{{…}}") stay."""
    said = schema.get("licet:says") or {}
    copy: dict[str, Any] = {name: _composed(said[name], gettext) if name in said else _said(name, value, WORDS, gettext)
                            for name, value in schema.items() if name != "licet:says"}
    for name, words in NESTED.items():
        if isinstance(copy.get(name), Mapping):
            copy[name] = {key: _said(key, value, words, gettext) for key, value in copy[name].items()}
    if "components" in copy:
        copy["components"] = [translated(component, gettext) for component in copy["components"]]
    if isinstance(copy.get("values"), list):
        copy["values"] = [_option(option, gettext) for option in copy["values"]]
    if "licet:verdicts" in copy:
        copy["licet:verdicts"] = [
            {key: _said(key, value, VERDICT_WORDS, gettext) for key, value in verdict.items()}
            for verdict in copy["licet:verdicts"]
        ]
    return copy


def _composed(parts: Any, gettext: Callable[[str], str]) -> str:
    """A text made of sentences with values in them, `licet:says`: [[msgid, {name: value}], ...]."""
    told = [fill(gettext(text), {name: gettext(value) for name, value in params.items()}) for text, params in parts]
    return gettext("；").join(told)


def _option(option: Any, gettext: Callable[[str], str]) -> Any:
    if not isinstance(option, Mapping):
        return option
    return {key: _said(key, value, ("label",), gettext) for key, value in option.items()}


def _said(name: str, value: Any, words: tuple[str, ...], gettext: Callable[[str], str]) -> Any:
    if name not in words or not isinstance(value, str) or not value or value.startswith("=") or "{{" in value:
        return value
    return gettext(value)


def extract(
    fileobj: IO[bytes], _keywords: Any, _comment_tags: Any, options: Any
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Babel's extractor for *.form: `[extractors] forms = forms.texts:extract` and `[forms: forms/library/**.form]`."""
    source = fileobj.read().decode("utf-8")
    lines = source.splitlines()
    for text in strings(json.loads(source)):
        quoted = json.dumps(text, ensure_ascii=False)
        line = next((number for number, content in enumerate(lines, 1) if quoted in content), 1)
        yield line, "gettext", text, []
