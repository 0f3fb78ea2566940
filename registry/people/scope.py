"""How a model says where its rows belong, so that `registry.access.rules.visible` can filter every list alike."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import BigId

Path = String(200).with_variant(String(200, collation="C"), "postgresql")
"""The type of a unit path such as "/1/3/12/": compared byte by byte, so that a subtree is one range of an index."""


WITHDRAWN = "/withdrawn/"
"""Where the path of what was brought in by mistake and taken back leads: below no unit, so that no scope reaches it."""


@dataclass(frozen=True)
class Visible:
    """`action` is what reading needs; the others name the columns that scopes are compared with, if there are any."""

    action: str
    path: str = "unit_path"
    family: str | None = None
    type: str | None = None
    owner: str | None = None


def subtree(path: str) -> tuple[str, str]:
    """The half-open range [low, high) of the paths at and below `path`, which ends in "/"."""
    return path, path[:-1] + "0"  # "0" follows "/" in ASCII


class Belonging:
    """Where a certificate, or what is kept of it, belongs: the columns that rights and lists ask by."""

    group_id: Mapped[int] = mapped_column(BigId)
    unit_path: Mapped[str] = mapped_column(Path, index=True)
    family: Mapped[str] = mapped_column(String(1))
    type_code: Mapped[str] = mapped_column(String(8))
