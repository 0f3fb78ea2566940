"""A worker process of the simulation: does all that is due at the moment that the scene names, and ends:
`python -m tests.simulation.entry FOLDER DATABASE`."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

from ledger import clock, failpoints
from ledger.db import open_database
from registry.people import sealing
from tests.chaos.control import Control
from tests.founding import KEY
from tests.simulation.machine import Machine, Shown
from tests.simulation.world import told_by


def main(folder: Path, url: str) -> None:
    scene = json.loads((folder / "scene.json").read_text())
    sealing.set_key(KEY)
    shown = Shown(dt.datetime.fromisoformat(scene["true"]), dt.timedelta(seconds=scene["error"]))
    with clock.use(shown), failpoints.watched(Control(folder).meet):
        machine = Machine(open_database(url))
        told_by({int(number): dt.date.fromisoformat(day) for number, day in scene["matters"].items()})
        machine.work()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
