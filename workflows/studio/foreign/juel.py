"""JUEL, the expressions of Camunda 7, Flowable and Activiti, as FEEL: values, comparisons, and/or/not, empty, choice.

What calls Java (`bean.method()`, `execution.getVariable`) has no FEEL; `NoFeel` says which part. JUEL takes null for
false and for 0, FEEL does not: negations are written so that null counts as false, comparisons with null are left.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import feel
from engine import expressions

TOKENS = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<name>[^\W\d]\w*)|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()\[\]]))")
WORDS = {"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "and": "&&", "or": "||", "div": "/",
         "mod": "%", "not": "!"}
POWER = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6}
SIGNS = {"||": "or", "&&": "and", "==": "="}
OUTSIDE = re.compile(r"[$#]\{")
DEEPEST, LONGEST = 60, 4000
JAVA = ("execution", "task", "dateTime", "spring")
RENAMED = {"nrOfInstances": "numberOfInstances", "nrOfActiveInstances": "numberOfActiveInstances",
           "nrOfCompletedInstances": "numberOfCompletedInstances"}
"""What a round of a multi-instance is told there and here."""


class NoFeel(Exception):
    """This expression has no FEEL that means the same; `zh` and `en` say which part of it."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


def is_juel(text: str) -> bool:
    """Whether a text holds an expression of that kind."""
    return bool(OUTSIDE.search(text))


def feel_of(text: str, *, tried: bool = True) -> str:
    """The FEEL (without "=") of a text such as "${a > 1}" or "kermit_${n}". Raises NoFeel.

    It is compiled to see that it is FEEL (1 ms), unless `tried` is False: where there are thousands, the check before a
    release does that.
    """
    if len(text) > LONGEST:
        raise NoFeel("表达式太长", "the expression is too long")
    parts = _parts(text.strip())
    if len(parts) == 1 and parts[0][0]:
        found = _Reader(parts[0][1]).whole()
    else:
        found = " + ".join(f"string({_Reader(inner).whole()})" if coded else quoted(inner) for coded, inner in parts)
    try:
        _ = expressions.formula(found or '""') if tried else None
    except feel.FeelError as error:
        raise NoFeel(error.message_zh, error.message_en) from None
    return found or '""'


def quoted(text: str) -> str:
    """A text as FEEL writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "").replace("\t", "\\t")
    return f'"{escaped}"'


def _parts(text: str) -> list[tuple[bool, str]]:
    """(is it an expression, its inside) one after the other."""
    found: list[tuple[bool, str]] = []
    at = 0
    while (hit := OUTSIDE.search(text, at)) is not None:
        if hit.start() > at:
            found.append((False, text[at:hit.start()]))
        end = _closing(text, hit.end())
        found.append((True, text[hit.end():end]))
        at = end + 1
    return [*found, (False, text[at:])] if at < len(text) else found


def _closing(text: str, at: int) -> int:
    """Where the brace that is open ends; braces inside quotes do not count."""
    quote = ""
    for place in range(at, len(text)):
        sign = text[place]
        if quote:
            quote = "" if sign == quote and text[place - 1] != "\\" else quote
        elif sign in "'\"":
            quote = sign
        elif sign == "}":
            return place
    raise NoFeel("花括号没有闭合", "a brace is not closed")


class _Reader:
    """A climbing reader of one expression."""

    def __init__(self, text: str) -> None:
        self.tokens, at = list[tuple[str, str]](), 0
        while text[at:].strip():
            found = TOKENS.match(text, at)
            if found is None or found.lastgroup is None:
                raise NoFeel(f"看不懂“{text[at:at + 20].strip()}”", f"cannot read {text[at:at + 20].strip()!r}")
            word = found[found.lastgroup]
            sign = WORDS.get(word) if found.lastgroup == "name" and self._last() != "." else None
            self.tokens.append(("sign", sign) if sign else (found.lastgroup, word))
            at = found.end()
        self.at = self.depth = 0

    def _last(self) -> str:
        return self.tokens[-1][1] if self.tokens else ""

    def whole(self) -> str:
        found = self.choice()
        if self.at < len(self.tokens):
            raise NoFeel(f"多出“{self.peek()}”", f"unexpected {self.peek()!r}")
        return found

    def peek(self) -> str:
        kind, word = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        return word if kind == "sign" else ""

    def take(self, sign: str) -> bool:
        hit = self.peek() == sign
        self.at += hit
        return hit

    def want(self, sign: str) -> None:
        if not self.take(sign):
            raise NoFeel(f"缺少“{sign}”", f"{sign!r} is missing")

    def choice(self) -> str:
        self.depth += 1
        if self.depth > DEEPEST:
            raise NoFeel("嵌套太深", "nested too deeply")
        found = self.binary(1)
        if self.take("?"):
            then = self.choice()
            self.want(":")
            found = f"(if {found} then {then} else {self.choice()})"
        self.depth -= 1
        return found

    def binary(self, power: int) -> str:
        left = self.unary()
        while POWER.get(sign := self.peek(), 0) >= power:
            self.at += 1
            right = self.binary(POWER[sign] + 1)
            left = f"modulo({left}, {right})" if sign == "%" else f"{left} {SIGNS.get(sign, sign)} {right}"
        return left

    def unary(self) -> str:
        self.depth += 1
        if self.depth > DEEPEST:
            raise NoFeel("嵌套太深", "nested too deeply")
        try:
            if self.take("!"):
                return self.negated()
            if self.take("-"):
                return f"-{self.unary()}"
            if self.at < len(self.tokens) and self.tokens[self.at] == ("name", "empty"):
                self.at += 1
                inner = self.unary()
                return f'(if {inner} = null or {inner} = "" or {inner} = [] then true else false)'
            return self.value()
        finally:
            self.depth -= 1

    def negated(self) -> str:
        begin = self.at
        inner = self.unary()
        plain = all(kind == "name" or word == "." for kind, word in self.tokens[begin:self.at])
        return f"not({inner} = true)" if plain and inner not in ("true", "false") else f"not({inner})"

    def value(self) -> str:
        kind, word = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        self.at += 1
        if word == "(" and kind == "sign":
            inner = self.choice()
            self.want(")")
            return self.path(f"({inner})")
        if kind == "number":
            return word
        if kind == "text":
            return self.path(quoted(re.sub(r"\\(.)", r"\1", word[1:-1])))
        if kind == "name":
            if word in JAVA or self.peek() == "(":
                raise NoFeel(f"用到了 Java 的“{word}”", f"it uses {word!r} of Java")
            return self.path(RENAMED.get(word, word))
        raise NoFeel("表达式不完整", "the expression is not complete")

    def path(self, found: str) -> str:
        """What follows a value: properties, and the few Java methods that FEEL has a word for."""
        while True:
            if self.take("["):
                kind, word = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
                self.at += 1
                self.want("]")
                if kind == "number":
                    found = f"{found}[{int(float(word)) + 1}]"
                elif kind == "text" and word[1:-1].isidentifier():
                    found = f"{found}.{word[1:-1]}"
                else:
                    raise NoFeel("方括号里不是固定的名称或序号", "the brackets hold neither a name nor a number")
            elif self.take("."):
                kind, word = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
                if kind != "name":
                    raise NoFeel("点号后面没有名称", "a name is missing after the dot")
                self.at += 1
                found = self.method(found, word) if self.take("(") else f"{found}.{word}"
            else:
                return found

    def method(self, found: str, name: str) -> str:
        given = [] if self.peek() == ")" else [self.choice()]
        if not self.take(")") or name not in METHODS or len(given) != METHODS[name][0]:
            raise NoFeel(f"调用了 Java 方法 {name}()", f"it calls the Java method {name}()")
        return METHODS[name][1](found, *given)


METHODS: dict[str, tuple[int, Callable[..., str]]] = {
    "equals": (1, lambda one, other: f"({one} = {other})"), "size": (0, lambda one: f"count({one})"),
    "isEmpty": (0, lambda one: f'(if {one} = [] or {one} = "" then true else false)'),
    "length": (0, lambda one: f"string length({one})"),
    "toLowerCase": (0, lambda one: f"lower case({one})"), "toUpperCase": (0, lambda one: f"upper case({one})"),
}  # fmt: skip
"""Java method -> how many arguments, and FEEL for it."""
