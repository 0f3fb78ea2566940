"""A list cut into pages; the count is always the true one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.interfaces import ORMOption

from web.asked import whole

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


def cut(
    session: Session, query: Select[Any], *options: ORMOption, size: int = SIZE, total: int | None = None,
) -> Page:
    """The page of `query` (of one model with an `id`) that the address asks for (?page=2); beyond the last is the last.

    Ids are counted, sorted and cut first, so that deep pages of long lists do not carry whole rows through the sort;
    `options` load what the rows of the page need; `total` is how many rows there are, where that is known.
    """
    model = query.column_descriptions[0]["entity"]
    ids = query.with_only_columns(model.id)
    if total is None:
        total = session.scalar(select(func.count()).select_from(ids.order_by(None).subquery())) or 0
    last = max(1, -(-total // size))
    number = min(max(1, request.args.get("page", 1, type=whole)), last)
    wanted = session.scalars(ids.limit(size).offset((number - 1) * size)).all()
    found = {row.id: row for row in session.scalars(select(model).where(model.id.in_(wanted)).options(*options))}
    return Page([found[key] for key in wanted], number, total, size)


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
