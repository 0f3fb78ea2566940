"""Patterns with back-references (`(.)\\1`), which RE2 has not: a machine that tries branch after branch, on the budget.

Such a pattern can take exponential time, so every instruction is paid for and what runs away is stopped. Only patterns
that have back-references come here; regex.py hands them over cut into pieces, each a single character in RE2's words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from feel.budget import spend

Code = list[tuple[str, Any, Any]]
Slots = tuple[int, ...]
COUNT = re.compile(r"[*+?]|\{(\d{1,4})(?:(,)(\d{1,4})?)?\}")
LONGEST, DEEPEST, AT_ONCE = 2_000, 40, 50
REFERENCE = re.compile(r"\\[1-9]")


class Invalid(Exception):
    """Not a pattern, or too large a one."""


@dataclass(frozen=True, slots=True)
class Found:
    """A match, as much of one as regex.py asks of RE2's."""

    re: Machine
    text: str
    slots: Slots

    def start(self) -> int:
        return self.slots[0]

    def end(self) -> int:
        return self.slots[1]

    def group(self, number: int) -> str | None:
        low, high = self.slots[2 * number : 2 * number + 2]
        return None if low < 0 or high < 0 else self.text[low:high]


class Reader:
    """Pieces to instructions; jumps are relative, so that code can be repeated."""

    def __init__(self, pieces: list[str], single: Callable[[str], Callable[[str], bool]]) -> None:
        self.pieces = pieces
        self.single = single
        self.at = self.groups = self.marks = self.depth = 0
        self.closed: set[int] = set()

    def whole(self) -> Code:
        code = self.branches()
        if self.at < len(self.pieces):
            raise Invalid
        return [*code, ("end", 0, 0)]

    def ahead(self, count: int = 1) -> list[str]:
        return self.pieces[self.at : self.at + count]

    def branches(self) -> Code:
        made = [self.branch()]
        while self.ahead() == ["|"]:
            self.at += 1
            made.append(self.branch())
        code = made.pop()
        while made:
            first = made.pop()
            code = [("split", 1, len(first) + 2), *first, ("jump", len(code) + 1, 0), *code]
        return code

    def branch(self) -> Code:
        code: Code = []
        while self.ahead() not in ([], ["|"], [")"]):
            code += self.counted(self.atom())
            if len(code) > LONGEST:
                raise Invalid
        return code

    def atom(self) -> Code:
        (piece,) = self.ahead()
        self.at += 1
        if piece == "(":
            return self.group()
        if piece in ("*", "+", "?", "{", "}"):
            raise Invalid
        if piece in ("^", "$"):
            return [("edge", piece, 0)]
        if REFERENCE.fullmatch(piece):
            if int(piece[1]) not in self.closed:
                raise Invalid
            return [("same", int(piece[1]), 0)]
        return [("char", self.single(piece), 0)]

    def group(self) -> Code:
        self.depth += 1
        number = 0
        if self.ahead(2) == ["?", ":"]:
            self.at += 2
        else:
            self.groups += 1
            number = self.groups
        inner = self.branches()
        if self.ahead() != [")"] or self.depth > DEEPEST:
            raise Invalid
        self.at += 1
        self.depth -= 1
        self.closed.add(number)
        return [("save", 2 * number, 0), *inner, ("save", 2 * number + 1, 0)] if number else inner

    def counted(self, code: Code) -> Code:
        found = COUNT.match("".join(self.ahead(11)))
        if found is None:
            return code
        self.at += found.end()
        least, most = {"*": (0, -1), "+": (1, -1), "?": (0, 1)}.get(found[0], (0, 0))
        if found[1]:
            least = int(found[1])
            most = (int(found[3]) if found[3] else -1) if found[2] else least
        lazy = self.ahead() == ["?"]
        self.at += lazy
        if (least + max(most - least, 1)) * len(code) > LONGEST:
            raise Invalid
        made = code * least
        if most < 0:
            return made + self.loop(code, lazy)
        return made + [*_split(1, len(code) + 1, lazy), *code] * (most - least)

    def loop(self, code: Code, lazy: bool) -> Code:
        """Again and again, as long as each round gets on."""
        self.marks += 1
        body: Code = [("mark", self.marks, 0), *code, ("moved", self.marks, 0)]
        return [*_split(1, len(body) + 2, lazy), *body, ("jump", -len(body) - 1, 0)]


def _split(one: int, other: int, lazy: bool) -> Code:
    return [("split", other, one) if lazy else ("split", one, other)]


class Machine:
    """A pattern with back-references, ready to run."""

    def __init__(
        self, pieces: list[str], single: Callable[[str], Callable[[str], bool]], *, lines: bool, fold: bool
    ) -> None:
        reader = Reader(pieces, single)
        self.code = reader.whole()
        self.groups = reader.groups
        self.marks = reader.marks
        self.lines = lines
        self.fold = fold
        self.programsize = len(self.code)

    def search(self, text: str, begin: int = 0) -> Found | None:
        for start in range(begin, len(text) + 1):
            slots = self._from(text, start)
            if slots is not None:
                return Found(self, text, (start, *slots[1:]))
        return None

    def finditer(self, text: str) -> Iterator[Found]:
        at = 0
        while at <= len(text) and (found := self.search(text, at)):
            yield found
            at = found.end() if found.end() > found.start() else found.end() + 1

    def _from(self, text: str, start: int) -> Slots | None:
        """Where groups begin and end in the match that begins here; None when none does."""
        groups = 2 * self.groups + 2
        waiting: list[tuple[int, int, Slots]] = [(0, start, (-1,) * (groups + self.marks + 1))]
        done = 0
        while waiting:
            pc, at, slots = waiting.pop()
            while True:
                done += 1
                if done % AT_ONCE == 1:
                    spend(2 * AT_ONCE)
                kind, one, two = self.code[pc]
                if kind == "char":
                    if at >= len(text) or not one(text[at]):
                        break
                    at += 1
                elif kind == "split":
                    waiting.append((pc + two, at, slots))
                    pc += one - 1
                elif kind == "jump":
                    pc += one - 1
                elif kind == "save":
                    slots = (*slots[:one], at, *slots[one + 1 :])
                elif kind == "same":
                    part = text[max(slots[2 * one], 0) : max(slots[2 * one + 1], 0)]
                    if not self._equal(part, text[at : at + len(part)]):
                        break
                    at += len(part)
                elif kind == "mark":
                    slots = (*slots[: groups + one], at, *slots[groups + one + 1 :])
                elif kind == "moved":
                    if slots[groups + one] == at:
                        break
                elif kind == "edge":
                    if not self._edge(one, text, at):
                        break
                else:
                    return (start, at, *slots[2:])
                pc += 1
        return None

    def _equal(self, one: str, two: str) -> bool:
        return one.lower() == two.lower() if self.fold else one == two

    def _edge(self, sign: str, text: str, at: int) -> bool:
        if sign == "^":
            return at == 0 or (self.lines and text[at - 1] == "\n")
        return at == len(text) or (self.lines and text[at] == "\n")
