"""Function literals and calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lark import Token, Tree

from feel.budget import spend
from feel.builtins import BUILTINS
from feel.compiler import Code, Names, Scope, build, node
from feel.external import external
from feel.functions import invoke, invoke_named, typed_call
from feel.signatures import Signature, run_first
from feel.types import type_of
from feel.values import Function, Value


@node("function")
def function_literal(tree: Tree[Token], scope: Scope) -> Code:
    """A function value keeps the names in force where it was made."""
    parameters = [child for child in tree.children[:-1] if isinstance(child, Tree)]
    names = tuple(str(p.children[0]) for p in parameters)
    types = tuple(type_of(p.children[1], scope.types) if isinstance(p.children[1], Tree) else None for p in parameters)
    before = scope.built
    with scope.binding(*names):
        body = build(tree.children[-1], scope)
    weight = scope.weight(before)
    if len(set(names)) < len(names):
        return lambda e: None

    def make(e: Names) -> Value:
        def call(arguments: Sequence[Value]) -> Value:
            spend(weight)
            inside = e.copy()
            inside.update(zip(names, arguments, strict=True))
            return body(inside)

        return Function(typed_call(call, types), names, types=types)

    return make


@node("external")
def external_function(tree: Tree[Token], scope: Scope) -> Code:
    parameters = [child for child in tree.children[:-1] if isinstance(child, Tree)]
    names = tuple(str(p.children[0]) for p in parameters)
    description = build(tree.children[-1], scope)
    return lambda e: external(description(e), names)


@node("call")
def call(tree: Tree[Token], scope: Scope) -> Code:
    subject, arguments = tree.children
    names, codes = _arguments(arguments, scope)
    code = build(subject, scope)
    name = str(subject.children[0]) if isinstance(subject, Tree) and subject.data == "name" else ""
    if name in BUILTINS:
        return _builtin_call(name, code, names, codes)
    if names is None:
        return lambda e: invoke(code(e), [c(e) for c in codes])
    return lambda e: invoke_named(code(e), names, [c(e) for c in codes])


def _arguments(tree: Any, scope: Scope) -> tuple[list[str] | None, list[Code]]:
    if tree is None:
        return None, []
    if tree.data == "positional":
        return None, [build(child, scope) for child in tree.children]
    if tree.data == "named_arguments":
        pairs = [(str(n.children[0]), build(n.children[1], scope)) for n in tree.children]
        return [name for name, _ in pairs], [code for _, code in pairs]
    return (lambda pair: ([pair[0]], [pair[1]]))((str(tree.children[0]), build(tree.children[1], scope)))


def _builtin_call(name: str, code: Code, names: list[str] | None, codes: list[Code]) -> Code:
    """A built-in's signatures are chosen now, by number or names of arguments.

    A function of the same name in force comes first; a datum of that name (a variable called `date`) does not hide it.
    """
    own = FUNCTIONS[name]
    signatures = BUILTINS[name].signatures
    if names is None:
        chosen = [s for s in signatures if s.accepts(len(codes))]

        def run(e: Names) -> Value:
            given = [c(e) for c in codes]
            found = code(e)
            return run_first(chosen, given) if found is own or type(found) is not Function else invoke(found, given)

        return run
    placed = [(s, places) for s in signatures if (places := s.places(names)) is not None]

    def run_named(e: Names) -> Value:
        given = [c(e) for c in codes]
        found = code(e)
        if found is own or type(found) is not Function:
            return _run_placed(placed, given)
        return invoke_named(found, names, given)

    return run_named


def _run_placed(placed: list[tuple[Signature, list[int]]], given: list[Value]) -> Value:
    for signature, places in placed:
        arguments: list[Value] = [None] * (max(places) + 1)
        for place, value in zip(places, given, strict=True):
            arguments[place] = value
        answer = run_first([signature], arguments)
        if answer is not None:
            return answer
    return None


FUNCTIONS: dict[str, Function] = {name: each.function() for name, each in BUILTINS.items()}
