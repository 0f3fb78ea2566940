"""What a resubmission changed, beside the task of whoever judges it and on the page of the request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Task
from ledger.actor import Actor
from ledger.files import File
from web.i18n import say
from web.panels import PANELS, Panel
from workflows.handling import differences
from workflows.handling.differences import Difference, Rounds
from workflows.requests import Request

JUDGING = ("review", "approve")


@dataclass(frozen=True)
class Changed:
    """One change in the visitor's language; `gone` and `new` are files, the same in both left out."""

    what: str
    before: str
    after: str
    gone: list[File]
    new: list[File]
    asked: bool


def told(session: Session, found: Rounds) -> dict[str, Any]:
    """What the panel reads."""
    files = _files(session, found.rows)
    return {
        "since": found.since, "no": found.no, "at": found.at, "rows": [_changed(one, files) for one in found.rows],
        "untouched": [(say(label), reason) for label, reason in found.untouched],
    }


def _changed(one: Difference, files: dict[int, File]) -> Changed:
    where = _("%(section)s · %(what)s", section=_section(one.section), what=say(one.label)) if one.section else ""
    about_files = bool(one.files_before or one.files_after)
    return Changed(
        where or say(one.label), "" if about_files else _text(one.before), "" if about_files else _text(one.after),
        [files[number] for number in one.files_before if number not in one.files_after and number in files],
        [files[number] for number in one.files_after if number not in one.files_before and number in files], one.asked)


def _section(section: str) -> str:
    """The group's label; a row of a list carries its number behind it."""
    name, space, number = section.rpartition(" ")
    return f"{say(name)} {number}" if space and number.isdigit() else say(section)


def _text(value: str | None) -> str:
    return _("空") if value in (None, "") else say(str(value))


def _files(session: Session, rows: Iterable[Difference]) -> dict[int, File]:
    ids = {number for one in rows for number in (*one.files_before, *one.files_after)}
    return {file.id: file for file in session.scalars(select(File).where(File.id.in_(ids)))} if ids else {}


def _given(session: Session, actor: Actor, request: Request, task: Task | None) -> dict[str, Any] | None:
    if task is None:
        found = differences.of_request(request)
    elif task.state == "open" and task.form_key in JUDGING:
        found = differences.for_task(session, request, task)
    else:
        found = None
    return None if found is None else told(session, found)


PANELS += [
    Panel("task", 5, "requests/differences.html", _given), Panel("request", 5, "requests/differences.html", _given),
]
