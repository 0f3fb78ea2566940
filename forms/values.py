"""One answer against one field: the clean value, or what is wrong with it in a sentence that says what to do."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, cast

import re2

from forms.conditions import is_expression, value_of
from forms.schema import FILES, MANY, ONE, TEXTS, Schema
from ledger.errors import Problem
from ledger.texts import TURNING

LONGEST = {"textfield": 500, "licet-number": 200, "textarea": 10_000}
MOST_FILES = 50
DIGITS = 15  # what a JSON number keeps exactly
EARLIEST, LATEST = 1900, 2200
EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
PHONE = re.compile(r"\+?[0-9][0-9 -]{5,19}")
NUMBER = re.compile(r"-?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})")
ZONE = re.compile(r"(Z|[+-]\d\d:\d\d)$")


class Wrong(Exception):
    """Carries one Problem out of a field's check."""

    def __init__(self, text: str, /, **params: object) -> None:
        self.problem = Problem(text, params)
        super().__init__(text)


def cleaned(component: Schema, value: Any, context: Mapping[str, Any]) -> Any:
    """The clean value of a keyed field; None where it is empty. Raises Wrong.

    Text is trimmed; numbers are int, or float with decimals (text with `serializeToString`); dates are ISO text.
    """
    kind = component.get("type")
    if value is None or value == "" or (isinstance(value, list) and not value):
        return [] if kind in MANY or kind in FILES else None
    return check_of(str(kind))(component, value, context)


def check_of(kind: str) -> Callable[[Schema, Any, Mapping[str, Any]], Any]:
    """The function for a field type."""
    if kind in TEXTS:
        return text
    if kind in MANY:
        return choices
    if kind in ONE:
        return choice
    if kind in FILES:
        return files
    return {"number": number, "checkbox": checkbox, "datetime": moment}[kind]


def rules_of(component: Schema, context: Mapping[str, Any]) -> dict[str, Any]:
    """The field's `validate`, FEEL in it evaluated; rules that come out as null do not hold."""
    rules = component.get("validate") or {}
    seen = {name: value_of(rule, context) if is_expression(rule) else rule for name, rule in rules.items()}
    return {name: rule for name, rule in seen.items() if rule is not None and rule != ""}


def text(component: Schema, value: Any, context: Mapping[str, Any]) -> str | None:
    """A string: printable, not too long, of the pattern (RE2, found anywhere in it, as JavaScript's test())."""
    if not isinstance(value, str):
        raise Wrong("这里要填文字")
    kind = str(component.get("type"))
    plain = unicodedata.normalize("NFC", TURNING.sub("", value)).strip()
    if kind == "textarea":
        plain = plain.replace("\r\n", "\n").replace("\r", "\n")
    else:
        plain = re.sub(r"[\r\n\t]+", " ", plain)
    if any(unicodedata.category(mark) in {"Cc", "Cs"} and mark not in "\n\t" for mark in plain):
        raise Wrong("含有无法保存的字符，请重新输入")
    rules = rules_of(component, context)
    _lengths(plain, rules, LONGEST[kind])
    if plain:
        _shape(plain, rules)
    return plain or None


def _lengths(plain: str, rules: Mapping[str, Any], longest: int) -> None:
    most = min(_whole(rules.get("maxLength"), longest), longest)
    least = _whole(rules.get("minLength"), 0)
    if len(plain) > most:
        raise Wrong("最多 {n} 个字", n=most)
    if plain and len(plain) < least:
        raise Wrong("至少 {n} 个字", n=least)


def _whole(rule: Any, otherwise: int) -> int:
    try:
        return int(rule)
    except (TypeError, ValueError, OverflowError):
        return otherwise


def _shape(plain: str, rules: Mapping[str, Any]) -> None:
    pattern = rules.get("pattern")
    if pattern and not matches(str(pattern), plain):
        raise Wrong(str(rules.get("patternErrorMessage") or "格式不对"))
    kind = rules.get("validationType")
    if kind == "email" and not EMAIL.fullmatch(plain):
        raise Wrong("不是有效的邮箱")
    if kind == "phone" and not PHONE.fullmatch(plain):
        raise Wrong("不是有效的电话号码")


@lru_cache(1_000)
def compiled(pattern: str) -> Any:
    """The RE2 program, or None for a pattern RE2 cannot run (look-around, back references)."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error:
        return None


def matches(pattern: str, plain: str) -> bool:
    """Whether the pattern occurs in the text; linear time. A pattern that cannot be run matches nothing."""
    program = compiled(pattern)
    return program is not None and program.search(plain) is not None


def number(component: Schema, value: Any, context: Mapping[str, Any]) -> int | float | str:
    """A number, as JSON number or as decimal text."""
    exact = _decimal(value)
    places = component.get("decimalDigits")
    decimals = max(0, -cast(int, exact.normalize().as_tuple().exponent))
    if isinstance(places, int) and decimals > places:
        raise Wrong("小数最多 {n} 位", n=places) if places else Wrong("请填写整数")
    if len(exact.normalize().as_tuple().digits) > DIGITS or abs(exact) >= Decimal(10) ** DIGITS or decimals > DIGITS:
        raise Wrong("数字最多 {n} 位", n=DIGITS)
    rules = rules_of(component, context)
    _range(exact, rules)
    if component.get("serializeToString"):
        return format(exact.normalize(), "f")
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise Wrong("请填写数字")
    if isinstance(value, str) and not NUMBER.fullmatch(value.strip()):
        raise Wrong("请填写数字")
    if isinstance(value, int) and abs(value) >= 10**DIGITS:
        raise Wrong("数字最多 {n} 位", n=DIGITS)
    try:
        exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except InvalidOperation:
        raise Wrong("请填写数字") from None
    if not exact.is_finite():
        raise Wrong("请填写数字")
    if abs(exact.adjusted()) > 3 * DIGITS and exact:
        raise Wrong("数字最多 {n} 位", n=DIGITS)
    return exact


def _range(exact: Decimal, rules: Mapping[str, Any]) -> None:
    for name, wrong in (("min", "不能小于 {n}"), ("max", "不能大于 {n}")):
        try:
            bound = Decimal(str(rules[name]))
        except (KeyError, InvalidOperation):
            continue
        if (exact < bound) if name == "min" else (exact > bound):
            raise Wrong(wrong, n=rules[name])


def checkbox(_component: Schema, value: Any, _context: Mapping[str, Any]) -> bool:
    """Ticked or not."""
    if not isinstance(value, bool):
        raise Wrong("请勾选或取消勾选")
    return value


def options_of(component: Schema, context: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> list[Any]:
    """The values one may choose: `values`, `valuesKey` (a list the caller gave), or `valuesExpression` (FEEL)."""
    if component.get("valuesExpression"):
        found = value_of(str(component["valuesExpression"]), context)
    elif component.get("valuesKey"):
        found = (context if given is None else given).get(str(component["valuesKey"]))
    else:
        found = component.get("values")
    rows = found if isinstance(found, Sequence) and not isinstance(found, str) else []
    return [row.get("value") if isinstance(row, Mapping) else row for row in rows]


def _same(option: Any, value: Any) -> bool:
    return type(option) is type(value) and bool(option == value)


def choice(component: Schema, value: Any, context: Mapping[str, Any]) -> Any:
    """One of the options."""
    if not any(_same(option, value) for option in options_of(component, context)):
        raise Wrong("请从列出的选项中选择")
    return value


def choices(component: Schema, value: Any, context: Mapping[str, Any]) -> list[Any]:
    """Some of the options, each once, in the order they are listed."""
    options = options_of(component, context)
    if not isinstance(value, list) or len(value) > len(options):
        raise Wrong("请从列出的选项中选择")
    for one in value:
        choice(component, one, context)
    return [option for option in options if any(_same(option, one) for one in value)]


def files(component: Schema, value: Any, _context: Mapping[str, Any]) -> list[int]:
    """Ids of files that were uploaded before, each once."""
    right = isinstance(value, list) and all(type(one) is int and 0 < one < 2**63 for one in value)
    if not right or len(set(value)) != len(value):
        raise Wrong("文件没有传好，请重新上传")
    most = MOST_FILES if component.get("multiple", True) is not False else 1
    if len(value) > most:
        raise Wrong("最多上传 {n} 个文件", n=most)
    return list(value)


def moment(component: Schema, value: Any, _context: Mapping[str, Any]) -> str:
    """A date "2026-11-22", a time "10:02" or both "2026-11-22T10:02", as the field's `subtype` says."""
    kind = component.get("subtype", "date")
    if not isinstance(value, str) or len(value) > 40:
        raise Wrong("日期要写成 2026-11-22 这样")
    if kind == "time":
        return _time(value)
    day, _, rest = value.partition("T")
    when = _day(day)
    if kind == "datetime":
        return f"{when.isoformat()}T{_time(rest)}"
    if rest or value != when.isoformat():
        raise Wrong("日期要写成 2026-11-22 这样")
    return value


def _day(plain: str) -> dt.date:
    try:
        when = dt.date.fromisoformat(plain) if len(plain) == 10 else None
    except ValueError:
        when = None
    if when is None or not EARLIEST <= when.year <= LATEST:
        raise Wrong("日期要写成 2026-11-22 这样")
    return when


def _time(plain: str) -> str:
    try:
        dt.time.fromisoformat(ZONE.sub("", plain))
    except ValueError:
        raise Wrong("时间要写成 10:02 这样") from None
    return plain
