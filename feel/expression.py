"""Compiled expressions and unary tests, and the cache they come from."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

import feel.nodes  # noqa: F401 - fills the table of nodes
from feel import budget as budgets
from feel.budget import Budget
from feel.compiler import Code, Names, Scope, build
from feel.errors import FeelError
from feel.functions import handed_in
from feel.lexer import awkward, normal
from feel.nodes.calls import FUNCTIONS
from feel.nodes.tests import SUBJECT
from feel.parser import parse
from feel.size import measured, too_deep
from feel.values import Function, Range, Value, feel_value

MISSING = object()
Some = TypeVar("Some", bound=Hashable)
CONTAINERS = (list, dict, str, Range)


@lru_cache(4096)
def shared(given: Some) -> Some:
    """An equal object met before: ten thousand expressions read much the same names."""
    return given


class Program:
    """One text compiled: its closure and the names it reads. Shared by everybody, holds no data."""

    __slots__ = ("code", "free", "plan", "text")

    def __init__(self, text: str, names: frozenset[str], unary: bool) -> None:
        scope = Scope()
        self.text = text
        try:
            self.code: Code = build(parse(text, names, unary=unary), scope)
        except RecursionError:
            raise too_deep() from None
        self.free = shared(frozenset(scope.free - FUNCTIONS.keys() - {SUBJECT}))
        wanted = scope.free | scope.perhaps
        self.plan = shared(tuple((name, FUNCTIONS.get(name)) for name in sorted(wanted)))

    def run(self, names: Names, budget: Budget | None) -> Value:
        """The value for names already in FEEL's own types; one budget for all of it."""
        outer = budgets.opened()
        budgets.use(budget or outer or Budget())
        try:
            answer = self.code(names)
            return answer if type(answer) not in CONTAINERS else measured(answer)
        except RecursionError:
            raise too_deep() from None
        finally:
            budgets.use(outer)

    def names_from(self, context: Mapping[str, Any], functions: Mapping[str, Function]) -> Names:
        """The dict the closure runs with: only names it reads, as FEEL values; a missing name is null."""
        names: Names = {}
        for name, default in self.plan:
            value = context.get(name, MISSING)
            if value is MISSING:
                names[name] = functions.get(name, default)
            else:
                names[name] = feel_value(value)
        return names


@lru_cache(10_000)
def program(text: str, names: frozenset[str] = frozenset(), unary: bool = False) -> Program:
    """The compiled text, from the cache when it was met before."""
    return Program(text, names, unary)


class Expression:
    """A compiled expression; call it with a context (a mapping of names to values)."""

    __slots__ = ("functions", "names", "program", "text")

    def __init__(self, compiled: Program, functions: Mapping[str, Any]) -> None:
        self.program = compiled
        self.text = compiled.text
        self.functions = handed_in(functions)
        self.names: frozenset[str] = compiled.free - self.functions.keys()

    def __call__(self, context: Mapping[str, Any] | None = None, budget: Budget | int | None = None) -> Value:
        """The value; raises FeelError when it goes over the budget (steps) or an input has no FEEL type."""
        compiled = self.program
        if isinstance(budget, int):
            budget = Budget(budget)
        return compiled.run(compiled.names_from(context or {}, self.functions), budget)

    def missing(self, context: Mapping[str, Any]) -> frozenset[str]:
        """The names this context does not provide; each of them is null, which may hide a mistake."""
        return self.names - context.keys()


class Tests:
    """Compiled unary tests: does a value pass."""

    __slots__ = ("functions", "names", "program", "text")

    def __init__(self, compiled: Program | None, functions: Mapping[str, Any], text: str) -> None:
        self.program = compiled
        self.text = text
        self.functions = handed_in(functions)
        self.names: frozenset[str] = frozenset() if compiled is None else compiled.free - self.functions.keys()

    def __call__(self, value: Any, context: Mapping[str, Any] | None = None, budget: Budget | None = None) -> bool:
        if self.program is None:
            return True
        names = self.program.names_from(context or {}, self.functions)
        names[SUBJECT] = feel_value(value)
        return self.program.run(names, budget) is True


def hard(names: Iterable[str]) -> frozenset[str]:
    """Those names that a reader of the text must know (see lexer)."""
    return frozenset(normal(name) for name in names if awkward(name))


def met_in(text: str, names: Iterable[str]) -> frozenset[str]:
    """Those names that a reader of the text must know and that can occur in it at all."""
    found = hard(names)
    if not found:
        return found
    bare = "".join(text.split())
    return frozenset(name for name in found if "".join(name.split()) in bare)


def split(functions: Mapping[str, Any] | Iterable[str]) -> tuple[Mapping[str, Any], Iterable[str]]:
    return (functions, functions) if isinstance(functions, Mapping) else ({}, functions)


def compile(  # noqa: A001 - the word of the trade
    text: str, *, functions: Mapping[str, Any] | Iterable[str] = (), names: Iterable[str] = ()
) -> Expression:
    """Compile an expression; `functions` maps FEEL names to Python callables, `names` are context keys with signs.

    Raises FeelError with line, column and what was expected.
    """
    callables, known = split(functions)
    return Expression(program(text, met_in(text, [*known, *names])), callables)


def unary_tests(text: str, *, functions: Mapping[str, Any] | Iterable[str] = (), names: Iterable[str] = ()) -> Tests:
    """Compile a decision table's input cell; `-` or nothing passes everything."""
    callables, known = split(functions)
    if text.strip() in ("", "-"):
        return Tests(None, callables, text)
    return Tests(program(text, met_in(text, [*known, *names]), True), callables, text)


def evaluate(text: str, context: Mapping[str, Any] | None = None, functions: Mapping[str, Any] | None = None) -> Value:
    """Compile (cached) and run at once; the names with signs in them are taken from the context."""
    given = context or {}
    return compile(text, functions=functions or {}, names=_keys(given, 3))(given)


def _keys(context: Mapping[str, Any], levels: int) -> list[str]:
    found = [str(key) for key in context]
    if levels:
        for value in context.values():
            if isinstance(value, Mapping):
                found.extend(_keys(value, levels - 1))
    return found


__all__ = ["Expression", "FeelError", "Program", "Tests", "compile", "evaluate", "program", "unary_tests"]
