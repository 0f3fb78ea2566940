"""The bodies of files that nothing refers to any more, after revisions of drafts were thinned.

Four things refer to a body: a version (definition_file), a revision of any draft, a request that began with a form
(by digest), and whoever is keeping the same content right now.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy import BigInteger, cast, delete, func, select, true
from sqlalchemy.orm import Session

from engine.resources import DefinitionFile, Resource
from workflows.studio.drafts import Revision


def collect(session: Session, ids: Collection[int]) -> int:
    """Remove those of these bodies that nothing refers to; returns how many went.

    They are locked first and looked at afterwards: `engine.resources.keep` holds what it hands out, so what somebody
    is just saving is passed over, and whoever keeps the same content later puts it there again.
    """
    rows = select(Resource.id, Resource.body).where(Resource.id.in_(ids)).order_by(Resource.id)
    held = session.execute(rows.with_for_update(skip_locked=True)).all()
    ours = {number for number, body in held if not _as_requests_keep(body)}
    gone = ours - set(session.scalars(select(DefinitionFile.resource_id).where(DefinitionFile.resource_id.in_(ours))))
    gone -= _in_revisions(session, gone) if gone else set()
    session.execute(delete(Resource).where(Resource.id.in_(gone)))
    return len(gone)


def _in_revisions(session: Session, ids: Collection[int]) -> set[int]:
    """Those of which some revision of some draft consists."""
    each = func.json_each if session.get_bind().dialect.name == "sqlite" else func.json_each_text
    file = each(Revision.files).table_valued("key", "value")
    number = cast(file.c.value, BigInteger)
    return set(session.scalars(select(number).select_from(Revision).join(file, true()).where(number.in_(ids))))


def _as_requests_keep(body: bytes) -> bool:
    """Whether a body is written as requests keep the forms that they begin with (workflows.applying.typed.canonical):
    those are never removed, whoever else has the same."""
    if not body.startswith(b"{"):
        return False
    try:
        plain = json.dumps(json.loads(body), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        return False
    return plain.encode() == body
