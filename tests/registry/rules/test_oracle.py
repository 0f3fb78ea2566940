"""The tables and queries say the same as brute force, for random questions; LICET_RULE_PAIRS sets how many (300)."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from sqlalchemy.orm import Session

from ledger.clock import Fixed
from registry.people.persons import Person
from registry.people.tenure import Assignment
from registry.people.units import Unit
from registry.rules.lacking import Answer, lacking
from registry.rules.words import LACKS
from tests.registry.rules.oracle import Found, Oracle
from tests.registry.rules.world import NOW, World, world

PAIRS = int(os.environ.get("LICET_RULE_PAIRS", "300"))
PER_WORLD = 100


def bag(answer: Answer) -> Found:
    return Counter((line.rule, line.lack, line.about.kind, line.about.id, line.unit, line.post)
                   for line in answer.lines)


def questions(made: World) -> list[tuple[str, Unit | Person | Assignment]]:
    return [*(("project", one) for one in made.projects * 6), *(("company", one) for one in made.companies * 2),
            *(("person", one) for one in made.people), *(("post", one) for one in made.posts)]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(3))
def test_the_answer_is_the_oracle_s(session: Session, clock: Fixed, part: int) -> None:
    met: Counter[str] = Counter()
    for number in range(max(1, -(-PAIRS // 3 // PER_WORLD))):
        seed = 1000 * part + number
        with session.begin_nested() as point:
            made = world(session, seed)
            oracle, asked = Oracle(session), questions(made)
            for turn in range(min(PER_WORLD, PAIRS)):
                kind, what = made.random.choice(asked)
                on = made.day(500, 400)
                known = NOW if made.chance(0.5) else made.instant()
                answer = bag(lacking(session, what, on=on, known=known))
                assert answer == oracle.ask(kind, what.id, on, known), (seed, turn, kind, on, known)
                met.update({word for rule, lack, *_ in answer for word in (rule, lack)})
            point.rollback()
            session.expunge_all()
    assert {f"R{n:02d}" for n in (1, 3, 5, 7, 12, 14)} <= set(met), met
    if PAIRS >= 10_000:
        assert set(LACKS) <= set(met)
