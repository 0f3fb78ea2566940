"""What a resubmission changed: field by field and file by file, against the round that somebody has judged before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import DRAWN, Task
from engine.usertasks.participation import at, called
from forms import contents, schema
from forms.contents import Entry
from workflows import form_named
from workflows.requests import Correction, Request, RequestContent


@dataclass(frozen=True)
class Difference:
    """One field that is not as it was; None where it was not answered. Files are ids. `asked`: a correction asked for
    it."""

    label: str
    section: str
    before: str | None
    after: str | None
    files_before: tuple[int, ...] = ()
    files_after: tuple[int, ...] = ()
    asked: bool = False


@dataclass(frozen=True)
class Rounds:
    """Round `no` against round `since`: what differs, and what was asked for and is as it was (label, reason)."""

    since: int
    no: int
    at: dt.datetime
    rows: Sequence[Difference]
    untouched: Sequence[tuple[str, str]]


def of_request(request: Request) -> Rounds | None:
    """The last round against the one before; None where there was only one."""
    return None if len(request.contents) < 2 else _between(request, request.contents[-2], request.contents[-1])


def for_task(session: Session, request: Request, task: Task) -> Rounds | None:
    """The last round against the one that was judged at this task's element the last time, or else the one before;
    None where nothing was submitted since, or there was only one."""
    if len(request.contents) < 2:
        return None
    judged = session.scalar(select(Task.completed_at).where(
        Task.instance_id == task.instance_id, at(task.instance_id, [called(session, task)]), Task.id != task.id,
        Task.state == "completed", Task.role == DRAWN).order_by(Task.id.desc()).limit(1))
    *earlier, new = request.contents
    if judged is not None and new.at < judged:
        return None
    old = next((one for one in reversed(earlier) if judged is None or one.at <= judged), earlier[-1])
    return _between(request, old, new)


def _between(request: Request, old: RequestContent, new: RequestContent) -> Rounds:
    was, now = _read(request, old), _read(request, new)
    asked = [one for one in request.corrections if old.at <= one.at <= new.at and one.field]
    named = {one.field for one in asked}
    rows = [_difference(path, was.get(path), now.get(path), named)
            for path in dict.fromkeys([*now, *was]) if _said(was.get(path)) != _said(now.get(path))]
    moved = {_top(path) for path in {*was, *now} if _said(was.get(path)) != _said(now.get(path))}
    return Rounds(old.no, new.no, new.at, rows, [
        (_label(request, new, one), one.reason) for one in asked if one.field not in moved])


def _read(request: Request, content: RequestContent) -> dict[str, Entry]:
    form = form_named(request, content.form_key)
    return {one.path: one for one in contents.entries(form, content.answers, {"holder_name": request.holder_name})}


def _said(entry: Entry | None) -> tuple[str, tuple[int, ...]] | None:
    return None if entry is None else (entry.text, entry.files)


def _top(path: str) -> str:
    return path.partition(".")[0]


def _difference(path: str, was: Entry | None, now: Entry | None, asked: set[str]) -> Difference:
    entry = now or was
    assert entry is not None
    return Difference(
        entry.label, entry.section, was.text if was else None, now.text if now else None,
        was.files if was else (), now.files if now else (), asked=_top(path) in asked)


def _label(request: Request, content: RequestContent, correction: Correction) -> str:
    form = form_named(request, content.form_key)
    found = next((one for one in form.fields() if correction.field in (one.get("key"), one.get("path"))), None)
    return schema.label_of(found) if found is not None else correction.field
