"""The bounds of the operating system around the child: little until it knows what the file holds, then what that needs.

A file that lies about what it holds gets no more than an honest small one.
"""

from __future__ import annotations

import resource

from registry.intake.reading import limits

CELL, AREA, TEXT = 140, 40, 3
"""Bytes for a cell, for a place of the sheet's rectangle, for a byte of text: measured of calamine, with room."""
SPARE = 120 * limits.MEGABYTE
CELLS_PER_SECOND = 300_000


def narrow() -> None:
    """Before anything of the file is looked at."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits.SCANNING_BYTES, limits.READING_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.SCANNING_SECONDS, limits.READING_SECONDS))


def earn(cells: int) -> None:
    """Time for the cells that have been looked at so far: a large file may take longer, one large tag may not."""
    _allow(limits.SCANNING_SECONDS + cells // CELLS_PER_SECOND)


def widen(*, cells: int, area: int, text: int) -> None:
    """For a file that is within the bounds, as much as it takes."""
    needed = limits.SCANNING_BYTES + SPARE + cells * CELL + area * AREA + text * TEXT
    seconds = limits.SCANNING_SECONDS + 2 + cells // CELLS_PER_SECOND * 3
    _allow(seconds)
    if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_AS, (min(needed, limits.READING_BYTES), limits.READING_BYTES))


def _allow(seconds: int) -> None:
    """Only ever in a child that has narrowed itself."""
    now, most = resource.getrlimit(resource.RLIMIT_CPU)
    if now not in (resource.RLIM_INFINITY, seconds):
        resource.setrlimit(resource.RLIMIT_CPU, (min(seconds, most), most))
