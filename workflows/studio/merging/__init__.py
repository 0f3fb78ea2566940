"""Two people changed the same draft: what each of them did is brought together, file by file.

By meaning, not by lines: an element's words are one thing, whoever moved what in the file. A conflict is only what
both changed differently, or what one removed and the other changed. Where things are drawn never is one: the later
position holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ledger.errors import BadDiagram, Problem
from workflows.studio import outline
from workflows.studio.merging.three_way import Clash, Sides, bring_together

Choice = Literal["mine", "theirs"]


@dataclass(frozen=True)
class Conflict:
    """A place that both changed differently.

    `key` is unique in a draft and the same for the same question; `element` the id of the element it is about (empty:
    the file as a whole); `where` and `what` are problems to be told in the reader's language; `mine` and `theirs` what
    each wrote, None where it is gone there.
    """

    file: str
    key: str
    element: str
    where: Problem
    what: Problem
    mine: str | None
    theirs: str | None


@dataclass(frozen=True)
class Merged:
    """The file with both people's changes (None: it is gone); where it was not chosen, it says what theirs says."""

    body: bytes | None
    conflicts: tuple[Conflict, ...] = ()


def merge(name: str, base: bytes | None, theirs: bytes | None, mine: bytes | None,
          choices: Mapping[str, Choice] | None = None) -> Merged:
    """Bring together what two people made of the file `name`, which was `base` when both began; None: no such file.

    `choices` answers conflicts by their key; those answered are conflicts no more.
    """
    if mine in (base, theirs):
        return Merged(theirs)
    if theirs == base:
        return Merged(mine)
    if base is None or theirs is None or mine is None or not outline.kind_of(name):
        return _whole(name, theirs, mine, choices or {})
    try:
        sides = Sides(*(outline.read(name, body) for body in (base, theirs, mine)))
        found, clashes = bring_together(sides, lambda clash: (choices or {}).get(_key(name, clash.key)))
        body = outline.write(name, found)
        outline.check(name, body)
    except (BadDiagram, ValueError):  # what cannot be read, or written again, is one piece
        return _whole(name, theirs, mine, choices or {})
    return Merged(body, tuple(_conflict(name, clash) for clash in clashes))


def _conflict(name: str, clash: Clash) -> Conflict:
    return Conflict(name, _key(name, clash.key), clash.element, clash.where, clash.what, clash.mine, clash.theirs)


def _key(name: str, place: str) -> str:
    return hashlib.sha256(f"{name}\0{place}".encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _whole(name: str, theirs: bytes | None, mine: bytes | None, choices: Mapping[str, Choice]) -> Merged:
    """One of the two files as it is: there is nothing to read part by part."""
    key = _key(name, "")
    if key in choices:
        return Merged(mine if choices[key] == "mine" else theirs)
    told = [None if body is None else f"{len(body):,} B" for body in (mine, theirs)]
    where = Problem("文件 {name}", {"name": name})
    return Merged(theirs, (Conflict(name, key, "", where, Problem("整个文件"), told[0], told[1]),))
