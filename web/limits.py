"""How often somebody may try. Counted in Redis, or in memory while it is away: a dead Redis blocks nobody."""

from __future__ import annotations

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from web.config import Config

limiter = Limiter(key_func=get_remote_address, strategy="fixed-window", default_limits=[])
SIGN_IN = "10 per minute; 60 per hour"
VERIFY = "30 per minute; 300 per hour"


def open_limits(app: Flask, config: Config) -> None:
    """Connect the counters."""
    waits = {"socket_connect_timeout": 0.25, "socket_timeout": 0.25}
    app.config.update(
        RATELIMIT_ENABLED=config.limits,
        RATELIMIT_STORAGE_URI=config.redis_url or "memory://",
        RATELIMIT_STORAGE_OPTIONS=waits if config.redis_url else {},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=bool(config.redis_url),
        RATELIMIT_SWALLOW_ERRORS=True,
        RATELIMIT_KEY_PREFIX="licet",
    )
    limiter.init_app(app)
