"""What a condition can look at, in people's words: the answers of the steps, and what every request begins with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import feel.dmn
from engine import catalog
from feel.dmn.table import Output
from forms import schema
from forms.schema import Form
from workflows.applying.beginning import VARIABLES
from workflows.studio.faces.listing import Block, Listing
from workflows.studio.faces.naming import HIDDEN, NAMES

FIELD = re.compile(r"=\s*([^\W\d]\w*)\s*")
LISTS = ("COLLECT", "RULE ORDER", "OUTPUT ORDER")
"""Hit policies that give a list of everything that fits, unless it is aggregated."""


@dataclass(frozen=True)
class Variable:
    """A name that conditions can look at: the step that answers it ("" for none), what it is called (a msgid where
    `step` is empty), and its possible values with their labels."""

    name: str
    step: str
    label: str
    options: tuple[tuple[str, str], ...] = ()

    def value_of(self, typed: str) -> str:
        """The value that a label stands for, else what was typed."""
        return next((value for value, label in self.options if label == typed.strip()), typed)


def variables(listing: Listing, files: Mapping[str, bytes]) -> list[Variable]:
    """Everything a condition of this process can look at: answers in the order of the steps, then the rest."""
    found: dict[str, Variable] = {}
    for block in listing.blocks():
        for variable in _answers(block, files):
            found.setdefault(variable.name, variable)
    names = (catalog.VARIABLES.get(listing.process_id, frozenset()) | VARIABLES) - HIDDEN
    order = list(NAMES)
    for name in sorted(names, key=lambda name: (order.index(name) if name in NAMES else len(order), name)):
        found.setdefault(name, Variable(name, "", NAMES.get(name, name)))
    for _, way in listing.branches():
        for row in way.condition.rows if way.condition else ():
            found.setdefault(row.variable, Variable(row.variable, "", NAMES.get(row.variable, row.variable)))
    return list(found.values())


def _answers(block: Block, files: Mapping[str, bytes]) -> Iterator[Variable]:
    if block.work is None:
        yield from _results(block, files)
        return
    form = form_of(block.work.form, files)
    for name, source in block.work.gives.items():
        key = FIELD.fullmatch(source)
        if key and key[1] == "verdict":
            given = tuple((one.value, one.label) for one in form.verdicts) if form else ()
            yield Variable(name, block.name, "结论", given)
        elif key:
            yield Variable(name, block.name, *_field(form, key[1]))
    if block.work.vote_result:
        yield Variable(f"{block.work.vote_result}.passed", block.name, "会签通过")


def _results(block: Block, files: Mapping[str, bytes]) -> Iterator[Variable]:
    """What a table or a script leaves: the columns of the table by their headings."""
    columns = _columns(block.said, files) if block.kind == "decision" else []
    if block.result and len(columns) == 1:
        yield Variable(block.result, block.name, columns[0].label or "结果")
    elif block.result and columns:
        for column in columns:
            yield Variable(f"{block.result}.{column.name}", block.name, column.label or column.name)
    elif block.result and block.result not in NAMES:
        yield Variable(block.result, block.name, "结果")


def _columns(decision: str, files: Mapping[str, bytes]) -> list[Output]:
    """The results of a table that decides one thing; none of one that gives a list, or cannot be read."""
    for name in sorted(files):
        if name.lower().endswith(".dmn"):
            try:
                found = feel.dmn.parse(files[name]).decisions.get(decision)
            except feel.FeelError:
                continue
            if found is not None:
                return [column for table in found.tables[-1:] if table.policy not in LISTS or table.aggregation
                        for column in table.outputs]
    return []


def _field(form: Form | None, key: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What a field is called, and what can be chosen in it."""
    for component in form.fields() if form else ():
        if component.get("key") == key:
            given = component.get("values") or ()
            return str(component.get("label") or NAMES.get(key, key)), tuple(_options(given))
    return NAMES.get(key, key), ()


def _options(given: Any) -> Iterator[tuple[str, str]]:
    for one in given if isinstance(given, list) else ():
        if isinstance(one, dict) and "value" in one:
            yield str(one["value"]), str(one.get("label", one["value"]))


def form_of(key: str, files: Mapping[str, bytes]) -> Form | None:
    """The form of this key: the draft's own, else the shipped one (of any type); None where it cannot be told."""
    body = files.get(f"{key}.form")
    if body is not None:
        try:
            return schema.form_of(json.loads(body), key)
        except (ValueError, TypeError, AttributeError, RecursionError):
            return None
    name = next((name for name in schema.library() if name == key or (key and name.startswith(f"{key}-"))), None)
    return schema.load(name) if name else None


def forms(files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """(key, title) of the forms that a step can use: those that can be answered, the draft's own first."""
    own = [name.removesuffix(".form") for name in files if name.endswith(".form")]
    keys = [*own, *(key for key in schema.library() if key not in own)]
    known = [(key, form) for key in keys if (form := form_of(key, files)) is not None]
    return [(key, form.title) for key, form in known if form.verdicts]
