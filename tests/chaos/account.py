"""The verdict: the database and the people's log, nothing else. Every sentence is a violation."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from engine.model import Task, Timer
from ledger import clock
from ledger.db import reading
from ledger.facts import Fact
from ledger.files import File
from registry.access.accounts import Account
from tests.chaos.client import Entry, Log
from tests.chaos.journey import BIRTH
from tests.reliability.business import BUSINESS
from tests.reliability.invariants import violations
from workflows.requests import AuthorityAnswer, Request

GRACE = dt.timedelta(seconds=0)
HELD = ("claim", "release")  # verbs on a task that do not end it


def verdict(engine: Engine, log: Log, files: Path, *, only: set[int] | None = None) -> list[str]:
    """Everything that is wrong once the site is at rest; `only` looks at these instances and not at every file."""
    with reading(engine) as session:
        found = violations(session, *BUSINESS, only=only, quiet=True, grace=GRACE)
        found += list(accounted(session, log))
        if only is None:
            found += list(kept(session, files))
    return found


def accounted(session: Session, log: Log) -> Iterator[str]:
    """I1, I2, I13: what was acknowledged is there, once; nothing is there that nobody sent."""
    people = dict(session.execute(select(Account.login, Account.person_id)).all())
    wishes: dict[str, list[Entry]] = defaultdict(list)
    for entry in log.entries:
        wishes[entry.request].append(entry)
    opened = {fact.key.rpartition(":")[2]: fact.subject_id for fact in session.scalars(
        select(Fact).where(Fact.kind == "request.opened", Fact.key.is_not(None))) if fact.key}
    tasks = {task.id: task for task in session.scalars(select(Task))}
    for key, entries in wishes.items():
        yield from _opening(session, key, entries, opened.get(key))
        yield from _acts(entries, tasks, people)
        if key in opened:
            yield from _answers(session, opened[key], entries)
    for key in set(opened) - set(wishes):
        yield f"I2 request {key} was asked for by nobody"
    if (count := session.scalar(select(func.count()).select_from(Request))) != len(opened):
        yield f"I2 {count} requests for {len(opened)} wishes"


def _opening(session: Session, key: str, entries: list[Entry], request_id: int | None) -> Iterator[str]:
    starts = [entry for entry in entries if entry.what == "open"]
    if request_id is None:
        if any(entry.outcome == "ok" for entry in starts):
            yield f"I1 request {key} was acknowledged and is lost"
        return
    instance = session.get_one(Request, request_id).instance_id
    for entry in starts:  # the answer belongs to this wish, not to another one
        task = entry.location.rpartition("/tasks/")[2]
        if entry.outcome == "ok" and task.isdigit() and session.get_one(Task, int(task)).instance_id != instance:
            yield f"I1 request {key} was answered with another one's task {task}"
        if entry.outcome == "refused":
            yield f"I1 request {key} was refused with {entry.status}"


def _acts(entries: list[Entry], tasks: dict[int, Task], people: dict[str, int]) -> Iterator[str]:
    done = Counter(entry.task for entry in entries if entry.task and entry.what not in HELD and entry.outcome == "ok")
    for entry in entries:
        if not entry.task or entry.what in HELD or entry.outcome != "ok":
            continue
        task = tasks.get(entry.task)
        if task is None or task.state != "completed" or task.completed_by != people[entry.who]:
            yield f"I1 task {entry.task} ({entry.what}) was acknowledged to {entry.who}, it is {task and task.state}"
        if done[entry.task] > 1:
            yield f"I13 task {entry.task} ({entry.what}) was acknowledged {done[entry.task]} times"
    for entry in entries:  # sent again and refused: then the first sending, or the other window, has done it
        if entry.task and entry.what not in HELD and entry.status == 409 and entry.unanswered and not done[entry.task]:
            task = tasks.get(entry.task)
            if task is None or task.state == "open":
                yield f"I2 task {entry.task} ({entry.what}) was refused as done and is open"


def _answers(session: Session, request_id: int, entries: list[Entry]) -> Iterator[str]:
    kept_ = Counter(session.scalars(select(AuthorityAnswer.kind).where(AuthorityAnswer.request_id == request_id)))
    sent = {entry.what.partition(":")[2]: entry for entry in entries if entry.what.startswith("answer:")}
    for kind, entry in sent.items():
        if kept_[kind] > 1 or (entry.outcome == "ok" and kept_[kind] != 1):
            yield f"I1 the answer {kind} of request {request_id} is kept {kept_[kind]} times, {entry.outcome}"
    for kind in set(kept_) - set(sent):
        yield f"I2 the answer {kind} of request {request_id} was sent by nobody"


def kept(session: Session, folder: Path) -> Iterator[str]:
    """Every file that a row names is there, whole."""
    for file in session.scalars(select(File)):
        place = folder / file.sha256[:2] / file.sha256
        if not place.is_file() or hashlib.sha256(place.read_bytes()).hexdigest() != file.sha256:
            yield f"I1 file {file.id} is lost or not what was sent"


def personal(redis: Any) -> Iterator[str]:
    """I15: nothing personal in Redis, in no key and no value."""
    for key in redis.scan_iter():
        kind = redis.type(key).decode()
        value = {"hash": redis.hgetall, "string": redis.get, "zset": lambda k: redis.zrange(k, 0, -1),
                 "set": redis.smembers, "list": lambda k: redis.lrange(k, 0, -1)}.get(kind, lambda _k: b"")(key)
        if BIRTH in f"{key!r}{value!r}" or "工人" in f"{key!r}{value!r}":
            yield f"I15 the key {key!r} holds something personal"


def at_rest(session: Session) -> bool:
    """Whether the workers have done all that is due."""
    undelivered = session.scalar(select(func.count()).where(Fact.delivered_at.is_(None)))
    due = session.scalar(select(func.count()).where(Timer.state == "waiting", Timer.next_try_at <= clock.now()))
    return not undelivered and not due
