"""What live instances kept between acts cost in memory."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from typing import Any

from bench.drawn import OURS
from bench.engine import Moved
from bench.measure import Figure
from bench.review import FORM
from engine import catalog, state

SOME = 100


def figures() -> Iterator[Figure]:
    plan = catalog.assemble(catalog.unpack(OURS), "Review")
    for what, variables in (("no data", {}), ("1 kB", {"form": FORM}), ("100 kB", {"forms": [FORM] * 100})):
        blob, bytes_each = hot(plan, variables)
        yield Figure(f"a live instance with {what}", bytes_each / 1024, "KiB")
        kept = min(state.KEPT, state.KEPT_BYTES // len(blob))
        bar = 64 if what != "100 kB" else 256
        yield Figure(f"live instances kept, {what}: at most {kept:,}", kept * bytes_each / 2**20, "MiB", bar)


def hot(plan: catalog.Plan, variables: dict[str, Any]) -> tuple[bytes, float]:
    """The state of an instance at its first wait, and the bytes of memory that one of many takes."""
    process = state.begin(plan.blueprint, variables)
    process.act = Moved(process, plan)
    process.act.advance()
    state.prune(process)
    blob = state.dump(process)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    many = [state.load(plan.blueprint, blob) for _ in range(SOME)]
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(many) == SOME
    return blob, grown / SOME
