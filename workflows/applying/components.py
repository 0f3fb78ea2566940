"""Parts of a form-js schema, made in the look of the shipped forms: rows of a 16-column grid inside outlined groups.

A text with values in it is kept twice: filled in, and as (msgid, values) under `licet:says`, for forms.texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ledger.errors import fill
from registry.certificates.kinds import Field

Component = dict[str, Any]
Said = tuple[str, Mapping[str, Any]]
WIDE = frozenset({"licet-files", "textarea", "dynamiclist", "checkbox", "radio"})
COLUMNS = {1: (None,), 2: (8, 8), 3: (5, 5, 6)}
CHECKS = {"USCC": "uscc", "ID": "cn-id", "ECERT": "licence-id"}
LENGTHS = {"uscc": 18, "cn-id": 18, "licence-id": 120}
MOST_ROWS = 30
PICTURES = ".jpg,.jpeg,.png"
ISSUED_BEFORE = frozenset({"first_issued_on", "born_on", "reviewed_on"})
"""Dates on a paper that lie in the past on the day it is entered."""
TEXTS: dict[str, str] = {"sample": "例如 {sample}", "code": "18 位，字母大写"}


class Sheet:
    """Numbers the rows and groups of one form from the top."""

    def __init__(self) -> None:
        self.rows = self.groups = 0

    def group(self, label: str, rows: Iterable[Sequence[Component]]) -> list[Component]:
        """One outlined group, in a list; an empty list where it would hold nothing."""
        held = [list(row) for row in rows if row]
        if not held:
            return []
        self.groups += 1
        made = {"id": f"group_{self.groups}", "type": "group", "label": label, "showOutline": True,
                "layout": self._place(None)}
        made["components"] = self.laid(held)
        return [made]

    def laid(self, rows: Iterable[Sequence[Component]]) -> list[Component]:
        """The components of these rows, each with its place; a list of rows stands below, with rows of its own."""
        found: list[Component] = []
        for row in rows:
            self.rows += 1
            name = f"Row_{self.rows}"
            for one, columns in zip(row, COLUMNS[len(row)], strict=True):
                placed = {**one, "layout": {"row": name, "columns": columns}}
                if one["type"] == "dynamiclist":
                    placed["components"] = self.laid(paired(one["components"]))
                found.append(placed)
        return found

    def _place(self, columns: int | None) -> dict[str, Any]:
        self.rows += 1
        return {"row": f"Row_{self.rows}", "columns": columns}


def paired(fields: Iterable[Component]) -> list[list[Component]]:
    """Two narrow fields beside each other, a wide one on its own."""
    rows: list[list[Component]] = []
    for one in fields:
        alone = one["type"] in WIDE or not rows or len(rows[-1]) == 2 or rows[-1][0]["type"] in WIDE
        if alone:
            rows.append([one])
        else:
            rows[-1].append(one)
    return rows


def part(
    kind: str, key: str, label: str, *, required: bool = False, check: str = "", longest: int | None = None,
    says: Sequence[Said] = (), properties: Mapping[str, str] | None = None, **more: Any,
) -> Component:
    """One field. `says` become its description; a date keeps its label where form-js looks for it."""
    made: Component = {"id": key, "type": kind, "key": key, **more}
    if kind == "datetime":
        made |= {"dateLabel": label, "subtype": "date"}
    else:
        made["label"] = label
    if found := [one for one in says if one[0]]:
        made["description"] = "；".join(fill(text, params) for text, params in found)
        made["licet:says"] = {"description": [[text, dict(params)] for text, params in found]}
    rules = {**made.pop("validate", {}), **({"required": True} if required else {}),
             **({"maxLength": longest} if longest else {})}
    noted = {**(properties or {}), **({"licet:check": check} if check else {})}
    return {**made, **({"validate": rules} if rules else {}), **({"properties": noted} if noted else {})}


def of_field(field: Field, *, required: bool | None = None) -> Component:
    """A data element of a type as a field of a form."""
    wanted = field.required if required is None else required
    says = _says(field)
    match field.kind:
        case "rows":
            return _rows(field, wanted)
        case "code":
            values = [{"label": option.label, "value": option.value} for option in field.options]
            only: Component = {"defaultValue": field.options[0].value} if wanted and len(values) == 1 else {}
            return part("select", field.key, field.label, required=wanted, says=says, values=values, **only)
        case "date":
            past = {"licet:past": "true"} if field.key in ISSUED_BEFORE else None
            return part("datetime", field.key, field.label, required=wanted, says=says[1:], properties=past)
        case "number":
            unit: Component = {"appearance": {"suffixAdorner": field.unit}} if field.unit else {}
            return part("number", field.key, field.label, required=wanted, says=says, decimalDigits=2,
                        validate={"min": 0, "max": 999_999_999}, **unit)
        case "file" | "image":
            return files(field.key, field.label, required=wanted, says=says[1:], picture=field.kind == "image")
    return _text(field, wanted, says)


def _text(field: Field, wanted: bool, says: list[Said]) -> Component:
    rule = {"uscc": "USCC", "id_number": "ID"}.get(field.kind, field.rule)
    check = CHECKS.get(rule, f"rule-{rule}" if rule and rule != "free" else "")
    if rule == "USCC":
        says = [*says[1:], (TEXTS["code"], {})]
    longest = field.longest or LENGTHS.get(check, 200)
    return part("licet-number" if check else "textfield", field.key, field.label, required=wanted, check=check,
                longest=max(longest, LENGTHS.get(check, 0)), says=says)


def _says(field: Field) -> list[Said]:
    """The sample first, then when it is wanted and what else is said of it; codes of a standard are not for people."""
    sample = (TEXTS["sample"], {"sample": field.sample}) if field.sample and field.kind in ("text", "id_number") else (
        "", {})
    return [sample, (field.when, {}), (field.text if _spoken(field.text) else "", {})]


def _spoken(text: str) -> bool:
    return any("\u4e00" <= mark <= "\u9fff" for mark in text)


def files(
    key: str, label: str, *, required: bool = False, says: Sequence[Said] = (), picture: bool = False
) -> Component:
    """A field for uploaded files; of a picture there is one."""
    accept: Component = {"accept": PICTURES} if picture else {}
    return part("licet-files", key, label, required=required, says=says, multiple=not picture, **accept)


def _rows(field: Field, wanted: bool) -> Component:
    least = {"licet:min-rows": "1"} if wanted else {}
    return {
        "id": field.key, "type": "dynamiclist", "path": field.key, "label": field.label, "showOutline": True,
        "isRepeating": True, "allowAddRemove": True, "defaultRepetitions": 1 if wanted else 0,
        "nonCollapsedItems": 10, "properties": {**least, "licet:max-rows": str(MOST_ROWS)},
        "components": [_inside(field.key, one) for one in field.fields],
    }


def _inside(above: str, field: Field) -> Component:
    """A field of a row: its id is the form's own, its key the row's."""
    return {**of_field(field), "id": f"{above}_{field.key}"}
