"""Answers as they arrive (JSON from the page's script, or a form without it) and as they are shown again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from forms.schema import FILES, TEXTS, Form
from ledger.actor import Actor
from ledger.errors import NotFound, problem_of
from ledger.files import File
from web.errors import problem_text
from web.files import described
from web.i18n import title_words
from workflows.handling import desk

MOST_FILES_SHOWN = 200
LARGEST = 2**63 - 1
MOST_BYTES = 2 * 1024 * 1024  # of one submission or draft; files are sent by themselves


@dataclass(frozen=True)
class Sent:
    """What one submission carries; `version` is the task's version that the page was drawn from."""

    answers: dict[str, Any]
    version: int | None


def sent() -> Sent:
    """A JSON object {answers, version}, or the form fields `answers` (JSON) and `version`; 400 for anything else."""
    if (request.content_length or 0) > MOST_BYTES:
        raise RequestEntityTooLarge
    told = object_in(request.get_data(as_text=True)) if request.is_json else request.form.to_dict()
    answers = told.get("answers")
    if isinstance(answers, str):
        answers = object_in(answers)
    if not isinstance(answers, dict):
        raise BadRequest
    if (verdict := told.get("verdict")) and isinstance(verdict, str):
        answers.setdefault("verdict", verdict)
    return Sent(answers, _whole(told.get("version")))


def _whole(value: Any) -> int | None:
    if value in (None, ""):
        return None
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise BadRequest from None


def object_in(text: str) -> dict[str, Any]:
    """A JSON object whose texts a database can keep; 400 for anything else."""
    try:
        told = json.loads(text, object_pairs_hook=_once, parse_constant=_never)
        kept = _storable(told)
    except (ValueError, RecursionError):
        raise BadRequest from None
    if not kept or not isinstance(told, dict):
        raise BadRequest
    return told


def _storable(value: Any) -> bool:
    """No NUL in a text, no half of a surrogate pair (UnicodeEncodeError, a ValueError), no number beyond 64 bits."""
    if isinstance(value, str):
        return b"\0" not in value.encode()
    if isinstance(value, int | float):
        return -LARGEST <= value <= LARGEST
    parts = (*value, *value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(_storable(one) for one in parts)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key given twice is refused: two readers could see two different answers (ASVS 1.5.3)."""
    told = dict(pairs)
    if len(told) != len(pairs):
        raise ValueError("duplicate key")
    return told


def _never(name: str) -> Any:
    raise ValueError(name)


def spoken(form: Form, data: Mapping[str, Any]) -> dict[str, Any]:
    """A form's data in the visitor's language: the labels of its lists, and what stands in fields to be read only."""
    told = {key: [_option(one) for one in value] if isinstance(value, list) else value for key, value in data.items()}
    for field in form.fields():
        if field.get("readonly") and field.get("key") and field.get("type") in TEXTS:
            told = _put(told, str(field["key"]).split("."))
    return told


def _option(option: Any) -> Any:
    if not isinstance(option, Mapping) or not {"value", "label"} <= option.keys():
        return option
    label, text = _said(option["label"]), _said(option.get("text") or "")
    return {**option, "label": _("%(field)s：%(value)s", field=label, value=text) if text else label}


def _put(data: Mapping[str, Any], path: list[str]) -> dict[str, Any]:
    """The data with the value at a dotted key said; as it is where there is none."""
    first, *rest = path
    value = data.get(first)
    if rest:
        return {**data, first: _put(value, rest)} if isinstance(value, Mapping) else dict(data)
    return {**data, first: _said(value)} if value else dict(data)


def _said(value: Any) -> Any:
    """A text of ours ({"text", "params"} with its values, as `Problem.plain` makes it), or several as lines."""
    if isinstance(value, list):
        return "\n".join(str(_said(one)) for one in value)
    if isinstance(value, Mapping):
        return problem_text(problem_of(value))
    return title_words(value) if isinstance(value, str) else value


def files_in(
    session: Session, person: Actor, form: Form, *answers: Mapping[str, Any], known: Iterable[File] = ()
) -> dict[int, Any]:
    """What is known of the files that `answers` name: in file fields, and under "files" in the rows of a list to tick.

    Those the person may not see are left out; `known` are files already found to be visible.
    """
    keys = {"files"} | {one["key"] for one in form.fields() if one.get("type") in FILES}
    found: dict[int, Any] = {file.id: described(file) for file in known}
    for number in _numbers(answers, keys):
        if number in found or len(found) >= MOST_FILES_SHOWN:
            continue
        try:
            found[number] = described(desk.may_see_file(session, person, number))
        except NotFound:
            continue
    return found


def _numbers(value: Any, keys: set[str]) -> Iterator[int]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in keys and isinstance(inner, list):
                yield from (one for one in inner if isinstance(one, int))
            else:
                yield from _numbers(inner, keys)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _numbers(inner, keys)
