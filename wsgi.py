"""The web application as a WSGI server runs it: `gunicorn wsgi:app`. After a commit it rings for the worker."""

from __future__ import annotations

from functools import partial

from web.app import create_app
from web.bell import Bell
from web.config import Config


def send(kind: str, url: str) -> bool:
    """Wake a worker. The queue is imported on the bell's own thread, so that it costs no start-up time."""
    from worker import ring

    return ring(kind, url)


config = Config.from_environment()
app = create_app(config, bell=Bell(partial(send, url=config.redis_url)))
