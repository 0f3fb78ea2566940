"""`make sequences`: a hundred thousand random lives of certificates and their papers, in memory.

`--seed N` plays one again; `--from N COUNT` plays a slice, so that several run side by side with the same seeds.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from tests.registry.sequences.run import Broken, play_heap

HEAP = 500
"""So many sequences are given to a process at a time."""


def main() -> int:
    """0 when every sequence kept the rules."""
    asked = argparse.ArgumentParser(prog="make sequences")
    asked.add_argument("count", nargs="?", type=int, default=100_000)
    asked.add_argument("--from", dest="first", type=int, default=0, help="the first seed")
    asked.add_argument("--seed", type=int, help="play one sequence again")
    asked.add_argument("--workers", type=int, default=os.cpu_count(), help="processes side by side")
    given = asked.parse_args()
    first, count = (given.seed, 1) if given.seed is not None else (given.first, given.count)
    heaps = [range(at, min(at + HEAP, first + count)) for at in range(first, first + count, HEAP)]
    started, played, seen = time.monotonic(), 0, Counter[str]()
    with ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as pool:
        at_work = {pool.submit(play_heap, heap): heap for heap in heaps}
        for done in as_completed(at_work):
            if wrong := done.exception():
                pool.shutdown(wait=False, cancel_futures=True)
                return told(wrong)
            seen += done.result()
            played += len(at_work[done])
            print(f"{played:>7} sequences, {seen.total():>8} acts, {time.monotonic() - started:6.0f} s", flush=True)
    kept = Counter({act: times for act, times in seen.items() if ":" not in act})
    print(f"{played} sequences, {seen.total()} acts, {kept.total()} done, {seen.total() - kept.total()} refused, "
          f"{time.monotonic() - started:.0f} s")
    print(", ".join(f"{act} {times}" for act, times in sorted(kept.items())))
    return 0


def told(wrong: BaseException) -> int:
    """Say which sequence must not be possible."""
    if not isinstance(wrong, Broken):
        raise wrong
    print(wrong, file=sys.stderr)
    print(f"again: .venv/bin/python -m tests.registry.sequences --seed {str(wrong).split()[1][:-1]}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
