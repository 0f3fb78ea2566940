"""A FEEL condition of simple shape as rows (what, how, value), and rows as FEEL. Others stay text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from lark import Token, Tree

from feel.errors import FeelError
from feel.parser import Node, parse

Value = str | Decimal | bool
COMPARED = ("=", "!=", "<", "<=", ">", ">=")
OPERATORS = (*COMPARED, "in", "contains", "true", "false", "null", "not null")
"""How a row compares; `true`, `false`, `null` and `not null` want no value, `in` any number of them."""
NONE_WANTED = ("true", "false", "null", "not null")
NAME = re.compile(r"(?:count\()?[^\W\d]\w*(?:\.[^\W\d]\w*)*\)?")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
MOST_ROWS = 12


@dataclass(frozen=True)
class Row:
    """One comparison. `variable` is a name, a path (`plan.route`) or `count(name)`."""

    variable: str
    operator: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Condition:
    """A condition as written, without the "="; `rows` is empty where it is no simple shape.

    `together`: every row must hold; else one is enough.
    """

    text: str
    rows: tuple[Row, ...] = ()
    together: bool = True

    @property
    def simple(self) -> bool:
        """Whether the rows say all of it."""
        return bool(self.rows)


@lru_cache(2000)
def read(text: str) -> Condition:
    """The rows of a condition, where it is of simple shape."""
    said = text.strip().removeprefix("=").strip()
    try:
        tree = parse(said)
    except (FeelError, RecursionError):
        return Condition(said)
    together, parts = _parts(_inside(tree))
    rows = [_row(part) for part in parts]
    if len(rows) > MOST_ROWS or any(row is None for row in rows):
        return Condition(said)
    return Condition(said, tuple(row for row in rows if row is not None), together)


def write(rows: tuple[Row, ...], together: bool = True) -> str:
    """FEEL for the rows, without the "="."""
    texts = [_written(row) for row in rows]
    return (" and " if together else " or ").join(texts)


def negated(condition: Condition) -> str:
    """FEEL that holds where the condition does not."""
    turned = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "null": "not null", "not null": "null"}
    if len(condition.rows) == 1 and condition.rows[0].operator in turned:
        row = condition.rows[0]
        return _written(Row(row.variable, turned[row.operator], row.values))
    return f"not({condition.text})"


def literal(typed: str) -> Value:
    """What somebody typed as a value: a number, yes or no, else text."""
    plain = typed.strip()
    if plain in ("true", "false"):
        return plain == "true"
    if re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", plain) and not re.fullmatch(r"-?0\d+", plain):
        return Decimal(plain)
    return plain


def shown(value: Value) -> str:
    """A value as it is typed."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _parts(tree: Node) -> tuple[bool, list[Node]]:
    if isinstance(tree, Tree) and tree.data in ("conjunction", "disjunction"):
        return tree.data == "conjunction", list(tree.children)
    return True, [tree]


def _inside(tree: Node) -> Node:
    """What stands in brackets, or in the expression."""
    while isinstance(tree, Tree) and tree.data in ("expression", "group"):
        tree = tree.children[0]
    return tree


def _row(part: Node) -> Row | None:
    tree = _inside(part)
    if not isinstance(tree, Tree):
        return None
    name = _variable(tree)
    if name is not None:
        return Row(name, "true")
    if tree.data == "compare":
        return _compared(tree)
    if tree.data in ("in_tests", "in_value"):
        return _among(tree)
    return _called(tree) if tree.data == "call" else None


def _compared(tree: Tree[Token]) -> Row | None:
    name, operator = _variable(tree.children[0]), str(_only(tree.children[1]))
    if name is None:
        return None
    if isinstance(tree.children[2], Tree) and tree.children[2].data == "null" and operator in ("=", "!="):
        return Row(name, "null" if operator == "=" else "not null")
    value = _value(tree.children[2])
    if value is None:
        return None
    if isinstance(value, bool) and operator == "=":
        return Row(name, "true" if value else "false")
    return Row(name, operator, (value,))


def _among(tree: Tree[Token]) -> Row | None:
    name, listed = _variable(tree.children[0]), tree.children[1]
    if name is None or not isinstance(listed, Tree) or listed.data not in ("in_list", "list"):
        return None
    values = [_value(_test(child)) for child in listed.children if child is not None]
    if not values or any(value is None for value in values):
        return None
    return Row(name, "in", tuple(value for value in values if value is not None))


def _called(tree: Tree[Token]) -> Row | None:
    name, given = _only(tree.children[0]), tree.children[1]
    if not isinstance(given, Tree) or given.data != "positional":
        return None
    if name == "list contains" and len(given.children) == 2:
        variable, value = _variable(given.children[0]), _value(given.children[1])
        return Row(variable, "contains", (value,)) if variable is not None and value is not None else None
    if name == "not" and len(given.children) == 1:
        variable = _variable(given.children[0])
        return Row(variable, "false") if variable is not None else None
    return None


def _test(tree: Node) -> Node:
    return tree.children[0] if isinstance(tree, Tree) and tree.data == "expression_test" else tree


def _only(tree: Node) -> str:
    while isinstance(tree, Tree):
        if not tree.children:
            return ""
        tree = tree.children[0]
    return str(tree)


def _variable(tree: Node) -> str | None:
    """A name, a path, or count(name)."""
    if not isinstance(tree, Tree):
        return None
    if tree.data == "name":
        return str(tree.children[0])
    if tree.data == "path":
        before = _variable(tree.children[0])
        return None if before is None or before.endswith(")") else f"{before}.{tree.children[1]}"
    if tree.data == "call" and _only(tree.children[0]) == "count" and isinstance(tree.children[1], Tree):
        given = tree.children[1]
        inner = _variable(given.children[0]) if given.data == "positional" and len(given.children) == 1 else None
        return None if inner is None or inner.endswith(")") else f"count({inner})"
    return None


def _value(tree: Node) -> Value | None:
    if not isinstance(tree, Tree):
        return None
    if tree.data in ("true", "false"):
        return tree.data == "true"
    text = _only(tree)
    if tree.data == "number":
        try:
            return Decimal(text)
        except InvalidOperation:
            return None
    if tree.data == "string":
        return _unquoted(text)
    if tree.data == "call" and _only(tree.children[0]) == "date" and isinstance(tree.children[1], Tree):
        day = _unquoted(_only(tree.children[1]))
        return day if day is not None and DATE.fullmatch(day) and len(tree.children[1].children) == 1 else None
    return None


def _unquoted(text: str) -> str | None:
    """The text of a FEEL string; None where only FEEL can say it (or a plain text that reads as something else)."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, str) and isinstance(literal(found), str) and found.strip() == found else None


def _written(row: Row) -> str:
    values = ", ".join(_quoted(value) for value in row.values)
    if row.operator == "in":
        return f"{row.variable} in [{values}]"
    if row.operator == "contains":
        return f"list contains({row.variable}, {values})"
    if row.operator in ("true", "false"):
        return f"{row.variable} = {row.operator}"
    if row.operator in ("null", "not null"):
        return f"{row.variable} {'=' if row.operator == 'null' else '!='} null"
    return f"{row.variable} {row.operator} {values}"


def _quoted(value: Value) -> str:
    if isinstance(value, str) and DATE.fullmatch(value):
        return f'date("{value}")'
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else shown(value)
