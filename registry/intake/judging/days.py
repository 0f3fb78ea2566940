"""Days in every form that ledgers have (facts 6): what day is meant, and what had to be put right to know it."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import NamedTuple

from ledger.workdays import months_before
from registry.intake.book import Value
from registry.intake.judging.cells import nothing, plain
from registry.intake.judging.defects import Defect
from registry.intake.mapping import DayOrder

EARLIEST, LATEST = 1920, 2090
ENDLESS = (2099, 2199, 2999, 9999)
"""Years that stand for 长期."""
_LONG = re.compile(
    r"长期(有效|使用)?|永久(有效|性)?|终[身生](有效)?|"
    r"无固定期限|无固定|无限期|无期限?|不限(期)?|长效|无有效期")
_WORDS = re.compile(
    r"^(证书|证件)?(有效期(限|至|到|止)*|有效(至|到)|截止(日期|到|至)?|起止日期|自|从|于|至|到)[:：]?\s*|"
    r"\s*(止|到期|截止|为止|之?前有效|有效|起|签发|核发)$")
_CLOCK = r"(?:[\sT]*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp][Mm])?\s*(?:Z|[+-]\d{2}:?\d{2})?)?"
_SEPARATOR = r"\s*(?:年|[./\\,，。、:_]|-+|[‐-―－]|\s)\s*"
_SEPARATOR_2 = r"\s*(?:月|[./\\,，。、:_]|-+|[‐-―－]|\s)\s*"
_FULL = rf"(\d{{4}}|\d{{2}}){_SEPARATOR}(\d{{1,2}}){_SEPARATOR_2}(\d{{1,2}})\s*[日号]?"
_MONTH = r"(\d{4})\s*(?:年|[./-])\s*(\d{1,2})\s*(?:月份?)?"
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_WHOLE = re.compile(_FULL + _CLOCK, re.ASCII)
_MONTHLY = re.compile(_MONTH, re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_LAST_YEAR = re.compile(r"(\d{1,2})\s*[./-]\s*(\d{1,2})\s*[./-]\s*(\d{4}|\d{2})" + _CLOCK, re.ASCII)
_NAMED = (
    re.compile(r"([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})" + _CLOCK, re.ASCII),
    re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s-]+([A-Za-z]{3,9})\.?,?[\s-]+(\d{4}|\d{2})" + _CLOCK, re.ASCII),
)
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_SPAN = re.compile(r"(?:有效期)?\s*([一二三四五六十两]|\d{1,3})\s*(?:个)?\s*(年|月)(?:有效)?")
_CHINESE = {each: number for number, each in enumerate("零一二三四五六七八九十")} | {"两": 2}
_TO = re.compile(r"\s*(?:至|到|~|～|〜|—+|–|－+|--+|\bto\b)\s*|(?<=[日号月])\s*-\s*|\s+-\s+|\n")
_HYPHENS = re.compile(rf"({_FULL}|{_MONTH}|\d{{8}})\s*-\s*({_FULL}|{_MONTH}|\d{{8}})", re.ASCII)
_LOOKS = str.maketrans("OoQlIZzSB", "000112258")
_CHINESE_DIGITS = str.maketrans("〇零○Ｏ一二三四五六七八九", "0000123456789")


class Day(NamedTuple):
    """A cell read as a day. Of two days, `on` is the last and `begins` the first; `span` is a period in months."""

    on: dt.date | None = None
    begins: dt.date | None = None
    long: bool = False
    span: int = 0
    defects: tuple[Defect, ...] = ()
    odd: bool = False
    """There is something, and it is no day."""

    @property
    def blank(self) -> bool:
        """Whether the cell says nothing at all."""
        return self.on is None and not (self.long or self.span or self.odd)


BLANK = Day()


def read_day(value: Value, *, end: bool = False, order: DayOrder = "ymd") -> Day:
    """The day in a cell; `end`: a month alone means its last day, else its first. Never raises.

    Plain days and ISO texts have no defect; neither have those in the `order` that a person has chosen for the table.
    """
    if value is None:
        return BLANK
    if isinstance(value, dt.datetime):
        return _plausible(value.date())
    if isinstance(value, dt.date):
        return _plausible(value)
    if isinstance(value, (int, float)):
        return _odd("date_odd") if isinstance(value, bool) else _of_number(value, end)
    found = _ISO.fullmatch(value)
    if found:
        return _plausible_parts(*found.group(1, 2, 3))
    text = plain(value)
    if nothing(text):
        return BLANK
    return _of_text(value, text, end, order)


def _of_text(value: str, text: str, end: bool, order: DayOrder) -> Day:
    marks = [Defect("full_width", "tidied", "full_width")] if re.search("[０-９]", value) else []
    day = _of_words(text, end, order)
    if day.odd and not any("\u4e00" <= each for each in text):
        again = text.translate(_LOOKS)
        day_2 = _of_words(again, end, order) if again != text and any(map(str.isdigit, text)) else day
        if day_2.on and len(re.findall("[A-Za-z]", text)) < 3:
            day = day_2._replace(defects=(*day_2.defects, Defect(
                "look_alike", "tidied", "date_format", day_2.on.isoformat(), {"day": day_2.on.isoformat()})))
    if day.odd and re.search("[〇零一二三四五六七八九]", text):
        day_2 = _of_words(_chinese(text), end, order)
        day = day if day_2.odd else day_2
    if marks and not day.odd:
        only = not day.defects or _ISO.fullmatch(text)
        return day._replace(defects=tuple(marks) if only else (*marks, *day.defects))
    return day


def _of_words(text: str, end: bool, order: DayOrder) -> Day:
    if _LONG.fullmatch(text):
        words = () if text in ("长期", "长期有效") else (Defect("date_format", "tidied", "date_long", "长期"),)
        return Day(long=True, defects=words)
    day = _one(text, end, order)
    if day is None:
        day = _range(text, order)
    if day is None:
        bare = _WORDS.sub("", _WORDS.sub("", text)).strip()
        if bare != text and bare:
            day = _one(bare, end, order) or _range(bare, order)
            if day is None and _LONG.fullmatch(bare):
                return _of_words(bare, end, order)
    if day is None and (found := _SPAN.fullmatch(text)):
        count = _CHINESE.get(found.group(1)) or int(found.group(1))
        return Day(span=count * 12 if found.group(2) == "年" else count)
    if day is None and re.fullmatch(r"(19|20)\d\d年?", text):
        return _odd("date_year")
    return day or _odd("date_odd")


def _one(text: str, end: bool, order: DayOrder) -> Day | None:
    if found := _ISO.fullmatch(text):
        return _plausible_parts(*found.group(1, 2, 3))
    if found := _COMPACT.fullmatch(text):
        return _tidied(_made(*found.groups()))
    if text.isdigit() and text.isascii() and len(text) in (5, 6):
        return _of_number(int(text), end)
    if order != "ymd" and (found := _LAST_YEAR.fullmatch(text)):
        return _ordered(found, order)
    if found := _WHOLE.fullmatch(text):
        day = _made(*found.group(1, 2, 3))
        if day is None and len(found.group(1)) == 2:
            return _year_last(text)
        return _tidied(day, "date_short" if len(found.group(1)) == 2 else "date_format")
    if found := _MONTHLY.fullmatch(text):
        return _of_month(int(found.group(1)), int(found.group(2)), end)
    for pattern, places in zip(_NAMED, ((3, 1, 2), (3, 2, 1)), strict=True):
        if found := pattern.fullmatch(text):
            year, month, day_of = found.group(*places)
            number = _MONTHS.get(month[:3].lower())
            return _tidied(_made(year, str(number), day_of)) if number else None
    return _year_last(text)


def _year_last(text: str) -> Day | None:
    """Day and month before the year, where only one reading of them is possible."""
    found = _LAST_YEAR.fullmatch(text)
    if found is None:
        return None
    first, second, year = found.groups()
    readings = {day for day in (_made(year, first, second), _made(year, second, first)) if day}
    return _tidied(readings.pop()) if len(readings) == 1 else _odd("date_order")


def _ordered(found: re.Match[str], order: DayOrder) -> Day:
    first, second, year = found.groups()
    day = _made(year, first, second) if order == "mdy" else _made(year, second, first)
    return _plausible(day) if day else _odd("date_impossible")


def _range(text: str, order: DayOrder) -> Day | None:
    """Two days, or a day and 长期."""
    if found := _HYPHENS.fullmatch(text):
        first, last = found.group(1), text[found.end(1):].strip().lstrip("-").strip()
    else:
        parts = [part for part in _TO.split(text) if part]
        if len(parts) != 2:
            return None
        first, last = (_WORDS.sub("", part.strip()) for part in parts)
    begin, until = _one(first, False, order), _one(last, True, order)
    if begin is None or begin.on is None:
        return None
    if _LONG.fullmatch(last):
        return Day(begins=begin.on, long=True, defects=(Defect("date_format", "tidied", "date_long", "长期"),))
    if until is None or until.on is None:
        return _odd("date_odd")
    params = {"first": begin.on.isoformat(), "last": until.on.isoformat()}
    doubts = [each for each in until.defects if each.weight != "tidied"]
    return Day(until.on, begin.on, defects=(
        *doubts, *([] if doubts else [Defect("date_format", "tidied", "date_range", until.on.isoformat(), params)])))


def _of_number(value: float, end: bool) -> Day:
    """A spreadsheet's serial number, or digits that a person typed."""
    whole = int(value) if value == value and abs(value) < 1e12 else 0
    if 14_000 <= whole <= 70_000:
        day = dt.date(1899, 12, 30) + dt.timedelta(days=whole)
        params = {"number": whole, "day": day.isoformat()}
        return Day(day, defects=(Defect("date_format", "tidied", "date_serial", day.isoformat(), params),))
    digits = str(whole)
    if value == whole and len(digits) == 8:
        return _tidied(_made(digits[:4], digits[4:6], digits[6:]))
    if value == whole and len(digits) == 6 and 1 <= int(digits[4:]) <= 12 and EARLIEST < int(digits[:4]) < LATEST:
        return _of_month(int(digits[:4]), int(digits[4:]), end)
    text = repr(value)
    if value != whole and (found := _MONTHLY.fullmatch(text)) and not text.endswith(".1"):
        return _of_month(int(found.group(1)), int(found.group(2)), end)  # 2026.1 may have been 2026.10
    return _odd("date_year" if EARLIEST < value < LATEST else "date_odd")


def _of_month(year: int, month: int, end: bool) -> Day:
    if not 1 <= month <= 12 or not EARLIEST < year < LATEST:
        return _odd("date_impossible")
    day = dt.date(year, month, calendar.monthrange(year, month)[1] if end else 1)
    said = "date_month" if end else "date_month_first"
    return Day(day, defects=(Defect("date_format", "doubt", said, day.isoformat(), {"day": day.isoformat()},
                                    case=said, sure=0.7),))


def _made(year: str, month: str, day: str) -> dt.date | None:
    number = int(year)
    if len(year) == 2:
        number += 2000 if number < 70 else 1900
    try:
        return dt.date(number, int(month), int(day))
    except ValueError:
        return None


def _tidied(day: dt.date | None, said: str = "date_format") -> Day:
    if day is None:
        return _odd("date_impossible")
    read = _plausible(day)
    if read.odd or read.long:
        return read
    text = day.isoformat()
    return Day(day, defects=(Defect("date_format", "tidied", said, text, {"day": text},
                                    sure=0.9 if said == "date_short" else 1.0),))


def _plausible_parts(year: str, month: str, day: str) -> Day:
    made = _made(year, month, day)
    return _plausible(made) if made else _odd("date_impossible")


def _plausible(day: dt.date) -> Day:
    if EARLIEST < day.year < LATEST:
        return Day(day)
    if day.year in ENDLESS:
        return Day(long=True, defects=(Defect("date_format", "tidied", "date_long", "长期"),))
    return _odd("date_far", year=day.year)


def _odd(said: str, **params: object) -> Day:
    return Day(odd=True, defects=(Defect("wrong_date", "doubt", said, "", params),))


def after(day: dt.date, months: int) -> dt.date:
    """The last day of a term of so many months that begins on a day: the eve of the same-numbered day."""
    return months_before(day, -months) - dt.timedelta(days=1)


def _chinese(text: str) -> str:
    """二〇二六年十二月三十一日 -> 2026年12月31日."""
    text = re.sub("([一二三])十([一二三四五六七八九])", r"\1\2", text)
    text = re.sub("([一二三])十", r"\g<1>0", text)
    text = re.sub("十([一二三四五六七八九])", r"一\1", text).replace("十", "10")
    return text.translate(_CHINESE_DIGITS)
