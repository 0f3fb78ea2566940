"""The import worker's round in a process of its own, which a failpoint may kill: URL FOLDER ROWS-IN-A-SLICE."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from ledger import clock
from ledger.db import open_database
from registry.intake import work
from registry.intake.preview import staging
from registry.people import sealing


def main(url: str, folder: str, slice_: str) -> None:
    sealing.set_key(b"k" * 32)
    staging.SLICE = int(slice_)
    with clock.use(clock.Fixed(datetime(2026, 11, 22, 10, 0, tzinfo=clock.SHANGHAI))):
        work.sweep(open_database(url), Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
