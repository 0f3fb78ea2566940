"""/healthz, for the machine that watches: 200 while the site can work, 503 when the database is away."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, make_response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from web.config import Config
from web.guard import public
from web.session import db

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def healthz() -> Response:
    """The database must answer; Redis may be down (it only carries wake-ups)."""
    database = _database()
    told = jsonify(ok=database, database="up" if database else "down", redis=_redis())
    return make_response(told, 200 if database else 503)


def _database() -> bool:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _redis() -> str:
    config: Config = current_app.extensions["licet_config"]
    if not config.redis_url:
        return "none"
    from redis import Redis, RedisError

    try:
        with Redis.from_url(config.redis_url, socket_connect_timeout=0.25, socket_timeout=0.25) as server:
            server.ping()
    except RedisError:
        return "down"
    return "up"
