"""The database session of a request, and its one commit."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from ledger.db import READ_ONLY, Base, engine_options, prepare, take_bells
from ledger.failpoints import fp

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_READER = "licet_reader"
LEDGERS, LEDGERS_BYTES = ("imports", "imports_file"), 200 * 2**20
"""Where ledgers come in more may be sent at once than elsewhere: several, each with the limit of its room."""


class RequestSession(FlaskSession):
    """Reads where the request only reads: SQLite then takes no write lock (ledger.db: BEGIN, not BEGIN IMMEDIATE)."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Any:
        bind = super().get_bind(*args, **kwargs)
        if isinstance(bind, Engine) and has_request_context() and only_reads():
            reader: Engine = current_app.extensions[_READER]
            return reader
        return bind


db = SQLAlchemy(metadata=Base.metadata, session_options={"class_": RequestSession}, add_models_to_shell=False)


def open_session(app: Flask, url: str) -> None:
    """Give the app its database; the engine carries the house's settings."""
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(url)
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)
        app.extensions[_READER] = db.engine.execution_options(**{READ_ONLY: True})


def only_reads() -> bool:
    """Whether this request writes nothing to the database: a GET, or a view marked guard.reads or guard.returning until
    it asks for `write`. What keeps a POST from others (token, Origin, rights) does not hang on this."""
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method in SAFE and not getattr(view, "may_write", False):
        return True
    return getattr(view, "only_reads", False) and not g.get("writes")


def write() -> None:
    """A view marked guard.reads has to write after all: what it has looked at is to be looked at again."""
    db.session.rollback()
    g.writes = True


def keep() -> None:
    """What this request wrote is kept even though the answer is a refusal (a wrong password is counted, say)."""
    g.kept = True


def receive() -> None:
    """Before every request: take in all that is sent. A transaction begins with the first look at who asks, and a slow
    upload must hold neither SQLite's one write lock nor a connection of PostgreSQL."""
    if request.method not in SAFE:
        if request.blueprint in LEDGERS:
            request.max_content_length = LEDGERS_BYTES
        request.get_data(parse_form_data=True)


def settle(response: Response) -> Response:
    """The one commit of a request: after the view has returned, and only if it did not refuse. Then the bells ring."""
    refused = response.status_code >= 400 and not g.get("kept")
    if refused or only_reads():
        db.session.rollback()
        return response
    fp("web.before_commit")
    try:
        db.session.commit()
    except OperationalError:
        g.unsure = True  # the database may have done it before it went away
        raise
    fp("web.after_commit")
    bell = current_app.extensions.get("licet_bell")
    for what in sorted(take_bells(db.session())):
        if bell:
            bell(what)
    return response
