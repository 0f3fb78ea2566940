"""The tree becomes Python closures, once; running is calling them with one dict of names.

Every closure takes the names in force and gives a FEEL value. Loops, filters and calls run their body with a copy of
the dict, so a function value may keep the dict it was made in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal, DecimalException
from typing import Any

from lark import Token, Tree

from feel.errors import FeelError
from feel.types import Type
from feel.values import NUMBERS, Value

Names = dict[str, Value]
Code = Callable[[Names], Value]
DEPTH = 100
NOT_CONSTANT = object()


class Scope:
    """What is known while a tree is compiled: the names bound here, and the free ones met so far."""

    def __init__(self) -> None:
        self.bound: list[set[str]] = []
        self.free: set[str] = set()
        self.perhaps: set[str] = set()
        self.filters = 0
        self.depth = 0
        self.built = 0
        self.types: Mapping[str, Type] = {}

    def met(self, name: str) -> None:
        """A name is read; unless bound here it must come with the context (or, inside a filter, from the element)."""
        if not any(name in names for names in self.bound):
            (self.perhaps if self.filters else self.free).add(name)

    @contextmanager
    def binding(self, *names: str) -> Iterator[set[str]]:
        bound = set(names)
        self.bound.append(bound)
        yield bound
        self.bound.pop()

    def weight(self, before: int) -> int:
        """The steps that running once what was built since `before` costs: one for two nodes, and the round itself."""
        return 2 + (self.built - before) // 2

    @contextmanager
    def filtering(self) -> Iterator[set[str]]:
        """Inside, names may be keys of the element filtered; gives the set of names read inside."""
        outer = self.free, self.perhaps
        inside: set[str] = set()
        self.free, self.perhaps = inside, inside
        self.filters += 1
        with self.binding("item"):
            yield inside
        self.filters -= 1
        self.free, self.perhaps = outer
        self.perhaps |= inside


Handler = Callable[[Tree[Token], Scope], Code]
NODES: dict[str, Handler] = {}


def node(*kinds: str) -> Callable[[Handler], Handler]:
    """The function below compiles these kinds of the grammar."""

    def register(handler: Handler) -> Handler:
        NODES.update(dict.fromkeys(kinds, handler))
        return handler

    return register


def build(tree: Any, scope: Scope) -> Code:
    """The closure of one node; raises FeelError when the tree is nested too deep."""
    scope.depth += 1
    scope.built += 1
    if scope.depth > DEPTH:
        raise FeelError(f"表达式嵌套超过 {DEPTH} 层", f"the expression is nested more than {DEPTH} levels deep")
    code = NODES[tree.data](tree, scope)
    scope.depth -= 1
    return code


def constant(tree: Any) -> Value:
    """The value of a literal, NOT_CONSTANT for anything else."""
    match tree.data:
        case "number":
            return _literal(str(tree.children[0]))
        case "true" | "false":
            return tree.data == "true"
        case "null":
            return None
        case "string":
            return unescape(str(tree.children[0]))
        case "negation":
            inner = constant(tree.children[0])
            return NUMBERS.minus(inner) if type(inner) is Decimal else NOT_CONSTANT
        case "group":
            return constant(tree.children[0])
    return NOT_CONSTANT


def _literal(text: str) -> Decimal | None:
    try:
        return NUMBERS.create_decimal(text)
    except DecimalException:
        return None


ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


def unescape(quoted: str) -> str:
    r"""The text of a string literal: `\n`, `\uXXXX` (surrogate pairs joined), `\UXXXXXX`; an unknown escape stays."""
    body = quoted[1:-1]
    if "\\" not in body:
        return body
    parts: list[str] = []
    at = 0
    while at < len(body):
        char, at = body[at], at + 1
        if char == "\\" and at < len(body):
            char, at = _escape(body, at)
        parts.append(char)
    return "".join(parts).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _escape(body: str, at: int) -> tuple[str, int]:
    letter = body[at]
    if letter in ESCAPES:
        return ESCAPES[letter], at + 1
    digits = {"u": 4, "U": 6}.get(letter, 0)
    code = body[at + 1 : at + 1 + digits]
    if digits and len(code) == digits and all(c in "0123456789abcdefABCDEF" for c in code) and int(code, 16) < 0x110000:
        return chr(int(code, 16)), at + 1 + digits
    return "\\" + letter, at + 1
