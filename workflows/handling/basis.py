"""What an approval rests on: its form, what the applicant asked for, and what others had decided before.

Each part has a digest. After a return an approval whose parts are all as they were stands (engine/returns/keeping.py).
Word
`licet:reads="trade,price,A3_hr"` on a task: it reads these fields of the application and heeds these steps only.
`licet:keep="true"` lets another form's task stand as well, "false" has a judgement always made anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import catalog
from engine.model import Instance, Task, TaskAnswer
from engine.operations.moved import Renaming
from engine.returns import finality, returning, surviving
from engine.usertasks.participation import called
from forms.schema import FILES
from ledger.files import File
from workflows.handling import desk, reviewing
from workflows.process import Process
from workflows.requests import Request, of_instance

JUDGING = frozenset({"review", "approve"})
"""Forms that only judge, and judge the round asked for last: what an answer leaves is the verdict itself. A review of
several papers that came one by one ("renew-review") is always made anew."""


def parts(session: Session, instance: Instance, task: Task) -> Mapping[str, str]:
    """{"form": ..., "f:trade": ..., "in": ..., "t:A3_hr": ...}: 32 hex digits each; none for what is done anew."""
    here = called(session, task)
    node = finality.node_of(catalog.plan(session, instance.definition_id), here)
    keep = "" if node is None else node.words.properties.get("licet:keep", "")
    if node is None or keep == "false" or (task.form_key not in JUDGING and keep != "true"):
        return {}
    request, reads = of_instance(session, instance.id), node.words.words("licet:reads")
    found = {"form": _short(desk.form_for(task, request).digest)}
    found |= {f"f:{key}": _short(text) for key, text in content(session, request).items() if not reads or key in reads}
    given = {key: value for key, value in (task.inputs or {}).items() if key != "loopCounter"}
    if given:
        found["in"] = _short(_plain(given))
    return {**found, **_decided(session, task, here, reads)}


def content(session: Session, request: Request) -> dict[str, str]:
    """What was asked for, as one text a field; a file by its bytes, so that the same paper sent again is the same."""
    if not request.contents:
        return {}
    papers = {str(field["key"]) for field in reviewing.content_form(request).fields() if field.get("type") in FILES}
    numbers = [number for key in papers for number in request.content.get(key) or ()]
    marks = dict(session.execute(select(File.id, File.sha256).where(File.id.in_(numbers))).all())
    return {key: _plain([marks.get(number, str(number)) for number in value or ()] if key in papers else value)
            for key, value in request.content.items() if value not in (None, "", [], {})}


def _decided(session: Session, task: Task, here: str, reads: list[str]) -> dict[str, str]:
    """What the judgements before it said."""
    now = {row.was: row.now for row in session.scalars(
        select(Renaming).where(Renaming.instance_id == task.instance_id))}
    named = [(each, now.get(each.element_id, each.element_id)) for each in returning.before(session, task)]
    stood = [(each, name) for each, name in named if name != here and (not reads or name in reads)]
    answers: dict[int, dict[str, Any]] = dict(session.execute(select(TaskAnswer.task_id, TaskAnswer.answers).where(
        TaskAnswer.task_id.in_([each.id for each, _ in stood]))).all())
    return {surviving.STEP + name + ("" if each.round is None else f"#{each.round}"):
            _short(_plain(answers.get(each.id, {}).get("verdict"))) for each, name in stood}


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def lasting(process: Process, form_key: str) -> bool:
    """Whether an answer in a form of this process leaves more than a round of what is asked, or a verdict."""
    writer = process.write(form_key)
    return writer not in (None, reviewing.reviewed) and not process.again_in(form_key)
