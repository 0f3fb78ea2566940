"""10.3.4.4 list functions, and `sort` (10.3.4.9). Positions count from 1, from the end when negative."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cmp_to_key

from feel.budget import spend
from feel.compare import ORDERED, less, same
from feel.functions import invoke
from feel.signatures import builtin
from feel.values import Function, Value

Items = list[Value]


@builtin("list contains(list: list, element: any)")
def list_contains(items: Items, element: Value) -> bool:
    return any(same(item, element) for item in items)


@builtin("count(list: list)")
def count(items: Items) -> Decimal:
    return Decimal(len(items))


@builtin("min(list: list)")
def smallest(items: Items) -> Value:
    return _extreme(items, lambda new, best: less(new, best))


@builtin("max(list: list)")
def largest(items: Items) -> Value:
    return _extreme(items, lambda new, best: less(best, new))


@builtin("min(*c: any)")
def smallest_of(*items: Value) -> Value:
    return smallest(list(items))


@builtin("max(*c: any)")
def largest_of(*items: Value) -> Value:
    return largest(list(items))


def _extreme(items: Items, better: Callable[[Value, Value], bool | None]) -> Value:
    if not items or less(items[0], items[0]) is None:
        return None
    best = items[0]
    for item in items[1:]:
        spend(1)
        answer = better(item, best)
        if answer is None:
            return None
        best = item if answer else best
    return best


def _truth(items: Items, deciding: bool) -> bool | None:
    if any(item is deciding for item in items):
        return deciding
    return not deciding if all(type(item) is bool for item in items) else None


@builtin("all(list: list)")
def every(items: Items) -> bool | None:
    return _truth(items, False)


@builtin("any(list: list)")
def some(items: Items) -> bool | None:
    return _truth(items, True)


@builtin("all(*b: any)")
def every_of(*items: Value) -> bool | None:
    return _truth(list(items), False) if items else None


@builtin("any(*b: any)")
def some_of(*items: Value) -> bool | None:
    return _truth(list(items), True) if items else None


@builtin("sublist(list: list, start position: number, length?: number?)")
def sublist(items: Items, start: Decimal, length: Decimal | None = None) -> Items | None:
    first = _place(items, start)
    if first is None or (length is not None and length < 0):
        return None
    if length is None:
        return items[first:]
    return items[first : first + int(length)] if first + int(length) <= len(items) else None


def _place(items: Items, position: Decimal) -> int | None:
    """The index of a position, None when it lies outside or between two items."""
    if not position or abs(position) > len(items) or position != position.to_integral_value():
        return None
    return int(position) - 1 if position > 0 else len(items) + int(position)


@builtin("append(*item: any)")
def append(*items: Value) -> Items | None:
    if not items or items[0] is None:
        return None
    first = items[0] if type(items[0]) is list else [items[0]]
    return [*first, *items[1:]]


@builtin("concatenate(*list: list)")
def concatenate(*lists: Items) -> Items:
    spend(len(lists))
    return [item for items in lists for item in items]


@builtin("insert before(list: list, position: number, newItem: any)")
def insert_before(items: Items, position: Decimal, new: Value) -> Items | None:
    place = _place(items, position)
    return None if place is None else [*items[:place], new, *items[place:]]


@builtin("remove(list: list, position: number)")
def remove(items: Items, position: Decimal) -> Items | None:
    place = _place(items, position)
    return None if place is None else [*items[:place], *items[place + 1 :]]


@builtin("list replace(list: list, position: number, newItem: any)")
def list_replace(items: Items, position: Decimal, new: Value) -> Items | None:
    place = _place(items, position)
    return None if place is None else [*items[:place], new, *items[place + 1 :]]


@builtin("list replace(list: list, match: function, newItem: any)")
def list_replace_matching(items: Items, match: Function, new: Value) -> Items | None:
    if not match.variadic and len(match.parameters) != 2:
        return None
    answers = [invoke(match, [item, new]) for item in items]
    if any(type(answer) is not bool for answer in answers):
        return None
    return [new if answer else item for item, answer in zip(items, answers, strict=True)]


@builtin("reverse(list: list)")
def reverse(items: Items) -> Items:
    return items[::-1]


@builtin("index of(list: list, match: any)")
def index_of(items: Items, match: Value) -> Items:
    return [Decimal(at) for at, item in enumerate(items, 1) if same(item, match)]


@builtin("distinct values(list: list)")
def distinct_values(items: Items) -> Items:
    """First of each, in order; strings, numbers and dates by hash, the rest by comparison."""
    kept: Items = []
    seen: set[tuple[type, Value]] = set()
    others: Items = []
    for item in items:
        if type(item) in (str, Decimal, bool):
            key = (type(item), item)
            if key in seen:
                continue
            seen.add(key)
        else:
            spend(2 * len(others))
            if any(same(item, other) for other in others):
                continue
            others.append(item)
        kept.append(item)
    return kept


@builtin("union(*list: list)")
def union(*lists: Items) -> Items:
    return distinct_values(concatenate(*lists))


@builtin("flatten(list: list)")
def flatten(items: Items) -> Items:
    made: Items = []
    waiting = items[::-1]
    while waiting:
        spend(1)
        item = waiting.pop()
        if type(item) is list:
            waiting.extend(item[::-1])
        else:
            made.append(item)
    return made


@builtin("sort(list: list)")
def sort_naturally(items: Items) -> Items | None:
    kinds = {type(item) for item in items}
    if len(kinds) == 1 and kinds <= ORDERED:
        spend(len(items).bit_length() * len(items) // 4)
        return sorted(items)
    spend(len(items).bit_length() * len(items))
    if any(less(item, items[0]) is None for item in items):
        return None
    return sorted(items, key=cmp_to_key(lambda a, b: -1 if less(a, b) else (1 if less(b, a) else 0)))


@builtin("sort(list: list, precedes: function)")
def sort(items: Items, precedes: Function) -> Items | None:
    """Stable; null when the function's answers are no booleans."""
    wrong = False

    def order(a: Value, b: Value) -> int:
        nonlocal wrong
        first = invoke(precedes, [a, b])
        wrong = wrong or type(first) is not bool
        return -1 if first is True else (1 if invoke(precedes, [b, a]) is True else 0)

    made = sorted(items, key=cmp_to_key(order))
    return None if wrong else made
