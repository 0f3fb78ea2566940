"""Saves that contradicted what somebody else had saved meanwhile: asked about place by place, then taken in."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.actor import Actor
from ledger.errors import Conflict, NotFound
from ledger.facts import record
from ledger.failpoints import fp
from workflows.studio import drafts, merging
from workflows.studio.drafts import Draft, Revision, Saved

GIVEN_UP = 0


class Settled(Conflict):
    """这次保存的不同之处已经处理过了。"""


def waiting(session: Session, draft: Draft) -> list[Revision]:
    """What is kept aside and waits for somebody to choose, newest first."""
    wanted = select(Revision).where(Revision.draft_id == draft.id, Revision.aside, Revision.settled.is_(None))
    return list(session.scalars(wanted.order_by(Revision.number.desc())))


def counts(session: Session, ids: Collection[int]) -> dict[int, int]:
    """How many wait, by draft; drafts where none does are left out."""
    wanted = select(Revision.draft_id, func.count()).where(
        Revision.draft_id.in_(ids), Revision.aside, Revision.settled.is_(None))
    return dict(session.execute(wanted.group_by(Revision.draft_id)).all())


def aside(session: Session, draft: Draft, number: int) -> Revision:
    """One of them. Raises NotFound."""
    found = drafts.revision(session, draft, number)
    if not found.aside:
        raise NotFound
    return found


def questions(session: Session, draft: Draft, sent: Revision) -> tuple[merging.Conflict, ...]:
    """Where it contradicts the draft as it is now."""
    merged = _merged(session, draft, sent, {})
    return tuple(conflict for one in merged.values() for conflict in one.conflicts)


def settle(session: Session, draft_id: int, number: int, choices: Mapping[str, merging.Choice], *, by: Actor) -> Saved:
    """Take in what was kept aside, each contradiction as chosen; `conflicts` are those that nobody has chosen yet, and
    nothing is changed then. Raises NotFound, NotOpen, Settled."""
    draft = drafts.locked(session, draft_id)
    sent = aside(session, draft, number)
    if sent.settled is not None:
        raise Settled
    merged = _merged(session, draft, sent, choices)
    left = tuple(conflict for one in merged.values() for conflict in one.conflicts)
    if left:
        return Saved(draft.revision, (), left, number)
    saved = drafts.change(session, draft, {name: one.body for name, one in merged.items()}, by=by, how="merged",
                          note=sent.note)
    sent.settled = saved.number
    session.flush()
    fp("studio.draft.settled")
    return Saved(saved.number, tuple(merged))


def give_up(session: Session, draft_id: int, number: int, *, by: Actor) -> None:
    """Leave the draft as it is; what was kept aside stays to be read. Raises NotFound, NotOpen, Settled."""
    draft = drafts.locked(session, draft_id)
    sent = aside(session, draft, number)
    if sent.settled is not None:
        raise Settled
    sent.settled = GIVEN_UP
    record(session, "draft.aside_given_up", ("process_draft", draft.id), by=by, after={"revision": number})


def _merged(session: Session, draft: Draft, sent: Revision,
            choices: Mapping[str, merging.Choice]) -> dict[str, merging.Merged]:
    """The files that were changed in it, brought together with the head."""
    began = drafts.revision_before(session, draft, sent.parent)
    names = {name for name in {*began.files, *sent.files} if began.files.get(name) != sent.files.get(name)}
    base, mine, theirs = (drafts.bodies(session, files, names) for files in (
        began.files, sent.files, drafts.revision(session, draft).files))
    return {name: merging.merge(name, base.get(name), theirs.get(name), mine.get(name), choices)
            for name in sorted(names)}
