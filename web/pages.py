"""A list cut into pages; the count is always the true one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

SIZE = 25


@dataclass(frozen=True)
class Page:
    """One page of a list: `number` counts from 1, `total` is the number of rows of the whole list."""

    rows: Sequence[Any]
    number: int
    total: int
    size: int = SIZE

    @property
    def pages(self) -> int:
        """How many pages there are; 0 for an empty list."""
        return -(-self.total // self.size)

    @property
    def first(self) -> int:
        """The place of the first row shown."""
        return (self.number - 1) * self.size + 1

    @property
    def last(self) -> int:
        """The place of the last row shown."""
        return self.first + len(self.rows) - 1

    def address(self, number: int) -> str:
        """The same list at another page, filters kept."""
        return with_arguments(page=number if number > 1 else None)


def cut(session: Session, query: Select[Any], size: int = SIZE) -> Page:
    """The page of `query` that the address asks for (?page=2). Beyond the last page is the last page."""
    total = session.scalar(select(func.count()).select_from(query.order_by(None).options().subquery())) or 0
    last = max(1, -(-total // size))
    number = min(max(1, request.args.get("page", 1, type=int)), last)
    rows = session.scalars(query.limit(size).offset((number - 1) * size)).unique().all()
    return Page(rows, number, total, size)


def with_arguments(**changes: Any) -> str:
    """This page's address with some arguments changed; None takes one away. Changing a filter goes back to page 1."""
    kept = {**request.args.to_dict(), **changes}
    if "page" not in changes:
        kept.pop("page", None)
    kept = {name: value for name, value in kept.items() if value not in (None, "")}
    return url_for(request.endpoint or "home.desk", **{**(request.view_args or {}), **kept})


def here() -> str:
    """The path to come back to after a switch on this page: the page itself, or the one a form was sent from."""
    if request.method in {"GET", "HEAD"}:
        return request.full_path.rstrip("?")
    return request.form.get("next", "")
