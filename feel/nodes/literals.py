"""Numbers, texts, names, `@"..."`, groups and `if`."""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter

from lark import Token, Tree

from feel.compiler import Code, Scope, build, constant, node, unescape
from feel.iso import read_any


@node("expression", "group")
def inner(tree: Tree[Token], scope: Scope) -> Code:
    return build(tree.children[0], scope)


@node("number", "string", "true", "false", "null")
def literal(tree: Tree[Token], scope: Scope) -> Code:
    value = constant(tree)
    return lambda e: value


@node("at_literal")
def at_literal(tree: Tree[Token], scope: Scope) -> Code:
    value = read_any(unescape(str(tree.children[0])[1:]))
    return lambda e: value


@lru_cache(4096)
def reader(text: str) -> Code:
    """Reads a name; one object for all expressions that do."""
    return itemgetter(text)


@node("name")
def name(tree: Tree[Token], scope: Scope) -> Code:
    text = str(tree.children[0])
    scope.met(text)
    return reader(text)


@node("if_else")
def if_else(tree: Tree[Token], scope: Scope) -> Code:
    test, then, other = (build(child, scope) for child in tree.children)
    return lambda e: then(e) if test(e) is True else other(e)
