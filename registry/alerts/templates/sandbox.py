"""Templates as they are checked and filled in: Jinja's writing, and of it only what fills values in.

Nothing here can take long or grow: no loop, no call, no attribute or index of anything, no multiplication and no
formatting; what is left costs as much as the text is long. Everything else is refused at its place. Jinja's own sandbox
is beneath.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.lexer import Token, ignored_tokens
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ledger.errors import Problem

LONGEST = 4_000
"""Characters of a template; of what it becomes, twice as many."""


@dataclass(frozen=True)
class Wrong:
    """What cannot stay, and where it stands: line and column from 1, so many characters."""

    problem: Problem
    line: int = 1
    column: int = 1
    length: int = 0


class Unfit(Exception):
    """A template could not be filled in."""

    def __init__(self, wrong: Wrong) -> None:
        self.wrong = wrong
        super().__init__(str(wrong.problem))


@dataclass(frozen=True)
class _Place:
    at: int
    line: int
    kind: str
    value: str


def long_date(value: object) -> str:
    """A day as it is written in Chinese: 2027年1月31日."""
    return f"{value.year}年{value.month}月{value.day}日" if isinstance(value, dt.date) else str(value)


FILTERS = ("default", "lower", "trim", "truncate", "upper")
_SIGNS: dict[type[nodes.Node], str] = {
    nodes.Getattr: ".", nodes.Getitem: "[", nodes.Call: "(", nodes.For: "for", nodes.Test: "is", nodes.Mul: "*",
    nodes.Div: "/", nodes.FloorDiv: "//", nodes.Mod: "%", nodes.Pow: "**", nodes.Tuple: ",", nodes.List: "[",
    nodes.Dict: "{", nodes.Assign: "set", nodes.AssignBlock: "set", nodes.Macro: "macro", nodes.Include: "include",
    nodes.Import: "import", nodes.FromImport: "from", nodes.Extends: "extends", nodes.Block: "block",
    nodes.With: "with", nodes.FilterBlock: "filter", nodes.CallBlock: "call",
    nodes.Scope: "autoescape"}
_ALLOWED = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr,
            nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Sub, nodes.Neg, nodes.Concat,
            nodes.Filter)


def _opened() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined, keep_trailing_newline=True,
                                         cache_size=0)
    made.globals.clear()
    made.tests.clear()
    kept: dict[str, Callable[..., Any]] = {name: made.filters[name] for name in FILTERS}
    made.filters.clear()
    made.filters.update(kept, long_date=long_date, 年月日=long_date)
    return made


_SANDBOX = _opened()


def check(text: str, names: Collection[str]) -> Wrong | None:
    """The first thing that is wrong with a template whose values are `names`; None where all is well."""
    if len(text) > LONGEST:
        return Wrong(Problem("最多 {most} 个字。", {"most": LONGEST}))
    try:
        places = list(_places(text))
        found = _parsed(text, places)
        return found if isinstance(found, Wrong) else next(_refused(found, names, places, text), None)
    except Unfit as error:
        return error.wrong
    except (RecursionError, MemoryError):
        return Wrong(Problem("括号套得太深。"))


def filled(text: str, values: Mapping[str, object]) -> str:
    """The template with these values in it. Raises Unfit."""
    if (wrong := check(text, values)) is not None:
        raise Unfit(wrong)
    try:
        made = str(_compiled(text).render(values))
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError, MemoryError, SyntaxError) as error:
        raise Unfit(Wrong(Problem("套用时出错：数字、日期和文字不能这样相加、相减或比较。"), _line(error))) from None
    if len(made) > 2 * LONGEST:
        raise Unfit(Wrong(Problem("套用以后太长，最多 {most} 个字。", {"most": 2 * LONGEST})))
    return made


@lru_cache(256)
def _compiled(text: str) -> Template:
    return _SANDBOX.from_string(text)


def _line(error: BaseException) -> int:
    """The line of the template in which it stopped."""
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _places(text: str) -> Iterator[_Place]:
    """The tokens of a text, each where it stands."""
    at, line = 0, 1
    try:
        for line, kind, value in _SANDBOX.lexer.tokeniter(text, None):
            at = max(text.find(value, at), at)
            yield _Place(at, line, kind, value)
            at += len(value)
    except TemplateSyntaxError as error:
        while at < len(text) and text[at].isspace():
            at += 1
        near = text[at:at + 1]
        words = Problem("这里看不懂：“{near}”。", {"near": near}) if near.strip() else Problem("这里缺了收尾。")
        raise Unfit(Wrong(words, max(line, error.lineno), _column(text, at), 1)) from None


def _parsed(text: str, places: list[_Place]) -> nodes.Template | Wrong:
    parser = Parser(_SANDBOX, text)
    try:
        return parser.parse()
    except TemplateSyntaxError:
        stream = parser.stream
        left = (0 if stream.current.type == "eof" else 1) + sum(1 for _ in stream._iter) + len(stream._pushed)
        read = [each for each in places if each.kind not in {*ignored_tokens, "raw_begin", "raw_end"}]
        if left == 0:
            return _unfinished(text, read)
        place, current = read[max(0, len(read) - left)], stream.current
        return Wrong(Problem("这里看不懂：“{near}”。", {"near": _near(current)}), place.line, _column(text, place.at),
                     len(place.value))


def _near(token: Token) -> str:
    return {"variable_end": "}}", "block_end": "%}"}.get(token.type, str(token.value))[:40]


def _unfinished(text: str, read: list[_Place]) -> Wrong:
    """The template ends where something is open: a bracket or a condition."""
    opened = [each for each in read if each.kind in ("variable_begin", "block_begin")]
    last = opened[-1] if opened else read[-1]
    if not any(each.kind == last.kind.replace("begin", "end") for each in read[read.index(last):]):
        return Wrong(Problem("这里开了括号，没有收尾。"), last.line, _column(text, last.at), len(last.value))
    tags = [read[number + 1] for number, each in enumerate(read[:-1]) if each.kind == "block_begin"]
    waiting = list[_Place]()
    for each in tags:
        if each.value == "endif" and waiting:
            waiting.pop()
        elif each.value not in ("elif", "else", "endif"):
            waiting.append(each)
    place = waiting[-1] if waiting else last
    return Wrong(Problem("“{near}”没有用“end{near}”收尾。", {"near": place.value}), place.line,
                 _column(text, place.at), len(place.value))


def _refused(
    tree: nodes.Template, names: Collection[str], places: list[_Place], text: str
) -> Iterator[Wrong]:
    """What may not be there, in the order of the tree."""
    for node in _all(tree):
        if isinstance(node, nodes.Name):
            if node.ctx != "load" or node.name not in names:
                yield _at(node, node.name, Problem("没有叫“{near}”的值。", {"near": node.name}), places, text)
        elif isinstance(node, nodes.Filter):
            if node.name not in _SANDBOX.filters or node.node is None or node.dyn_args or node.dyn_kwargs:
                yield _at(node, node.name, Problem("不能用“{near}”。", {"near": node.name}), places, text)
        elif not isinstance(node, _ALLOWED):
            sign = _SIGNS.get(type(node), "")
            yield _at(node, sign, Problem("不能用“{near}”：模板里只能填入值、做简单判断。", {
                "near": sign or type(node).__name__.lower()}), places, text)


def _all(tree: nodes.Node) -> Iterator[nodes.Node]:
    """Every node, outer ones first; named arguments of filters stand for what they hold."""
    for node in tree.iter_child_nodes():
        if not isinstance(node, nodes.Keyword):
            yield node
        yield from _all(node)


def _at(node: nodes.Node, sign: str, problem: Problem, places: list[_Place], text: str) -> Wrong:
    later = [each for each in places if each.line >= (node.lineno or 1)] or places[-1:]
    found = next((each for each in later if each.value == sign and each.kind != "data"), later[0])
    return Wrong(problem, found.line, _column(text, found.at), len(found.value))


def _column(text: str, at: int) -> int:
    return at - (text.rfind("\n", 0, at) + 1) + 1


__all__ = ["LONGEST", "Unfit", "Wrong", "check", "filled", "long_date"]
