"""Forms (form-js schemas, JSON) as records, and back: components by id, options by value, the rest by its path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.drawing import refuse
from ledger.errors import BadDiagram
from workflows.studio.outline.records import ROOT, Outline, Record

MOST_DEPTH = 40
NAMES = ("id", "key", "value", "name")
SAVE_AGAIN = ("用表单编辑器重新保存", "save it again with the form editor")
LAYOUT = "layout"
"""What says only where a component is drawn."""


def read(body: bytes, name: str) -> Outline:
    """The parts of a form. Raises BadDiagram for what is not a JSON object."""
    schema = parsed(body, name)
    records: dict[str, Record] = {}
    _take(records, schema, "", ROOT, "")
    return Outline(records)


def parsed(body: bytes, name: str) -> dict[str, Any]:
    """The JSON object of a form. Raises BadDiagram when it is none, or nested beyond reason."""
    try:
        schema = json.loads(body.decode("utf-8-sig"), parse_constant=_no_constant)
    except (UnicodeDecodeError, ValueError, RecursionError):
        schema = None
    if not isinstance(schema, dict) or not _shallow(schema, MOST_DEPTH):
        raise unreadable(name)
    return schema


def unreadable(name: str) -> BadDiagram:
    """The error for a form that is none."""
    return refuse("form", "不是表单文件（应为 JSON）", "this is not a form (JSON)", name, fix=SAVE_AGAIN)


def _no_constant(written: str) -> None:
    raise ValueError(written)


def _shallow(value: Any, left: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left > 0 and all(_shallow(one, left - 1) for one in inner)


def _take(records: dict[str, Record], given: Mapping[str, Any], parent: str, key: str, slot: str) -> None:
    kind = "component" if slot == "components" else slot
    record = records[key] = Record(key, {"tag": kind} | ({"parent": parent, "slot": slot} if parent else {}))
    if parent:
        records[parent].children.append(key)
    _say(records, record, given, "")


def _say(records: dict[str, Record], record: Record, given: Mapping[str, Any], path: str) -> None:
    """Keep every value by its path; lists whose items have names of their own become parts."""
    for name, value in given.items():
        at = f"{path}/{_escaped(name)}"
        if isinstance(value, dict) and value:
            _say(records, record, value, at)
        elif _named(value):
            record.fields[at] = "[]"
            for one in value:
                _take(records, one, record.key, _key(records, one, record.key, at[1:]), at[1:])
        else:
            record.fields[at] = json.dumps(value, ensure_ascii=False)


def _named(value: Any) -> bool:
    """A list of objects that can be told apart by a name."""
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
        return False
    return any(len({json.dumps(one[name]) for one in value if name in one}) == len(value) for name in NAMES)


def _key(records: Mapping[str, Record], given: Mapping[str, Any], parent: str, slot: str) -> str:
    name = next((json.dumps(given[each], ensure_ascii=False) for each in NAMES if each in given), '""')
    wanted = f"#{json.loads(name)}" if slot == "components" else f"{parent}/{slot}={name}"
    number = 1
    while f"{wanted}:{number}" in records or (number == 1 and wanted in records):
        number += 1
    return wanted if number == 1 else f"{wanted}:{number}"


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def write(outline: Outline) -> bytes:
    """The form as JSON, indented by two as form-js writes it."""
    return (json.dumps(_built(outline, outline.records[ROOT]), ensure_ascii=False, indent=2) + "\n").encode()


def _built(outline: Outline, record: Record) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for path, value in record.fields.items():
        if path.startswith("/"):
            _put(made, path[1:].split("/"), json.loads(value))
    for key in record.children:
        child = outline.records[key]
        _put(made, child.fields["slot"].split("/"), _built(outline, child), among=True)
    return made


def _put(made: dict[str, Any], path: list[str], value: Any, *, among: bool = False) -> None:
    names = [name.replace("~1", "/").replace("~0", "~") for name in path]
    for name in names[:-1]:
        if not isinstance(made.get(name), dict):
            made[name] = {}
        made = made[name]
    if not among:
        made[names[-1]] = value
    elif isinstance(made.get(names[-1]), list):
        made[names[-1]].append(value)
    else:
        made[names[-1]] = [value]
