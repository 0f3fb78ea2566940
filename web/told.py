"""The story of a request as people read it: what was decided and why, what changed from what to what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Task, TaskAnswer
from forms import schema
from ledger.actor import SYSTEM
from ledger.errors import NotFound
from web.filled import Fields, application_fields, field_label, value_words
from web.i18n import say
from workflows.requests import Request
from workflows.story import Line

KEYS = {
    "document_no": _l("文书编号"), "on": _l("日期"), "basis": _l("依据"), "reason": _l("原因"),
    "banned_until": _l("此日之前不得再次申请"),
}
BAD = frozenset({"authority.refused", "authority.denied", "task.overdue", "request.returned"})
WARN = frozenset({"authority.supplement", "task.escalated", "authority.silent"})
ECHOES = frozenset({"task.completed", "instance.started"})  # the engine's own line about what was just told
TOGETHER = dt.timedelta(seconds=5)
Change = tuple[str, str | None, str | None]


@dataclass(frozen=True)
class Told:
    """One line of a story, in the visitor's language. `changes` are (what, before or None, after or None)."""

    at: dt.datetime
    who: str
    text: str
    tone: str = ""
    changes: list[Change] = field(default_factory=list)


def tell(session: Session, lines: Sequence[Line], application: Request) -> list[Told]:
    """The story of a request, ready to be shown; each thing once."""
    known, decided = application_fields(application), _decisions(session, application)
    return [_told(line, application, known, decided) for line in _once(lines)]


def _once(lines: Sequence[Line]) -> Iterator[Line]:
    before: Line | None = None
    for line in lines:
        if before and line.kind in ECHOES and line.who == before.who and line.at - before.at < TOGETHER:
            continue
        yield line
        before = line if line.kind.startswith("request.") else None


def _decisions(session: Session, application: Request) -> dict[int, tuple[Task, Mapping[str, Any]]]:
    """What was answered at each finished task of the request, by task id."""
    query = select(Task, TaskAnswer.answers).join(TaskAnswer, TaskAnswer.task_id == Task.id)
    rows = session.execute(query.where(Task.instance_id == application.instance_id))
    return {task.id: (task, answers) for task, answers in rows}


def _told(
    line: Line, application: Request, known: Fields, decided: Mapping[int, tuple[Task, Mapping[str, Any]]]
) -> Told:
    tone = "bad" if line.kind in BAD else "warn" if line.kind in WARN else ""
    params = {key: say(value) if isinstance(value, str) else value for key, value in line.params.items()}
    if line.kind.startswith("task."):
        params["task"] = params.get("name") or params.get("task")
    who = _("系统") if line.who == SYSTEM.name else line.who
    made = decided.get(line.params.get("task", 0)) if line.kind == "task.completed" else None
    if made:
        return Told(line.at, who, _decision(*made), tone, _opinion(made[1]))
    return Told(line.at, who, say(line.text, params), tone, list(_changes(line, application, known)))


def _decision(task: Task, answers: Mapping[str, Any]) -> str:
    """人力资源初审：通过"""
    try:
        verdicts = {one.value: one.label for one in schema.load(task.form_key or "").verdicts}
    except NotFound:
        verdicts = {}
    label = verdicts.get(str(answers.get("verdict")), "")
    return _("%(step)s：%(verdict)s", step=say(task.name), verdict=say(label)) if label else say(task.name)


def _opinion(answers: Mapping[str, Any]) -> list[Change]:
    said = ((_("意见"), answers.get("opinion")), (_("原因"), answers.get("reason")))
    return [(what, None, str(words)) for what, words in said if words]


def _changes(line: Line, application: Request, known: Fields) -> Iterator[Change]:
    if line.kind == "request.returned":
        for one in application.corrections:
            if abs(one.at - line.at) < TOGETHER and one.by_name == line.who:
                yield field_label(known, one.field), None, one.reason
        return
    named = known if line.kind == "request.submitted" else KEYS
    for key in {**line.before, **line.after}:
        if key in named:
            what = field_label(known, key) if named is known else str(KEYS[key])
            yield what, _side(known, line.before, key), _side(known, line.after, key)


def _side(known: Fields, values: Mapping[str, Any], key: str) -> str | None:
    return value_words(known.get(key), values[key]) if key in values else None
