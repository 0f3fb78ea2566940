"""A type as the fields of a form and back. Every input is named by the key of its statement ("window.opens",
"documents[0].name"), so that a fault of the checks finds its input; what was typed stays, whatever is wrong with it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import inspect

from ledger.errors import Problem
from registry.certificates.kinds import CertificateType, Offset, Option
from registry.certificates.type_files import made_of, plain, told

Values = dict[str, str]
Problems = dict[str, list[Problem]]
ROWS = ("basis", "requires", "documents", "fields")
FIXED = ("code", "family", "holder", "effective_from", "closed_from", "variants")
"""What the form does not change: it is taken over from the edition that the form began with."""
CHOSEN = frozenset({"kind", "column", "rule", "of", "required", "verified", "unit_of"})
"""Inputs of a row that always carry something: a row with nothing else is empty."""
LONGEST, MOST_ROWS = 2000, 200
_SPLIT = re.compile(r"[\s,，、;；]+")
_LINES = re.compile(r"[\r\n]+")


def flat(each: CertificateType) -> Values:
    """The inputs of a form that shows this type."""
    values: Values = {}
    _flatten("", each, values)
    return values


def _flatten(path: str, value: Any, values: Values) -> None:
    if isinstance(value, Offset):
        count = value.months_before or value.days_before
        values[path] = str(count) if count or not path.endswith("lapses") else ""
        values[f"{path}.unit_of"] = "days" if value.days_before else "months"
        values[f"{path}.source"] = value.source
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            _flatten(f"{path}.{name}" if path else name, getattr(value, name), values)
    elif isinstance(value, tuple) and value and isinstance(value[0], Option):
        values[path] = "\n".join(" | ".join((one.value, one.label, one.label_en)) for one in value)
    elif isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
        for number, one in enumerate(value):
            _flatten(f"{path}[{number}]", one, values)
    elif isinstance(value, tuple):
        values[path] = ("\n" if path in ("aliases",) else ", ").join(map(str, value))
    elif isinstance(value, bool):
        if value:
            values[path] = "yes"
    elif value is not None:
        values[path] = str(value)


def typed(form: Mapping[str, str]) -> Values:
    """What was sent, rows without content or ticked for removal left out and the others numbered anew."""
    values = {key: value[:LONGEST].strip() for key, value in form.items() if "[" not in key}
    for place in ROWS:
        _gather(form, place, place, values)
    return values


def _gather(form: Mapping[str, str], place: str, to: str, values: Values) -> None:
    pattern = re.compile(re.escape(place) + r"\[(\d{1,4})\]\.")
    numbers = sorted({int(found[1]) for key in form if (found := pattern.match(key))})
    kept = 0
    for number in numbers[:MOST_ROWS]:
        here = f"{place}[{number}]"
        row = {key[len(here) + 1:]: value.strip() for key, value in form.items() if key.startswith(f"{here}.")}
        own = {key: value for key, value in row.items() if "[" not in key}
        if "remove" in own or not any(value for key, value in own.items() if key not in CHOSEN):
            continue
        values.update({f"{to}[{kept}].{key}": value[:LONGEST] for key, value in own.items()})
        if place == "fields":
            _gather(form, f"{here}.fields", f"{to}[{kept}].fields", values)
        kept += 1


def rows(values: Values, place: str) -> int:
    """How many rows stand at a place ("documents", "fields[2].fields")."""
    pattern = re.compile(re.escape(place) + r"\[(\d+)\]\.")
    return max((int(found[1]) + 1 for key in values if (found := pattern.match(key))), default=0)


def type_from(values: Values, base: CertificateType) -> tuple[CertificateType | None, Problems]:
    """The type that the inputs describe over `base`, or what cannot be read, each at its input.

    `variants.N` tells which of the base's variants stay; `reopened` takes a closing back.
    """
    problems: Problems = {}
    info = inspect.type_info(CertificateType)
    assert isinstance(info, inspect.StructType)
    data = _struct(info, "", values, problems)
    kept = plain(base)
    data |= {name: kept[name] for name in FIXED if name in kept and name != "variants"}
    data["variants"] = [one for at, one in enumerate(kept.get("variants", [])) if f"variants.{at}" in values]
    if "reopened" in values:
        data.pop("closed_from", None)
    if problems:
        return None, problems
    try:
        return made_of(data), {}
    except msgspec.ValidationError as error:
        return None, {told(error)[0] or "name": [Problem("内容不完整或格式不对。")]}


def _struct(info: inspect.StructType, at: str, values: Values, problems: Problems) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for field in info.fields:
        path = f"{at}.{field.name}" if at else field.name
        if path in FIXED:
            continue
        value = _value(field.type, path, values, problems)
        if value is None or value == "":
            if field.required and path not in problems and not isinstance(field.type, inspect.UnionType):
                problems.setdefault(path, []).append(Problem("请填写。"))
        else:
            data[field.name] = value
    return data


def _value(kind: inspect.Type, path: str, values: Values, problems: Problems) -> Any:
    if isinstance(kind, inspect.UnionType):
        kind = next(one for one in kind.types if not isinstance(one, inspect.NoneType))
        if isinstance(kind, inspect.StructType) and kind.cls is not Offset and _blank(path, values):
            return None
    if isinstance(kind, inspect.StructType):
        return _offset(path, values, problems) if kind.cls is Offset else _struct(kind, path, values, problems)
    if isinstance(kind, inspect.VarTupleType):
        return _several(kind, path, values, problems)
    if isinstance(kind, inspect.BoolType):
        return path in values
    text = values.get(path, "")
    if isinstance(kind, inspect.IntType) and text:
        return _whole(text, path, problems)
    if isinstance(kind, inspect.DateType) and text:
        return _day(text, path, problems)
    if isinstance(kind, inspect.LiteralType) and text not in kind.values:
        problems.setdefault(path, []).append(Problem("请从列表中选择。"))
    return text


def _blank(path: str, values: Values) -> bool:
    last = {f"{path}.{name}" for name in CHOSEN}
    return not any(value for key, value in values.items() if key.startswith(f"{path}.") and key not in last)


def _several(kind: inspect.VarTupleType, path: str, values: Values, problems: Problems) -> list[Any]:
    item = kind.item_type
    if isinstance(item, inspect.StructType) and item.cls is Option:
        return [_option(line) for line in _LINES.split(values.get(path, "")) if line.strip()]
    if isinstance(item, inspect.StructType):
        return [_struct(item, f"{path}[{number}]", values, problems) for number in range(rows(values, path))]
    split = _LINES if path == "aliases" else _SPLIT
    parts = [part.strip() for part in split.split(values.get(path, "")) if part.strip()]
    if isinstance(item, inspect.IntType):
        numbers = [_whole(part, path, problems) for part in parts]
        return [number for number in numbers if number is not None]
    return parts


def _option(line: str) -> dict[str, str]:
    value, label, english = ([part.strip() for part in line.split("|", 2)] + ["", ""])[:3]
    return {"value": value, "label": label or value, "label_en": english}


def _offset(path: str, values: Values, problems: Problems) -> dict[str, Any] | None:
    text = values.get(path, "")
    if not text:
        return None
    count = _whole(text, path, problems)
    unit = "days_before" if values.get(f"{path}.unit_of") == "days" else "months_before"
    source = values.get(f"{path}.source", "")
    return {unit: count, **({"source": source} if source else {})} if count is not None else None


def _whole(text: str, path: str, problems: Problems) -> int | None:
    if re.fullmatch(r"-?[0-9]{1,6}", text):
        return int(text)
    problems.setdefault(path, []).append(Problem("请填整数。"))
    return None


def _day(text: str, path: str, problems: Problems) -> str | None:
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        problems.setdefault(path, []).append(Problem("请选择日期。"))
        return None


def blank_like(each: CertificateType, code: str) -> CertificateType:
    """A new type that begins as a copy of one of its family, with nothing said to be verified and no names."""
    return msgspec.structs.replace(each, code=code, name="", name_en="", aliases=(), verified=False, national_code="",
                                   variants=(), closed_from=None, effective_from=None)

