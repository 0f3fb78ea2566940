"""Who is told of releases: those who could decide, whoever asked, and both when one is taken back."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from engine.model import Definition
from engine.releases.model import Release
from ledger.facts import Fact
from ledger.outbox import Handler
from registry.alerts.notices import notify
from workflows.studio import releasing

NEWS = {
    "release.asked": "{who} 申请发布“{process}”第 {version} 版，请您决定。",
    "release.approved": "“{process}”第 {version} 版的发布申请已获同意。",
    "release.refused": "“{process}”第 {version} 版的发布申请未获同意，请看理由。",
    "release.withdrawn": "“{process}”第 {version} 版的发布已撤回。",
    "release.begun": "“{process}”第 {version} 版已经生效。",
    "release.rolled_back": "“{process}”第 {version} 版已退回，恢复使用之前的版本。",
}


def tell(session: Session, fact: Fact) -> None:
    """Those whom it concerns, but not whoever did it; nobody of what was shipped."""
    release = session.get(Release, fact.subject_id)
    if release is None or release.asked_by is None or release.asked_by == release.decided_by:
        return
    people = releasing.deciders(session, release) if fact.kind == "release.asked" else [
        person for person in (release.asked_by, release.decided_by) if person is not None]
    notify(session, [person for person in people if person != fact.actor_id], fact, NEWS[fact.kind],
           _params(session, release))


def _params(session: Session, release: Release) -> dict[str, Any]:
    definition = session.get_one(Definition, release.definition_id)
    return {"who": release.asked_by_name, "process": definition.name, "version": definition.version}


HANDLERS: list[tuple[str, Handler]] = [(kind, tell) for kind in NEWS]
