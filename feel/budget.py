"""How much work one evaluation may do.

Straight-line code costs nothing: its work is bounded by the length of the text. Whatever repeats (loops, filters,
function calls, built-ins over lists, deep comparison) spends steps; one step is about 0.3 microseconds.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from feel.errors import OverBudget

STEPS = 100_000
CALL_DEPTH = 40
TEXT_LENGTH = 10_000
NESTING = 60
STRING_LENGTH = 1_000_000
RESULT_SIZE = 100_000


class Budget:
    """Steps left and calls open, for one evaluation."""

    __slots__ = ("depth", "left", "steps")

    def __init__(self, steps: int = STEPS) -> None:
        self.steps = steps
        self.left = steps
        self.depth = 0


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
        raise OverBudget(
            f"表达式运算量超过 {budget.steps} 步，已停止", f"the expression was stopped after {budget.steps} steps"
        )


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
