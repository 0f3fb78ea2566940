"""How a Chinese name is typed on a keyboard: whole pinyin ("zhangwei") and initials ("zw")."""

from __future__ import annotations

from functools import lru_cache

SURNAMES = {
    "曾": "zeng", "单": "shan", "仇": "qiu", "解": "xie", "查": "zha", "任": "ren", "盖": "ge", "区": "ou",
    "朴": "piao", "翟": "zhai", "华": "hua", "覃": "qin", "乐": "yue", "缪": "miao", "黑": "he", "种": "chong",
    "折": "she", "员": "yun", "召": "shao", "秘": "bi", "冼": "xian", "洗": "xian", "尹": "yin", "宿": "su",
    "晟": "cheng", "柏": "bai", "尉迟": "yu chi", "万俟": "mo qi", "长孙": "zhang sun", "澹台": "tan tai",
}
"""Surnames that are read otherwise than the same characters elsewhere."""


@lru_cache(maxsize=4096)
def spell(name: str, *, person: bool = True) -> tuple[str, str]:
    """(pinyin, initials) in lower case; a run of digits stays whole, signs are dropped."""
    from pypinyin import lazy_pinyin  # a large dictionary: read only when a name is written

    head = next((known for known in (name[:2], name[:1]) if known in SURNAMES), "") if person else ""
    read = [*SURNAMES.get(head, "").split(), *lazy_pinyin(name[len(head):])]
    syllables = ["".join(c for c in part.lower() if c.isascii() and c.isalnum()) for part in read]
    return "".join(syllables), "".join(part if part.isdigit() else part[:1] for part in syllables)
