"""What a completed task rested on: when that is unchanged after a return, the approval stands."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.hooks import HOOKS
from engine.model import Instance, Task
from ledger.db import Base, BigId, Json

if TYPE_CHECKING:
    from engine.run import Act

SERIAL = "#"
"""A part that is no part: the last serial number when the task was completed. What began to wait later has more."""

STEP = "t:"
"""What an earlier step said is a part called "t:<element id>", or "t:<element id>#<round>"."""


class TaskBasis(Base):
    """The digests of what a completed task was decided on, {part: 32 hex digits}, and the digest of all of them."""

    __tablename__ = "task_basis"

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), type_=BigId, primary_key=True)
    parts: Mapped[dict[str, str]] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))


def rest(act: Act, task: Task) -> None:
    """Write down on what a task is being decided, before its token goes on; nothing where its process says nothing."""
    parts = parts_now(act.session, act.instance, task)
    if parts:
        keep_basis(act, task.id, parts)


def parts_now(session: Session, instance: Instance, task: Task) -> dict[str, str]:
    """On what the task would be decided now, {part: digest}; empty for one that never outlives a return."""
    hooks = HOOKS.get(instance.process_id)
    return dict(hooks.basis(session, instance, task)) if hooks is not None and hooks.basis is not None else {}


def keep_basis(act: Act, task_id: int, parts: Mapping[str, str]) -> None:
    """The row of a task that is completed in this act."""
    found = {key: text for key, text in parts.items() if key != SERIAL}
    whole = "\n".join(f"{key}={found[key]}" for key in sorted(found))
    act.session.add(TaskBasis(task_id=task_id, parts={**found, SERIAL: str(act.process.serial)}, digest=digest(whole)))


def rename(session: Session, instance_id: int, changed: Mapping[str, str]) -> None:
    """What approvals of an instance rest on is called by the new ids of its elements."""
    for basis in session.scalars(select(TaskBasis).join(Task, Task.id == TaskBasis.task_id).where(
            Task.instance_id == instance_id)).all():
        parts = {_renamed(key, changed): text for key, text in basis.parts.items()}
        if parts != basis.parts:
            basis.parts = parts
    session.flush()


def _renamed(key: str, changed: Mapping[str, str]) -> str:
    if not key.startswith(STEP):
        return key
    element, mark, round_ = key.removeprefix(STEP).partition("#")
    return STEP + changed.get(element, element) + mark + round_


def digest(text: str) -> str:
    """64 hex digits of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def differing(session: Session, instance: Instance, old_id: int, task: Task) -> list[str]:
    """The parts of a former basis that are different for a task now: why it is decided anew."""
    former = session.get(TaskBasis, old_id)
    if former is None:
        return []
    later = session.get(TaskBasis, task.id)
    now: Mapping[str, Any] = later.parts if later is not None else parts_now(session, instance, task)
    return sorted(key for key in {*former.parts, *now} if key != SERIAL and former.parts.get(key) != now.get(key))
