"""zeebe:ioMapping: what goes into an element and what comes out of it, source by source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine import expressions
from engine.vocabulary import Pairing


def compile_pairings(pairs: Iterable[Pairing]) -> list[tuple[expressions.Evaluate, str]]:
    """An ioMapping ready to evaluate."""
    return [(expressions.value(pair.source), pair.target) for pair in pairs]


def paired(pairs: list[tuple[expressions.Evaluate, str]], given: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate an ioMapping; a target "a.b" makes a context."""
    made: dict[str, Any] = {}
    for source, target in pairs:
        head, *path = target.split(".")
        found = source({**given, **made} if made else given)
        if path:
            old = made.get(head, given.get(head))
            made[head] = placed(old if isinstance(old, Mapping) else {}, path, found)
        else:
            made[head] = found
    return made


def placed(old: Mapping[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    """A copy of `old` with `value` put at the path; the old context is never changed."""
    head, *rest = path
    below = old.get(head)
    return {**old, head: placed(below if isinstance(below, Mapping) else {}, rest, value) if rest else value}
