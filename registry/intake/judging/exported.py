"""Rows of a ledger that we exported ourselves: they carry our own number (台账号), by which the register finds them.

What such a row leaves blank or masked stands as it was: it is nothing that could be wrong, and no change.
"""

from __future__ import annotations

import re

from registry.intake.findings import Finding
from registry.intake.judging.cells import shown
from registry.intake.judging.plan import KEPT, Row

OURS = re.compile(r"[A-Z]{2}-[A-Z][0-9]{2}-[0-9]{6,}")
"""Our own number, see certificates.lifecycle.next_code."""
MASK = "***"
OF_THE_ROW = frozenset({"left_mark", "hidden", "unknown_type"})
"""What is said of a row whatever its cells hold."""


def quieted(row: Row) -> None:
    """Take back what was found of cells that say nothing, in a row that carries our number."""
    judged = row.judged
    if not OURS.fullmatch(judged.code):
        return
    judged.findings = [each for each in judged.findings if _speaks(row, each)]
    if MASK in judged.number:
        judged.number = ""
    if row.kind is not None and "kind" in row.kind.number.unique_by:
        judged.fields.pop("category", None)  # exported there; it is read as the kind of paper
    kept = {key for _, key in row.plan.kept}  # columns that no field of the type takes up were the holder's: known
    judged.fields = {key: value for key, value in judged.fields.items() if key in kept or not key.startswith(KEPT)}
    if judged.came.keys().isdisjoint(("category", "trade")):
        for key in ("category", "trade"):
            judged.fields.pop(key, None)  # concluded from the number


def _speaks(row: Row, finding: Finding) -> bool:
    """Whether the finding is about something that the row says."""
    place = finding.column
    if place is None:
        return finding.kind in OF_THE_ROW
    text = shown(row.values[place]) if place < row.wide else ""
    return bool(text.strip()) and MASK not in text
