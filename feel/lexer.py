"""Text to tokens.

FEEL lets names contain spaces and operator characters (10.3.1.3): `unit price`, `pre-tax`. Two names side by side mean
nothing else, so words are joined until a keyword or an operator; a name with an operator or a keyword in it
(`date and time`, `a-b`) is recognised when it is known: a built-in's, one given by the caller, or a key of the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter
from typing import Any

from lark import Token
from lark.lexer import Lexer

from feel.budget import NESTING, TOKENS
from feel.errors import FeelError

START = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufefe\U00010000-\U000effff"
)
PART = START + "0-9\u00b7\u0300-\u036f\u203f-\u2040"
SPACE = r"[\s\u180e\u200b\ufeff]"
NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
TOKEN = re.compile(
    rf"(?P<SKIP>(?:{SPACE}|//[^\n]*|/\*.*?\*/)+)"
    rf"|(?P<NUMBER>{NUMBER.pattern})"
    rf"|(?P<NAME>\?|[{START}][{PART}]*)"
    r'|(?P<STRING>"(?:[^"\\]|\\.)*")'
    r'|(?P<AT>@"[^"]*")'
    r"|(?P<OP>\*\*|\.\.|->|<=|>=|!=|[-+*/=<>()\[\]{},:.])",
    re.DOTALL,
)
WORD = re.compile(rf"{SPACE}+([{PART}]+)")
OF = re.compile(rf"{SPACE}+of(?![{PART}])")
KEY = re.compile(r'[^:"{}\[\],]+')
SOLID = r'[^\s,:()\[\]{}"]+'
NEW = re.compile(rf"{SOLID}(?:{SPACE}{{1,9}}{SOLID})*?(?={SPACE}+in(?![{PART}])|{SPACE}*[,:)])")
PIECE = re.compile(rf"[{PART}]+|[^{PART}\s]")
GAP = re.compile(rf"{SPACE}+")
PART_CHAR = re.compile(rf"[{PART}]")
KEYWORDS = {
    "if": "_IF", "then": "_THEN", "else": "_ELSE", "for": "_FOR", "in": "_IN", "return": "_RETURN", "some": "SOME",
    "every": "EVERY", "satisfies": "_SATISFIES", "and": "_AND", "or": "_OR", "between": "_BETWEEN",
    "function": "_FUNCTION", "external": "_EXTERNAL", "true": "TRUE", "false": "FALSE", "null": "NULL",
}  # fmt: skip
OPERATORS = {
    "**": "POW", "..": "DOTS", "->": "ARROW", "<=": "LE", ">=": "GE", "!=": "NE", "=": "EQUAL", "<": "LESSTHAN",
    ">": "MORETHAN", "(": "LPAR", ")": "RPAR", "[": "LSQB", "]": "RSQB", "{": "LBRACE", "}": "RBRACE", ",": "COMMA",
    ":": "COLON", ".": "DOT", "+": "ADDOP", "-": "ADDOP", "*": "MULOP", "/": "MULOP",
}  # fmt: skip
QUOTES = "“”‘’„«»「」『』'`"
INSTEAD = {
    "&": "and", "|": "or", "≥": ">=", "≤": "<=", "≠": "!=", "!": "not(…), !=", "%": "modulo(…, …)", "×": "*", "÷": "/",
    "−": "-", "–": "-", "—": "-", ";": ",", "@": '@"…"', "^": "**",
}  # fmt: skip
ENDS_OPERAND = {"NAME", "NUMBER", "STRING", "AT", "TRUE", "FALSE", "NULL", "RPAR", "RSQB", "RBRACE", "OPEN_RIGHT"}
AFTER_RANGE = {"and", "or", "then", "else", "return", "satisfies", "in", "between", "instance"}
BUILT_IN = ("date and time", "years and months duration", "days and time duration")


def normal(name: str) -> str:
    """A name as it is compared: words one space apart."""
    return " ".join(name.split())


@lru_cache(4096)
def awkward(name: str) -> bool:
    """Joining words would not find this name: it has an operator or a keyword in it."""
    words = name.split()
    return any(word in KEYWORDS or not re.fullmatch(f"[{PART}]+", word) for word in words)


class Known:
    """The names that must be known to be seen, as a tree of their pieces: words, and single signs.

    Between two pieces of a name written without spaces there may be spaces; a name written with spaces wants them where
    it has them.
    """

    __slots__ = ("ends", "following")

    def __init__(self) -> None:
        self.following: dict[tuple[str, str], Known] = {}
        self.ends: str | None = None

    def add(self, name: str) -> None:
        at = self
        spaced = " " in name
        for word in name.split():
            for place, piece in enumerate(PIECE.findall(word)):
                gap = "any" if not spaced else ("none" if place else "some")
                at = at.following.setdefault((gap, piece), Known())
        at.ends = name

    def longest(self, text: str, position: int) -> tuple[str, int] | None:
        """The longest of these names that the text spells from here, and where it ends there."""
        found: tuple[str, int] | None = None
        states, end, begun = [self], position, False
        while states:
            gap = GAP.match(text, end)
            start = gap.end() if gap and begun else end
            piece = PIECE.match(text, start)
            if piece is None:
                break
            gaps = ("some" if start > end or not begun else "none", "any")
            met = [s.following.get((kind, piece[0])) for s in states for kind in gaps]
            states, end, begun = [s for s in met if s is not None], piece.end(), True
            named = next((s.ends for s in states if s.ends is not None), None)
            if named is not None and not (PART_CHAR.match(text, end) and PART_CHAR.match(text, end - 1)):
                found = named, end
        return found


@lru_cache(256)
def known_names(names: frozenset[str]) -> Known:
    """The tree of those of these names that joining words would not find, and of the types' names with `and`."""
    made = Known()
    for name in sorted({normal(n) for n in names if n and awkward(n)} | set(BUILT_IN)):
        made.add(name)
    return made


class Source:
    """One text being read, with the names known outside it."""

    def __init__(self, text: str, names: frozenset[str], unary: bool) -> None:
        self.text = text
        self.names = names
        self.unary = unary

    def error(self, position: int, zh: str, en: str) -> FeelError:
        line = self.text.count("\n", 0, position) + 1
        column = position - (self.text.rfind("\n", 0, position) + 1) + 1
        return FeelError(zh, en, line=line, column=column)


class Scanner:
    """Reads one source from left to right; `tokens` is the whole of its use."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.position = 0
        self.previous = ""
        self.brackets: list[str] = []
        self.key_next = False
        self.known = known_names(source.names)
        self.learnt = Known()
        self.parameters = -1
        self.count = 0

    def tokens(self) -> Iterator[Token]:
        while self.position < len(self.text):
            if self.key_next and (key := self.key()):
                yield key
                continue
            found = TOKEN.match(self.text, self.position)
            if found is None:
                raise self.unreadable()
            kind = found.lastgroup
            if kind == "SKIP":
                self.position = found.end()
            elif kind == "NAME":
                yield self.name(found)
            elif kind == "OP":
                yield self.operator(found[0])
            else:
                yield self.token(str(kind), found[0], found.end())

    def token(self, kind: str, value: str, end: int) -> Token:
        self.previous = kind
        self.count += 1
        if self.count > TOKENS:
            raise self.source.error(
                self.position, f"表达式超过 {TOKENS} 个词", f"the expression has more than {TOKENS} words and signs"
            )
        token = Token(kind, value, start_pos=self.position, end_pos=end)
        self.position = end
        return token

    def unreadable(self) -> FeelError:
        char, at = self.text[self.position], self.position
        if char == '"':
            return self.source.error(at, "文本缺少右引号", "this string is not closed")
        half = unicodedata.normalize("NFKC", char)
        if char in QUOTES:
            return self.source.error(
                at, f'文本要用半角双引号 "，不能用 {char}', f'text is quoted with ", not with {char}'
            )
        if half != char and half.isascii():
            half = INSTEAD.get(half, half)
            return self.source.error(
                at, f"“{char}”是全角符号，请改用半角 {half}", f"{char!r} is full-width: write {half}"
            )
        if char in INSTEAD:
            text = (
                f"不认识的字符“{char}”，请写 {INSTEAD[char]}",
                f"unexpected character {char!r}: write {INSTEAD[char]}",
            )
            return self.source.error(at, *text)
        return self.source.error(at, f"不认识的字符“{char}”", f"unexpected character {char!r}")

    def name(self, found: re.Match[str]) -> Token:
        text, end = found[0], found.end()
        if self.previous in ("_FOR", "SOME", "EVERY") or self.parameters == len(self.brackets):
            new = self.introduced()
            if new:
                return new
        longest = self.longest()
        if self.previous != "DOT" or longest is None:
            if text == "instance" and self.previous in ENDS_OPERAND and (of := OF.match(self.text, end)):
                return self.token("_INSTANCE", text, of.end())
            if text in KEYWORDS and longest is None and self.previous != "DOT":
                return self.token(KEYWORDS[text], text, end)
            if text == "not" and self.source.unary and not self.previous:
                return self.token("NOT", text, end)
        joined, end = self.joined(text, end)
        if longest is not None and longest[1] >= end:
            joined, end = longest
        return self.token("NAME", joined, end)

    def longest(self) -> tuple[str, int] | None:
        """The known name that the text spells here, from outside or a key of an earlier entry."""
        outer = self.known.longest(self.text, self.position)
        inner = self.learnt.longest(self.text, self.position)
        return max((found for found in (outer, inner) if found), key=itemgetter(1), default=None)

    def introduced(self) -> Token | None:
        """A name with signs in it that a loop or a function gives to something: all up to `in`, comma, colon or end."""
        found = NEW.match(self.text, self.position)
        if not found or self.previous not in ("_FOR", "SOME", "EVERY", "LPAR", "COMMA"):
            return None
        name = normal(found[0])
        if not awkward(name) or not KEYWORDS.keys().isdisjoint(name.split()):
            return None
        self.learnt.add(name)
        return self.token("NAME", name, found.end())

    def joined(self, first: str, end: int) -> tuple[str, int]:
        words = [first]
        while first != "?" and (more := WORD.match(self.text, end)):
            if more[1] in KEYWORDS or (more[1] == "instance" and OF.match(self.text, more.end())):
                break
            words.append(more[1])
            end = more.end()
        return " ".join(words), end

    def key(self) -> Token | None:
        """The key of a context entry: anything up to the colon."""
        space = TOKEN.match(self.text, self.position)
        if space and space.lastgroup == "SKIP":
            self.position = space.end()
        self.key_next = False
        found = KEY.match(self.text, self.position)
        if found is None or self.text[found.end() : found.end() + 1] != ":" or not found[0].strip():
            return None
        name = normal(found[0])
        self.learn(name)
        return self.token("KEY", name, found.end())

    def learn(self, name: str) -> None:
        if awkward(name):
            self.learnt.add(name)

    def operator(self, text: str) -> Token:
        kind = OPERATORS[text]
        operand = self.previous in ENDS_OPERAND
        if text in "([{":
            kind = self.opening(text, kind)
        elif text == "]" and not operand and self.previous != "LSQB":
            kind = "OPEN_LEFT"
            self.push(text)
        elif text in ")]}":
            if self.brackets:
                self.parameters = -1 if self.parameters == len(self.brackets) else self.parameters
                self.brackets.pop()
        elif text == ".." and self.brackets:
            self.brackets[-1] = ".."
        elif text == "-" and not operand:
            kind = "_MINUS"
            signed = NUMBER.match(self.text, self.position + 1)
            if signed:
                return self.token("NUMBER", f"-{signed[0]}", signed.end())
        elif text == ",":
            self.key_next = bool(self.brackets) and self.brackets[-1] == "{"
        return self.token(kind, text, self.position + len(text))

    def opening(self, text: str, kind: str) -> str:
        inside = self.brackets[-1] if self.brackets else ""
        if text == "[" and inside == ".." and self.previous in ENDS_OPERAND and not self.operand_follows():
            self.brackets.pop()
            return "OPEN_RIGHT"
        self.push(text)
        self.key_next = text == "{"
        if self.previous == "_FUNCTION":
            self.parameters = len(self.brackets)
        return kind

    def push(self, bracket: str) -> None:
        self.brackets.append(bracket)
        if len(self.brackets) > NESTING:
            raise self.source.error(
                self.position, f"括号嵌套超过 {NESTING} 层", f"brackets are nested more than {NESTING} deep"
            )

    def operand_follows(self) -> bool:
        following = TOKEN.match(self.text, self.position + 1)
        if following and following.lastgroup == "SKIP":
            following = TOKEN.match(self.text, following.end())
        if following is None:
            return False
        if following.lastgroup == "OP":
            return following[0] in "([{-"
        return following[0] not in AFTER_RANGE


class FeelLexer(Lexer):
    """What lark calls; the text it is handed is a `Source`."""

    __future_interface__ = 2

    def __init__(self, lexer_conf: Any) -> None:
        pass

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Token]:
        return Scanner(lexer_state.text).tokens()
