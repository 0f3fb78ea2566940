"""Expressions of Java engines as FEEL: `${test.contains("a") && !b}` becomes `contains(test, "a") and not(b)`.

BPMN leaves the expression language to each engine, so a runner of other people's drawings has to say them in ours.
What is not understood stays as it is written, and the lint judges it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>"[^"]*"|'[^']*')|(?P<name>[^\W\d]\w*)"""
    r"""|(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/()<>!.,=?:]))"""
)
WRAPPED = re.compile(r"\s*[$#]\{(.*)\}\s*", re.DOTALL)
SIGNS = {"==": "=", "eq": "=", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">="}
LEVELS = (
    {"||": "or", "or": "or"},
    {"&&": "and", "and": "and"},
    {sign: SIGNS.get(sign, sign) for sign in ("==", "=", "!=", "<", ">", "<=", ">=", *SIGNS)},
    {"+": "+", "-": "-"},
    {"*": "*", "/": "/"},
)
METHODS = {
    "contains": "contains({0}, {1})", "startsWith": "starts with({0}, {1})", "endsWith": "ends with({0}, {1})",
    "equals": "{0} = {1}", "length": "string length({0})", "size": "count({0})", "isEmpty": "({0} = \"\")",
    "intValue": "{0}", "booleanValue": "{0}", "toString": "string({0})",
}  # fmt: skip
NAMES = {
    "nrOfInstances": "numberOfInstances", "nrOfActiveInstances": "numberOfActiveInstances",
    "nrOfCompletedInstances": "numberOfCompletedInstances",
}  # fmt: skip


class NotUnderstood(Exception):
    """The text is not an expression of the small language above."""


@dataclass
class Reader:
    """The tokens of an expression and how far they are read."""

    tokens: list[str]
    at: int = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        found = self.peek()
        if not found or (expected and found != expected):
            raise NotUnderstood(found)
        self.at += 1
        return found


def feel(text: str) -> str:
    """The expression in FEEL; the text itself when it is not understood, or when it is FEEL already (`=...`)."""
    plain = text.strip()
    wrapped = WRAPPED.fullmatch(plain)
    try:
        reader = Reader(_tokens(wrapped[1] if wrapped else plain))
        said = _level(reader, 0)
        return text if reader.peek() else said
    except (NotUnderstood, RecursionError):
        return text


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.strip().rstrip(";").removeprefix("return ")
    while at < len(text):
        hit = TOKEN.match(text, at)
        if hit is None:
            raise NotUnderstood(text[at:])
        found.append(hit[0].strip())
        at = hit.end()
    return found


def _level(reader: Reader, level: int) -> str:
    if level == len(LEVELS):
        return _single(reader)
    said = _level(reader, level + 1)
    while reader.peek() in LEVELS[level]:
        sign = LEVELS[level][reader.take()]
        said = f"{said} {sign} {_level(reader, level + 1)}"
    return said


def _single(reader: Reader) -> str:
    word = reader.take()
    if word in ("!", "not"):
        return f"not({_single(reader)})"
    if word == "-":
        return f"-{_single(reader)}"
    if word == "(":
        said = f"({_level(reader, 0)})"
        reader.take(")")
    elif word[0] in "\"'":
        said = f'"{word[1:-1]}"'
    elif word[0].isdigit() or word[0].isalpha() or word[0] == "_":
        said = NAMES.get(word, word)
    else:
        raise NotUnderstood(word)
    return _methods(reader, said)


def _methods(reader: Reader, said: str) -> str:
    while reader.peek() == ".":
        reader.take()
        name = reader.take()
        if reader.peek() != "(":
            said = f"{said}.{name}"
            continue
        reader.take("(")
        given = [said]
        while reader.peek() != ")":
            given.append(_level(reader, 0))
            if reader.peek() == ",":
                reader.take()
        reader.take(")")
        if name not in METHODS or METHODS[name].count("{") != len(given):
            raise NotUnderstood(name)
        said = METHODS[name].format(*given)
    return said
