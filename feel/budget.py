"""How much work one evaluation may do.

Straight-line code costs next to nothing: its work is bounded by the length of the text. Whatever repeats (loops,
filters, function calls, built-ins over lists, deep comparison) spends steps; one step is about 0.3 microseconds. Every
thousand steps the thread's own processor time is looked at as well, so that work which costs more than its steps say
is stopped too. Other threads, and waiting, do not count.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from time import thread_time
from typing import TypeVar

from feel.errors import OverBudget

Some = TypeVar("Some")
STEPS = 100_000
SECONDS = 0.015
BETWEEN_LOOKS = 1_000
CALL_DEPTH = 40
TEXT_LENGTH = 10_000
TOKENS = 1_000
NESTING = 60
STRING_LENGTH = 1_000_000
RESULT_SIZE = 100_000


class Budget:
    """Steps left, time left and calls open, for one evaluation; `seconds` None means that only steps count."""

    __slots__ = ("deadline", "depth", "left", "rest", "seconds", "steps")

    def __init__(self, steps: int = STEPS, seconds: float | None = SECONDS) -> None:
        self.steps = steps
        self.seconds = seconds
        self.left = min(steps, BETWEEN_LOOKS)
        self.rest = steps - self.left
        self.deadline: float | None = None
        self.depth = 0

    def refill(self) -> None:
        """The steps granted last are used up: grant the next ones, or stop."""
        wanted = max(BETWEEN_LOOKS, -self.left)
        if self.rest < -self.left:
            raise OverBudget(
                f"表达式运算量超过 {self.steps} 步，已停止", f"the expression was stopped after {self.steps} steps"
            )
        granted = min(self.rest, wanted)
        self.left += granted
        self.rest -= granted
        self.look()

    def look(self) -> None:
        """Is there time left; the clock starts with the first look (within a millisecond of the start)."""
        if self.seconds is None:
            return
        now = thread_time()
        if self.deadline is None:
            self.deadline = now + self.seconds
        elif now > self.deadline:
            ms = round(self.seconds * 1000)
            raise OverBudget(f"表达式运算超过 {ms} 毫秒，已停止", f"the expression was stopped after {ms} milliseconds")


class _Current(threading.local):
    budget: Budget | None = None


_current = _Current()


@contextmanager
def spending(budget: Budget | None = None) -> Iterator[Budget]:
    """Everything evaluated inside shares one budget; a caller's budget that is already open stays the one in force."""
    outer = _current.budget
    inner = budget or outer or Budget()
    _current.budget = inner
    try:
        yield inner
    finally:
        _current.budget = outer


def opened() -> Budget | None:
    return _current.budget


def use(budget: Budget | None) -> None:
    """Put a budget in force (the fast road of `Expression.__call__`, which restores it itself)."""
    _current.budget = budget


def spend(steps: int) -> None:
    """Take steps from the budget in force; raises OverBudget when none are left."""
    budget = _current.budget
    if budget is None:
        return
    budget.left -= steps
    if budget.left < 0:
        budget.refill()


def paced(items: Iterable[Some], steps: int = 1) -> Iterator[Some]:
    """The same items; each costs so many steps, paid as they are handed out, so that nobody works long unseen."""
    rest = iter(items)
    while some := list(islice(rest, BETWEEN_LOOKS)):
        spend(steps * len(some))
        yield from some


def look() -> None:
    """Something that took long for its steps is done: is there time left."""
    budget = _current.budget
    if budget is not None:
        budget.look()


def enter() -> None:
    """One more function call is open."""
    budget = _current.budget
    if budget is None:
        return
    budget.depth += 1
    if budget.depth > CALL_DEPTH:
        budget.depth = 0
        raise OverBudget(
            f"函数嵌套调用超过 {CALL_DEPTH} 层", f"functions call each other more than {CALL_DEPTH} levels deep"
        )


def leave() -> None:
    budget = _current.budget
    if budget is not None:
        budget.depth -= 1


def check_text(length: int) -> None:
    """A string of `length` characters is about to be made."""
    if length > STRING_LENGTH:
        raise OverBudget(f"文本长度超过 {STRING_LENGTH} 字", f"a string is longer than {STRING_LENGTH} characters")
    spend(length // 100)
