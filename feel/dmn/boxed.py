"""Boxed expressions (DMN 1.5, chapter 10.2.2): each becomes the same kind of closure as a FEEL text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

from feel.budget import spend
from feel.compiler import Code, Names, Scope, build
from feel.dmn.itemtypes import ItemTypes
from feel.dmn.table import Table, read_table
from feel.dmn.xml import Element, child, children, label, line_of, local, text_of
from feel.errors import FeelError
from feel.expression import hard
from feel.external import external
from feel.functions import invoke_named, typed_call
from feel.lexer import normal
from feel.nodes.boxes import inside_item, pick
from feel.nodes.calls import FUNCTIONS
from feel.nodes.loops import items_of
from feel.nodes.tests import SUBJECT
from feel.parser import parse
from feel.types import Type, coerce
from feel.values import Function, Value

LANGUAGE = re.compile(r"(|.*[/:])s?-?feel(/[0-9]*)?", re.IGNORECASE)
"""FEEL as the versions of DMN call it: `feel`, `http://www.omg.org/spec/FEEL/20140401`, `.../DMN/20230324/FEEL/`."""


class Reading:
    """What is being compiled: one decision or business knowledge model, with its names and types."""

    def __init__(self, names: frozenset[str], types: ItemTypes) -> None:
        self.names = names
        self.types = types
        self.scope = Scope()
        self.scope.types = types.made
        self.tables: list[Table] = []

    @contextmanager
    def binding(self, *names: str) -> Iterator[set[str]]:
        """Inside, these names are bound, and known to the reader of texts however they are spelled."""
        outer = self.names
        self.names = outer | hard(names)
        with self.scope.binding(*names) as bound:
            yield bound
        self.names = outer

    def feel(self, text: str, where: str, element: Element) -> Code:
        return self._compiled(text, where, element, False)

    def tests(self, text: str, where: str, element: Element) -> Code:
        with self.scope.binding(SUBJECT):
            return self._compiled(text, where, element, True)

    def _compiled(self, text: str, where: str, element: Element, unary: bool) -> Code:
        self.scope.depth = 0
        try:
            return build(parse(text, self.names, unary=unary), self.scope)
        except FeelError as problem:
            problem.line += line_of(element) - 1
            raise problem.at(where) from None

    def defaults(self) -> Names:
        """Every name read, with the built-in function of that name or null."""
        return {name: FUNCTIONS.get(name) for name in self.scope.free | self.scope.perhaps}

    def boxed(self, element: Element, name: str = "", kind: Type | None = None) -> Code:
        """Compile any boxed expression; raises FeelError naming it."""
        handler = BOXES.get(local(element))
        if handler is None:
            raise FeelError(f"不支持的表达式 {local(element)}", f"unsupported expression {local(element)}").at(
                label(element), element.sourceline
            )
        return handler(element, self, name, kind)

    def inner(self, element: Element, name: str, wrapper: str) -> Code:
        """The boxed expression inside a wrapper such as `if`, `in`, `return`."""
        holder = child(element, wrapper)
        found = None if holder is None else child(holder, *BOXES)
        if found is None:
            raise FeelError(f"缺少 {wrapper}", f"{wrapper} is missing").at(label(element), element.sourceline)
        return self.boxed(found, name)


def expression_in(element: Element) -> Element | None:
    return child(element, *BOXES)


def _literal(element: Element, reading: Reading, name: str, kind: Type | None) -> Code:
    language = element.get("expressionLanguage") or ""
    if language and not LANGUAGE.fullmatch(language):
        raise FeelError(f"表达式语言只能是 FEEL，不能是 {language}", f"expressions are FEEL, not {language}").at(
            label(element), element.sourceline
        )
    text = text_of(element) if child(element, "text") is not None else ""
    if not text:
        return lambda e: None
    return reading.feel(text, name, element)


def _context(element: Element, reading: Reading, name: str, kind: Type | None) -> Code:
    entries: list[tuple[str, Code, Type | None]] = []
    with reading.binding() as bound:
        for entry in children(element, "contextEntry"):
            variable = child(entry, "variable")
            key = "" if variable is None else normal(variable.get("name") or "")
            own = None if variable is None else reading.types.named(variable.get("typeRef"))
            inner = expression_in(entry)
            code: Code = (lambda e: None) if inner is None else reading.boxed(inner, key or name, own)
            entries.append((key, code, own))
            bound.add(key)
            reading.names |= hard([key])

    def run(e: Names) -> Value:
        inside = e.copy()
        made: dict[str, Value] = {}
        for key, code, own in entries:
            value = code(inside)
            value = value if own is None else coerce(value, own)[1]
            if not key:
                return value
            made[key] = inside[key] = value
        return made

    return run


def _list(element: Element, reading: Reading, name: str, kind: Type | None) -> Code:
    codes = [reading.boxed(inner, name) for inner in children(element, *BOXES)]
    return lambda e: [code(e) for code in codes]


def _relation(element: Element, reading: Reading, name: str, kind: Type | None) -> Code:
    columns = [normal(column.get("name") or "") for column in children(element, "column")]
    rows = [[reading.boxed(cell, name) for cell in children(row, *BOXES)] for row in children(element, "row")]
    return lambda e: [{key: code(e) for key, code in zip(columns, row, strict=False)} for row in rows]


def _invocation(element: Element, reading: Reading, name: str, kind: Type | None) -> Code:
    called = expression_in(element)
    if called is None:
        raise FeelError("调用缺少函数", "the invocation names no function").at(label(element), element.sourceline)
    function = reading.boxed(called, name)
    names: list[str] = []
    codes: list[Code] = []
    for binding in children(element, "binding"):
        parameter, inner = child(binding, "parameter"), expression_in(binding)
        names.append("" if parameter is None else normal(parameter.get("name") or ""))
        codes.append((lambda e: None) if inner is None else reading.boxed(inner, name))
    return lambda e: _called(function(e), names, [code(e) for code in codes])


def _called(function: Value, names: Sequence[str], values: Sequence[Value]) -> Value:
    """Parameters that no binding names are null (10.2.1.5)."""
    if type(function) is not Function:
        return None
    given = dict(zip(names, values, strict=True))
    if function.variadic:
        return function.apply(*values)
    if not set(given) <= set(function.parameters):
        return None
    filled = {parameter: given.get(parameter) for parameter in function.parameters}
    return invoke_named(function, list(filled), list(filled.values()))


def _function(element: Element, reading: Reading, name: str, kind: Type | None) -> Code:
    parameters = list(children(element, "formalParameter"))
    names = tuple(normal(p.get("name") or "") for p in parameters)
    types = tuple(reading.types.named(p.get("typeRef")) for p in parameters)
    body_element, element_kind = expression_in(element), element.get("kind", "FEEL")
    if body_element is None:
        return lambda e: Function(lambda *given: None, names)
    if element_kind != "FEEL":
        description = reading.boxed(body_element, name)
        return lambda e: external({str(element_kind).lower(): description(e)}, names)
    own = reading.types.named(body_element.get("typeRef"))
    result = kind.result if kind is not None and kind.name == "function" else None
    before = reading.scope.built
    with reading.binding(*names):
        body = reading.boxed(body_element, name, own)
    weight = reading.scope.weight(before)

    def make(e: Names) -> Value:
        def call(arguments: Sequence[Value]) -> Value:
            spend(weight)
            inside = e.copy()
            inside.update(zip(names, arguments, strict=True))
            return body(inside)

        return Function(typed_call(call, types, result or own), names, types=types, result_type=result or own)

    return make


def _conditional(element: Element, reading: Reading, name: str, kind: Type | None) -> Code:
    test, then, other = (reading.inner(element, name, part) for part in ("if", "then", "else"))

    def run(e: Names) -> Value:
        answer = test(e)
        if answer is True:
            return then(e)
        return other(e) if answer is False or answer is None else None

    return run


def _filter(element: Element, reading: Reading, name: str, kind: Type | None) -> Code:
    source = reading.inner(element, name, "in")
    before = reading.scope.built
    with reading.scope.filtering() as inside:
        test = reading.inner(element, name, "match")
    names = tuple(inside - {"item"})
    weight = reading.scope.weight(before)

    def run(e: Names) -> Value:
        value = source(e)
        items = value if type(value) is list else ([] if value is None else [value])
        kept: list[Value] = []
        for item in items:
            spend(weight)
            answer = test(inside_item(e, item, names))
            if type(answer) is Decimal:
                return pick(items, answer)
            if answer is True:
                kept.append(item)
        return kept

    return run


def _loop(element: Element, reading: Reading, name: str, body_name: str) -> Callable[[Names, list[Value]], Value]:
    """Runs the body once per item and appends what it gives; False when there is nothing to run over."""
    variable = normal(element.get("iteratorVariable") or "")
    source = reading.inner(element, name, "in")
    before = reading.scope.built
    with reading.binding(variable, "partial"):
        body = reading.inner(element, name, body_name)
    weight = reading.scope.weight(before)

    def run(e: Names, results: list[Value]) -> bool:
        items = items_of(source(e))
        if items is None:
            return False
        for item in items:
            spend(weight + len(results) // 8)
            results.append(body({**e, variable: item, "partial": list(results)}))
        return True

    return run


def _for(element: Element, reading: Reading, name: str, kind: Type | None) -> Code:
    loop = _loop(element, reading, name, "return")

    def run(e: Names) -> Value:
        results: list[Value] = []
        return results if loop(e, results) else None

    return run


def _quantified(element: Element, reading: Reading, name: str, kind: Type | None) -> Code:
    deciding = local(element) == "some"
    loop = _loop(element, reading, name, "satisfies")

    def run(e: Names) -> Value:
        results: list[Value] = []
        if not loop(e, results):
            return None
        if any(type(r) is not bool and r is not None for r in results):
            return None
        return deciding if deciding in results else (None if None in results else not deciding)

    return run


Box = Callable[[Element, Reading, str, Type | None], Code]
BOXES: dict[str, Box] = {
    "literalExpression": _literal,
    "decisionTable": read_table,
    "context": _context,
    "list": _list,
    "relation": _relation,
    "invocation": _invocation,
    "functionDefinition": _function,
    "conditional": _conditional,
    "filter": _filter,
    "for": _for,
    "some": _quantified,
    "every": _quantified,
}
