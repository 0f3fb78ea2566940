"""10.3.4.3 string functions. Positions count from 1, from the end when negative; characters are code points."""

from __future__ import annotations

from decimal import Decimal

from feel.budget import check_text
from feel.regex import found_in, pieces, replaced
from feel.signatures import builtin
from feel.values import Value


@builtin("substring(string: string, start position: number, length?: number?)")
def substring(text: str, start: Decimal, length: Decimal | None = None) -> str | None:
    first = int(start)
    if not first or abs(first) > max(len(text), 1) * 2 and first < 0:
        return None if not first else text if length is None else text[: int(length)]
    if length is not None and length < 1:
        return None
    begin = first - 1 if first > 0 else max(0, len(text) + first)
    return text[begin:] if length is None else text[begin : begin + int(length)]


@builtin("string length(string: string)")
def string_length(text: str) -> Decimal:
    return Decimal(len(text))


@builtin("upper case(string: string)")
def upper_case(text: str) -> str:
    check_text(4 * len(text))
    return text.upper()


@builtin("lower case(string: string)")
def lower_case(text: str) -> str:
    check_text(4 * len(text))
    return text.lower()


@builtin("substring before(string: string, match: string)")
def substring_before(text: str, match: str) -> str:
    before, found, _ = text.partition(match) if match else ("", "", "")
    return before if found else ""


@builtin("substring after(string: string, match: string)")
def substring_after(text: str, match: str) -> str:
    return text.partition(match)[2] if match else text


@builtin("contains(string: string, match: string)")
def contains(text: str, match: str) -> bool:
    return match in text


@builtin("starts with(string: string, match: string)")
def starts_with(text: str, match: str) -> bool:
    return text.startswith(match)


@builtin("ends with(string: string, match: string)")
def ends_with(text: str, match: str) -> bool:
    return text.endswith(match)


@builtin("matches(input: string, pattern: string, flags?: string?)")
def matches(text: str, pattern: str, flags: str | None = None) -> bool | None:
    return found_in(text, pattern, flags or "")


@builtin("replace(input: string, pattern: string, replacement: string, flags?: string?)")
def replace(text: str, pattern: str, replacement: str, flags: str | None = None) -> str | None:
    return replaced(text, pattern, replacement, flags or "")


@builtin("split(string: string, delimiter: string)")
def split(text: str, delimiter: str) -> list[str] | None:
    return pieces(text, delimiter)


@builtin("string join(list: list, delimiter?: string?)")
def string_join(items: list[Value], delimiter: str | None = None) -> str | None:
    texts = [item for item in items if item is not None]
    if any(type(item) is not str for item in texts):
        return None
    between = delimiter or ""
    check_text(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)
