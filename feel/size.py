"""How large a value is, and the refusals that size and depth lead to."""

from __future__ import annotations

from feel.budget import RESULT_SIZE, spend
from feel.errors import OverBudget
from feel.values import Range, Value


def too_deep() -> OverBudget:
    return OverBudget("表达式嵌套过深", "the expression is nested too deep")


def measured(answer: Value) -> Value:
    """The answer, once its size is known to be allowed; raises OverBudget otherwise."""
    waiting, count = [answer], 0
    while waiting:
        value = waiting.pop()
        count += 1 + (len(value) // 50 if type(value) is str else 0)
        if type(value) is list:
            spend(1 + len(value) // 4)
            waiting.extend(value)
        elif type(value) is dict:
            spend(1 + len(value) // 4)
            waiting.extend(value.values())
        elif type(value) is Range:
            waiting.extend((value.low, value.high))
        if count + len(waiting) > RESULT_SIZE:
            raise OverBudget(f"结果超过 {RESULT_SIZE} 项", f"the result has more than {RESULT_SIZE} items")
    return answer
