"""Text to tree. Everything lark may say about a bad text becomes a FeelError with place and expectation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from feel.budget import TEXT_LENGTH
from feel.errors import FeelError
from feel.lexer import FeelLexer, Source

Node = Tree[Token] | Token

GRAMMAR = Lark(
    Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8"),
    parser="lalr",
    lexer=FeelLexer,
    start=["expression", "unary"],
    maybe_placeholders=True,
)
READABLE = {
    "LPAR": "(", "RPAR": ")", "LSQB": "[", "RSQB": "]", "LBRACE": "{", "RBRACE": "}", "COMMA": ",", "COLON": ":",
    "DOT": ".", "DOTS": "..", "ARROW": "->", "_THEN": "then", "_ELSE": "else", "_IN": "in", "_RETURN": "return",
    "_SATISFIES": "satisfies", "_AND": "and",
}  # fmt: skip
NAMED = {
    "NAME": ("名称", "a name"), "KEY": ("键", "a key"), "NUMBER": ("值", "a value"),
    "$END": ("表达式结束", "the end of the expression"),
}  # fmt: skip


def parse(text: str, names: frozenset[str] = frozenset(), *, unary: bool = False) -> Tree[Token]:
    """The tree of an expression, or of unary tests; `names` are those known around it."""
    if len(text) > TEXT_LENGTH:
        raise FeelError(f"表达式超过 {TEXT_LENGTH} 字", f"the expression is longer than {TEXT_LENGTH} characters")
    if not text.strip():
        raise FeelError("表达式为空", "the expression is empty", line=1, column=1)
    if not unary:
        return _read(Source(text, names, False), "expression")
    try:
        return _read(Source(text, names, True), "unary")
    except FeelError:  # `not(a) and b` is an expression, not a negated list of tests
        if not text.lstrip().startswith("not"):
            raise
        return _read(Source(text, names, False), "unary")


def _read(source: Source, start: str) -> Tree[Token]:
    try:
        given: Any = source
        return GRAMMAR.parse(given, start=start)
    except UnexpectedInput as problem:
        raise _refusal(source, problem) from None


def _refusal(source: Source, problem: UnexpectedInput) -> FeelError:
    token = getattr(problem, "token", None)
    expected: set[str] = set(getattr(problem, "expected", None) or getattr(problem, "accepts", None) or ())
    zh, en = _expectation(expected)
    if token is None or token.type == "$END":
        position = len(source.text.rstrip())
        return source.error(position, f"表达式不完整{zh}", f"the expression ends too early{en}")
    shown = str(token)[:40]
    return source.error(token.start_pos or 0, f"此处不应出现“{shown}”{zh}", f"{shown!r} is not expected here{en}")


def _expectation(expected: set[str]) -> tuple[str, str]:
    signs = sorted(READABLE[name] for name in expected if name in READABLE)
    words = [NAMED[name] for name in ("NAME", "KEY", "$END") if name in expected]
    if not signs and not words:
        return "", ""
    zh = "、".join([f"“{s}”" for s in signs] + [w[0] for w in words])
    en = ", ".join([repr(s) for s in signs] + [w[1] for w in words])
    return f"，应为：{zh}", f"; expected one of: {en}"
