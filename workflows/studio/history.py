"""The revisions of a draft as people read them: autosaves folded, an old one restored, too many of them thinned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.db import reading, unit
from ledger.failpoints import fp
from workflows.studio import drafts, leftovers
from workflows.studio.drafts import Draft, Revision, Saved
from workflows.studio.rehearsing import Rehearsal

KEPT_WHOLE = dt.timedelta(days=1)
LOOKED_BACK = dt.timedelta(days=8)
"""Autosaves of a day are all kept; of those before it (as far as a sleeping worker may have missed) one an hour."""


@dataclass(frozen=True)
class Entry:
    """A line of the history: the last of several autosaves of one person in a row, and how many there were."""

    revision: Revision
    times: int = 1


def entries(revisions: Sequence[Revision]) -> list[Entry]:
    """The revisions (newest first) with the autosaves of one person in a row as one line."""
    found: list[Entry] = []
    for one in revisions:
        last = found[-1] if found else None
        if last and one.how == last.revision.how == "autosaved" and one.by_id == last.revision.by_id:
            found[-1] = Entry(last.revision, last.times + 1)
        else:
            found.append(Entry(one))
    return found


def restore(session: Session, draft_id: int, number: int, *, by: Actor) -> Saved:
    """The draft's files are again those of a revision; what was since stays in the history.

    Raises NotFound, NotOpen."""
    draft = drafts.locked(session, draft_id)
    before, now = drafts.files(session, draft, number), drafts.revision(session, draft).files
    changes: dict[str, bytes | None] = dict.fromkeys(now)
    return drafts.change(session, draft, changes | before, by=by, how="restored", note=str(number))


def sweep(database: Engine) -> int:
    """Thin autosaves older than a day: of one person's in one hour the last stays. What only they consisted of goes
    with them. Returns how many went."""
    since, until = clock.now() - LOOKED_BACK, clock.now() - KEPT_WHOLE
    with reading(database) as session:
        if not _superfluous(session, since, until):
            return 0
    with unit(database) as session:
        gone = _superfluous(session, since, until)
        bodies = {number for files in session.scalars(select(Revision.files).where(Revision.id.in_(gone)))
                  for number in files.values()}
        session.execute(delete(Revision).where(Revision.id.in_(gone)))
        leftovers.collect(session, bodies)
        fp("studio.draft.thinned")
    return len(gone)


def _superfluous(session: Session, since: dt.datetime, until: dt.datetime, most: int = 500) -> list[int]:
    """The ids of revisions that a later one of the same person in the same hour stands for; never a head, nor one
    that something was kept aside from or that was rehearsed."""
    told = select(Revision.id, Revision.draft_id, Revision.number, Revision.by_id, Revision.at).where(
        Revision.how == "autosaved", ~Revision.aside, Revision.at >= since, Revision.at < until)
    needed = {(one.draft_id, one.number) for one in session.execute(
        select(Revision.draft_id, Revision.parent.label("number")).where(Revision.aside)
        .union(select(Draft.id, Draft.revision), select(Rehearsal.draft_id, Rehearsal.revision)))}
    later: set[tuple[int, int | None, str]] = set()
    gone = []
    for row in session.execute(told.order_by(Revision.draft_id, Revision.number.desc())):
        hour = (row.draft_id, row.by_id, row.at.strftime("%Y%m%d%H"))
        if hour in later and (row.draft_id, row.number) not in needed:
            gone.append(row.id)
        later.add(hour)
    return gone[:most]
