"""Drafts for tests: two owners, a small drawing, and a walk through every way in which a draft is changed."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ledger.actor import Actor
from ledger.clock import Fixed
from ledger.db import unit
from workflows.studio import contents, drafts, history, settling

ANNA, BO = Actor(1, "安娜", 1), Actor(2, "博", 1)
NAME = "safety-permit.bpmn"


def begun(session: Session) -> drafts.Draft:
    """A blank drawing of Anna's; its one task is called 审批 (Task_1)."""
    return contents.blank(session, name="安全许可", process_id="safety-permit", by=ANNA)


def drawn(task: str = "审批", days: int = 3) -> bytes:
    """The blank drawing with another name and deadline of its task."""
    body = contents.drawn("safety-permit", "安全许可").decode()
    return body.replace('name="审批"', f'name="{task}"').replace('value="3"', f'value="{days}"').encode()


def contradiction(session: Session) -> tuple[drafts.Draft, drafts.Saved]:
    """Both renamed the task; Bo came second, and also changed the deadline."""
    draft = begun(session)
    drafts.save(session, draft.id, {NAME: drawn("甲")}, base=1, by=ANNA)
    return draft, drafts.save(session, draft.id, {NAME: drawn("乙", 7)}, base=1, by=BO)


def walk(engine: Engine, clock: Fixed) -> None:
    """Saved, contradicted, settled, thinned."""
    with unit(engine) as session:
        draft, saved = contradiction(session)
        key = saved.conflicts[0].key
        settling.settle(session, draft.id, saved.aside or 0, {key: "mine"}, by=BO)
        for name in "丙丁":
            drafts.save(session, draft.id, {NAME: drawn(name)}, base=draft.revision, by=BO, how="autosaved")
        drafts.save(session, draft.id, {NAME: drawn("戊")}, base=draft.revision, by=BO)
    clock.advance(timedelta(days=3))
    history.sweep(engine)
