"""Which form a task has: the one for the request's type ("apply-J03") where there is one, else the one it names."""

from __future__ import annotations

from forms import schema


def form_of(key: str, type_code: str) -> schema.Form:
    """The form of this key for a type of certificate; NotFound where neither exists."""
    own = f"{key}-{type_code}"
    return schema.load(own if own in schema.library() else key)


def form_known(key: str) -> bool:
    """Whether there is a form of this key, or one for each type of certificate ("apply": "apply-J03", ...)."""
    return any(name == key or name.startswith(f"{key}-") for name in schema.library())
