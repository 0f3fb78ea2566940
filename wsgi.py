"""The web application as a WSGI server runs it: `gunicorn wsgi:app`. After a commit it rings for the worker."""

from __future__ import annotations

import signal
import threading
from functools import partial
from types import FrameType

from web.app import create_app
from web.bell import Bell
from web.config import Config


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


config = Config.from_environment()
app = create_app(config, bell=Bell(partial(send, url=config.redis_url)))
end_streams_first()
