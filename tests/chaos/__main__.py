"""`make chaos`: real processes, killed everywhere; then the database and the people's log are judged.

One JSON line for each scenario and a last one with the sum; ends with 1 if anything was violated or a planted bug was
not seen. The same seed plays the same plans and faults again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

from tests.chaos import scenarios
from tests.chaos.scenarios import Result

MODEL = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/reliability/test_state_machine.py"]


def main() -> int:
    """Play the scenarios that were asked for."""
    options = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    options.add_argument("--seed", type=int, default=0, help="0: a new one, printed")
    options.add_argument("--submissions", type=int, default=300, help="requests in all, about (default 300)")
    options.add_argument("--only", default="", help="words in a scenario's name: exhaustive, named, ledgers, soak ...")
    options.add_argument("--examples", type=int, default=60, help="sequences of the state machine (0: none)")
    given = options.parse_args()
    seed = given.seed or random.SystemRandom().randrange(1, 10**6)
    begun, wrong, total = time.monotonic(), 0, {"submissions": 0, "kills": 0, "violations": 0, "faults": 0}
    for name, play in plan(seed, given.submissions):
        if given.only and given.only not in name:
            continue
        result = play()
        wrong += told(name, result)
        if not result.planted:
            total["submissions"] += result.submissions
            total["kills"] += result.kills
            total["faults"] += sum(result.faults.values())
            total["violations"] += len(result.violations)
    if given.examples and given.only in ("", "model"):
        wrong += model(given.examples)
    summary = {"seed": seed, **total, "verdict": "failed" if wrong else "ok"}
    print(json.dumps({**summary, "seconds": round(time.monotonic() - begun)}), flush=True)
    return int(bool(wrong))


def plan(seed: int, submissions: int) -> list[tuple[str, Callable[[], Result]]]:
    """The scenarios, by name. The exhaustive one takes as many requests as there are places to die at."""
    crowd = max(10, submissions - 80)
    return [
        ("exhaustive postgresql", partial(scenarios.exhaustive, "postgresql", seed)),
        ("named sqlite", partial(scenarios.named, "sqlite", seed)),
        ("ledgers postgresql", partial(scenarios.ledgers, "postgresql", seed)),
        ("ledgers sqlite", partial(scenarios.ledgers, "sqlite", seed)),
        ("soak postgresql", partial(scenarios.soak, "postgresql", seed, crowd * 3 // 5, ledgers=crowd // 12)),
        ("soak sqlite", partial(scenarios.soak, "sqlite", seed, crowd * 2 // 5, ledgers=crowd // 18)),
        ("without redis postgresql", partial(scenarios.without_redis, "postgresql", seed)),
        ("planted: no row lock", partial(scenarios.soak, "postgresql", seed, 12, chance=0, faults=False,
                                         plant="no-lock", only="double", days=0, patience=15)),
        ("planted: an effect outside the transaction", partial(scenarios.exhaustive, "sqlite", seed, plant="outside")),
        ("planted: a ledger in two transactions", partial(scenarios.ledgers, "sqlite", seed, plant="halves")),
    ]


def told(name: str, result: Result) -> bool:
    """Print the line; whether it counts as a failure: a violation, or a planted bug that nobody saw."""
    seen = result.violations
    line = {**asdict(result), "scenario": name, "violations": seen[:5], "violated": len(seen)}
    if result.planted:
        line["caught"] = bool(seen)
    print(json.dumps(line, ensure_ascii=False), flush=True)
    return not seen if result.planted else bool(seen)


def model(examples: int) -> bool:
    """The state machine with new sequences."""
    begun = time.monotonic()
    code = subprocess.run(MODEL, env={**os.environ, "LICET_EXAMPLES": str(examples)}, check=False,
                          capture_output=True, text=True)
    if code.returncode:
        print(code.stdout[-4000:], file=sys.stderr)
    line = {"scenario": "state machine", "examples": examples, "violated": int(bool(code.returncode))}
    print(json.dumps({**line, "seconds": round(time.monotonic() - begun, 1)}), flush=True)
    return bool(code.returncode)


if __name__ == "__main__":
    sys.exit(main())
