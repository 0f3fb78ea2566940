"""What the forms of application.bpmn open with, beside those of filing and registering."""

from __future__ import annotations

from sqlalchemy.orm import Session

from workflows import reviewing
from workflows.process import Answers
from workflows.requests import Request


def application(_session: Session, request: Request) -> Answers:
    """A1: the holder's name, and what was submitted the last time."""
    return {**request.content, "holder_name": request.holder_name}


GIVEN = {"apply": application, **reviewing.GIVEN}
