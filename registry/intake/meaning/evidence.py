"""What the values of a column look like: identity numbers, days, spans of days, phones, counts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from registry.intake.book import Value
from registry.writing import clean

MOST = 200
"""So many filled cells of a column are looked at."""
_ID = re.compile(r"[0-9]{17}[0-9X]|[0-9]{15}|[0-9](?:\.[0-9]+)?E\+?17")
_T_ID = re.compile(r"T[0-9]{15,17}[0-9X]?")
_USCC = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
_PHONE = re.compile(r"(?:\+?86)?1[0-9]{10}|0[0-9]{2,3}-?[0-9]{7,8}")
_WHOLE = r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9]"
_DAY = rf"(?:(?:19|20)?[0-9]{{2}}[-./年][0-9]{{1,2}}(?:[-./月][0-9]{{1,2}})?[日号]?|{_WHOLE})"
_DAYS = re.compile(rf"{_DAY}(?:T?[0-9:.+]+)?|[0-9]{{1,2}}[-/.][0-9]{{1,2}}[-/.][0-9]{{2,4}}(?:[0-9:.]+)?|长期|永久|无")
_SERIAL = re.compile(r"[1-6][0-9]{4}")
_SPAN = re.compile(rf"(?:自|从)?{_DAY}(?:起)?(?:至|到|~|—|-{{1,2}}|起至)(?:{_DAY}|长期)(?:止)?")
_LASTING = re.compile(r"[0-9一二三四五六十]{1,2}(?:年|个月|天)")
_NAME = re.compile(r"[㐀-鿿·?？]{2,5}|[A-Z.'·-]{2,40}")
_STATE = re.compile(
    r"(?:已|仍|现)?(?:有效|无效|过期|到期|临期|即将到期|失效|注销|吊销|撤销|撤回|暂扣|正常|在用|停用|报废|在办|办理中|延期)(?:中|内|期内)?"
)
_COUNT = re.compile(r"[0-9]{1,3}(?:/[0-9]{1,3})?[份本张个]?")


@dataclass(frozen=True, slots=True)
class Look:
    """Shares of the filled values, 0 to 1; `count` is how many were looked at."""

    count: int = 0
    id: float = 0.0
    t_id: float = 0.0
    uscc: float = 0.0
    phone: float = 0.0
    day: float = 0.0
    span: float = 0.0
    serial: float = 0.0
    """Days as a spreadsheet counts them: 46387."""
    lasting: float = 0.0
    """How long something lasts: 6年."""
    name: float = 0.0
    few: float = 0.0
    """Small whole numbers."""
    state: float = 0.0
    """Words for how a certificate stands."""
    running: bool = False
    """They count up by one."""
    distinct: float = 0.0


NOTHING = Look()


def look(values: Sequence[Value]) -> Look:
    """What the first MOST filled values look like."""
    filled = [value for value in values if value is not None and value != ""][:MOST]
    if not filled:
        return NOTHING
    texts = [_text(value) for value in filled]
    pairs = zip(filled, texts, strict=True)
    days = sum(isinstance(value, dt.date) or bool(_DAYS.fullmatch(text)) for value, text in pairs)
    total = len(filled)

    def share(pattern: re.Pattern[str]) -> float:
        return sum(bool(pattern.fullmatch(text)) for text in texts) / total

    return Look(
        count=total, id=share(_ID), t_id=share(_T_ID), uscc=share(_USCC), phone=share(_PHONE), day=days / total,
        span=share(_SPAN), serial=share(_SERIAL), lasting=share(_LASTING), name=share(_NAME), few=share(_COUNT),
        state=share(_STATE), running=_running(texts), distinct=len(set(texts)) / total,
    )


def _text(value: Value) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return clean(str(value))


def _running(texts: Iterable[str]) -> bool:
    numbers = [int(each) for each in texts if each.isascii() and each.isdigit() and len(each) < 7]
    if len(numbers) < 2:
        return numbers == [1]
    steps = sum(after - before == 1 for before, after in zip(numbers, numbers[1:], strict=False))
    return numbers[0] <= 1 and steps >= 0.7 * (len(numbers) - 1)
