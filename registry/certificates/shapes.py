"""The shapes of certificate numbers (facts 2.4-2.8): patterns with named pieces, and what those must agree with."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ledger.errors import Problem
from registry.people import regions
from registry.verdict import Verdict, fails, holds

P = f"[{regions.SHORTS}]"
YEAR = "(?:19|20)[0-9]{2}"


@dataclass(frozen=True)
class Asked:
    """What a check may look at beside the number: the holder's identity number, where known, and the day."""

    holder: str | None
    on: dt.date


Judge = Callable[[str, Asked], Verdict]
Parts = Mapping[str, str]
Look = Callable[[Parts, Asked], Problem | tuple[Problem, ...]]


def nothing(parts: Parts, asked: Asked) -> tuple[Problem, ...]:
    """No further look."""
    return ()


@dataclass(frozen=True)
class Shape:
    """A judge made of patterns; `only` narrows a piece, `look` refuses (a Problem) or warns (a tuple)."""

    example: str
    patterns: tuple[str, ...]
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    look: Look = nothing

    def __call__(self, value: str, asked: Asked) -> Verdict:
        found = next((match for match in (re.fullmatch(each, value) for each in self.patterns) if match), None)
        if found is None:
            return fails(value, "编号应写成“{example}”的样式，请按原件填写", example=self.example)
        parts = {name: part for name, part in found.groupdict().items() if part is not None}
        for name, allowed in self.only.items():
            if parts[name] not in allowed:
                text = "编号中的“{found}”应为 {allowed}，请核对证书种类和原件"
                return fails(value, text, found=parts[name], allowed=" / ".join(allowed))
        seen = self.look(parts, asked)
        return Verdict(False, value, seen) if isinstance(seen, Problem) else holds(value, *seen, parts=parts)


@dataclass(frozen=True)
class Habit:
    """A judge that accepts anything and says so where it does not look like the samples: the format is unverified."""

    pattern: str
    warning: str

    def __call__(self, value: str, asked: Asked) -> Verdict:
        return holds(value) if re.fullmatch(self.pattern, value) else holds(value, Problem(self.warning))


def permit(parts: Parts, asked: Asked) -> Problem | tuple[Problem, ...]:
    """施工许可证: a real issue day; an unknown division, an unusual class or a day to come are warnings (facts 2.4)."""
    issued = day_of(parts["issued"])
    if issued is None:
        return Problem("第7至14位不是真实的发证日期，请核对原件")
    seen = []
    if not regions.known(parts["region"]):
        seen.append(Problem("行政区划代码 {code} 不在资料表中，请与原件核对", {"code": parts["region"]}))
    if issued > asked.on:
        seen.append(Problem("第7至14位的发证日期晚于今天，请与原件核对"))
    if parts["kind"] not in ("01", "02", "99"):
        seen.append(Problem("第15、16位通常是 01 房建、02 市政、99 其他，请与原件核对"))
    return tuple(seen)


def year(parts: Parts, asked: Asked) -> tuple[Problem, ...]:
    """A year to come is worth a look."""
    if int(parts["year"]) <= asked.on.year:
        return ()
    return (Problem("编号中的年份 {year} 晚于今年，请与原件核对", {"year": parts["year"]}),)


def day_of(digits: str) -> dt.date | None:
    """A real day from eight ASCII digits YYYYMMDD, or None."""
    try:
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


_BUILDER = rf"(?P<province>[{regions.SHORTS}军])(?P<level>[12])(?P<region>[0-9]{{2}})"

SAFETY_LICENCE = Shape(
    "（苏）JZ安许证字〔2023〕001234",
    (
        rf"[（(](?P<province>{P})[）)]JZ安许证字[\[【〔(（](?P<year>{YEAR})[\]】〕)）]"
        r"(?P<serial>[0-9]{6})(?:-(?P<copy>[0-9]{1,2}))?",
    ),
    look=year,
)
CONSTRUCTION_PERMIT = Shape(
    "320102202603150101",
    (
        rf"(?P<region>[0-9]{{6}})(?P<issued>{YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))"
        r"(?P<kind>0[1-9]|[1-9][0-9])(?P<serial>[0-9]{2})",
    ),
    look=permit,
)
BUILDER = Shape(
    "京111050700001",
    (
        _BUILDER + r"(?P<qualified>[0-9]{2})(?P<registered>[0-9]{2})(?P<serial>[0-9]{5})",
        _BUILDER + rf"(?P<qualified>{YEAR})(?P<registered>{YEAR})(?P<serial>[0-9]{{5,6}})",
    ),
)
SAFETY_OFFICER = Shape(
    "京建安C3（2015）0000001",
    (rf"(?P<province>{P})建安(?P<kind>A|B|C[123]?)[（(](?P<year>{YEAR})[）)](?P<serial>[0-9]{{7}})",),
    look=year,
)
SITE_OPERATOR = Shape(
    "苏A032026000123",
    (rf"(?P<province>{P})(?P<letter>[A-Z])(?P<trade>0[1-9]|1[01]|99)(?P<year>{YEAR})(?P<serial>[0-9]{{6}})",),
    look=year,
)
TRANSPORT_OFFICER = Shape(
    "浙交安A（17）G00223",
    (rf"(?P<province>{P})交安(?P<kind>[ABC])[（(](?P<year>[0-9]{{2}})[）)](?P<letter>[GS])(?P<serial>[0-9]{{5}})",),
)
QUALIFICATION = Shape(
    "D132012345",
    (r"(?P<kind>DW|D|AW|A|EW|E|B)(?P<level>[123])(?P<region>[0-9]{2})(?P<serial>[0-9]{5})(?P<check>[0-9])",),
)
EQUIPMENT = Shape(
    "起17苏A00001(26)",
    (rf"(?P<kind>[锅容管瓶梯起索乐车])(?P<agency>[0-9]{{2}}{P}[A-Z])(?P<serial>[0-9]{{5}})\((?P<year>[0-9]{{2}})\)",),
)
