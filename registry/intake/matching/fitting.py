"""What a row says that is longer than the register can keep: told at its cell. What would make another thing of it (a
number, a name) keeps the row back; of the rest the register keeps the beginning, and the row's own text stays whole."""

from __future__ import annotations

from collections.abc import Iterator

from registry.intake.findings import Finding
from registry.intake.judged import Judged
from registry.intake.judging.cells import plain

LONGEST = {
    "number": 100, "name": 60, "machine": 80, "serial": 60, "registration_no": 60, "project": 120, "item": 80,
    "issuer": 120, "post": 60, "model": 60, "phone": 20, "place": 120, "purpose": 120, "note": 200,
}
"""Characters that the register keeps of a field (registry.certificates.models, registry.people, registry.custody)."""
STOPS = frozenset(("number", "name", "machine", "serial", "registration_no", "project", "item"))
SHORTEST = min(LONGEST.values())
TEXT = "太长（{count} 个字），最多 {most} 个字，请改短。"


def too_long(row: Judged) -> Iterator[Finding]:
    """A finding for each cell of the row whose text does not fit."""
    if max(map(len, row.raw), default=0) <= SHORTEST:
        return
    for field, column in row.came.items():
        most = LONGEST.get(field, 0)
        if most and column < len(row.raw) and len(row.raw[column]) > most and (
                count := len(plain(row.raw[column]))) > most:
            yield Finding(kind="wrong_value", weight="stop" if field in STOPS else "doubt", column=column,
                          raw=row.raw[column][:400], text=TEXT, params={"count": count, "most": most})
