"""Who may open a page. Nothing is open by default: a view is for people signed in unless it is marked `public`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, current_app, request
from flask_login import current_user

from ledger.actor import Actor
from ledger.errors import NotAllowed
from registry.access.profiles import profile
from registry.access.rules import can

BEFORE_ALL = frozenset({"account.due", "account.password", "login.sign_out"})
"""What somebody may open whose password has to be changed."""
FACTORS = frozenset({"factors", "passkeys"})
"""The pages on which somebody adds a second factor."""
View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Anybody may open this page."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def background(view: View) -> View:
    """Pages ask for this by themselves: it is no sign that somebody is there, so it keeps no sign-in alive."""
    view.is_background = True  # type: ignore[attr-defined]
    return view


def reads(view: View) -> View:
    """A POST that as a rule writes nothing to the database, and must be answered while another transaction does:
    its session reads (web.session.only_reads). All that guards a POST guards it."""
    view.only_reads = True  # type: ignore[attr-defined]
    return view


def returning(view: View) -> View:
    """A GET to which another site leads a browser back, and which signs in: until it asks for `write` it reads. What it
    is sent must prove by itself that it was asked for, once, by this browser."""
    view.only_reads = view.may_write = True  # type: ignore[attr-defined]
    return view


def needs(action: str) -> Callable[[View], View]:
    """Only people who may do `action` somewhere open this page; NotAllowed (403) for the others."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not can(actor(), action, None):
                raise NotAllowed
            return view(*args, **kwargs)

        guarded.needs = action  # type: ignore[attr-defined]
        return cast(View, guarded)

    return guard


def actor() -> Actor:
    """Who makes this request. Only on pages for people signed in."""
    return cast(Actor, current_user.actor)


def check_signed_in() -> Response | None:
    """Before every request: a page that is not public needs a living sign-in, and what the profile asks of it first."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or getattr(view, "is_public", False) or request.endpoint == "static":
        return None
    from web.login import ask_to_sign_in, lead_to

    if not current_user.is_authenticated:
        return ask_to_sign_in()
    if current_user.account.password_due and request.endpoint not in BEFORE_ALL:
        return lead_to("account.due")
    one = profile().two and current_user.sign_in.how == "password"
    if one and request.endpoint not in BEFORE_ALL and request.blueprint not in FACTORS:
        return lead_to("factors.show")
    return None
