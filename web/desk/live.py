"""The event stream of the inbox: "look" when something of the visitor's has changed. What it is they read by asking:
nothing that anybody may not know goes over the line.

One thread of a process reads the new facts for all its streams: told by Redis, by a commit of this process, or, where
there is no Redis, by the clock. A stream costs a thread of the server, so there are fewer of them than threads; whoever
gets none asks once a minute, as does everybody whose stream breaks.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, Flask, Response, current_app
from redis import Redis, RedisError
from sqlalchemy import Engine, func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine.model import Task
from engine.usertasks.offers import groups_of
from ledger.actor import Actor
from ledger.db import reading
from ledger.facts import Fact
from web.config import LIVE, Config
from web.guard import actor, background
from web.session import db
from workflows.requests import Request

log = logging.getLogger("licet.web")
bp = Blueprint("live", __name__)
LIFE, BEAT = 240.0, 15.0  # seconds a stream lives, and between two signs of life
EVERY = 10.0  # seconds between two looks at the facts when nobody tells
PAUSE = 0.2  # seconds in which what happens together is read together
SPARE = 4  # threads of a process that no stream may take
OWN, LATER = 6, 60_000  # streams of one person; milliseconds until one that had to make room comes back
MOST = 500  # facts read at once: of more, everybody is told
BACK = 2_000  # how far back one may still appear: numbers are given before the commit, and an act of many has many


class Stream:
    """One open page: whose it is, the names it listens for, and a flag that something has happened to one of them."""

    def __init__(self, watch: Watch, person_id: int | None, names: frozenset[str]) -> None:
        self.watch, self.person_id, self.names = watch, person_id, names
        self.called = threading.Event()
        self.over = False

    def told(self) -> Iterator[str]:
        """The lines of the stream until its life is over, the page goes away, or the process ends."""
        end = time.monotonic() + LIFE * random.uniform(0.9, 1.1)
        try:
            yield f"retry: {random.randrange(2000, 5000)}\n\n"
            while not self.watch.ended and not self.over and (left := end - time.monotonic()) > 0:
                if not self.called.wait(min(left, BEAT)):
                    yield ":\n\n"
                elif not self.watch.ended and not self.over:
                    self.called.clear()
                    yield "event: look\ndata:\n\n"
            if self.over:
                yield f"retry: {LATER}\n\n"
        finally:
            self.close()

    def make_room(self) -> None:
        """A younger one of the same person takes its place."""
        self.over = True
        self.called.set()

    def close(self) -> None:
        """Give the place free; as often as you like."""
        self.watch.leave(self)


class Watch:
    """The streams of this process and the one thread that reads facts for them."""

    def __init__(self, redis_url: str, most: int) -> None:
        self._redis_url, self.most = redis_url, most
        self._streams: list[Stream] = []
        self._lock = threading.Lock()
        self._nudged = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen: set[int] = set()
        self.ended = False

    def open(self, person: Actor, engine: Engine) -> Stream | None:
        """A stream for somebody; None when there are as many as may be. Whoever has many loses the oldest: a page that
        went away is noticed late, and nobody takes all the places."""
        away = [name for absent in person.stands_for for name in groups_of(absent)]
        stream = Stream(self, person.id, frozenset([*groups_of(person), *away]))
        last = 0 if self._reads() else _newest(engine)  # before the lock: the database may be slow, or away
        with self._lock:
            own, most = [one for one in self._streams if one.person_id == person.id], max(1, min(OWN, self.most // 2))
            if self.ended or (len(self._streams) >= self.most and len(own) < most):
                return None
            for oldest in own[:max(0, len(own) - most + 1)]:
                self._streams.remove(oldest)
                oldest.make_room()
            self._streams.append(stream)
            if not self._reads():
                self._seen = set()
                self._thread = threading.Thread(target=self._read, args=(engine, last), name="live", daemon=True)
                self._thread.start()
        return stream

    def _reads(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def leave(self, stream: Stream) -> None:
        """A page has gone."""
        with self._lock:
            if stream in self._streams:
                self._streams.remove(stream)

    def nudge(self) -> None:
        """Something was committed in this process."""
        self._nudged.set()

    def stop(self) -> None:
        """The process ends: every stream does, at once. Takes no lock: it is called by a signal."""
        self.ended = True
        for stream in list(self._streams):
            stream.called.set()
        self._nudged.set()

    def _wanted(self) -> bool:
        """Whether anybody listens; if not, the next one starts another thread."""
        with self._lock:
            if self._streams and not self.ended:
                return True
            self._thread = None
            return False

    def _read(self, engine: Engine, last: int) -> None:
        line = _Line(self._redis_url)
        while self._wanted():
            line.wait(self._nudged)
            self._nudged.clear()
            try:
                last = self._look(engine, last)
            except SQLAlchemyError as error:
                log.warning("live: the facts could not be read (%s)", type(error).__name__)
                time.sleep(1.0)
        line.close()

    def _look(self, engine: Engine, last: int) -> int:
        """Read what is new, call those whom it concerns; the number of the newest fact."""
        with reading(engine) as session:
            numbers = session.scalars(select(Fact.id).where(Fact.id > last - BACK).order_by(Fact.id.desc())
                                      .limit(BACK + MOST)).all()
            new = [one for one in numbers if one > last or (self._seen and one not in self._seen)]
            names = _concerned(session, new) if 0 < len(new) < MOST else frozenset()
        self._seen = set(numbers)
        for stream in list(self._streams):
            if len(new) >= MOST or not names.isdisjoint(stream.names):
                stream.called.set()
        return max(numbers, default=last)


class _Line:
    """What wakes the reader: a message of Redis, or a commit of this process, or the time."""

    def __init__(self, url: str) -> None:
        self._url, self._again = url, 0.0
        self._heard: Any = None

    def wait(self, nudged: threading.Event) -> None:
        """At most EVERY seconds."""
        end = time.monotonic() + EVERY
        while not nudged.is_set() and (left := end - time.monotonic()) > 0:
            if not self._listen(min(left, 1.0), nudged):
                continue
            break
        time.sleep(PAUSE)

    def _listen(self, seconds: float, nudged: threading.Event) -> bool:
        """Whether Redis said something; without it only the other two wake."""
        if self._heard is None and self._url and time.monotonic() >= self._again:
            self._connect()
        if self._heard is None:
            return nudged.wait(seconds)
        try:
            return self._heard.get_message(ignore_subscribe_messages=True, timeout=min(seconds, 0.25)) is not None
        except (RedisError, OSError) as error:
            log.warning("live: Redis is away (%s); the clock goes on without it", type(error).__name__)
            self.close()
            return False

    def _connect(self) -> None:
        self._again = time.monotonic() + EVERY
        try:
            line = Redis.from_url(self._url, socket_timeout=2.0, socket_connect_timeout=0.5).pubsub()
            line.subscribe(LIVE)
            self._heard = line
        except (RedisError, OSError):
            self._heard = None

    def close(self) -> None:
        """Let the line go."""
        line, self._heard = self._heard, None
        if line is not None:
            try:
                line.close()
            except (RedisError, OSError):
                return


def _newest(engine: Engine) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.max(Fact.id))) or 0


def _concerned(session: Session, facts: Sequence[int]) -> frozenset[str]:
    """Whose inbox the facts may have changed: who acted and to whom it went, who is or was offered a task of those
    processes, holds it or has done it, and whose request it is."""
    told = session.execute(select(Fact.subject_kind, Fact.subject_id, Fact.actor_id, Fact.after)
                           .where(Fact.id.in_(facts))).all()
    people = {row.actor_id for row in told} | {(row.after or {}).get("to") for row in told}
    instances = {row.subject_id for row in told if row.subject_kind == "instance"}
    requests = {row.subject_id for row in told if row.subject_kind == "request"}
    groups: set[str] = set()
    for number, applicant in session.execute(select(Request.instance_id, Request.applicant_id).where(
            or_(Request.instance_id.in_(instances), Request.id.in_(requests)))):
        people.add(applicant)
        instances.add(number)
    for offer, holder, doer in session.execute(select(Task.offer, Task.assignee_id, Task.completed_by).where(
            Task.instance_id.in_([one for one in instances if one is not None]))):
        groups.update(offer)
        people |= {holder, doer}
    return frozenset(groups | {f"person@{one}" for one in people if one is not None})


@bp.get("/inbox/events")
@background
def events() -> Response:
    """The stream of whoever asks; 503 when this process has no thread left for one."""
    watch: Watch = current_app.extensions["licet_live"]
    stream = watch.open(actor(), db.engine)
    if stream is None:
        return Response(status=503, headers={"Retry-After": "60"})
    answer = Response(stream.told(), mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})
    answer.call_on_close(stream.close)
    return answer


def open_live(app: Flask, config: Config) -> None:
    """Put the watch beside the bell: what rings for the worker nudges the streams of this process too."""
    watch = Watch(config.redis_url, max(0, config.threads - SPARE))
    bell = app.extensions.get("licet_bell")

    def ring(what: str) -> None:
        watch.nudge()
        if bell:
            bell(what)

    app.extensions.update(licet_live=watch, licet_bell=ring)
