"""Makes the corpus of the format that the code around it writes: `python -m tests.golden.make`.

A format's corpus is made once, by the release that wrote it, and never made again. For an older release, copy this
folder into its checkout and run it there:

    git worktree add ../old 5d41278 && cp -r tests/golden ../old/tests/
    cd ../old && python -m tests.golden.make && cp -r tests/golden/1 ../licet/tests/golden/
"""

from __future__ import annotations

import importlib
import json
import re
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from engine import state
from ledger import clock
from ledger.db import open_database, unit
from ledger.workdays import seed
from tests.databases import build
from tests.engine.conftest import World
from tests.golden import corpus
from tests.golden.drawn import PARKED, Parked

MORNING = datetime(2026, 11, 22, 10, 0, tzinfo=clock.SHANGHAI)


def made(parked: Parked, folder: Path) -> dict[str, Any]:
    """Park an instance, write down what there is, then see how it ends."""
    url = f"sqlite:///{folder / 'corpus.sqlite'}"
    (folder / "corpus.sqlite").unlink(missing_ok=True)
    build(url)
    corpus.provide()
    with clock.use(clock.Fixed(MORNING)) as now:
        assert isinstance(now, clock.Fixed)
        engine = open_database(url)
        with unit(engine) as session:
            seed(session)
        world = World(engine)
        it = world.run(*parked.files, **parked.variables)
        for doing in parked.before:
            corpus.act(world, now, it, doing)
        found = {
            "name": parked.name, "format": state.FORMAT, "now": now().isoformat(),
            "files": {f"d{number}.bpmn": text.decode() for number, text in enumerate(parked.files)},
            "rows": corpus.rows_of(engine, it), "then": parked.after,
        }
        for doing in parked.after:
            corpus.act(world, now, it, doing)
        found["end"] = corpus.ending(world, it)
        engine.dispose()
    return found


def main() -> None:
    newest = importlib.import_module(f"tests.golden.drawn_since_{state.FORMAT}").PARKED if state.FORMAT > 1 else []
    parked = newest if state.FORMAT > 2 else [*PARKED, *newest]  # from 3 on what was there before is written as before
    target = corpus.FOLDER / str(state.FORMAT)
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for one in parked:
            found = made(one, Path(folder))
            assert found["end"]["state"] == "completed", (one.name, found["end"])
            name = re.sub(r"\W+", "-", one.name)
            text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
            (target / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
