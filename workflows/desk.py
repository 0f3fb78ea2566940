"""Where a user task meets its form: drawn with what is known, drafted, checked, and handed to the engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import tasks
from engine.model import Task
from forms import schema
from forms.check import check
from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Instant, Json
from ledger.errors import NotFound, Problem
from ledger.files import File
from workflows import CATALOG
from workflows.checks import checks_for
from workflows.filing import file_ids
from workflows.process import Act
from workflows.requests import Request, RequestFile, attach, of_instance


class Draft(Base):
    """What somebody has typed at a task and not handed in; one for each person and task."""

    __tablename__ = "draft"

    task_id: Mapped[int] = mapped_column(BigId, ForeignKey("task.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    saved_at: Mapped[dt.datetime] = mapped_column(Instant)


@dataclass(frozen=True)
class Desk:
    """A task opened by somebody: its form, the data to draw it with, and what they may do."""

    task: Task
    request: Request
    form: schema.Form
    data: dict[str, Any]
    draft_at: dt.datetime | None
    mine: bool
    may_claim: bool
    may_act: bool
    corrections: dict[str, list[Problem]] = field(default_factory=dict)


def open_task(session: Session, actor: Actor, task_id: int) -> Desk:
    """The desk for one task; NotFound where the task is neither offered to the actor nor was ever theirs."""
    task = tasks.get(session, task_id, actor)
    request = of_instance(session, task.instance_id)
    draft = _draft(session, actor, task)
    given = given_for(session, request, task)
    offered = task.state == "open" and tasks.offered(session, task, actor)
    mine = task.assignee_id == actor.id
    return Desk(
        task=task, request=request, form=schema.load(task.form_key or ""),
        data={**given, **(draft.answers if draft else {})}, draft_at=draft.saved_at if draft else None, mine=mine,
        may_claim=offered and task.assignee_id is None, may_act=offered and (mine or task.assignee_id is None),
        corrections=corrections_of(request, task),
    )


def given_for(session: Session, request: Request, task: Task) -> dict[str, Any]:
    """What the form of this task opens with: earlier answers, and the lists its choices are made from."""
    process = CATALOG[request.process_id]
    give = process.given.get(task.element_id)
    return give(session, request) if give else {}


def corrections_of(request: Request, task: Task) -> dict[str, list[Problem]]:
    """Why the request came back, by field ("" for the whole); only where the applicant fills it in again."""
    found: dict[str, list[Problem]] = {}
    if (task.form_key or "").startswith("apply-"):
        for item in request.open_corrections:
            found.setdefault(item.field, []).append(
                Problem("{reason}（{by}）", {"reason": item.reason, "by": item.by_name}))
        for problem in request.problems:
            found.setdefault(problem["field"], []).append(Problem(problem["text"], problem["params"]))
    return found


def save_draft(session: Session, actor: Actor, task_id: int, answers: Mapping[str, Any]) -> dt.datetime:
    """Keep what was typed so far, unchecked; only for somebody who may act on the open task."""
    task = tasks.get(session, task_id, actor)
    if task.state != "open" or not tasks.offered(session, task, actor) or actor.id is None:
        raise NotFound
    draft = _draft(session, actor, task) or Draft(task_id=task.id, person_id=actor.id)
    draft.answers, draft.saved_at = dict(answers), clock.now()
    session.add(draft)
    return draft.saved_at


def drop_draft(session: Session, actor: Actor, task_id: int) -> None:
    """Forget what was typed."""
    draft = session.get(Draft, (task_id, actor.id))
    if draft is not None:
        session.delete(draft)


def complete(
    session: Session, actor: Actor, task_id: int, answers: Mapping[str, Any], *, version: int | None = None
) -> Task:
    """Hand a task in: check the answers, write down what they mean, and move the process, all in this transaction.

    BadAnswer with the reasons at the fields; AlreadyDone with who and when; NotFound where it is not offered.
    """
    task = tasks.take(session, task_id, actor, version=version)
    request = of_instance(session, task.instance_id)
    process = CATALOG[request.process_id]
    form = schema.load(task.form_key or "")
    given = given_for(session, request, task)
    clean = check(form, answers, given=given, checks=checks_for(session, request))
    act = Act(session, request, task, clean, actor)
    if judge := process.checked.get(task.element_id):
        judge(act)
    require_own_files(session, actor, request, form, clean)
    attach(session, request, file_ids(form, clean))
    if write := process.answered.get(task.element_id):
        write(act)
    drop_draft(session, actor, task_id)
    session.flush()
    return tasks.complete(session, task_id, actor, clean, version=version)


def require_own_files(
    session: Session, actor: Actor, request: Request, form: schema.Form, answers: Mapping[str, Any]
) -> None:
    """A file may be named by the one who uploaded it, or when it belongs to the request already."""
    for numbers in file_ids(form, answers).values():
        for number in numbers:
            file = session.get(File, number)
            known = session.get(RequestFile, (request.id, number))
            if file is None or (file.by_id != actor.id and known is None):
                raise NotFound


def _draft(session: Session, actor: Actor, task: Task) -> Draft | None:
    if actor.id is None or task.state != "open":
        return None
    return session.scalar(select(Draft).where(Draft.task_id == task.id, Draft.person_id == actor.id))
