"""Calling: functions written in FEEL, handed in from Python, and built in."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from feel.budget import enter, leave, spend
from feel.errors import FeelError
from feel.types import Type, coerce
from feel.values import Function, Value, feel_value


def invoke(function: Value, arguments: Sequence[Value]) -> Value:
    """The result; None when `function` is none, or takes another number of arguments."""
    if type(function) is not Function:
        return None
    if not function.variadic and len(arguments) != len(function.parameters):
        return None
    spend(3)
    return function.apply(*arguments)


def invoke_named(function: Value, names: Sequence[str], arguments: Sequence[Value]) -> Value:
    if type(function) is not Function or set(names) != set(function.parameters) or len(set(names)) < len(names):
        return None
    given = dict(zip(names, arguments, strict=True))
    return invoke(function, [given[name] for name in function.parameters])


def typed_call(
    body: Callable[[Sequence[Value]], Value], types: Sequence[Type | None], result: Type | None = None
) -> Callable[..., Value]:
    """A call of `body` that coerces arguments and result to their types; null where they do not fit."""

    def apply(*arguments: Value) -> Value:
        taken: list[Value] = []
        for value, wanted in zip(arguments, types, strict=True):
            fits, value = (True, value) if wanted is None else coerce(value, wanted)
            if not fits:
                return None
            taken.append(value)
        enter()
        answer = body(taken)
        leave()
        return answer if result is None else coerce(answer, result)[1]

    return apply


def handed_in(functions: Mapping[str, Any]) -> dict[str, Function]:
    """FEEL functions made of Python callables; a parameter `start_date` is called `start date` in FEEL."""
    return {name: f if type(f) is Function else _wrapped(name, f) for name, f in functions.items()}


def _wrapped(name: str, call: Any) -> Function:
    parameters, variadic = _shape(call)

    def apply(*arguments: Value) -> Value:
        try:
            return feel_value(call(*arguments))
        except FeelError:
            raise
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as problem:
            raise FeelError(
                f"函数“{name}”不能用这些参数调用", f"the function {name!r} cannot be called with these arguments"
            ) from problem

    return Function(apply, None if variadic else parameters, name=name)


def _shape(call: Any) -> tuple[tuple[str, ...], bool]:
    """Names of a callable's positional parameters, and whether it takes fewer or more of them."""
    code = getattr(call, "__code__", None)
    if code is None:
        try:
            found = [p for p in inspect.signature(call).parameters.values() if p.kind is not p.VAR_KEYWORD]
        except ValueError:  # some of Python's own functions do not tell
            return (), True
        names = [p.name for p in found]
        variadic = any(p.kind is p.VAR_POSITIONAL or p.default is not p.empty for p in found)
    else:
        names = list(code.co_varnames[: code.co_argcount])[1 if getattr(call, "__self__", None) is not None else 0 :]
        variadic = bool(code.co_flags & inspect.CO_VARARGS or call.__defaults__)
    return tuple(name.replace("_", " ") for name in names), variadic
