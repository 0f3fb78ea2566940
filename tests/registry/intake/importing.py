"""The import worker's round in a process of its own, which a failpoint may kill."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from ledger import clock, failpoints
from ledger.db import open_database
from registry.intake import work
from registry.intake.preview import staging
from registry.people import sealing


def main(url: str, folder: str, slice_: int, failpoint: str) -> None:
    """`slice_`: rows in one transaction; `failpoint`: as in LICET_FAILPOINTS."""
    sealing.set_key(b"k" * 32)
    staging.SLICE = slice_
    failpoints.arm(failpoint)
    with clock.use(clock.Fixed(datetime(2026, 11, 22, 10, 0, tzinfo=clock.SHANGHAI))):
        work.sweep(open_database(url), Path(folder))
