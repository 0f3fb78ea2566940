"""The web application as a WSGI server runs it: `gunicorn wsgi:app`. After a commit it rings for the worker."""

from __future__ import annotations

import signal
import threading
from functools import partial
from types import FrameType

import click

from registry.evidence import opening
from registry.evidence.places import places
from web.app import Licet, create_app
from web.bell import Bell
from web.config import Config
from web.session import db


def send(kind: str, url: str) -> bool:
    """Wake a worker. The queue is imported on the bell's own thread, so that it costs no start-up time."""
    from worker import ring

    return ring(kind, url)


def end_streams_first() -> None:
    """A stream of the inbox may have minutes to live: told to stop, the server would wait for it."""
    before = signal.getsignal(signal.SIGTERM)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        return

    def stop(number: int, frame: FrameType | None) -> None:
        app.extensions["licet_live"].stop()
        before(number, frame)

    signal.signal(signal.SIGTERM, stop)


def check_log(site: Licet, settings: Config) -> None:
    """No page from a database that lost what was sealed: raises LogLost, which says why."""
    with site.app_context():
        opening.check(db.engine, places(settings.data))


config = Config.from_environment()
app = create_app(config, bell=Bell(partial(send, url=config.redis_url)))
if click.get_current_context(silent=True) is None:  # commands are what mends a site
    check_log(app, config)
end_streams_first()
