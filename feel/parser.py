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
GROUPS: list[tuple[str, str, str, set[str]]] = [
    ("NUMBER", "值（数字、带引号的文本、名称或括号）", "a value (a number, quoted text, a name or a bracket)",
     {"NAME", "LPAR", "LSQB", "LBRACE"}),
    ("MULOP", "运算符", "an operator", {"DOT", "LPAR", "LSQB", "_AND", "_IN"}),
    ("NAME", "名称", "a name", set()),
    ("KEY", "键", "a key", set()),
    ("$END", "表达式结束", "the end of the expression", set()),
]  # fmt: skip
"""What to say instead of listing: when this terminal is possible, the words, and the terminals they speak for."""
PAIRS = {"==": "=", "<>": "!=", "=<": "<=", "=>": ">=", ":=": "="}


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
    zh, en = _expectation(set(getattr(problem, "accepts", None) or ()))
    if token is None or token.type == "$END":
        position = len(source.text.rstrip())
        return source.error(position, f"表达式不完整{zh}", f"the expression ends too early{en}")
    position, shown = token.start_pos or 0, str(token)[:40]
    shown, advised = _advice(source.text, position, shown)
    if advised:
        zh, en = f"，请写 {advised}", f"; write {advised}"
    return source.error(position, f"此处不应出现“{shown}”{zh}", f"{shown!r} is not expected here{en}")


def _advice(text: str, position: int, shown: str) -> tuple[str, str]:
    """What somebody used to another language wrote, and what it is here; nothing when it is not known."""
    for pair in (text[max(0, position - 1) : position + 1], text[position : position + 2]):
        if pair in PAIRS:
            return pair, PAIRS[pair]
    if shown == "?":
        return shown, "if … then … else …"
    return shown, {"、": ",", "【": "[", "】": "]", "《": "<", "》": ">"}.get(shown[0], "")


def _expectation(expected: set[str]) -> tuple[str, str]:
    words: list[tuple[str, str]] = []
    for terminal, zh, en, spoken_for in GROUPS:
        if terminal in expected:
            words.append((zh, en))
            expected = expected - spoken_for
    signs = sorted(READABLE[name] for name in expected if name in READABLE)
    if not signs and not words:
        return "", ""
    chinese = "、".join([f"“{sign}”" for sign in signs] + [zh for zh, _ in words])
    english = ", ".join([repr(sign) for sign in signs] + [en for _, en in words])
    return f"，应为：{chinese}", f"; expected: {english}"
