"""A form: a form-js schema (https://bpmn.io/schema/form-js) with a few properties of ours.

Ours, at the top: `licet:title`, `licet:verdicts` = [{value, label, style, needs, partial, confirm, key}]. The form has
no submit button; the page draws one button per verdict. `needs` are the fields that this verdict wants filled in;
`partial` means that `required` marks do not hold for it (what is filled in must still be right).
Ours, in the `properties` of a field (the editor keeps them; all values are strings): `licet:check` a check by name,
`licet:all` the verdict for which every box must be ticked, `licet:after` the key of a date that must not be later,
`licet:past` "true" for a date that cannot be in the future, `licet:min-rows` and `licet:max-rows` of a list.
`licet:says` beside a text that was made from sentences: {"description": [[msgid, {name: value}], ...]}.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ledger.errors import NotFound

LIBRARY = Path(__file__).parent / "library"
Schema = Mapping[str, Any]

FILES = frozenset({"licet-files", "filepicker", "licet-signature"})
MANY = frozenset({"checklist", "taglist", "licet-ticks"})
ONE = frozenset({"select", "radio"})
TEXTS = frozenset({"textfield", "textarea", "licet-number"})
KEYED = FILES | MANY | ONE | TEXTS | {"number", "checkbox", "datetime"}
CONTAINERS = frozenset({"group", "dynamiclist"})
SHOWN_ONLY = frozenset({"text", "spacer", "separator", "image"})


class NoForm(NotFound):
    """没有编号为“{key}”的表单。"""

    def __init__(self, key: str) -> None:
        super().__init__(key=key[:80])


@dataclass(frozen=True)
class Verdict:
    """One way to finish a task with this form: a button."""

    value: str
    label: str
    style: str = "secondary"
    needs: tuple[str, ...] = ()
    partial: bool = False
    confirm: str = ""


@dataclass(frozen=True)
class Form:
    """A schema under its key; `digest` (SHA-256 of the canonical JSON) tells versions apart."""

    key: str
    schema: Schema = field(repr=False)
    digest: str

    @property
    def title(self) -> str:
        """The form's Chinese title, a gettext msgid; its key where it has none."""
        return str(self.schema.get("licet:title") or self.key)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The buttons, in order; empty for a form that is only part of a page."""
        return tuple(
            Verdict(
                value=str(given["value"]),
                label=str(given["label"]),
                style=str(given.get("style", "secondary")),
                needs=tuple(given.get("needs", ())),
                partial=bool(given.get("partial", False)),
                confirm=str(given.get("confirm", "")),
            )
            for given in self.schema.get("licet:verdicts", ())
        )

    def fields(self) -> Iterator[Schema]:
        """Every component of the form in drawing order, containers before what they hold."""
        return walk(self.schema.get("components", ()))


def walk(components: Any) -> Iterator[Schema]:
    """Components and what is in them, depth first."""
    for component in components:
        yield component
        yield from walk(component.get("components", ()))


def form_of(schema: Schema, key: str | None = None) -> Form:
    """A form from a schema kept elsewhere (an older version, a draft); its key is the schema's id unless given."""
    canonical = json.dumps(schema, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
    return Form(key or str(schema.get("id", "")), schema, digest)


@cache
def library() -> tuple[str, ...]:
    """Keys of the shipped forms, sorted."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.form")))


@cache
def load(key: str) -> Form:
    """The shipped form with this key, e.g. "apply-J03"; raises NoForm. Its schema is shared: do not change it."""
    if key not in library():
        raise NoForm(key)
    return form_of(json.loads((LIBRARY / f"{key}.form").read_text("utf-8")), key)


def label_of(component: Schema) -> str:
    """What a field is called on the page (form-js keeps the label of dates elsewhere)."""
    names = (component.get(name) for name in ("label", "dateLabel", "timeLabel", "key"))
    return str(next((name for name in names if name), ""))


def property_of(component: Schema, name: str) -> str:
    """One of our properties of a field, "" where it has none."""
    return str((component.get("properties") or {}).get(name, ""))
