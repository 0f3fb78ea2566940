"""C2: what a cancellation would break, each with the way out of it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from workflows.clearing.hindrance import (
    Hindrance,
    dependants,
    live_posts,
    open_loans,
    open_requests,
    subject,
)
from workflows.requests import Request


def impact(session: Session, request: Request) -> list[Hindrance]:
    """Open requests, originals that are out, posts held by it, and what depends on it."""
    certificate = subject(session, request)
    if certificate is None:
        return []
    return [*open_requests(session, request), *open_loans(session, certificate), *live_posts(session, certificate),
            *dependants(session, certificate)]
