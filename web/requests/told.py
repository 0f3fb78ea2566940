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
from ledger.actor import SYSTEM
from web.i18n import say, title_words
from web.requests.filled import Fields, application_fields, field_label, value_words
from workflows.handling.desk import form_for
from workflows.requests import Request
from workflows.story import Line

KEYS = {
    "document_no": _l("文书编号"), "on": _l("日期"), "basis": _l("依据"), "reason": _l("原因"),
    "banned_until": _l("此日之前不得再次申请"),
}
BAD = frozenset({"authority.refused", "authority.denied", "task.overdue", "request.returned", "task.returned"})
WARN = frozenset({
    "authority.supplement", "task.escalated", "authority.silent", "task.silent", "request.withdrawn", "task.taken_back",
    "instance.reopened", "clock.paused",
})
SILENT = frozenset({"instance.started"})  # "request.opened" tells it
Change = tuple[str, str | None, str | None]
Decisions = Mapping[int, tuple[Task, Mapping[str, Any]]]


@dataclass(frozen=True)
class Told:
    """One line of a story, in the visitor's language. `changes` are (what, before or None, after or None)."""

    at: dt.datetime
    who: str
    text: str
    tone: str = ""
    changes: list[Change] = field(default_factory=list)


def tell(session: Session, lines: Sequence[Line], application: Request) -> list[Told]:
    """The story of a request, ready to be shown."""
    known, decided = application_fields(application), _decisions(session, application)
    return [_told(line, application, known, decided) for line in lines if line.kind not in SILENT]


def _decisions(session: Session, application: Request) -> Decisions:
    """What was answered at each finished task of the request, by task id."""
    query = select(Task, TaskAnswer.answers).join(TaskAnswer, TaskAnswer.task_id == Task.id)
    rows = session.execute(query.where(Task.instance_id == application.instance_id))
    return {task.id: (task, answers) for task, answers in rows}


def _told(line: Line, application: Request, known: Fields, decided: Decisions) -> Told:
    tone = "bad" if line.kind in BAD else "warn" if line.kind in WARN else ""
    who = _("系统") if line.who == SYSTEM.name else line.who
    who = _("%(who)s（代 %(name)s）", who=who, name=line.stands_for) if line.stands_for else who
    if line.kind == "task.completed" and (made := decided.get(line.params.get("task", 0))):
        task, answers = made
        return Told(line.at, who, decision(task, application, answers), tone, _opinion(answers))
    return Told(line.at, who, say(line.text, line.params), tone, list(_changes(line, known)))


def decision(task: Task, application: Request, answers: Mapping[str, Any]) -> str:
    """What was decided at a task: 人力资源初审：通过."""
    verdicts = {one.value: one.label for one in form_for(task, application).verdicts}
    label = verdicts.get(str(answers.get("verdict")), "")
    return _("%(step)s：%(verdict)s", step=title_words(task.name), verdict=say(label)) if label else title_words(
        task.name)


def _opinion(answers: Mapping[str, Any]) -> list[Change]:
    said = ((_("意见"), answers.get("opinion")), (_("原因"), answers.get("reason")))
    return [(what, None, str(words)) for what, words in said if words]


def _changes(line: Line, known: Fields) -> Iterator[Change]:
    if line.kind == "request.submitted" and line.params.get("no", 1) == 1:
        return  # everything is new; it stands on the page in full
    about_fields = line.kind in ("request.submitted", "request.returned")
    for key in {**line.before, **line.after}:
        if key in KEYS and (line.before.get(key) or line.after.get(key)):
            yield str(KEYS[key]), _side(None, line.before, key), _side(None, line.after, key)
        elif about_fields and key in known:
            yield field_label(known, key), _side(known[key], line.before, key), _side(known[key], line.after, key)


def _side(component: Mapping[str, Any] | None, values: Mapping[str, Any], key: str) -> str | None:
    return value_words(component, values[key]) if key in values else None
