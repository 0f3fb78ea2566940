"""A name for one wish: a page that asks for something new carries it, so that sent twice it is done once."""

from __future__ import annotations

import re
import secrets

from flask import request

FIELD = "once"
_FIT = re.compile(r"[\w-]{8,40}", re.ASCII)


def fresh() -> str:
    """A name nobody has used; to be put into a form or its address."""
    return secrets.token_urlsafe(15)


def given() -> str | None:
    """The name that this request carries; None without a fit one (then nothing tells a repeat from a second wish)."""
    sent = request.values.get(FIELD, "")
    return sent if _FIT.fullmatch(sent) else None
