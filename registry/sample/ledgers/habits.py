"""What differs between those who keep the same ledger: words of headings, headings printed on every page, rows that
group the headings, signatures below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from registry.sample.ledgers.pages import Book, Page, Part

PERSON, PAPER = "人员信息", "证件信息"
PERSONAL = frozenset({"sequence", "name", "id", "company", "phone"})


@dataclass(frozen=True)
class Habit:
    """`words`: heading -> what stands there instead · `again`: the headings come again after so many rows · `grouped`:
    a row above the headings says which are about the person · `below`: rows at the end."""

    words: Mapping[str, str] = field(default_factory=dict)
    again: int = 0
    grouped: bool = False
    below: tuple[tuple[str, ...], ...] = ()


PLAIN = Habit()
PRINTED = Habit(
    {"姓名": "人员姓名", "员工姓名": "持证人", "身份证号": "身份证号码", "证书编号": "证书号", "有效期": "有效期至",
     "单位": "所属单位", "发证日期": "发证时间", "领证日期": "发证日期", "证书类别": "证件名称",
     "复审期限": "应复审日期", "复审日期": "实际复审日期", "发证单位": "发证机关"},
    again=45, below=(("制表人：", "", "审核人：", "", "日期："),))
GROUPED = Habit(grouped=True, below=(("说明：红色或划线的为已离职人员。",),))
HABITS = (PLAIN, PRINTED, GROUPED)
"""By region; the first keeps its ledgers as facts 6.1 shows them."""


def keep(book: Book, habit: Habit) -> Book:
    """The book as somebody with this habit keeps it."""
    for page in book.pages:
        for part in page.parts:
            part.columns = tuple((habit.words.get(heading, heading), role) for heading, role in part.columns)
            part.again = 0 if part.merged or part.beside else habit.again
            part.above = _groups(part) if habit.grouped and part.headed and not part.beside else []
        if any(page.lines()) and book.shape != "csv":
            _sign(page, habit)
    return book


def _groups(part: Part) -> list[tuple[str, int]]:
    """The first columns are about the person, the others about the paper: the word and how many columns it stands
    over."""
    roles = [role for _, role in part.columns]
    first = next((at for at, role in enumerate(roles) if role not in PERSONAL), len(roles))
    return [each for each in ((PERSON, first), (PAPER, len(roles) - first)) if each[1]]


def _sign(page: Page, habit: Habit) -> None:
    page.below += [list(row) for row in habit.below]
