"""`python -m tests.conformance.ledger DIR`: how much of what was planted in generated ledgers is found, and how much is
found that is not there. DIR is what `python -m registry.sample --ledger DIR` wrote.

Prints one line of JSON for each kind of defect and one for all; ends with 1 when a bar is missed: 95 % found, at most
1 % false alarms, no row lost or invented, 5,000 rows a second, 1 GB.
"""

from __future__ import annotations

import argparse
import json
import resource
import secrets
import sys
from collections.abc import Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any

from ledger import clock
from registry.intake.preview.in_memory import preview
from registry.intake.reading import read
from registry.people import sealing
from tests.conformance.ledger_key import Answers, Score, Watch, hold

RECALL, ALARMS, SPEED, MEMORY = 0.95, 0.01, 5_000, 1_000_000
"""Shares, rows a second, kilobytes."""


def main(given: Sequence[str] | None = None) -> int:
    """Read every ledger of the folder and print the score."""
    options = argparse.ArgumentParser(prog="python -m tests.conformance.ledger", description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--database", choices=("sqlite", "postgresql"), help="through batches, on a fresh database")
    options.add_argument("--show", type=int, default=0, help="so many examples of what was missed and of false alarms")
    asked = options.parse_args(given)
    sealing.set_key(secrets.token_bytes(32))
    answers = Answers(asked.folder)
    with clock.use(clock.Fixed(datetime.combine(answers.today, time(10), clock.SHANGHAI))):
        if asked.database:
            from tests.conformance.ledger_batches import through
            score, seconds = through(asked.database, asked.folder, answers)
        else:
            score, seconds = in_memory(asked.folder, answers)
    totals = summary(score, seconds)
    for line in [*kinds(score), totals]:
        print(json.dumps(line, ensure_ascii=False))
    _examples(score, asked.show)
    return 0 if passed(totals) else 1


def in_memory(folder: Path, answers: Answers) -> tuple[Score, float]:
    """Read and preview each file; the score, and the seconds that reading and understanding took."""
    score, seconds = Score(), 0.0
    for file in answers.organisation["files"]:
        watch = Watch()
        book = read(folder / "ledgers" / file["file"], file["file"])
        seen = preview(book, answers.known(file["file"]))
        seconds += watch.timed(score, file["file"], len({(row.table, row.row) for row in seen.rows}))
        hold(score, answers, file["file"], seen.layout, seen.rows, [sheet.name for sheet in book.sheets])
    return score, seconds


def kinds(score: Score) -> list[dict[str, Any]]:
    """A line for each kind planted or found."""
    return [{"kind": kind, "planted": score.planted[kind], "found": score.found[kind],
             "recall": round(score.found[kind] / score.planted[kind], 4) if score.planted[kind] else None,
             "exactly": score.exact[kind], "false": score.false[kind]}
            for kind in sorted(score.planted | score.findings)]


def summary(score: Score, seconds: float) -> dict[str, Any]:
    """All kinds together."""
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "planted": score.planted.total(), "found": score.found.total(), "recall": round(score.recall, 4),
        "findings": score.findings.total(), "false": score.false.total(), "false_of_findings": round(score.alarm, 4),
        "false_of_rows": round(score.false.total() / max(1, score.rows), 4), "rows": score.rows,
        "certificates": score.certificates, "lost": score.lost.total(), "invented": score.invented.total(),
        "seconds": round(seconds, 1), "rows_per_second": round(score.rows / max(seconds, 0.001)),
        "large_files_per_second": score.pace(core=False), "large_files_per_core_second": score.pace(core=True),
        "peak_kb": peak,
    }


def passed(totals: dict[str, Any]) -> bool:
    """Whether every bar holds. The pace is that of large files on one core, whatever else the machine does."""
    fast = (totals["large_files_per_core_second"] or SPEED) >= SPEED
    return bool(totals["recall"] >= RECALL and totals["false_of_findings"] <= ALARMS and fast
                and not totals["lost"] and not totals["invented"] and totals["peak_kb"] <= MEMORY)


def _examples(score: Score, most: int) -> None:
    for name, found in (("missed", score.missed), ("false", score.alarms),
                        ("lost", list(score.lost)), ("invented", list(score.invented))):
        shown: dict[str, int] = {}
        for text in found:
            kind = text.split(" ", 1)[0]
            shown[kind] = shown.get(kind, 0) + 1
            if shown[kind] <= most:
                sys.stderr.write(f"{name}: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
