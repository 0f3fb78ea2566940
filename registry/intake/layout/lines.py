"""Rows that are no records: titles with what they say once for all, sums, notes, titles of sections."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from registry.intake.book import Value
from registry.intake.meaning.columns import is_heading
from registry.intake.meaning.folding import fold

if TYPE_CHECKING:
    from registry.intake.layout.headings import Head
    from registry.intake.records import Why

Cell = tuple[int, Value]
SUMS = (
    "合计", "总计", "小计", "共计", "累计", "总合计", "本页合计", "本页小计", "total", "subtotal", "grandtotal", "sum",
)
_BLANKS = ("", " ", "  ", "   ", "\u3000", "\u3000\u3000", "\xa0")
SUM_WORDS = frozenset((
    *SUMS, "Total", "TOTAL",
    *(blank.join(word) + end for word in SUMS if not word.isascii() for blank in _BLANKS for end in ("", ":", "：")),
))
"""As cells of a row with many filled ones; a look without folding."""
_SUM = re.compile(r"(?:本页|本表|总)?(?:合计|总计|小计|共计|累计)")
NOTES = tuple(
    "备注 注 说明 填表 制表 审核 编制 填报 复核 审批 批准 负责人签 单位盖章 盖章 签字 签名 日期 联系人 联系电话 打印 "
    "更新 截至 截止 以上 note remark prepared source".split()
)
_LONG = 25
_SAID = re.compile(r"([^\s:：]{2,12})\s*[:：]\s*([^:：]*?)(?=\s+[^\s:：]{2,12}\s*[:：]|\s*$)")
_NUMBERED = re.compile(r"[（(]?[一二三四五六七八九十]{1,3}[)）、.．]")
_LONG_NUMBER = re.compile(r"[0-9]{5}")
_NAMELIKE = re.compile(r"[㐀-鿿·]{2,4}")


def filled(row: Sequence[Value]) -> list[Cell]:
    """The cells of a row in which something stands."""
    return [(at, value) for at, value in enumerate(row) if value is not None and not (
        isinstance(value, str) and not value.strip())]


def said_once(cells: Sequence[Cell]) -> dict[str, str]:
    """What a line above a table says for all of it: 编制单位：某某公司 日期：2026-11-22."""
    found: dict[str, str] = {}
    waiting = ""
    for _, value in cells:
        text = str(value).strip()
        if waiting and not re.search("[:：]", text):
            found[waiting], waiting = text[:200], ""
            continue
        for match in _SAID.finditer(text[:400]):
            name, said = match.group(1).strip(), match.group(2).strip()
            if said:
                found[name] = said[:200]
            else:
                waiting = name
    return found


def kind(cells: Sequence[Cell], head: Head) -> Why | None:
    """What a thinly filled row under a heading is; None: a record after all."""
    at, value = cells[0]
    words = fold(str(value))
    if _SUM.match(words) and len(words) <= 40 or words in SUMS:
        return "total"
    if all(place in head.sequences and _counting(each) for place, each in cells):
        return "blank"
    text = str(value).strip()
    if _note(words, text, len(cells)) or _signatures(cells):
        return "note"
    if len(cells) > 1 or not isinstance(value, str):
        return None
    return _alone(at, text, words, head)


def is_sum(cells: Sequence[Cell]) -> bool:
    """Whether a well filled row sums up: the word stands in one of its first cells."""
    return any(fold(str(value)) in SUMS for _, value in cells[:3])


def is_numbered(text: str) -> bool:
    """Whether a text begins as the title of a section does: 一、 （二）."""
    return bool(_NUMBERED.match(text.strip()))


def _note(words: str, text: str, cells: int) -> bool:
    begins = next((each for each in NOTES if words.startswith(each)), None)
    if begins is not None and (re.search("[:：]", text) or (cells == 1 and len(words) > len(begins) + 3)):
        return True
    return cells == 1 and len(text) > _LONG


def _signatures(cells: Sequence[Cell]) -> bool:
    """A line to be signed: 单位负责人： 审核： 填表：张三."""
    return len(cells) > 1 and all(isinstance(value, str) and re.search("[:：]", value) for _, value in cells)


def _alone(at: int, text: str, words: str, head: Head) -> Why | None:
    """One text in a row: the title of a section, unless it stands where a record has its name or number."""
    if is_numbered(text):
        return "section"
    if at in head.keys and head.width > 1 and (at in head.numbers or _NAMELIKE.fullmatch(text)):
        return None
    if at in head.remarks:
        return "note"
    if _LONG_NUMBER.search(words) or 2 * sum(each.isdigit() for each in words) > len(words) or head.width < 2:
        return None
    return "section"


def _counting(value: Value) -> bool:
    return isinstance(value, (int, float)) or (isinstance(value, str) and value.strip().isdigit())


def headings_in(cells: Sequence[Cell], more: frozenset[str] = frozenset()) -> int:
    """How many of a row's cells are headings that we know."""
    return sum(isinstance(value, str) and len(value) <= 40 and ((key := fold(value)) in more or is_heading(key))
               for _, value in cells)
