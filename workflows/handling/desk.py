"""Where a user task meets its form: drawn with what is known, drafted, checked, and handed to the engine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ForeignKey, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

import workflows
from engine.model import CORRECTION, DRAWN, Task
from engine.usertasks import assigning, offers, signing, tasks
from engine.usertasks.hands import AFTER, TaskDelegation
from forms import schema
from forms.check import check
from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Instant, Json
from ledger.errors import NotFound, Problem
from ledger.files import File
from registry.access.rules import visible
from registry.certificates.models import Certificate, Scan, Version
from workflows import CATALOG
from workflows.applying.checks import checks_for
from workflows.applying.faults import BLOCK, fault_of
from workflows.filing import file_ids, may_use
from workflows.handling import naming
from workflows.handling import signing as signatures
from workflows.process import Act
from workflows.requests import Correction, Request, RequestFile, attach, of_instance, sees

SHAPES: list[Callable[[Session, Request, Task, schema.Form], schema.Form]] = []
"""What the form of a task becomes before anybody sees or fills it: rooms add theirs (a signature, fewer fields)."""
CHECKED: list[Callable[[Act], None]] = []
"""What looks at checked answers before they are written down; refuses with BadAnswer."""


class Draft(Base):
    """What somebody has typed at a task and not handed in; one for each person and task."""

    __tablename__ = "draft"

    task_id: Mapped[int] = mapped_column(BigId, ForeignKey("task.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    saved_at: Mapped[dt.datetime] = mapped_column(Instant)


@dataclass(frozen=True)
class Desk:
    """A task opened by somebody: its form, the data to draw it with, and what they may do.

    `waits` are the names of those it waits for before anybody may act.
    """

    task: Task
    request: Request
    form: schema.Form
    data: dict[str, Any]
    draft_at: dt.datetime | None
    mine: bool
    may_claim: bool
    may_act: bool
    corrections: dict[str, list[Problem]] = field(default_factory=dict)
    waits: list[str] = field(default_factory=list)


def open_task(session: Session, actor: Actor, task_id: int) -> Desk:
    """The desk for one task; NotFound where the task is neither offered to the actor nor was ever theirs."""
    task = tasks.get(session, task_id, actor)
    request = of_instance(session, task.instance_id)
    draft = _draft(session, actor, task)
    given = {**given_for(session, request, task), **(proposed(session, task, actor) if draft is None else {})}
    offered = offers.offered(session, task, actor)
    mine = task.assignee_id == actor.id
    return Desk(
        task=task, request=request, form=shaped(session, request, task),
        data={**given, **(draft.answers if draft else {})}, draft_at=draft.saved_at if draft else None, mine=mine,
        may_claim=offered and not mine and task.hold != AFTER, may_act=offered and task.hold is None,
        waits=tasks.waiting(session, task).params["names"] if task.hold is not None else [],
        corrections=corrections_of(request, task, named=not naming.hidden_from(session, request, actor)),
    )


def form_for(task: Task, request: Request) -> schema.Form:
    """The form of a task: the one for the request's type ("apply-J03") where there is one, else the one it names."""
    return workflows.form_for(request, task.form_key or "")


def shaped(session: Session, request: Request, task: Task) -> schema.Form:
    """The form of a task as it is filled in: `form_for`, after every one of SHAPES."""
    form = form_for(task, request)
    for shape in SHAPES:
        form = shape(session, request, task, form)
    return form


def given_for(session: Session, request: Request, task: Task) -> dict[str, Any]:
    """What the form of this task opens with: what its drawing hands it by name (the `gap` of one round of several),
    earlier answers, and the lists its choices are made from."""
    give = CATALOG[request.process_id].give(task.form_key or "")
    return {**(task.inputs or {}), **(give(session, request) if give else {})}


def corrections_of(request: Request, task: Task, *, named: bool = True) -> dict[str, list[Problem]]:
    """Why the request came back, by field ("" for the whole); only where the applicant fills it in again. `named`: with
    the name of whoever returned it."""
    found: dict[str, list[Problem]] = {}
    if _asks(task, request):
        for item in asked_in(request, task):
            found.setdefault(item.field, []).append(
                Problem("{reason}（{by}）", {"reason": item.reason, "by": item.by_name}) if named
                else Problem("{reason}", {"reason": item.reason}))
        for fault in map(fault_of, request.problems if task.role == DRAWN else ()):
            if fault.severity == BLOCK:
                found.setdefault(fault.field, []).append(fault.whole)
    return found


def asked_in(request: Request, task: Task) -> list[Correction]:
    """What is to be corrected in a task: what its question asks for, or all that was returned."""
    if task.role == CORRECTION:
        return [item for item in request.corrections if item.task_id == task.id]
    return request.open_corrections


def _asks(task: Task, request: Request) -> bool:
    """Whether this task fills in again what the request asks for."""
    asked = request.contents[-1].form_key if request.contents else form_for(task, request).key
    return form_for(task, request).key == asked


def save_draft(session: Session, actor: Actor, task_id: int, answers: Mapping[str, Any]) -> dt.datetime:
    """Keep what was typed so far, unchecked; only for somebody who may act on the open task. Raises NotFound, Waiting
    where it has been handed in for others to sign."""
    task = tasks.get(session, task_id, actor)
    if not offers.offered(session, task, actor) or actor.id is None:
        raise NotFound
    if task.hold == AFTER:  # what was handed in is what others sign
        raise tasks.waiting(session, task)
    return _keep(session, task.id, actor.id, answers)


def _keep(session: Session, task_id: int, person_id: int, answers: Mapping[str, Any]) -> dt.datetime:
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    now = clock.now()
    typed = {"answers": dict(answers), "saved_at": now}
    session.execute(insert(Draft).values(task_id=task_id, person_id=person_id, **typed).on_conflict_do_update(
        index_elements=["task_id", "person_id"], set_=typed))  # two windows may save at once: the last one stays
    return now


def drop_draft(session: Session, actor: Actor, task_id: int) -> None:
    """Forget what was typed."""
    draft = session.get(Draft, (task_id, actor.id))
    if draft is not None:
        session.delete(draft)


def complete(
    session: Session, actor: Actor, task_id: int, answers: Mapping[str, Any], *, version: int | None = None
) -> Task:
    """Hand a task in: check the answers, write down what they mean, and move the process, all in this transaction.

    A delegate's answers go back to whoever delegated it. Where signers sign after it nothing is written down before the
    last of them agrees, and then in the act of that signature. BadAnswer with the reasons at the fields; AlreadyDone
    with who and when; NotFound where it is not offered.
    """
    task = tasks.take(session, task_id, actor, version=version)
    request = of_instance(session, task.instance_id)
    process = CATALOG[request.process_id]
    form = shaped(session, request, task)
    clean = check(form, answers, given=given_for(session, request, task), checks=checks_for(session, request),
                  may_use=may_use(session, actor, request))
    act = Act(session, request, task, clean, actor)
    if judge := process.judge(task.form_key or ""):
        judge(act)
    for look in CHECKED:
        look(act)
    attach(session, request, file_ids(form, clean))
    drop_draft(session, actor, task_id)
    if task.owner_id is not None:
        session.flush()
        return assigning.resolve(session, task_id, by=actor, answers=clean, version=version)
    if task.role != DRAWN:
        _sign(session, task, clean)
    elif not signing.signed_after(session, task) and (write := process.write(task.form_key or "")):
        write(act)
    session.flush()
    return tasks.complete(session, task_id, actor, clean, version=version)


def _sign(session: Session, child: Task, answers: Mapping[str, Any]) -> None:
    """What a signature after a task means: the last agreement completes the task with the answers that wait, a
    disagreement hands them back to whoever gave them, to begin from."""
    plan = signing.plan_of(session, child)
    if child.role != AFTER or plan is None or signing.signed_after(session, child):
        return
    if answers.get("verdict") == signing.AGREE:
        signatures.settle(session, signing.completes(session, plan))
    elif (kept := signing.pending(session, plan.task_id)) is not None:
        holder = session.get_one(Task, plan.task_id).assignee_id or kept.by_id  # it may have been reassigned meanwhile
        if holder is not None:
            _keep(session, plan.task_id, holder, kept.answers)


def proposed(session: Session, task: Task, actor: Actor) -> dict[str, Any]:
    """What stands in a form before anybody typed, for whoever holds the task: the answers that wait for signatures;
    for whoever delegated it and has it back, what the delegate answered."""
    if task.assignee_id != actor.id:
        return {}
    if task.hold == AFTER and (kept := signing.pending(session, task.id)) is not None:
        return dict(kept.answers)
    row = session.scalars(select(TaskDelegation).where(
        TaskDelegation.task_id == task.id, TaskDelegation.from_id == actor.id, TaskDelegation.how == "done",
    ).order_by(TaskDelegation.id.desc()).limit(1)).first()
    return dict(row.answers or {}) if row is not None and task.state == "open" else {}


def may_see_file(session: Session, actor: Actor, file_id: int) -> File:
    """A file that the actor uploaded, or that belongs to a request or certificate they may see; NotFound otherwise."""
    file = session.get(File, file_id)
    if file is None or not (_own(file, actor) or _of_request(session, actor, file) or _of_scan(session, actor, file)):
        raise NotFound
    return file


def _own(file: File, actor: Actor) -> bool:
    return actor.kind == "system" or (actor.id is not None and file.by_id == actor.id)


def _of_request(session: Session, actor: Actor, file: File) -> bool:
    held = select(Request.id).join(RequestFile, RequestFile.request_id == Request.id).where(
        RequestFile.file_id == file.id, sees(actor))
    return session.scalar(held.limit(1)) is not None


def _of_scan(session: Session, actor: Actor, file: File) -> bool:
    held = select(Certificate).join(Version, Version.certificate_id == Certificate.id).join(
        Scan, Scan.version_id == Version.id).where(Scan.file_id == file.id)
    return session.scalar(visible(held, actor, model=Certificate).limit(1)) is not None


def _draft(session: Session, actor: Actor, task: Task) -> Draft | None:
    if actor.id is None or task.state != "open":
        return None
    return session.scalar(select(Draft).where(Draft.task_id == task.id, Draft.person_id == actor.id))
