"""How a finding names another row."""

from __future__ import annotations

from typing import Any

from registry.intake.findings import Finding, Weight
from registry.intake.judged import Judged
from registry.intake.judging.defects import finding


def told(
    row: Judged, other: Judged, kind: str, weight: Weight, said: str, column: int | None, *, proposed: str = "",
    sure: float = 1.0, **params: Any,
) -> Finding:
    """A finding of one row that points at another: by its number in the same sheet, else with the sheet's number."""
    if other.sheet != row.sheet:
        said, params = f"{said}_sheet", {**params, "sheet": other.sheet + 1}
    raw = row.raw[column] if column is not None and column < len(row.raw) else ""
    return finding(kind, weight, said, column, raw, proposed, "", sure, row=other.row + 1, **params)
