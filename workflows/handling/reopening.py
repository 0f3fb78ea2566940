"""Reopening a request that has ended: for a reason that stays in the story, and only where nothing has taken its place.

Its prerequisites are judged again where it goes on before its system check; a step of the house that was carried out
(entered in the register, handed to an authority) is never gone back before.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Instance
from engine.returns import reopening
from engine.returns.giving_back import Target
from engine.returns.returning import ReturnCase
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, NotAllowed, Problem
from registry.access.rules import can
from workflows.applying.opening import lock_holder
from workflows.requests import Request

LEAST, MOST = 10, 2000
"""Characters of a reason: formal, for whoever reads the story years later."""


class Another(Conflict):
    """同一对象的另一份申请 {number} 正在办理，不能重新开启。请先办结或撤销那一份。"""


class ParentOver(Conflict):
    """发起本事项的流程 {number} 已经结束，不能单独重新开启。"""


def may_reopen(session: Session, actor: Actor, request: Request) -> bool:
    """Whether the actor may reopen, and there is something ended to reopen."""
    instance = session.get(Instance, request.instance_id) if request.instance_id else None
    return (instance is not None and instance.ended_at is not None and actor.id != request.applicant_id
            and can(actor, "request.reopen", request))


def targets(session: Session, actor: Actor, request: Request) -> list[Target]:
    """From where it may go on, with what that would do. Raises NotAllowed, Another, ParentOver, NotOver."""
    instance_id = _free(session, actor, request)
    return reopening.targets(session, instance_id)


def reopen(session: Session, actor: Actor, request: Request, to_task_id: int | None, *, reason: str,
           version: int | None) -> ReturnCase:
    """Let it go on from a step. Raises what `targets` does, BadAnswer, and what the engine's `reopen` does."""
    lock_holder(session, request)
    instance_id = _free(session, actor, request)
    said = reason.strip()
    if not LEAST <= len(said) <= MOST:
        raise BadAnswer({"reason": [Problem("请写明原因，{least} 到 {most} 个字。", {"least": LEAST, "most": MOST})]})
    return reopening.reopen(session, instance_id, to_task_id or 0, by=actor, reason=said, version=version)


def _free(session: Session, actor: Actor, request: Request) -> int:
    if request.instance_id is None or not can(actor, "request.reopen", request):
        raise NotAllowed()
    if actor.id == request.applicant_id:
        raise NotAllowed("这是您自己的申请，请由别人重新开启。")
    free_again(session, request)
    return request.instance_id


def free_again(session: Session, request: Request) -> None:
    """Raises Another or ParentOver where an ended request may not go on, whoever asks."""
    parent = session.get(Request, request.parent_id) if request.parent_id else None
    if parent is not None and parent.instance.ended_at is not None:
        raise ParentOver(number=parent.number)
    same = select(Request.number).join(Instance, Request.instance_id == Instance.id).where(
        Request.id != request.id, Request.process_id == request.process_id, Request.type_code == request.type_code,
        Request.holder_kind == request.holder_kind, Request.holder_id == request.holder_id,
        Request.item == request.item, Request.certificate_id.is_not_distinct_from(request.certificate_id),
        Instance.ended_at.is_(None))
    other = session.scalars(same.limit(1)).first()
    if other is not None:
        raise Another(number=other)
