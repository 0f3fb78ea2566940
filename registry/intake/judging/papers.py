"""Papers in the cabinet and rows of a borrow register (facts 6.1, V3 and V5)."""

from __future__ import annotations

import datetime as dt
import re

from registry.intake.book import Value
from registry.intake.judged import LoanSaid, PaperSaid
from registry.intake.judging.defects import Defect
from registry.intake.judging.plan import Row

MOST = 30
_COUNTS = re.compile(r"(正本|副本)\s*[:：]?\s*(\d{1,3})")
_ONE = re.compile(r"(\d{1,3})\s*(?:份|本|张|个|套)?(?:\.0)?")
_CHINESE = {each: number for number, each in enumerate("零一二三四五六七八九十")} | {"两": 2, "壹": 1, "贰": 2}
_TIME = re.compile(r"(\d{1,2})[:：时](\d{2})?(?:[:：分](\d{2}))?")
KINDS = {"originals": "original", "duplicates": "duplicate"}


def papers(row: Row) -> list[PaperSaid]:
    """The papers that a row says are kept, each with its place; several of a kind are numbered."""
    counts: dict[str, int] = {}
    for field, kind in KINDS.items():
        if field in row.plan.places and (text := row.text(field)):
            _count(row, field, kind, text, counts)
    place = row.text("place")[:120] if "place" in row.plan.places else ""
    if not counts and place:
        counts["original"] = 1
    return [PaperSaid(kind=kind, serial=str(number) if count > 1 else "", place=place)
            for kind, count in counts.items() for number in range(1, min(count, MOST) + 1)]


def _count(row: Row, field: str, kind: str, text: str, counts: dict[str, int]) -> None:
    """A count, or both counts in one cell: 正本1副本2, 1/2."""
    both = _COUNTS.findall(text)
    split = re.fullmatch(r"(\d{1,2})\s*/\s*(\d{1,2})", text)
    one = _ONE.fullmatch(text)
    if both:
        counts.update({"original" if name == "正本" else "duplicate": int(number) for name, number in both})
    elif split and field == "originals":
        counts.update(original=int(split.group(1)), duplicate=int(split.group(2)))
    elif one and int(one.group(1)) <= MOST:
        counts[kind] = int(one.group(1))
    elif text[:1] in _CHINESE:
        counts[kind] = _CHINESE[text[0]]
    elif text in ("有", "是", "√", "✓", "Y"):
        counts[kind] = 1
    elif text not in ("否", "×", "N"):
        row.note(Defect("wrong_value", "doubt", "wrong_count", sure=0.5), row.cell(field)[0], field)


def loan(row: Row) -> LoanSaid:
    """The loan that a row of a borrow register tells of."""
    said = LoanSaid(
        borrower=_name(row, "borrower"), returner=_name(row, "returner"), handler=_name(row, "handler"),
        lent_at=_moment(row, "lent_at"), returned_at=_moment(row, "returned_at"), purpose=row.text("purpose")[:200],
        state=row.text("loan_state")[:40],
    )
    if not said.borrower:
        row.note(Defect("no_holder", "stop", "no_holder"), row.cell("borrower")[0])
    if said.lent_at and said.returned_at and said.returned_at < said.lent_at:
        params = {"until": said.returned_at.date().isoformat(), "since": said.lent_at.date().isoformat()}
        row.note(Defect("end_before_issue", "stop", "end_before_issue", params=params), row.cell("returned_at")[0])
    return said


def _name(row: Row, field: str) -> str:
    place, value = row.cell(field)
    text = row.text(field)
    if not text:
        return ""
    name = row.plan.name(value if isinstance(value, str) else text)
    for defect in name.defects:
        row.note(defect, place)
    return name.name


def _moment(row: Row, field: str) -> dt.datetime | None:
    """A day with its time, midnight where none is written."""
    _, value = row.cell(field)
    _, day = row.day(field)
    if day is None or day.on is None:
        return None
    return dt.datetime.combine(day.on, _clock(value))


def _clock(value: Value) -> dt.time:
    if isinstance(value, dt.datetime):
        return value.time()
    found = _TIME.search(value) if isinstance(value, str) else None
    if found is None:
        return dt.time()
    hour, minute, second = (int(part or 0) for part in found.groups())
    return dt.time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else dt.time()
