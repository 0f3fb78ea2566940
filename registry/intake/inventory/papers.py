"""What scans say: the text of PDFs that have any, read in a process of its own. Pictures speak by their names only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from registry.intake.inventory.stock import Scan
from registry.intake.reading.frames import hearer
from registry.intake.reading.reader import ROOT

CHILD = (sys.executable, "-m", "registry.intake.inventory.paper_child")
MOST_BYTES = 100_000_000
MOST_DEATHS = 50
"""PDFs that may kill their reader before the rest is left unread."""


def look(folder: Path, scans: Sequence[Scan]) -> None:
    """Fill in what the PDFs say. A file that cannot be opened, or kills its reader, is marked broken."""
    waiting = [scan for scan in scans if scan.name.lower().endswith(".pdf")]
    for scan in waiting:
        scan.broken = (folder / scan.name).stat().st_size > MOST_BYTES
    waiting = [scan for scan in waiting if not scan.broken]
    for _ in range(MOST_DEATHS):
        if not waiting:
            return
        done = _read(folder, waiting)
        if done < len(waiting):
            waiting[done].broken = True
        waiting = waiting[done + 1:]
    for scan in waiting:
        scan.broken = True


def _read(folder: Path, scans: Sequence[Scan]) -> int:
    """How many were read before the reader ended."""
    asked = msgspec.msgpack.encode({"paths": [str((folder / scan.name).resolve()) for scan in scans]})
    environment = {key: os.environ[key] for key in ("PATH", "VIRTUAL_ENV") if key in os.environ}
    done = 0
    with subprocess.Popen(CHILD, cwd=ROOT, env={**environment, "PYTHONUTF8": "1"}, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdin is not None and child.stdout is not None
        child.stdin.write(asked)
        child.stdin.close()
        hear = hearer(child.stdout.read)
        while done < len(scans) and (piece := hear()):
            scans[done].broken, scans[done].said = piece[0] != "text", str(piece[1])
            done += 1
    return done
