"""`make sequences`: a hundred thousand random lives of certificates and their papers, in memory.

`--seed N` plays one again; `--from N COUNT` plays a slice, so that several run side by side with the same seeds.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections import Counter

from sqlalchemy.pool import StaticPool

from ledger.db import open_database
from migrations.tables import every_table
from tests.registry.sequences.run import Broken, play_all


def main() -> int:
    """0 when every sequence kept the rules."""
    asked = argparse.ArgumentParser(prog="make sequences")
    asked.add_argument("count", nargs="?", type=int, default=100_000)
    asked.add_argument("--from", dest="first", type=int, default=0, help="the first seed")
    asked.add_argument("--seed", type=int, help="play one sequence again")
    given = asked.parse_args()
    seeds = [given.seed] if given.seed is not None else range(given.first, given.first + given.count)
    engine = open_database("sqlite://", poolclass=StaticPool)
    every_table().create_all(engine)
    gc.set_threshold(50_000, 20, 50)  # what a sequence leaves behind is collected in larger heaps
    started = time.monotonic()

    def told(count: int, seen: Counter[str]) -> None:
        if count % 1000 == 0:
            spent = time.monotonic() - started
            print(f"{count:>7} sequences, {seen.total():>8} acts, {spent:6.0f} s", flush=True)

    try:
        seen = play_all(engine, seeds, told)
    except Broken as broken:
        print(broken, file=sys.stderr)
        print(f"again: .venv/bin/python -m tests.registry.sequences --seed {str(broken).split()[1][:-1]}",
              file=sys.stderr)
        return 1
    done = Counter({act: times for act, times in seen.items() if ":" not in act})
    print(f"{len(seeds)} sequences, {seen.total()} acts, {done.total()} done, {seen.total() - done.total()} refused, "
          f"{time.monotonic() - started:.0f} s")
    print(", ".join(f"{act} {times}" for act, times in sorted(done.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
