"""Names of people as ledgers write them, and how like two names are: the same person written twice, or two people."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from registry.intake.judging.cells import nothing, plain
from registry.intake.judging.defects import Defect
from registry.people.spelling import spell

_INNER = re.compile(r"(?<=[\u2e80-\u9fff\U00020000-\U0003ffff·?？□])\s+(?=[\u2e80-\u9fff\U00020000-\U0003ffff·?？□])")
_UNKNOWN = re.compile(r"[?？□■�○〓\ue000-\uf8ff]")
_DOTS = str.maketrans("•・．.‧∙⋅", "·······")
_TAILS = frozenset("执照签章证印注册号姓名性本件的SGsg8")
"""What a scanner adds to a name from the words beside it (facts 6)."""
_SHAPES = (
    "未末朱", "己已巳", "日曰", "士土", "千干于", "人入八", "天夭夫", "王玉主", "大太犬", "木本术", "田由甲申", "刀力", "贝见",
    "候侯", "晴睛", "清请情晴", "波坡", "梅海", "洁沽", "祥详", "浩皓洁", "辉晖挥", "杨扬", "陈阵", "刘列", "孙孔", "赵起",
    "周同", "吴昊", "徐除", "林材", "何可", "高商", "罗岁", "郑邓", "谢射", "宋宗", "唐康", "许计", "韩朝", "冯马", "曹曾",
    "彭膨", "肖尚", "袁哀", "董重", "潘播", "蒋将", "沈枕", "叶汁", "卢户", "姚桃", "钟种", "姜美", "崔催", "谭潭", "廖寥",
    "范苑", "汪注", "石右", "付忖", "贾要", "丁了", "魏巍", "薛薜", "阎闫", "邱丘", "江汪", "史吏", "顾硕", "武式", "戴载",
    "强弘", "伟纬", "明朋", "军车", "勇男", "艳绝", "丽酒", "涛祷", "磊蕊", "鑫森", "飞气", "斌赋", "鹏朋", "健建", "宇字",
    "俊峻骏竣", "玲铃岭", "芳苏", "燕蒸", "萍苹", "红江", "霞假", "华毕", "平乎", "刚钢", "成戊戌", "东车", "永水冰", "志忘",
    "春眷", "国围固", "文交", "建健", "凤风", "亮壳", "峰锋烽", "超起", "玉王", "兰三", "英莫", "桂柱", "秀禾", "荣菜", "娟绢",
)
_LOOKS: dict[str, set[str]] = {}
for _group in _SHAPES:
    for _each in _group:
        _LOOKS.setdefault(_each, set()).update(_group)


class Name(NamedTuple):
    """A name read; `rare`: a character of it is lost."""

    name: str
    rare: bool = False
    defects: tuple[Defect, ...] = ()


def read_name(text: str) -> Name:
    """A person's name without inner blanks; the parts of a foreign or minority name keep their dot or blank."""
    if text.isalpha() and not text.isascii():
        return Name(text)
    value = plain(text).translate(_DOTS)
    if nothing(value):
        return Name("")
    joined = _INNER.sub("", value)
    defects = []
    if joined != value:
        defects.append(Defect("name_space", "tidied", "name_space", joined, {"name": joined}))
    rare = _UNKNOWN.search(joined) is not None
    if rare:
        defects.append(Defect("rare_character", "doubt", "rare_character"))
    return Name(joined[:60], rare, tuple(defects))


def fits(rare: str, name: str) -> bool:
    """Whether a name is one whose lost characters are filled in."""
    return len(rare) == len(name) and all(
        one == other or _UNKNOWN.match(one) for one, other in zip(rare, name, strict=True))


def lost(name: str) -> bool:
    """Whether a character of the name is lost."""
    return _UNKNOWN.search(name) is not None


@lru_cache(maxsize=4096)
def alike(one: str, other: str) -> float:
    """How likely two different names are one, written twice, where something else already says that they are one
    person: 0 not at all, 1 surely. Pure guesswork made explicit: tails, similar shapes, the same sound."""
    short, long = sorted((one, other), key=len)
    if tail(long, short):
        return 1.0
    if len(short) != len(long):
        return 0.8 if len(short) > 1 and long.startswith(short) or len(short) > 2 and _inserted(short, long) else 0.0
    wrong = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    if all(similar(a, b) for a, b in wrong):
        return 0.95 if len(wrong) == 1 else 0.8
    if len(wrong) == 1 and len(one) > 2:
        return 0.8
    return 0.0


def tail(long: str, short: str) -> bool:
    """Whether the longer is the shorter with something of the form's own words behind it."""
    return len(short) > 1 and long.startswith(short) and 0 < len(long) - len(short) < 3 and all(
        each in _TAILS for each in long[len(short):])


@lru_cache(maxsize=8192)
def similar(one: str, other: str) -> bool:
    """Whether two characters look or sound alike."""
    return other in _LOOKS.get(one, ()) or spell(one, person=False)[0] == spell(other, person=False)[0]


def _inserted(short: str, long: str) -> bool:
    return len(long) == len(short) + 1 and any(long[:at] + long[at + 1:] == short for at in range(len(long)))
