"""What makes a type nonsense, each fault with the key of the statement it stands at ("window.closes", "fields[3].key").

The same checks hold for the shipped files, for files brought in by a command and for the form in the browser. Pure.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from ledger.errors import Problem
from registry.certificates.kinds import (
    SECTIONS,
    CertificateType,
    Document,
    Field,
    Offset,
    Review,
    Stated,
    Variant,
    Window,
)
from registry.certificates.numbers import RULES
from registry.people.regions import SHORTS

Fault = tuple[str, Problem]
HOLDERS = {"E": "enterprise", "P": "person", "J": "project", "Q": "equipment"}
STEPS: dict[str, str] = {
    "opens": "开放", "hand_in": "内部交件", "target": "法定申请日", "closes": "截止", "lapses": "失效",
}
"""The points of a window, as people call them."""
MOST = {"months": 1200, "days": 3660, "workdays": 400, "years": 120, "times": 100}
RANGES: dict[str, str] = {
    "months": "月数应在 {least} 到 {most} 之间。", "days": "天数应在 {least} 到 {most} 之间。",
    "workdays": "工作日数应在 {least} 到 {most} 之间。", "years": "年龄应在 {least} 到 {most} 之间。",
    "times": "次数应在 {least} 到 {most} 之间。",
}
LONGEST = {"name": 60, "aliases": 60, "name_en": 120, "issuer": 120, "standard": 60, "national_code": 20}
"""Characters; titles of requests and the issuer of a version are made of them."""
# Ends of terms on which a window's points are put in order: a plain day, ends of long and short months, a leap day.
TRIED = (dt.date(2027, 5, 31), dt.date(2027, 12, 31), dt.date(2028, 2, 29), dt.date(2028, 5, 29))
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CODE = re.compile(r"[EPJQ][0-9]{2,3}")


def statements(said: Stated, place: str = "type") -> Iterator[tuple[str, Stated]]:
    """Every statement of a type, also inside its variants and rows, with its key ("window", "fields[3]")."""
    yield place, said
    for name in said.__struct_fields__:
        value = getattr(said, name)
        at = name if place == "type" else f"{place}.{name}"
        if isinstance(value, Stated):
            yield from statements(value, at)
        elif isinstance(value, tuple):
            for number, one in enumerate(value):
                if isinstance(one, Stated):
                    yield from statements(one, f"{at}[{number}]")


def doubts(each: CertificateType) -> list[tuple[str, Stated]]:
    """What is not verified about a type (未核实), with its key; our own rules (D) are no doubts."""
    return [(key, said) for key, said in statements(each) if doubtful(said)]


def doubtful(said: Stated) -> bool:
    """Whether a statement is to be marked 未核实."""
    return not said.verified and not said.source.startswith("D")


def faults(each: CertificateType) -> Iterator[Fault]:
    """Everything wrong with one type by itself."""
    if not _CODE.fullmatch(each.code) or not each.code.startswith(each.family):
        yield "code", Problem("代码应是类别字母（{family}）加2到3位数字。", {"family": each.family})
    if each.holder != HOLDERS[each.family]:
        yield "holder", Problem("持证对象与类别不符。")
    if not each.name.strip():
        yield "name", Problem("请填写名称。")
    for name, most in LONGEST.items():
        said = getattr(each, name)
        if any(len(text) > most for text in (said if name == "aliases" else (said,))):
            yield name, Problem("最多 {most} 字。", {"most": most})
    if each.number.rule not in RULES:
        yield "number.rule", Problem("没有“{rule}”这条编号规则。", {"rule": each.number.rule})
    keys = {"number", *(field.key for field in each.fields)}
    for key in each.number.unique_by:
        if key not in keys:
            yield "number.unique_by", Problem("字段表里没有“{key}”。", {"key": key})
    yield from _term_faults(each)
    yield from _source_faults(each)
    yield from _document_faults(each.documents)
    yield from _field_faults("fields", each.fields)
    yield from _window_faults(each.window)
    yield from _too_long(each)
    for at, variant in enumerate(each.variants):
        yield from _variant_faults(f"variants[{at}]", each, variant)


def link_faults(each: CertificateType, others: Mapping[str, CertificateType]) -> Iterator[Fault]:
    """What does not fit the other types: a required type that is not there, a name that means another type."""
    for at, need in enumerate(each.requires):
        for code in need.types:
            if code not in others and code != each.code:
                yield f"requires[{at}].types", Problem("没有代码为“{code}”的证书种类。", {"code": code})
    taken = {name: other.code for other in others.values() if other.code != each.code
             for name in (other.name, *other.aliases)}
    for place, names in (("name", [each.name]), ("aliases", each.aliases)):
        for name in names:
            if name in taken:
                yield place, Problem("“{name}”已是 {code} 的名称或别名。", {"name": name, "code": taken[name]})


def _term_faults(each: CertificateType) -> Iterator[Fault]:
    months, kind = each.validity.months, each.validity.kind
    if kind in ("months", "start_within") and months is None:
        yield "validity.months", Problem("这种有效期要填写月数。")
    elif months is not None and kind not in ("months", "start_within"):
        yield "validity.months", Problem("这种有效期不填月数。")
    else:
        yield from _outside("validity.months", months, "months")
    if each.review:
        yield from _review_faults(each.review)
    yield from _period_faults(each)
    if any(not 0 < day <= MOST["days"] for day in each.reminders) or len(set(each.reminders)) < len(each.reminders):
        yield "reminders", Problem("提醒天数应是不重复的正整数。")


def _period_faults(each: CertificateType) -> Iterator[Fault]:
    if each.extension:
        yield from _outside("extension.times", each.extension.times, "times")
        yield from _outside("extension.months", each.extension.months, "months")
    if change := each.change:
        given = [unit for unit in ("days", "workdays", "months") if getattr(change, unit) is not None]
        for unit in given:
            yield from _outside(f"change.{unit}", getattr(change, unit), unit)
        if len(given) > 1:
            yield f"change.{given[1]}", Problem("按天、按工作日或按月，只填一种。")
    if age := each.age:
        for name in ("minimum", "maximum", "checkup_after"):
            yield from _outside(f"age.{name}", getattr(age, name), "years")
        if age.minimum and age.maximum and age.minimum >= age.maximum:
            yield "age.maximum", Problem("最高年龄应大于最低年龄。")
        yield from _outside("age.last_days", age.last_days, "days")
    for name in ("workdays", "extension_workdays", "acceptance_workdays", "delivery_workdays"):
        yield from _outside(f"decision.{name}", getattr(each.decision, name), "workdays", least=0)


def _outside(place: str, number: int | None, unit: str, least: int = 1) -> Iterator[Fault]:
    if number is not None and not least <= number <= MOST[unit]:
        yield place, Problem(RANGES[unit], {"least": least, "most": MOST[unit]})


def _review_faults(review: Review) -> Iterator[Fault]:
    yield from _outside("review.months", review.months, "months")
    yield from _outside("review.long_months", review.long_months, "months")
    yield from _outside("review.opens_days", review.opens_days, "days")
    for name in ("year_from", "year_to"):
        if (day := getattr(review, name)) and not _is_day_of_year(day):
            yield f"review.{name}", Problem("请写成“月-日”，例如 06-30。")
    if bool(review.year_from) != bool(review.year_to):
        missing = "year_to" if review.year_from else "year_from"
        yield f"review.{missing}", Problem("起止日期要一起填写。")


def _is_day_of_year(text: str) -> bool:
    try:
        dt.date.fromisoformat(f"2027-{text}")
    except ValueError:
        return False
    return True


def _source_faults(each: CertificateType) -> Iterator[Fault]:
    for key, said in statements(each):
        at = "" if key == "type" else f"{key}."
        if said.source[:1] not in ("S", "M", "D", "K") or not said.source:
            yield f"{at}source", Problem("来源应以 S（读到的法规或网页）、M（实测）、D（本单位规则）或 K（经验）开头。")
        elif said.verified and said.source[:1] in ("D", "K"):
            yield f"{at}verified", Problem("来源为 {source} 的内容不能标为已核实。", {"source": said.source[:1]})


def _document_faults(documents: Iterable[Document]) -> Iterator[Fault]:
    seen: set[str] = set()
    for at, document in enumerate(documents):
        yield from _key_faults(f"documents[{at}]", document.key, seen)
        if not document.name.strip():
            yield f"documents[{at}].name", Problem("请填写名称。")


def _key_faults(place: str, key: str, seen: set[str]) -> Iterator[Fault]:
    if not _KEY.fullmatch(key):
        yield f"{place}.key", Problem("键名用小写字母、数字和下划线，以字母开头。")
    elif key in seen:
        yield f"{place}.key", Problem("键名“{key}”重复了。", {"key": key})
    seen.add(key)


def _field_faults(place: str, fields: tuple[Field, ...]) -> Iterator[Fault]:
    seen: set[str] = set()
    columns: set[str] = set()
    for number, field in enumerate(fields):
        at = f"{place}[{number}]"
        yield from _key_faults(at, field.key, seen)
        if not field.label.strip():
            yield f"{at}.label", Problem("请填写名称。")
        if field.rule and field.rule not in RULES:
            yield f"{at}.rule", Problem("没有“{rule}”这条编号规则。", {"rule": field.rule})
        if field.kind == "code" and not field.options:
            yield f"{at}.options", Problem("“选项”类字段要列出选项。")
        elif field.options and field.kind != "code":
            yield f"{at}.options", Problem("只有“选项”类字段可以有选项。")
        values = [option.value for option in field.options]
        if len(set(values)) < len(values) or "" in values:
            yield f"{at}.options", Problem("选项的值不能为空或重复。")
        if (field.kind == "rows") != bool(field.fields):
            yield f"{at}.fields", Problem("“多行”类字段要有下级字段，其他字段不能有。")
        if field.column and field.column in columns:
            yield f"{at}.column", Problem("已有另一个字段存在这一栏。")
        if field.longest is not None and field.longest < 1:
            yield f"{at}.longest", Problem("最长字数应大于零。")
        columns.add(field.column)
        yield from _field_faults(f"{at}.fields", field.fields)


def _window_faults(window: Window) -> Iterator[Fault]:
    steps = window.steps()
    for name, offset in steps:
        yield from _offset_faults(f"window.{name}", offset)
    for (earlier, first), (later, second) in zip(steps, steps[1:], strict=False):
        if all(_sound(one) for one in (first, second)) and any(
                first.before(until) > second.before(until) for until in TRIED):
            yield f"window.{later}", Problem(
                "“{later}”不能早于“{earlier}”。", {"later": STEPS[later], "earlier": STEPS[earlier]})


def _sound(offset: Offset) -> bool:
    return not any(True for _ in _offset_faults("", offset))


def _offset_faults(place: str, offset: Offset) -> Iterator[Fault]:
    months, days = offset.months_before, offset.days_before
    if min(months, days) < 0 or (months and days):
        yield place, Problem("按月或按天提前，只填一种，不能是负数。")
    elif months > MOST["months"] or days > MOST["days"]:
        most = {"months": MOST["months"], "days": MOST["days"]}
        yield place, Problem("提前量太大，最多 {months} 个月或 {days} 天。", most)


def _too_long(each: CertificateType) -> Iterator[Fault]:
    """A window that begins before the term does."""
    months = each.validity.months
    if each.validity.kind != "months" or not months or not 0 < months <= MOST["months"]:
        return
    whole = Offset(months_before=months)
    for name, offset in each.window.steps():
        if _sound(offset) and any(offset.before(until) < whole.before(until) for until in TRIED):
            yield f"window.{name}", Problem("“{step}”早于有效期的第一天。", {"step": STEPS[name]})


def _variant_faults(place: str, each: CertificateType, variant: Variant) -> Iterator[Fault]:
    """Its place and day, and the type as it would stand with it: a local window or term can be nonsense too."""
    if variant.province and variant.province not in tuple(SHORTS):
        yield f"{place}.province", Problem("没有“{province}”这个省份简称。", {"province": variant.province})
    if not (variant.province or variant.effective_from or variant.pending):
        yield place, Problem("要有省份、生效日期，或标为待核实。")
    sections = {name: part for name in SECTIONS if (part := getattr(variant, name)) is not None}
    whole = msgspec.structs.replace(each, **sections)
    for key, problem in (*_term_faults(whole), *_window_faults(whole.window), *_too_long(whole)):
        if key.split(".")[0] in sections:
            yield f"{place}.{key}", problem
