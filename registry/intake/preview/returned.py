"""A ledger that we exported ourselves and that comes back: our own code finds the certificate again, and a personal
number that we masked on the way out says nothing."""

from __future__ import annotations

from registry.intake.judged import Judged
from registry.intake.mapping import Mapping

MASK = "***"


def take_back(judged: Judged, mapping: Mapping) -> None:
    """Put our code into the row where a column has it, and drop what was found in masked cells of such a row."""
    column = mapping.of("code")
    if column is None or column >= len(judged.raw) or not judged.raw[column].strip():
        return
    judged.code = judged.raw[column].strip()[:24]
    judged.came.setdefault("code", column)
    judged.findings = [finding for finding in judged.findings if MASK not in _cell(judged, finding.column, finding.raw)]
    if MASK in judged.number:
        judged.number = ""


def _cell(judged: Judged, column: int | None, raw: str) -> str:
    return judged.raw[column] if column is not None and column < len(judged.raw) else raw
