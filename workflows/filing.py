"""The files named in a form's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forms.schema import Form


def file_ids(form: Form, answers: Mapping[str, Any]) -> dict[str, Sequence[int]]:
    """The ids of the files in a form's checked answers, by field; fields without files are left out."""
    return {key: answers[key] for key in form.file_fields if answers.get(key)}
