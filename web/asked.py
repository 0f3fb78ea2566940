"""What an address or a form says, read so that nonsense is nothing and no database is asked what it cannot hold."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from flask import Request, request
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.routing import IntegerConverter

from ledger.texts import upright
from web.session import SAFE

NUMBER = "[0-9]{1,18}"
"""Every id fits: both databases keep them in 64 bits."""
YEARS = range(1900, 2200)


class Number(IntegerConverter):
    """`<int:...>` in an address: a longer number is the number of nothing (404)."""

    regex = NUMBER


def whole(text: str) -> int:
    """A whole number from 0 up; ValueError for anything else. For `request.args.get(name, type=whole)`."""
    found = whole_in(text)
    if found is None:
        raise ValueError(text)
    return found


def whole_in(text: str | None) -> int | None:
    """The same; None where there is none."""
    return int(text) if text and re.fullmatch(NUMBER, text) else None


def day_in(text: str | None) -> dt.date | None:
    """A date (2026-11-22) or None; a year that no certificate knows is none."""
    try:
        day = dt.date.fromisoformat(text) if text and len(text) == 10 else None
    except ValueError:
        return None
    return day if day and day.year in YEARS else None


class Asked(Request):
    """A request without the NULs of its query: nobody types one, and PostgreSQL keeps none. What a form says is kept
    without what turns writing round (ledger.texts)."""

    def __init__(self, environ: dict[str, Any], *more: Any, **named: Any) -> None:
        environ["QUERY_STRING"] = environ.get("QUERY_STRING", "").replace("%00", "")
        super().__init__(environ, *more, **named)

    def _load_form_data(self) -> None:
        if "form" in self.__dict__:
            return
        super()._load_form_data()
        said = [(name, upright(text)) for name, text in self.__dict__["form"].items(multi=True)]
        self.__dict__["form"] = self.parameter_storage_class(said)


def check_text() -> None:
    """Nothing that is kept carries a NUL: no address has one, a form with one is refused; JSON is read with care."""
    if "\0" in request.path:
        raise NotFound
    if request.method not in SAFE and any("\0" in text for _, text in request.form.items(multi=True)):
        raise BadRequest
