"""The days of a row: its term, its review, and whether they can be true for the type."""

from __future__ import annotations

import datetime as dt

from ledger.workdays import months_before
from registry.certificates.kinds import CertificateType
from registry.certificates.windows import next_review
from registry.intake.judging.days import Day, after
from registry.intake.judging.defects import Defect
from registry.intake.judging.plan import Row


def term(row: Row, kind: CertificateType) -> None:
    """Read issue, beginning, end and review into the row, and judge them by the type's data."""
    judged = row.judged
    ends = kind.validity.kind in ("months", "dated")
    judged.issued_on = row.begin("issued_on")
    judged.valid_from = row.begin("valid_from") if "valid_from" in row.plan.places else None
    if judged.issued_on is None and "inspected_on" in row.plan.places and kind.family == "Q":
        judged.issued_on = row.begin("inspected_on")
    place, day = _end(row, ends)
    if day is not None:
        judged.valid_from = judged.valid_from or day.begins
        judged.valid_until = day.on
    if judged.valid_until is None:
        _endless(row, kind, place, day, ends)
    if judged.issued_on is not None or judged.valid_from is not None:
        _order(row, place)
    if kind.review is not None or "review_on" in row.plan.places:
        _review(row, kind)


def _end(row: Row, stops: bool) -> tuple[int, Day | None]:
    """The end, from whichever column says it."""
    seen, first = -1, None
    for field in ("valid_until", "term", "inspect_on"):
        if field not in row.plan.places or (field == "inspect_on" and row.kind and row.kind.family != "Q"):
            continue
        place, day = row.day(field, end=True, stops=stops)
        if day is not None:
            if field == "term" and day.begins is not None:
                _usual(row, place)
            return place, day
        seen, first = (place, day) if seen < 0 else (seen, first)
    if row.judged.issued_on is not None and "issued_on" in row.plan.places:
        place, value = row.cell("issued_on")
        both = row.plan.day(value, False)
        if both.begins is not None:
            return place, both
    return seen, first


def _usual(row: Row, place: int) -> None:
    """Two days in one cell are what a column for both is there for."""
    row.judged.findings = [each for each in row.judged.findings if not (
        each.column == place and each.kind == "date_format" and "first" in each.params)]


def _endless(row: Row, kind: CertificateType, place: int, day: Day | None, ends: bool) -> None:
    """No day of an end: long, a period to be counted, unreadable, or blank."""
    judged = row.judged
    since = judged.valid_from or judged.issued_on
    if day is not None and day.span and since:
        judged.valid_until = after(since, day.span)
        text = judged.valid_until.isoformat()
        row.note(Defect("date_format", "doubt", "date_span", text, {"months": day.span, "day": text}, "date_span", 0.7),
                 place, "valid_until")
    elif day is not None and day.long:
        judged.long = not ends or kind.validity.open_ended
        judged.undated = not judged.long
        if judged.undated:
            judged.findings = [each for each in judged.findings if each.column != place or each.kind != "date_format"]
            row.note(Defect("wrong_date", "doubt", "date_not_long", case=f"long {kind.code}"), place, "valid_until")
    elif ends:
        judged.undated = True
        if (day is None or not day.odd) and (not kind.validity.open_ended or row.plan.open_blank):
            _blank(row, kind, place, since)
        elif day is None:
            judged.undated = False  # a paper that need not end, in a ledger where few have an end


def _blank(row: Row, kind: CertificateType, place: int, since: dt.date | None) -> None:
    if since and kind.validity.months:
        day = after(since, kind.validity.months).isoformat()
        defect = Defect("blank_end", "doubt", "blank_end_known", day, {"day": day}, sure=0.6)
    else:
        defect = Defect("blank_end", "doubt", "blank_end" if place >= 0 else "no_end_column")
    if place < 0:
        defect = defect._replace(case=f"table {row.plan.table.number}")
    row.note(defect, place, "valid_until")


def _order(row: Row, place: int) -> None:
    """An end before the beginning; an issue in the future: neither can be entered."""
    judged = row.judged
    until, since = judged.valid_until, judged.issued_on or judged.valid_from
    if judged.valid_from and judged.issued_on:
        since = max(judged.valid_from, judged.issued_on)
    if until is not None and since is not None and until < since:
        params = {"until": until.isoformat(), "since": since.isoformat()}
        row.note(Defect("end_before_issue", "stop", "end_before_issue", params=params), place)
    elif judged.issued_on is not None and judged.issued_on > row.plan.today:
        row.note(Defect("future_issue", "stop", "future_issue", params={"day": judged.issued_on.isoformat()}),
                 row.cell("issued_on")[0])


def _review(row: Row, kind: CertificateType) -> None:
    """The day by which a review is due. Only where missing it costs the certificate is a missing day a defect, and only
    while it lies ahead: what has been reviewed, or was to be long ago, has none in such ledgers."""
    judged = row.judged
    place, day = row.day("review_on", end=True) if "review_on" in row.plan.places else (-1, None)
    judged.review_on = day.on if day is not None else None
    lapses = kind.review is not None and kind.review.lapses
    due = _due(row, kind) if lapses and (day is None or judged.review_on) else None
    if judged.review_on is not None and judged.valid_until is not None and judged.review_on > judged.valid_until:
        if not any(each.kind == "end_before_issue" for each in judged.findings):
            row.note(Defect("wrong_date", "doubt", "review_after_end", due.isoformat() if due else ""), place)
        judged.review_on = None
    elif lapses and day is None and place >= 0 and not (judged.valid_from or judged.issued_on or judged.valid_until):
        row.note(Defect("review_missing", "doubt", "review_missing"), place)
    elif due is None or row.cell("reviewed_on")[1] is not None:
        return
    elif day is None and place < 0:
        judged.review_on, judged.sure["review_on"] = due, 0.7  # the ledger has no such column
    elif day is None:
        params = {"day": due.isoformat()}
        row.note(Defect("review_missing", "doubt", "review_missing_known", due.isoformat(), params, sure=0.9), place)
    elif judged.review_on == judged.valid_until:
        row.note(Defect("review_is_expiry", "doubt", "review_is_expiry", due.isoformat(), {"day": due.isoformat()},
                        sure=0.8), place, "review_on")


def _due(row: Row, kind: CertificateType) -> dt.date | None:
    """The first review of the term, where it still lies ahead and before the end."""
    judged = row.judged
    since, until = judged.valid_from or judged.issued_on, judged.valid_until
    if since is None and until is not None and kind.validity.months:
        since = months_before(until, kind.validity.months) + dt.timedelta(days=1)
    if since is None or (until is not None and until < since):
        return None
    key = ("due", kind.code, since)
    if key not in row.plan.memo:
        row.plan.memo[key] = next_review(kind, since)
    due = row.plan.memo[key]
    assert due is None or isinstance(due, dt.date)
    if due is None or due < row.plan.today or (until is not None and (until - due).days < 31):
        return None
    return due
