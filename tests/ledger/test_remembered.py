"""What was worked out is kept for as long as it is asked for."""

from __future__ import annotations

from ledger.remembered import Remembered


def test_the_ones_asked_for_last_are_kept_and_the_others_worked_out_anew() -> None:
    done: list[str] = []
    kept: Remembered[str] = Remembered(2)
    for key in ("a", "b", "a", "c", "a", "b"):
        assert kept.of(key, lambda key=key: done.append(key) or key.upper()) == key.upper()  # type: ignore[misc]
    assert done == ["a", "b", "c", "b"]


def test_nothing_is_left_of_what_was_forgotten() -> None:
    kept: Remembered[int] = Remembered(2)
    kept.of("a", lambda: 1)
    kept.forget()
    assert kept.of("a", lambda: 2) == 2
