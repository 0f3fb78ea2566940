"""`function(...) external {java: ...}`: a closed list of pure functions of `java.lang`, done in Python.

The standard lets a model name any Java method; nothing outside this list is ever called, such a function gives null.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal, DecimalException

from feel.arithmetic import negate, power
from feel.budget import check_text, spend
from feel.builtins.conversion import number_from_text
from feel.builtins.numbers import absolute, ceiling, floor, round_half_up, sqrt
from feel.text import written
from feel.values import Function, Value, number

SIGNATURE = re.compile(r"\s*([A-Za-z]+)\s*\((.*)\)\s*")
WHOLE = {"int": 31, "long": 63, "short": 15, "byte": 7}
REAL = {"double", "float"}
BOXED = {"Integer": "int", "Long": "long", "Short": "short", "Byte": "byte", "Double": "double", "Float": "float"}
REST = "[Ljava.lang.Object;"
Pure = Callable[..., Value]


def _real(operation: Callable[[float], float]) -> Pure:
    def apply(value: Decimal) -> Value:
        try:
            result = operation(float(value))
        except (ValueError, OverflowError):
            return None
        return number(result) if math.isfinite(result) else None

    return apply


def _format(pattern: str, *values: Value) -> str | None:
    """`%s` and `%d` only."""
    rest = list(values)
    check_text(len(pattern))
    if len(re.findall(r"%[sd]", pattern)) > len(rest) or re.search(r"%(?![sd%])", pattern):
        return None
    return re.sub(r"%[sd%]", lambda mark: "%" if mark[0] == "%%" else written(rest.pop(0)), pattern)


MATH: dict[str, Pure] = {
    "max": max, "min": min, "abs": absolute, "sqrt": sqrt, "pow": power, "negateExact": negate, "floor": floor,
    "ceil": ceiling, "round": lambda value: round_half_up(value, Decimal(0)), "cos": _real(math.cos),
    "sin": _real(math.sin), "tan": _real(math.tan), "acos": _real(math.acos), "asin": _real(math.asin),
    "atan": _real(math.atan), "exp": _real(math.exp), "log": _real(math.log), "log10": _real(math.log10),
    "cbrt": _real(math.cbrt), "toDegrees": _real(math.degrees), "toRadians": _real(math.radians),
}  # fmt: skip


def _method(owner: str, name: str) -> Pure | None:
    if owner == "java.lang.Math":
        return MATH.get(name)
    kind = owner.removeprefix("java.lang.")
    if kind == "String":
        text: dict[str, Pure] = {"valueOf": written, "format": _format}
        return text.get(name)
    if kind in BOXED and name in ("valueOf", "parse" + ("Int" if kind == "Integer" else kind)):
        return lambda given: taken(number_from_text(given) if type(given) is str else given, BOXED[kind])
    return None


def taken(value: Value, kind: str) -> Value:
    """The argument as a Java parameter of this kind takes it, None when it does not."""
    if kind in WHOLE:
        fits = type(value) is Decimal and value == value.to_integral_value() and abs(value) < 2 ** WHOLE[kind]
        return value if fits else None
    if kind in REAL:
        return value if type(value) is Decimal else None
    if kind == "char":
        return value if type(value) is str and len(value) == 1 else None
    if kind == "java.lang.String":
        return value if type(value) is str else None
    return taken(value, BOXED[kind.removeprefix("java.lang.")]) if kind.removeprefix("java.lang.") in BOXED else value


def external(description: Value, parameters: tuple[str, ...]) -> Function:
    """The function that `{java: {class: ..., method signature: ...}}` names; one that gives null when not listed."""
    java = description.get("java") if type(description) is dict else None
    owner, signature = (java.get("class"), java.get("method signature")) if type(java) is dict else (None, None)
    found = SIGNATURE.fullmatch(signature) if type(signature) is str else None
    method = _method(owner, found[1]) if found and type(owner) is str else None
    if method is None or found is None:
        return Function(lambda *given: None, parameters)
    kinds = [kind.strip() for kind in found[2].split(",") if kind.strip()]
    if owner == "java.lang.Math" and not set(kinds) <= WHOLE.keys() | REAL:
        return Function(lambda *given: None, parameters)
    return Function(lambda *given: _call(method, kinds, given), parameters)


def _call(method: Pure, kinds: list[str], given: tuple[Value, ...]) -> Value:
    spend(5)
    fixed = kinds[:-1] if kinds and kinds[-1] == REST else kinds
    if len(given) < len(fixed) or (len(given) > len(fixed) and fixed is kinds):
        return None
    values = [taken(value, kind) for value, kind in zip(given, fixed, strict=False)]
    if any(value is None for value in values):
        return None
    try:
        return method(*values, *given[len(fixed) :])
    except (DecimalException, TypeError):
        return None
