"""Types as FEEL names them: `number`, `list<string>`, `context<a: date>`, `function<number> -> string` (10.3.2.9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from lark import Tree

from feel.budget import spend
from feel.moments import DAYS, make_moment
from feel.values import Function, Range, Value, kind

ALIASES = {
    "any": "Any", "null": "Null", "dateTime": "date and time", "datetime": "date and time",
    "dayTimeDuration": "days and time duration", "yearMonthDuration": "years and months duration",
    "day time duration": "days and time duration", "year month duration": "years and months duration",
}  # fmt: skip
SIMPLE = {
    "number", "string", "boolean", "date", "time", "date and time", "days and time duration",
    "years and months duration", "range", "list", "context", "function",
}  # fmt: skip


@dataclass(frozen=True)
class Type:
    """One FEEL type; `name` is a simple type's name, or list, context, range, function, Any, Null.

    `allowed` are the unary tests that `check` makes of a model's allowed values.
    """

    name: str
    element: Type | None = None
    entries: dict[str, Type] = field(default_factory=dict, hash=False)
    parameters: tuple[Type, ...] | None = None
    result: Type | None = None
    check: Callable[[Value], bool] | None = field(default=None, compare=False)
    allowed: str = field(default="", compare=False)

    @property
    def known(self) -> bool:
        return self.name in SIMPLE or self.name in ("Any", "Null")


ANY = Type("Any")


@lru_cache(256)
def simple(name: str) -> Type:
    bare = name.strip()
    return Type(ALIASES.get(bare, bare))


def type_of(tree: Tree[Any], named: Mapping[str, Type] = MappingProxyType({})) -> Type:
    """The type that a `type` node of the grammar spells; `named` are the model's own."""
    children = tree.children
    match tree.data:
        case "type_name":
            return named.get(str(children[0])) or simple(str(children[0]))
        case "type_of":
            return Type(str(children[0]), element=type_of(children[1], named))
        case "type_context":
            entries = {str(e.children[0]): type_of(e.children[1], named) for e in children[1:]}
            return Type(str(children[0]), entries=entries)
        case "type_function":
            made = [type_of(child, named) for child in children if child is not None]
            return Type("function", parameters=tuple(made[:-1]), result=made[-1])
    return Type("function")


def conforms(value: Value, wanted: Type, checking: bool = True) -> bool:
    """Is the value of this type; null is of every type here (`instance of` asks `is_instance`)."""
    return value is None or is_instance(value, wanted, checking)


def is_instance(value: Value, wanted: Type, checking: bool = False) -> bool:
    """Is the value of this type; allowed values count only when `checking` (as an input, argument or result)."""
    if checking and wanted.check is not None and not wanted.check(value):
        return False
    name = wanted.name
    if name == "Any":
        return value is not None
    if name == "Null":
        return value is None
    if kind(value) != name:
        return False
    if wanted.element is not None:
        return _elements(value, wanted.element, checking)
    if name == "context":
        spend(len(wanted.entries))
        return all(key in value and conforms(value[key], each, checking) for key, each in wanted.entries.items())
    return _signature(value, wanted) if name == "function" else True


def _elements(value: Value, element: Type, checking: bool) -> bool:
    if type(value) is Range:
        ends = [end for end in (value.low, value.high) if end is not None]
        return all(conforms(end, element, checking) for end in ends)
    spend(len(value))
    return all(conforms(item, element, checking) for item in value)


def _signature(value: Function, wanted: Type) -> bool:
    """Contravariant in what it takes, covariant in what it gives."""
    if wanted.parameters is None:
        return True
    if len(value.parameters) != len(wanted.parameters) and not value.variadic:
        return False
    mine = value.types or tuple(ANY for _ in wanted.parameters)
    takes = all(fits(asked, own or ANY) for asked, own in zip(wanted.parameters, mine, strict=False))
    gives = wanted.result is None or value.result_type is None or fits(value.result_type, wanted.result)
    return takes and gives


def fits(inner: Type, outer: Type) -> bool:
    """Does every value of `inner` conform to `outer` (10.3.2.9.1)."""
    if outer.name == "Any" or inner.name == "Null":
        return True
    if inner.name != outer.name:
        return False
    if outer.element is not None:
        return inner.element is not None and fits(inner.element, outer.element)
    return all(key in inner.entries and fits(inner.entries[key], each) for key, each in outer.entries.items())


def coerce(value: Value, wanted: Type) -> tuple[bool, Value]:
    """The value as an argument or result of this type (10.3.2.9.4): [x] becomes x, a date a moment, x becomes [x]."""
    if conforms(value, wanted):
        return True, value
    if wanted.name == "list":
        if type(value) is not list and conforms(value, wanted.element or ANY):
            return True, [value]
        return False, None
    if type(value) is list and len(value) == 1 and conforms(value[0], wanted):
        return True, value[0]
    if wanted.name == "date and time" and type(value) in DAYS:
        return True, make_moment(value, 0, UTC)
    return False, None
