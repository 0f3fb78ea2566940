"""The files named in a form's answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from forms.schema import FILES, Form
from ledger.actor import Actor
from ledger.files import File
from workflows.requests import Request, RequestFile


def file_ids(form: Form, answers: Mapping[str, Any]) -> dict[str, Sequence[int]]:
    """The ids of the files in a form's checked answers, by field; fields without files are left out."""
    keys = [str(field["key"]) for field in form.fields() if field.get("type") in FILES]
    return {key: answers[key] for key in keys if answers.get(key)}


def may_use(session: Session, actor: Actor, request: Request) -> Callable[[int], bool]:
    """Whether the actor may name a file here: their own upload, or one that belongs to the request already."""

    def allowed(number: int) -> bool:
        file = session.get(File, number)
        own = file is not None and file.by_id is not None and file.by_id == actor.id
        return own or session.get(RequestFile, (request.id, number)) is not None

    return allowed
