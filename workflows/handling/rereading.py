"""What the system itself found out from an application is found out again when the application is corrected in place.

The steps that look at what was asked for (`Process.rereads`: prevalidation, what stands in the way, whose consent is
needed) look again at the corrected answers: what they note is what reviewers see from then on. What they hand to the
drawing has decided the way that is gone already: a correction that would make it another one is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import catalog
from engine.model import Instance, Task, Visit
from engine.operations.moved import Renaming
from engine.returns import finality
from ledger.actor import Actor
from ledger.errors import BadAnswer, Problem
from workflows import CATALOG
from workflows.requests import Request

Found = dict[str, tuple[str, Any]]


def correct(session: Session, request: Request, filled: Task | None, by: Actor, keys: Collection[str],
            write: Callable[[], None]) -> None:
    """Do what `write` does and let every step that was done since `filled` look again.

    Raises BadAnswer at `keys` where one of them comes to something else.
    """
    before = _rehearsed(session, request, filled, by)
    write()
    session.flush()
    after = _looked(session, request, filled, by)
    other = next((name for element, (name, result) in after.items() if before.get(element) != (name, result)), None)
    if other is not None:
        said = Problem("这样改会使已经办过的“{step}”结果不同，不能在这里补正。请保持原样，写明情况，由办理人退回后改。",
                       {"step": other})
        raise BadAnswer(dict.fromkeys(keys, [said]))


def _rehearsed(session: Session, request: Request, filled: Task | None, by: Actor) -> Found:
    """What the steps say of the answers as they stand, without a trace: the register may have changed since."""
    nested = session.begin_nested()
    try:
        return _looked(session, request, filled, by)
    finally:
        nested.rollback()


def _looked(session: Session, request: Request, filled: Task | None, by: Actor) -> Found:
    """By element: its name, and what its step hands to the drawing."""
    if filled is None or request.instance_id is None:
        return {}
    instance = session.get_one(Instance, request.instance_id)
    plan, rereads = catalog.plan(session, instance.definition_id), CATALOG[request.process_id].rereads
    now = {row.was: row.now for row in session.scalars(select(Renaming).where(Renaming.instance_id == instance.id))}
    passed = session.scalars(select(Visit.element_id).where(
        Visit.instance_id == instance.id, Visit.token > filled.token, Visit.left_how == "completed"
    ).order_by(Visit.token)).all()
    found: Found = {}
    for element in dict.fromkeys(now.get(each, each) for each in passed):
        node = finality.node_of(plan, element)
        kind = None if node is None else node.words.step
        do = plan.step(kind) if kind in rereads else None
        if node is not None and do is not None:
            result = do(catalog.Step(session, by, instance.id, element, {}))
            found[element] = node.bpmn_name or element, result
    return found
