"""Links for a new password leave by e-mail: whoever has an address, in a group that has a line for it."""

from __future__ import annotations

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.db import ring_after_commit, unit
from registry.access import resets
from registry.access.accounts import Account, with_login
from registry.access.resets import ResetAsk, ResetLink
from registry.alerts.channels import CHANNELS
from registry.alerts.letters.model import Contact, Letter, Line

KIND = "reset"


def sweep(engine: Engine, *, limit: int = 20) -> int:
    """Answer those who asked, oldest first; how many. Who cannot be written to, or is nobody, gets nothing."""
    with unit(engine) as session:
        rows = session.scalars(select(ResetAsk).order_by(ResetAsk.id).limit(limit).with_for_update(skip_locked=True))
        found = rows.all()
        for row in found:
            account = with_login(session, resets.asked(row))
            if account is not None and account.usable:
                write(session, account, by=SYSTEM)
            session.delete(row)
    return len(found)


def write(session: Session, account: Account, *, by: Actor) -> bool:
    """A link by letter; False where the account's owner can be reached by no mail."""
    line = session.scalar(select(Line).where(
        Line.group_id == account.group_id, Line.stopped_at.is_(None), Line.channel.in_(
            [name for name, way in CHANNELS.items() if way.reaches == "mailbox"])).order_by(Line.id).limit(1))
    if line is None or session.get(Contact, (account.person_id, "mailbox")) is None:
        return False
    link, now = resets.make(session, account, by=by), clock.now()
    session.add(Letter(group_id=account.group_id, line_id=line.id, person_id=account.person_id, kind=KIND,
                       key=f"p{link.id}", due_at=now, next_try_at=now))
    ring_after_commit(session, "letters")
    return True


def link_of(session: Session, letter: Letter) -> ResetLink | None:
    """The link that a letter carries, while it works."""
    link = session.get(ResetLink, int(letter.key[1:])) if letter.kind == KIND else None
    return link if link is not None and link.alive else None


__all__ = ["KIND", "link_of", "sweep", "write"]
