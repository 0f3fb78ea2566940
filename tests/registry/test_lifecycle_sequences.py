"""Whatever happens in whatever order, a chain stays whole and its standing can be explained."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from random import Random

import pytest
from sqlalchemy import func, select

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.errors import Refused
from registry.certificates import codes, standing
from registry.certificates.lifecycle import ENDINGS, cancel, give_back, lapse, renew, suspend
from registry.certificates.models import Certificate
from registry.certificates.standing import Standing
from tests.registry.organisation import Organisation


def acts(org: Organisation, card: Certificate, random: Random, today: dt.date) -> list[Callable[[], object]]:
    """What may be tried on a certificate today, sensible or not."""
    session, later = org.session, today + dt.timedelta(days=random.randrange(-200, 900))
    back = today - dt.timedelta(days=random.randrange(-2, 40))
    again = {"number": card.number, "issued_on": today, "valid_until": today + dt.timedelta(days=600)}
    return [
        lambda: renew(session, card, valid_from=(card.ends_on or today) + dt.timedelta(days=1), valid_until=later,
                      issued_on=today, issuer="x", by=SYSTEM),
        lambda: suspend(session, card, since=back, reason="整改", by=SYSTEM),
        lambda: give_back(session, card, since=back, by=SYSTEM),
        lambda: cancel(session, card, kind=random.choice(list(ENDINGS)), since=back, reason="x", by=SYSTEM),
        lambda: lapse(session, card),
        lambda: org.worker(card.holder_person, **again),
    ]


@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_leaves_whole_chains_one_live_number_and_an_explained_standing(
    org: Organisation, clock: Fixed, seed: int
) -> None:
    random = Random(seed)
    cards = [org.worker(number=f"苏A01202500{number:04d}") for number in range(4)]
    for _ in range(60):
        clock.advance(dt.timedelta(days=random.choice((0, 1, 30, 120))))
        today = clock().date()
        try:
            made = random.choice(acts(org, random.choice(cards), random, today))()
        except Refused:
            continue
        cards += [made] if isinstance(made, Certificate) else []
    org.session.flush()
    org.session.expire_all()
    for card in cards:
        whole(card, clock().date(), random)
    live = select(Certificate.number_key).where(Certificate.state.in_(codes.LIVE)).group_by(Certificate.number_key)
    assert org.session.scalars(live.having(func.count() > 1)).all() == []


def whole(card: Certificate, today: dt.date, random: Random) -> None:
    """Numbers without a gap, each linked to the one before; the row as its chain; one set of timers."""
    chain = card.versions
    assert [version.no for version in chain] == list(range(1, card.version_no + 1))
    assert [version.previous_id for version in chain] == [None, *(version.id for version in chain[:-1])]
    assert all(earlier.known_from <= later.known_from for earlier, later in zip(chain, chain[1:], strict=False))
    assert standing.of(card, on=today).standing is standing.of_row(card, today).standing
    for days in (0, -random.randrange(1500), random.randrange(900)):
        on = today + dt.timedelta(days=days)
        found, holding = standing.of(card, on=on), [version for version in chain if version.holds_from <= on]
        assert found.why.text and (found.version is not None or found.standing is Standing.FUTURE)
        assert (found.version is None) == (not holding)
    waiting = [timer for timer in card.timers if not timer.cancelled_at and not timer.fired_at]
    assert {timer.version_id for timer in waiting} <= {chain[-1].id}
    assert not waiting or card.state in codes.LIVE
