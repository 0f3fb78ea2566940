"""What the harness tells the processes while they run, through a folder: where to die, and what time it is.

`plan` is a JSON object: {"id": 7, "nth": 3, "name": null} kills whoever passes a failpoint (of this name; "under": of a
name that begins so) as the third, counted over all processes; {"id": 8, "chance": 0.01, "seed": 5} kills at random.
`offset` holds seconds to add to the clock. `kills` lists who died where.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import random
import time
from pathlib import Path
from typing import Any

from ledger import clock, failpoints


class Kept:
    """A small file that is read again only when it has changed."""

    def __init__(self, file: Path) -> None:
        self.file, self.stamp, self.text = file, 0, ""

    def read(self) -> str:
        try:
            stamp = self.file.stat().st_mtime_ns
            if stamp != self.stamp:
                self.text, self.stamp = self.file.read_text(), stamp
        except FileNotFoundError:
            self.text, self.stamp = "", 0
        return self.text


class Control:
    """The folder, seen from both sides."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._plan, self._offset = Kept(folder / "plan"), Kept(folder / "offset")
        self._count = 0

    # the harness's side
    def plan(self, **words: Any) -> None:
        """Say where to die from now on; without words nowhere."""
        self._count += 1
        self._write("plan", json.dumps({"id": self._count, **words}) if words else "")

    def shift(self, by: dt.timedelta) -> None:
        """Let time pass for everybody."""
        self._write("offset", str(self.offset() + by.total_seconds()))

    def offset(self) -> float:
        return float(self._offset.read() or 0)

    def kills(self, name: str | None = None) -> list[str]:
        """The failpoints (of this name) at which somebody died, in order."""
        file = self.folder / "kills"
        found = [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []
        return [one for one in found if name in (None, one)]

    def now(self) -> dt.datetime:
        """The processes' time."""
        return clock.system() + dt.timedelta(seconds=self.offset())

    def _write(self, name: str, text: str) -> None:
        part = self.folder / f".{name}"
        part.write_text(text)
        os.replace(part, self.folder / name)

    # the processes' side
    def meet(self, name: str) -> None:
        """A failpoint is passed."""
        text = self._plan.read()
        if not text:
            return
        plan = json.loads(text)
        if plan.get("name") not in (None, name) or name in plan.get("not", ()) or not name.startswith(
                plan.get("under", "")):
            return
        count = self._counted(plan["id"])
        by_chance = random.Random(f"{plan.get('seed')}:{count}:{name}").random() < plan.get("chance", 0)
        if count == plan.get("nth") or by_chance:
            with (self.folder / "kills").open("a") as out:
                out.write(f"{name} {count} {os.getpid()} {time.time():.3f}\n")
            failpoints.die()

    def _counted(self, plan: int) -> int:
        with (self.folder / f"count-{plan}").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            count = int(file.read() or 0) + 1
            file.truncate(0)
            file.write(str(count))
        return count
