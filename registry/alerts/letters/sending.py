"""Letters leave, one after the other: claimed in one transaction, sent outside of any, what came of it in another.

Killed in between, a letter is tried again when its claim is over, under the same key: a provider that knows keys drops
the repeat. What cannot be delivered is tried again after 1, 5 and 30 minutes and then stays, to be seen and sent again.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from ledger import clock
from ledger.actor import Actor
from ledger.db import Bell, reading, ring_after_commit, unit
from ledger.errors import NotFound, Problem
from ledger.facts import record
from ledger.failpoints import fp
from registry.alerts.channels import CHANNELS, Bucket, Message, NotSent, Outgoing, Receipt, Refused, TooFast
from registry.alerts.channels.facts import OUTCOMES
from registry.alerts.letters import contacts, lines, resetting
from registry.alerts.letters.composing import Say, compose
from registry.alerts.letters.model import DEAD, DROPPED, PLANNED, SENT, Letter, LetterAlert, LetterTry, Line

log = logging.getLogger("licet.letters")
TRIES = (1, 5, 30)
"""Minutes between tries."""
CLAIM = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Ready:
    """A claimed letter with all that sending needs."""

    number: int
    line: Line
    settings: Any
    address: str
    message: Message
    after: int
    handed: int


def sweep(engine: Engine, http: Outgoing, say: Say, url: str, *, limit: int = 20, bell: Bell | None = None) -> int:
    """Send what is due, oldest first, at most `limit` letters; how many were looked at. `url` is the house's own."""
    seen = set[int]()
    for _ in range(limit):
        with reading(engine) as session:
            number = session.scalar(_due(seen))
        if number is None:
            break
        seen.add(number)
        try:
            with unit(engine, bell) as session:
                ready = _claim(session, number, say, url)
                fp("letters.claimed.before_commit")
            if ready is not None:
                _send(engine, ready, http)
        except Exception:
            log.exception("letter %s could not be worked on", number)
    return len(seen)


def _due(skip: Collection[int]) -> Select[int]:
    query = select(Letter.id).where(Letter.state == PLANNED, Letter.next_try_at <= clock.now()).order_by(
        Letter.next_try_at, Letter.id).limit(1)
    return query.where(Letter.id.not_in(skip)) if skip else query


def _claim(session: Session, number: int, say: Say, url: str) -> Ready | None:
    """The letter for us alone; None where it is wanted no more, must wait, or somebody else has it."""
    letter = session.scalar(
        select(Letter).where(Letter.id == number, Letter.state == PLANNED, Letter.next_try_at <= clock.now())
        .options(selectinload(Letter.told).joinedload(LetterAlert.alert), joinedload(Letter.line))
        .with_for_update(skip_locked=True, of=Letter).execution_options(populate_existing=True))
    if letter is None:
        return None
    line = session.scalars(select(Line).where(Line.id == letter.line_id).with_for_update()).one()
    standing = [each for each in letter.told if each.alert.silent_at is None]
    address = _address(session, letter, line)
    lasts = bool(standing) or letter.kind == "test" or resetting.link_of(session, letter) is not None
    if not lasts or line.stopped_at is not None:
        letter.state = DROPPED
        return None
    if not address and CHANNELS[line.channel].reaches not in ("group", "system"):
        _fail(letter, Refused(line.channel, "nobody", Problem("收件人没有可用的地址。")))
        return None
    composed = compose(session, letter, standing, lines.settings_of(line), say, url)
    parts = max(1, len(CHANNELS[line.channel].parts(composed.settings, composed.message)) - letter.parts_sent)
    if not _room(letter, line, parts):
        return None
    letter.next_try_at = clock.now() + CLAIM
    letter.tries += 1
    handed = LetterTry(letter_id=letter.id, said=composed.said(line.channel))
    session.add(handed)
    session.flush()
    session.expunge(line)
    return Ready(letter.id, line, composed.settings, address, composed.message, letter.parts_sent, handed.id)


def _address(session: Session, letter: Letter, line: Line) -> str:
    if letter.person_id is None:
        return line.address
    return contacts.address(session, letter.person_id, CHANNELS[line.channel].reaches)


def _room(letter: Letter, line: Line, parts: int) -> bool:
    """Take as many tokens as there are parts; else the letter waits until they are back."""
    full = CHANNELS[line.channel].bucket
    if full is None:
        return True
    bucket = Bucket(full.size, full.per, tuple(dt.datetime.fromisoformat(at) for at in line.taken))
    count = min(parts, full.size)
    wait = bucket.wait(clock.now(), count)
    if wait:
        letter.next_try_at = clock.now() + wait
        return False
    line.taken = [at.isoformat() for at in bucket.take(clock.now(), count).taken]
    return True


def _send(engine: Engine, ready: Ready, http: Outgoing) -> None:
    outcome: Receipt | NotSent
    try:
        outcome = CHANNELS[ready.line.channel].send(ready.settings, ready.address, ready.message, http,
                                                    after=ready.after)
    except NotSent as failed:
        outcome = failed
    fp("letters.sent.before_record")
    with unit(engine) as session:
        letter = session.get_one(Letter, ready.number, with_for_update=True, populate_existing=True)
        _note(session.get_one(LetterTry, ready.handed), outcome)
        if letter.state != PLANNED:
            return
        if isinstance(outcome, NotSent):
            _fail(letter, outcome)
        else:
            letter.state, letter.sent_at, letter.reference = SENT, clock.now(), outcome.reference[:120]
            letter.code, letter.why = "", None
        fp("letters.sent.before_commit")


def _note(handed: LetterTry, outcome: Receipt | NotSent) -> None:
    """What came of this try, whatever comes of the letter."""
    handed.over_at = clock.now()
    if isinstance(outcome, Receipt):
        handed.outcome, handed.parts, handed.reference = "sent", outcome.parts, outcome.reference[:120]
    else:
        handed.outcome = next(name for name, kind in OUTCOMES.items() if isinstance(outcome, kind))
        handed.parts, handed.code, handed.why = outcome.sent, outcome.code[:80], outcome.why.plain()


def _fail(letter: Letter, failed: NotSent) -> None:
    """What came of a try: again later, or not again by itself."""
    letter.code = failed.code[:80]
    letter.why = failed.why.plain()
    letter.parts_sent = max(letter.parts_sent, failed.sent)
    if isinstance(failed, TooFast):
        letter.next_try_at = clock.now() + dt.timedelta(seconds=max(1, failed.after))
        letter.tries -= 1
    elif isinstance(failed, Refused) or letter.tries > len(TRIES):
        letter.state = DEAD
    else:
        letter.next_try_at = clock.now() + dt.timedelta(minutes=TRIES[letter.tries - 1])


def try_out(session: Session, line: Line, *, by: Actor) -> Letter:
    """A test letter by a line: to whoever asks, or into its room."""
    everybody = CHANNELS[line.channel].reaches in ("group", "system")
    now = clock.now()
    letter = Letter(group_id=line.group_id, line_id=line.id, person_id=None if everybody else by.id, kind="test",
                    key=f"t{line.id}-{by.id}-{now:%Y%m%d%H%M%S%f}", due_at=now, next_try_at=now)
    session.add(letter)
    session.flush()
    record(session, "line.tried", ("line", line.id), by=by, group_id=line.group_id, after={"letter": letter.id})
    ring_after_commit(session, "letters")
    return letter


def again(session: Session, actor: Actor, letter_id: int) -> Letter:
    """Send a letter that did not leave once more, from the first try on. Raises NotFound, NotAllowed."""
    letter = session.get(Letter, letter_id, with_for_update=True, populate_existing=True)
    if letter is None or letter.state != DEAD:
        raise NotFound
    line = lines.one(session, actor, letter.line_id)
    letter.state, letter.tries, letter.next_try_at = PLANNED, 0, clock.now()
    record(session, "letter.again", ("line", line.id), by=actor, group_id=letter.group_id, after={"letter": letter.id})
    ring_after_commit(session, "letters")
    return letter


__all__ = ["Say", "again", "sweep", "try_out"]
