"""What only shows when rows are seen together: the same person, number or row again.

Rows meet by keys, never all pairs.
"""

from __future__ import annotations

from collections.abc import Sequence

from registry.intake.judged import Judged
from registry.intake.judging.doubles import numbers, repeated, similar
from registry.intake.judging.persons import people
from registry.intake.known import Known


def compare(rows: Sequence[Judged], known: Known) -> None:
    """Add to the rows of one book the findings that come of comparing them, and settle what another row decides.

    Same (type, number, item) with other dates is an older or newer version, no defect. Near-linear in the rows.
    """
    people(rows, known)
    left_out = repeated(rows)
    rest = [row for row in rows if id(row) not in left_out]
    numbers(rest, known)
    similar(rest, known)
