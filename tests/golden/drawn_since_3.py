"""The constructs that came with format 3."""

from __future__ import annotations

from tests.engine.drawings import drawing, end, flows, loop, start, task
from tests.golden.drawn import Parked, do

VOTE = task("A", loop("=who", "one"), gives={}, vote="percent", votePercent="60", voteWeight="=one",
            voteResult="result")

PARKED = [
    Parked("votes cast and not yet decided", [drawing(start(), VOTE, task("B"), end(), flows("S A B E"))],
           [do("A", verdict="agree")], [do("A", verdict="agree"), do("A", verdict="agree"), do("B", c=1)],
           {"who": [1, 2, 3]}),
]
