"""A signature by hand under a decision, bound to what was decided.

Where a user task of the drawing says `licet:signature="pass,approve"`, its form gets a field for a signature that these
verdicts need; `licet:signatureBy="drawn,typed"` says how it may be given (specimens.py; drawn or stored, without a
word). The picture was made for this by whoever decides; what it stands under is kept as a SHA-256.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.model import DRAWN, Task, TaskAnswer
from engine.packing import plain
from forms.schema import Form
from forms.signing import KEY, with_signature
from ledger import clock
from ledger.db import Base, BigId, Instant
from ledger.errors import BadAnswer, Problem
from ledger.facts import record
from ledger.files import File
from ledger.outbox import Handler
from workflows.handling import desk, eligible
from workflows.process import Act
from workflows.requests import Request
from workflows.sharing import specimens
from workflows.sharing.specimens import Made
from workflows.story import SIGNED


class TaskSignature(Base):
    """The picture of a signature and the SHA-256 of the answers it stands under; `how` is drawn, stored or typed."""

    __tablename__ = "task_signature"

    task_id: Mapped[int] = mapped_column(BigId, ForeignKey("task.id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(BigId)
    request_id: Mapped[int] = mapped_column(BigId, ForeignKey("request.id"), index=True)
    file_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("file.id"))
    how: Mapped[str] = mapped_column(String(8))
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    by_id: Mapped[int | None] = mapped_column(BigId)


@dataclass(frozen=True)
class Signed:
    """A signature as it is shown; `holds` is False where the answers or the picture are not what was signed."""

    signature: TaskSignature
    step: str
    by: str
    holds: bool


def asked_at(session: Session, request: Request, task: Task) -> list[str]:
    """The verdicts of a task that want a signature; none for what somebody is asked beside the drawing."""
    if task.role != DRAWN or request.instance is None:
        return []
    return list(eligible.words_at(session, request.instance.definition_id, task.element_id)("licet:signature"))


def ways_at(session: Session, request: Request, task: Task) -> list[str]:
    """How a task may be signed."""
    named = eligible.words_at(session, request.instance.definition_id, task.element_id)("licet:signatureBy")
    return [one for one in named if one in specimens.WAYS] or list(specimens.USUAL)


def shape(session: Session, request: Request, task: Task, form: Form) -> Form:
    """The form with its field for the signature."""
    verdicts = asked_at(session, request, task)
    return with_signature(form, verdicts, ways_at(session, request, task)) if verdicts else form


def sign(act: Act) -> None:
    """Bind the picture to what was answered; BadAnswer where it was not made to sign this with."""
    chosen = act.answers.get(KEY)
    if not chosen or act.answers.get("verdict") not in asked_at(act.session, act.request, act.task):
        return
    made = act.session.get(Made, chosen[0])
    if made is None or made.person_id != act.by.id:
        raise BadAnswer({KEY: [Problem("这不是您在这里签的名，请重新签名。")]})
    if made.how not in ways_at(act.session, act.request, act.task):
        raise BadAnswer({KEY: [Problem("这一步不能用“{how}”，请用别的办法签名。", {"how": Problem(SIGNED[made.how])})]})
    if _used(act.session, made.file_id, act.task.id):
        raise BadAnswer({KEY: [Problem("这个签名已经用在别的办理上，请重新签名。")]})
    file = act.session.get_one(File, made.file_id)
    act.session.merge(TaskSignature(
        task_id=act.task.id, group_id=act.task.group_id, request_id=act.request.id, file_id=file.id, how=made.how,
        digest=digest(act.answers, file), at=clock.now(), by_id=act.by.id))
    act.session.flush()
    record(act.session, "task.signature", ("instance", act.task.instance_id), by=act.by, group_id=act.task.group_id,
           after={"task": act.task.id, "element": act.task.element_id, "name": act.task.name, "file": file.id,
                  "how": made.how})


def _used(session: Session, file_id: int, task_id: int) -> bool:
    """Whether a picture signs something else already: what was made for one decision signs no other."""
    found = select(TaskSignature.task_id).where(TaskSignature.file_id == file_id, TaskSignature.task_id != task_id)
    return session.scalars(found.limit(1)).first() is not None


def digest(answers: Mapping[str, Any], file: File) -> str:
    """SHA-256 over the answers as they are kept, in canonical JSON, and the content of the picture."""
    said = json.dumps(plain(dict(answers)), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{said}\0{file.sha256}".encode("utf-8", "surrogatepass")).hexdigest()


def of_request(session: Session, request: Request) -> list[Signed]:
    """The signatures under a request's decisions, oldest first, each held against what was answered."""
    query = select(TaskSignature, Task, TaskAnswer.answers, File).join(Task, Task.id == TaskSignature.task_id).join(
        File, File.id == TaskSignature.file_id).join(TaskAnswer, TaskAnswer.task_id == Task.id)
    rows = session.execute(query.where(TaskSignature.request_id == request.id).order_by(TaskSignature.at))
    return [Signed(row, task.name, task.completed_by_name or "", digest(answers, file) == row.digest)
            for row, task, answers, file in rows]


HANDLERS: list[tuple[str, Handler]] = []
"""Nothing follows from a signature; the worker reads this so that it asks for one like everybody else."""
desk.SHAPES.append(shape)
desk.CHECKED.append(sign)
