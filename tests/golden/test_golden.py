"""Instances parked by every past release load, go on and end as they did in their time; some on PostgreSQL too."""

from __future__ import annotations

import base64
import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engine import catalog, state
from ledger import clock
from ledger.db import unit
from ledger.workdays import seed
from tests.engine.conftest import World
from tests.golden import corpus

FORMATS = range(1, state.FORMAT + 1)
FILES = [path for number in FORMATS for path in corpus.kept(number)]


ON = [("sqlite", path) for path in FILES] + [("postgresql", path) for path in FILES[::5]]


@pytest.mark.parametrize(("database_url", "path"), ON, indirect=["database_url"],
                         ids=[f"{kind}-{path.parent.name}-{path.stem}" for kind, path in ON])
def test_an_instance_of_a_past_release_goes_on_and_ends_as_it_did_then(engine: Engine, path: Path) -> None:
    parked = corpus.read(path)
    corpus.provide()
    with clock.use(clock.Fixed(dt.datetime.fromisoformat(parked["now"]))) as now:
        assert isinstance(now, clock.Fixed)
        with unit(engine) as session:
            seed(session)
        it, world = corpus.restore(engine, parked), World(engine)
        for doing in parked["then"]:
            corpus.act(world, now, it, doing)
        assert corpus.ending(world, it) == parked["end"]


@pytest.mark.parametrize("number", FORMATS)
def test_every_format_has_its_corpus(number: int) -> None:
    blobs = [base64.b64decode(corpus.read(path)["rows"]["instance"][0]["blob"]) for path in corpus.kept(number)]
    least = 15 if number < 3 else 1  # from 3 on only what came with it
    assert len(blobs) >= least, f"format {number}: run python -m tests.golden.make with the release that writes it"
    assert {blob[0] for blob in blobs} == {number}


def test_the_corpus_stays_small() -> None:
    assert sum(path.stat().st_size for path in FILES) < 300_000


def test_a_state_of_a_newer_release_is_refused_in_a_sentence() -> None:
    parked = corpus.read(FILES[0])
    package = catalog.unpack({name: text.encode() for name, text in parked["files"].items()})
    blob = base64.b64decode(parked["rows"]["instance"][0]["blob"])
    with pytest.raises(ValueError, match=f"format {state.FORMAT + 1} .* newer release"):
        state.load(catalog.assemble(package, "P").blueprint, bytes([state.FORMAT + 1]) + blob[1:])
