"""Counting votes: rules as tables, and that neither order nor an early end ever changes a result."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dialect.ballots import Ballot, Rule, tally

ALL, ANY, TWO_THIRDS = Rule("all"), Rule("any"), Rule("percent", Decimal("66.7"))


def ballots(*said: Any, weights: tuple[int, ...] = (), veto: tuple[int, ...] = ()) -> list[Ballot]:
    return [Ballot(place, Decimal(weights[place] if weights else 1), place in veto, one)
            for place, one in enumerate(said)]


@pytest.mark.parametrize(("rule", "cast", "state"), [
    (ALL, ballots("yes", "yes", "yes"), "passed"),
    (ALL, ballots("yes", None), "open"),
    (ALL, ballots("no", None), "failed"),
    (ALL, ballots("yes", "abstain"), "failed"),
    (ANY, ballots(None, "yes"), "passed"),
    (ANY, ballots("no", None), "open"),
    (ANY, ballots("no", "abstain"), "failed"),
    (TWO_THIRDS, ballots("yes", "yes", "no"), "failed"),
    (TWO_THIRDS, ballots("yes", None, "no"), "failed"),
    (TWO_THIRDS, ballots("yes", "no", weights=(3, 1)), "passed"),
    (TWO_THIRDS, ballots("yes", "abstain", weights=(1, 1)), "failed"),
    (ANY, ballots("yes", None, veto=(1,)), "open"),
    (ANY, ballots("yes", "no", veto=(1,)), "failed"),
])
def test_a_rule_decides_as_soon_as_it_is_certain(rule: Rule, cast: list[Ballot], state: str) -> None:
    assert tally(rule, cast).state == state


def test_whoever_leaves_counts_neither_above_nor_below_the_line() -> None:
    assert tally(TWO_THIRDS, ballots("yes", None, None)).state == "open"
    counted = tally(TWO_THIRDS, ballots("yes", "left", "left"))
    assert (counted.state, counted.left, counted.weight_all) == ("passed", 2, 1)


def test_a_vote_that_everybody_has_left_has_failed() -> None:
    assert tally(ANY, ballots("left", "left")).state == tally(ANY, []).state == "failed"


def test_a_vote_that_does_not_end_early_waits_for_everybody_even_after_a_veto() -> None:
    patient = Rule("any", early=False)
    assert tally(patient, ballots("yes", None)).state == "open"
    assert tally(patient, ballots("no", None, veto=(0,))).state == "open"
    assert tally(patient, ballots("no", "yes", veto=(0,))).state == "failed"


rules = st.builds(Rule, st.sampled_from(["all", "any", "percent"]),
                  st.integers(1, 1000).map(lambda n: Decimal(n) / 10), st.booleans())
cast = st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.sampled_from(["yes", "no", "abstain", "left"])),
                min_size=1, max_size=6)


@given(rules, cast, st.randoms())
def test_neither_the_order_nor_an_early_end_changes_the_result(rule: Rule, votes: Any, random: Any) -> None:
    final = [Ballot(place, Decimal(weight), veto, said) for place, (weight, veto, said) in enumerate(votes)]
    result = tally(rule, final).state
    assert result != "open"
    shuffled = list(final)
    random.shuffle(shuffled)
    assert tally(rule, shuffled).state == result
    open_ = [replace(one, said=None) if one.said != "left" else one for one in final]
    for one in shuffled:  # cast one after the other: what is decided on the way stays decided
        open_[one.index] = one
        state = tally(rule, open_).state
        assert state in ("open", result)
