"""Too late: the task has moved on. Who did what and when, and the words that were typed, to read and to copy."""

from __future__ import annotations

from collections.abc import Sequence

from flask import render_template, request
from flask.typing import ResponseReturnValue

from engine.model import Task
from engine.usertasks import tasks
from ledger.errors import Conflict, NotFound
from web.errors import answer, sentence, wants_json
from web.guard import actor
from web.requests.filled import Section
from web.requests.whereabouts import veiled
from web.session import db
from workflows.requests import of_instance


def too_late(task_id: int, error: Conflict, typed: Sequence[tuple[str, str]] = ()) -> ResponseReturnValue:
    """The answer (409) of any verb that lost a race; `typed` are labels and texts that were not sent in vain.

    What the request has written so far is rolled back. Scripts get the sentence as JSON, htmx as a fragment.
    """
    rows = [(label, text) for label, text in typed if text.strip()]
    return late_page(task_id, error, [Section("", rows)] if rows else [])


def late_page(task_id: int, error: Conflict, sections: Sequence[Section]) -> ResponseReturnValue:
    """The same for a whole form, in its sections."""
    db.session.rollback()
    error = _told(task_id, error)
    if wants_json() or request.headers.get("HX-Request"):
        return answer(409, sentence(error))
    page = render_template("tasks/late.html", text=sentence(error), sections=sections, task_id=_still_seen(task_id))
    return page, 409


def _told(task_id: int, error: Conflict) -> Conflict:
    """As this visitor is told it: an applicant perhaps without names."""
    task = db.session.get(Task, task_id)
    return error if task is None else veiled(
        db.session(), error, of_instance(db.session(), task.instance_id), actor())


def _still_seen(task_id: int) -> int | None:
    """The task, where they may still look at it."""
    try:
        return tasks.get(db.session(), task_id, actor()).id
    except NotFound:
        return None
