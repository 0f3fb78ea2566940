"""What all journeys of a test process share: the address of their sites, and the browsers of the people."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.db import unit
from registry.access.sign_ins import WebSession
from tests.journeys.person import Person
from tests.journeys.site import Site

WIDE, PHONE, TALL = {"width": 1280, "height": 800}, {"width": 360, "height": 780}, {"width": 390, "height": 844}
SIZES = {"desk": WIDE, "keys": WIDE, "phone": TALL, "narrow": PHONE}
Wsgi = Callable[..., Iterable[bytes]]
STREAM = "/inbox/events"  # never ends by itself: whoever closes the site ends it


class Door:
    """A WSGI application that is another one: the site of the journey that runs."""

    address = ""

    def __init__(self) -> None:
        self._app: Wsgi | None = None
        self._inside, self._changed = 0, threading.Condition()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self._changed:
            app = self._app
            self._inside += app is not None
        if app is None:
            start_response("503 Service Unavailable", [])
            return []
        try:
            answer = app(environ, start_response)
            return _through(answer) if environ["PATH_INFO"] == STREAM else list(answer)
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def leading_to(self, app: Wsgi) -> Iterator[None]:
        """Until the block ends and everybody has left the site."""
        self._app = app
        yield
        with self._changed:
            self._app = None
            assert self._changed.wait_for(lambda: not self._inside, 20), "a request never ended"


def _through(answer: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield from answer
    finally:
        answer.close()  # type: ignore[attr-defined]


class Seats:
    """The browser contexts of people, kept with what they have loaded; and their sign-ins."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.known: dict[tuple[str, int], BrowserContext] = {}
        self.passes: dict[tuple[str, bool], tuple[list[Any], dict[str, Any]]] = {}
        self.greeted: set[tuple[str, bool]] = set()

    def taken(self, login: str, way: str, site: Site, *, english: bool = False) -> Person:
        """Somebody in front of their browser. The first who come in a way come through the sign-in page; whoever has
        signed in once stays so.

        `way`: "desk", "keys", "phone" (390 px) or "narrow" (a phone of 360 px).
        """
        context = self._context(login, SIZES[way])
        if (login, english) not in self.passes:
            context.clear_cookies()
            person = Person(login, context, site, way, english)
            if (way, english) in self.greeted:
                person.sign_in_unseen()
            else:
                person.sign_in()
            self.greeted.add((way, english))
            self.passes[login, english] = context.cookies(), _sign_in(site)
            return person
        cookies, row = self.passes[login, english]
        context.clear_cookies()
        context.add_cookies(cookies)
        with unit(site.engine) as session:
            if session.scalar(select(WebSession.id).where(WebSession.token_hash == row["token_hash"])) is None:
                session.add(WebSession(**{**row, "confirmed_at": site.clock()}))  # as if just now
        return Person(login, context, site, way, english)

    def guest(self, way: str, site: Site, *, english: bool = False) -> Person:
        """Somebody without an account, whom the site does not know yet."""
        context = self._context("guest", SIZES[way])
        context.clear_cookies()
        return Person("guest", context, site, way, english)

    def _context(self, login: str, size: dict[str, int]) -> BrowserContext:
        key, phone = (login, size["width"]), size is not WIDE
        if key not in self.known:
            context = self.browser.new_context(
                viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai",  # type: ignore[arg-type]
                has_touch=phone, is_mobile=phone, reduced_motion="reduce",
            )
            context.set_default_timeout(15_000)
            self.known[key] = context
        return self.known[key]

    def close(self) -> None:
        for context in self.known.values():
            context.close()


def _sign_in(site: Site) -> dict[str, Any]:
    """The row of the newest sign-in."""
    with Session(site.engine) as session:
        newest = session.scalars(select(WebSession).order_by(WebSession.id.desc()).limit(1)).one()
        return {column.name: getattr(newest, column.name) for column in WebSession.__table__.columns
                if column.name != "id"}
