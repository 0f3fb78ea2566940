"""What one row comes to, and how rows of one certificate become its chain of versions. Pure."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row as Found

from registry.certificates.drafting import Number, Term
from registry.intake.findings import Finding
from registry.intake.judged import Judged
from registry.intake.matching.holders import Held

Key = tuple[str, str, str]
"""Type, number as compared, item: what makes a certificate one and the same."""


@dataclass(slots=True)
class Match:
    """What one row comes to. `changes` is {field: [before, after]} of a certificate in the register."""

    outcome: str = "new"
    key: Key | None = None
    number: Number | None = None
    held: Held | None = None
    term: Term | None = None
    duty: dt.date | None = None
    there: Found[Any] | None = None
    changes: dict[str, list[Any]] | None = None
    findings: list[Finding] = field(default_factory=list)
    borrower: Held | None = None

    def stop(self, kind: str, text: str, **params: Any) -> None:
        """The row must wait."""
        self.outcome = "stopped"
        self.findings.append(Finding(kind=kind, weight="stop", text=text, params=params))


def chained(rows: Sequence[Judged], matches: list[Match]) -> dict[Key, list[int]]:
    """Rows of one certificate: those with other terms are its versions, oldest first; the same again is repeated."""
    together: dict[Key, list[int]] = defaultdict(list)
    loans: list[int] = []
    for place, (row, made) in enumerate(zip(rows, matches, strict=True)):
        if row.loan is not None:
            loans.append(place)
        elif made.key is not None and made.outcome in ("new", "changed", "same"):
            together[made.key].append(place)
    chains: dict[Key, list[int]] = {}
    for key, places in together.items():
        kept = _ordered(rows, matches, places) if len(places) > 1 else places
        moving = [place for place in kept if matches[place].outcome in ("new", "changed")]
        if moving:
            chains[key] = moving
    _lend(rows, matches, loans, together)
    return chains


def _ordered(rows: Sequence[Judged], matches: list[Match], places: list[int]) -> list[int]:
    first = matches[places[0]]
    kept: dict[Any, int] = {}
    for place in places:
        made, row = matches[place], rows[place]
        term = made.term
        told = (term, row.state, row.issuer) if made.there is not None else (term and term.valid_until,
                                                                            term and term.valid_from, row.state)
        if _holder_key(made) != _holder_key(first) and made.there is None:
            made.stop("duplicate_number", "同一编号在表内属于不同的持有人，请核对原件。")
        elif told in kept:
            made.outcome = "repeated"
        else:
            kept[told] = place
    return sorted(kept.values(), key=lambda place: _begins(rows[place], matches[place]))


def _holder_key(made: Match) -> Any:
    return (made.held.kind, made.held.id, made.held.new) if made.held else None


def _begins(row: Judged, made: Match) -> tuple[dt.date, dt.date]:
    term = made.term
    if term is None:
        return dt.date.min, dt.date.min
    return term.valid_from or term.issued_on or dt.date.min, term.valid_until or dt.date.max


def _lend(rows: Sequence[Judged], matches: list[Match], loans: list[int], together: Mapping[Key, list[int]]) -> None:
    """A row of a borrow register needs its certificate, in the register or in the same ledger."""
    by_number = {key[:2]: key for key in together} | {("", key[1]): key for key in together}
    for place in loans:
        made = matches[place]
        if made.outcome != "stopped" and made.there is None and made.key is not None:
            made.key = by_number.get(made.key[:2], made.key)
        if made.outcome != "stopped" and made.there is None and made.key not in together:
            made.stop("wrong_number", "台账里没有编号为{number}的证件，请先导入证件台账。",
                      number=made.number.shown if made.number else "")
