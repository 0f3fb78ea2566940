"""Built-in functions as data: what they are called, what they take, and the Python function behind them.

A signature is written as FEEL's standard prints it:
`substring(string: string, start position: number, length?: number)`.
`name?` may be left out; `type?` may be null; `a|b` is either; `*name` takes any number of arguments. An argument of
another type, or null where null is not allowed, makes the call null (10.3.2.13.3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from feel.budget import spend
from feel.moments import CLOCKS, DAYS, MOMENTS
from feel.values import DaysDuration, Function, Range, Value, YearsMonths

PYTHON: dict[str, tuple[type, ...]] = {
    "number": (Decimal,), "string": (str,), "boolean": (bool,), "list": (list,), "context": (dict,),
    "date": tuple(DAYS),
    "time": tuple(CLOCKS), "moment": tuple(MOMENTS), "days": (DaysDuration,), "months": (YearsMonths,),
    "range": (Range,), "function": (Function,), "any": (),
}  # fmt: skip
REFUSED = object()
NULL = type(None)


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kinds: frozenset[type]
    anything: bool
    is_list: bool

    def take(self, value: Value) -> Value:
        """The argument as this parameter takes it, REFUSED when it does not: [x] becomes x, x becomes [x]."""
        kind = type(value)
        if kind in self.kinds or self.anything:
            return value
        if self.is_list and kind is not NULL:
            return [value]
        if kind is list and len(value) == 1 and type(value[0]) in self.kinds:
            return value[0]
        return REFUSED


@dataclass(frozen=True, slots=True)
class Signature:
    parameters: tuple[Parameter, ...]
    required: int
    variadic: bool
    run: Callable[..., Value]

    def accepts(self, count: int) -> bool:
        return count >= self.required and (self.variadic or count <= len(self.parameters))

    def places(self, names: Sequence[str]) -> list[int] | None:
        """Where each named argument goes, None when the names do not fit."""
        known = [p.name for p in self.parameters]
        if self.variadic or len(set(names)) < len(names) or not set(names) <= set(known):
            return None
        return [known.index(n) for n in names] if set(known[: self.required]) <= set(names) else None

    def apply(self, arguments: Sequence[Value]) -> Value:
        taken = []
        for place, value in enumerate(arguments):
            value = self.parameters[0 if self.variadic else place].take(value)
            if value is REFUSED:
                return REFUSED
            taken.append(value)
        return self.run(*taken)


@dataclass(slots=True)
class Builtin:
    """All the signatures that share a name."""

    name: str
    signatures: list[Signature] = field(default_factory=list)

    def call(self, arguments: Sequence[Value]) -> Value:
        return run_first([s for s in self.signatures if s.accepts(len(arguments))], arguments)

    def function(self) -> Function:
        """The built-in as a value, to be handed to another function."""
        first = self.signatures[0]
        names = tuple(p.name for p in first.parameters)
        plain = len(self.signatures) == 1 and not first.variadic and first.required == len(names)
        return Function(lambda *given: self.call(given), names if plain else None, name=self.name)


def run_first(candidates: Sequence[Signature], arguments: Sequence[Value]) -> Value:
    """The result of the first signature that takes these arguments, None when none does."""
    cost = 2
    for value in arguments:
        if type(value) is list:
            cost += len(value)
        elif type(value) is str:
            cost += len(value) // 50
    spend(cost)
    for signature in candidates:
        answer = signature.apply(arguments)
        if answer is not REFUSED:
            return answer
    return None


BUILTINS: dict[str, Builtin] = {}
Run = Callable[..., Value]
Some = TypeVar("Some", bound=Run)


def builtin(text: str) -> Callable[[Some], Some]:
    """The function below is this built-in; several may be stacked, the first written is tried last."""
    name, _, rest = text.partition("(")

    def register(run: Some) -> Some:
        BUILTINS.setdefault(name, Builtin(name)).signatures.append(_signature(rest.rstrip(")"), run))
        return run

    return register


def _signature(text: str, run: Run) -> Signature:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    variadic = bool(parts) and parts[0].startswith("*")
    required = sum(1 for part in parts if not part.partition(":")[0].endswith("?"))
    return Signature(tuple(_parameter(part) for part in parts), required, variadic, run)


def _parameter(text: str) -> Parameter:
    name, _, type_text = text.partition(":")
    words = type_text.strip()
    kinds = [kind for word in words.rstrip("?").split("|") for kind in PYTHON[word]]
    if words.endswith("?"):
        kinds.append(NULL)
    return Parameter(name.strip().strip("*?"), frozenset(kinds), words == "any", words.rstrip("?") == "list")
