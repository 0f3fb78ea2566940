"""Numbers of people and organisations: 公民身份号码 GB 11643-1999 and 统一社会信用代码 GB 32100-2015.

python-stdnum supplies the credit code's checksum. Its identity-number check is not used: it fails on new divisions and
refuses residents' permits (facts 0.5); its credit-code check ignores the organisation code's own digit (facts 0.6).
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal

from stdnum.cn import uscc

from ledger import clock
from ledger.errors import Problem
from registry.people import regions
from registry.verdict import Verdict, fails, holds
from registry.writing import clean, lost_digits, undashed

LOST = "表格把号码存成了数字，末几位已经丢失，请按证件原件重新录入"
_ID = re.compile(r"[1-9][0-9]{16}[0-9X]")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_USCC_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_LOOKS_LIKE = {"O": "0", "Q": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "B": "8"}
_EARLIEST = dt.date(1900, 1, 1)


def check_id_number(text: str, on: dt.date | None = None) -> Verdict:
    """Digits, a birth date after 1900-01-01 and not after `on` (default today), and the MOD 11-2 check digit.

    An unknown division is a warning. Normal form: 18 characters, capital X.
    """
    value = undashed(text)
    wrong = _id_shape(value, clean(text))
    if wrong is not None:
        return wrong
    born = _date(value[6:14])
    if born is None:
        return fails(value, "第7至14位不是真实的出生日期，请核对原件")
    if not _EARLIEST < born <= (on or clock.today()):
        return fails(value, "第7至14位的出生日期早于1900年或晚于今天，请核对原件")
    expected = id_check_digit(value[:17])
    if value[17] != expected:
        return fails(value, "第18位校验码应为 {expected}，请核对原件", expected=expected)
    return holds(value, *_region(value[:6]))


def check_uscc(text: str) -> Verdict:
    """Characters, total check digit (GB 32100) and the organisation code's own (GB 11714); department and region warn.

    Normal form: 18 capitals and digits.
    """
    value = undashed(text)
    wrong = _uscc_shape(value, clean(text))
    if wrong is not None:
        return wrong
    expected = uscc.calc_check_digit(value[:17])
    if value[17] != expected:
        return fails(value, "第18位校验码应为 {expected}，请核对营业执照", expected=expected)
    expected = organisation_check_digit(value[8:16])
    if value[16] != expected:
        return fails(value, "第17位（组织机构代码校验码）应为 {expected}，请核对营业执照", expected=expected)
    return holds(value, *_department(value), *_region(value[2:8]))


def id_check_digit(first: str) -> str:
    """The 18th character for 17 digits (ISO 7064 MOD 11-2)."""
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(first, _ID_WEIGHTS, strict=True)) % 11]


def organisation_check_digit(first: str) -> str:
    """The 9th character of an organisation code for its first eight (GB 11714)."""
    total = sum(_ORGANISATION.index(each) * weight for each, weight in zip(first, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def birth_of(id_number: str) -> dt.date:
    """The birth date in a valid 18-character identity number; ValueError otherwise."""
    born = _date(undashed(id_number)[6:14])
    if born is None:
        raise ValueError("not an identity number")
    return born


def gender_of(id_number: str) -> Literal["1", "2"]:
    """GB/T 2261.1 code from the 17th digit of a valid identity number: "1" male (odd), "2" female."""
    return "1" if int(undashed(id_number)[16]) % 2 else "2"


def age_on(birth: dt.date, on: dt.date) -> int:
    """Completed years on a day; somebody born on 29 February is a year older on 1 March."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def mask_id(text: str) -> str:
    """Hide the birth date of every identity number in a text (PIPL): 110101********0214, also after a T.

    A long digit run that is no identity number (a mistyped one) keeps two digits at each end only.
    """
    return re.sub(r"[0-9０-９]{8,}[XxＸｘ]?", _masked, text)


def _masked(run: re.Match[str]) -> str:
    digits = clean(run.group())
    keep, rest = (6, 4) if len(digits) == 18 else (2, 2)
    return digits[:keep] + "*" * (len(digits) - keep - rest) + digits[-rest:]


def _id_shape(value: str, cleaned: str) -> Verdict | None:
    if not value:
        return fails(value, "请填写身份证号")
    if lost_digits(cleaned):
        return fails(value, LOST)
    if re.fullmatch(r"[0-9]{15}", value):
        return fails(value, "这是15位旧号码，不能自动升位，请持证人提供18位身份证号")
    if len(value) != 18:
        return fails(value, "身份证号应为18位，现在是 {length} 位，请核对原件", length=len(value))
    if _ID.fullmatch(value):
        return None
    return _stranger(value, "123456789", "0123456789", "0123456789X")


def _uscc_shape(value: str, cleaned: str) -> Verdict | None:
    if not value:
        return fails(value, "请填写统一社会信用代码")
    if lost_digits(cleaned):
        return fails(value, LOST)
    if re.fullmatch(r"[0-9]{15}", value) or re.fullmatch(r"[0-9A-Z]{8}[0-9X]", value):
        return fails(value, "这是旧的注册号或组织机构代码，请填写18位统一社会信用代码，旧号可记在备注里")
    if len(value) != 18:
        return fails(value, "统一社会信用代码应为18位，现在是 {length} 位，请核对营业执照", length=len(value))
    digits = "0123456789"
    allowed = [_USCC_LETTERS] * 2 + [digits] * 6 + [_USCC_LETTERS] * 10
    if all(each in letters for each, letters in zip(value, allowed, strict=True)):
        return None
    return _first_stranger(value, allowed)


def _stranger(value: str, first: str, middle: str, last: str) -> Verdict:
    return _first_stranger(value, [first, *[middle] * (len(value) - 2), last])


def _first_stranger(value: str, allowed: list[str]) -> Verdict:
    """Name the first character that cannot stand where it stands, and what it was probably meant to be."""
    at = next(place for place, each in enumerate(value) if each not in allowed[place])
    meant = _LOOKS_LIKE.get(value[at], "")
    if meant and meant in allowed[at]:
        text = "第{position}位不能是“{found}”，可能应为 {meant}，请核对原件"
        return fails(value, text, position=at + 1, found=value[at], meant=meant)
    return fails(value, "第{position}位不能是“{found}”，请核对原件", position=at + 1, found=value[at])


def _department(value: str) -> tuple[Problem, ...]:
    if value[0] in "123456789ANY":
        return ()
    return (Problem("第1位登记管理部门代码 {found} 不常见，请核对营业执照", {"found": value[0]}),)


def _region(code: str) -> tuple[Problem, ...]:
    if regions.known(code):
        return ()
    return (Problem("行政区划代码 {code} 不在资料表中，请与原件核对", {"code": code}),)


def _date(digits: str) -> dt.date | None:
    """A real day from YYYYMMDD, or None."""
    if not re.fullmatch(r"[0-9]{8}", digits):
        return None
    try:
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
