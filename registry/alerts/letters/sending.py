"""Letters leave, one after the other: claimed in one transaction, sent outside of any, what came of it in another.

Killed in between, a letter is tried again when its claim is over, under the same key: a provider that knows keys drops
the repeat. What cannot be delivered is tried again after 1, 5 and 30 minutes and then stays, to be seen and sent again.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Collection, Mapping
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
from registry.access.accounts import Account
from registry.alerts.channels import CHANNELS, Bucket, Message, NotSent, Outgoing, Receipt, Refused, TooFast
from registry.alerts.letters import contacts, lines, resetting
from registry.alerts.letters.model import DEAD, DROPPED, PLANNED, SENT, Letter, LetterAlert, Line

log = logging.getLogger("licet.letters")
TRIES = (1, 5, 30)
"""Minutes between tries."""
CLAIM = dt.timedelta(minutes=10)
SHOWN = 50
"""Alerts that a letter tells of one by one; the others are counted."""
Say = Callable[[str, Mapping[str, Any], str], str]
"""A msgid with its values in a language ("zh", "en"): whoever knows the translations says it."""


@dataclass(frozen=True)
class Ready:
    """A claimed letter with all that sending needs."""

    number: int
    line: Line
    settings: Any
    address: str
    message: Message
    after: int


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
    settings = lines.settings_of(line)
    message = _message(session, letter, standing, say, url)
    parts = max(1, len(CHANNELS[line.channel].parts(settings, message)) - letter.parts_sent)
    if not _room(letter, line, parts):
        return None
    letter.next_try_at = clock.now() + CLAIM
    letter.tries += 1
    session.flush()
    session.expunge(line)
    return Ready(letter.id, line, settings, address, message, letter.parts_sent)


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


def _message(session: Session, letter: Letter, standing: list[LetterAlert], say: Say, url: str) -> Message:
    account = session.scalar(select(Account).where(Account.person_id == letter.person_id)) if letter.person_id else None
    language = account.locale if account is not None else "zh"
    if letter.kind == "test":
        title = say("这是一条测试消息：{line} 可以送达。", {"line": letter.line.title}, language)
        return Message(letter.key, title, (), _link(url, "/alerts"), "test", {}, language)
    if (reset := resetting.link_of(session, letter)) is not None:
        title = say("设置新密码", {}, language)
        told = (say("有人为您的账号申请了设置新密码的链接，30 分钟内有效，只能用一次。", {}, language),
                say("不是您申请的，不用理会；密码没有改变。", {}, language))
        return Message(letter.key, title, told, _link(url, f"/password/new/{reset.token}"), "reset", {}, language)
    ordered = sorted(standing, key=lambda each: (each.alert.term, each.alert_id))
    said = [say(each.text, each.params, language) for each in ordered[:SHOWN]]
    if len(ordered) == 1:
        only = ordered[0]
        params = {name: str(value) for name, value in only.params.items()}
        link = _link(url, f"/certificates/{only.alert.certificate_id}")
        return Message(letter.key, said[0], (), link, "alert", params, language)
    if len(ordered) > SHOWN:
        said.append(say("另有 {n} 张，请点开查看。", {"n": len(ordered) - SHOWN}, language))
    title = say("{n} 张证件临近到期或已过期", {"n": len(ordered)}, language)
    return Message(letter.key, title, tuple(said), _link(url, "/alerts"), "digest", {"n": str(len(ordered))}, language)


def _link(url: str, path: str) -> str:
    """Where to see all of it; nothing where the house does not know its own address."""
    return url + path if url else ""


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
        if letter.state != PLANNED:
            return
        if isinstance(outcome, NotSent):
            _fail(letter, outcome)
        else:
            letter.state, letter.sent_at, letter.reference = SENT, clock.now(), outcome.reference[:120]
            letter.code, letter.why = "", None
        fp("letters.sent.before_commit")


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
