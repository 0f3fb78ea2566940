"""Some hundreds of random lives of certificates and their papers; `make sequences` plays a hundred thousand."""

from __future__ import annotations

from sqlalchemy import Engine

from tests.registry.sequences.run import play_all

SIZES = {"sqlite": 150, "postgresql": 60}
DONE = {"grant", "renew", "change", "reviewed", "suspend", "give_back", "cancel", "restore", "send_out", "sweep",
        "lend", "extend", "take_back", "reserve", "cancel_reservation", "lose", "to_authority", "destroy",
        "lend: AlreadyOut", "lend: Spoken"}


def test_random_lives_keep_the_rules_whatever_happens_in_whatever_order(engine: Engine) -> None:
    seen = play_all(engine, range(SIZES[engine.dialect.name]))
    assert DONE <= set(seen)  # it did play
