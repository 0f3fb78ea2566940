"""What is looked at after every act, and at the end of a sequence."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from sqlalchemy import select

from registry.access.standing_columns import deciding, standing_column, version_stands
from registry.certificates import standing as rules
from registry.certificates.models import Certificate, Version
from registry.certificates.specialities import Speciality, specialities
from registry.certificates.windows import end_of_term
from tests.registry.sequences import custody
from tests.registry.sequences.model import LIVE, Card, standing
from tests.registry.sequences.play import Play


def after_an_act(play: Play) -> None:
    """One live certificate for a number, whole chains, the row as its chain, and one standing for everybody."""
    live = Counter((c.type_code, c.number_key, c.item) for c in (card.certificate for card in play.cards)
                   if c.state in LIVE)
    assert not live or max(live.values()) == 1, f"two valid certificates of one number: {live.most_common(1)}"
    for card in play.cards:
        whole(card)
    card = play.random.choice(play.cards)
    same(play, card, play.today, None)
    same(play, card, *instant(play, card))


def whole(card: Card) -> None:
    """Numbers without a gap, each linked to the one before, learnt in order; the row repeats the last."""
    row, chain = card.certificate, card.certificate.versions
    assert [version.no for version in chain] == list(range(1, row.version_no + 1)), "a gap in a chain"
    assert len(chain) == len(card.log), "a version that nobody made"
    for earlier, later in zip(chain, chain[1:], strict=False):
        assert later.previous_id == earlier.id and earlier.known_from <= later.known_from
    last, entry = chain[-1], card.last
    assert (row.state, row.term, row.valid_from, row.valid_until, row.review_on) == (
        last.state, last.term, last.valid_from, last.valid_until, last.review_on)
    assert (last.state, last.valid_until, last.review_on) == (entry.state, entry.term.last, entry.term.review)
    assert row.ends_on == entry.term.end


def instant(play: Play, card: Card) -> tuple[dt.date, dt.datetime | None]:
    """Some day of the card's life, and some instant at which one might have asked."""
    days = [entry.day for entry in card.log] + [d for e in card.log for d in (e.term.first, e.term.end) if d]
    on = play.random.choice((*play.random.choices(days, k=3), play.around(900, 900)))
    on += dt.timedelta(play.random.choice((-75, -50, -20, -1, 0, 0, 1, 30)))
    known = play.random.choice(card.log).known + dt.timedelta(seconds=play.random.choice((-1, 0, 3600)))
    return on, play.random.choice((None, known))


def same(play: Play, card: Card, on: dt.date, known: dt.datetime | None) -> None:
    """The register's answer is the oracle's; today's also by the row, and the specialities no better than it."""
    found, wanted = rules.of(card.certificate, on=on, known=known), standing(card, on, known)
    assert found.standing == wanted, f"{card.code} on {on} known {known}: {found.standing}, by the rules {wanted}"
    assert found.why.text
    if known is None and on == play.today:
        assert rules.of_row(card.certificate, on).standing == wanted, f"the row says otherwise than {wanted} on {on}"
        names = [each.name for each in specialities(card.certificate)] if card.code == "P07" else []
        assert len(names) == len(set(names))
        assert all(each.standing == wanted or found.standing.usable for each in specialities(card.certificate))


def at_the_end(play: Play) -> None:
    """Nothing told twice of one term; what waits belongs to the last version of a live certificate; terms overlap by
    no second valid row of a speciality; papers are where they were put."""
    if play.papers:
        custody.at_the_end(play)
    for card in play.cards:
        told: Counter[object] = Counter()
        for timer in card.certificate.timers:
            version = timer.version
            if timer.fired_at and timer.kind not in ("lapses", "susp_end"):
                told[timer.kind, end_of_term(version.valid_until, version.review_on)] += 1
            if not timer.fired_at and not timer.cancelled_at:
                assert version.no == card.certificate.version_no and card.certificate.state in LIVE
        assert not told or max(told.values()) == 1, f"told twice of one term: {told.most_common(1)}"
        rows = [row for row in card.certificate.specialities if row.known_until is None]
        for row in rows:
            assert not any(other is not row and other.name == row.name and _overlap(row, other) for other in rows)


def _overlap(one: Speciality, two: Speciality) -> bool:
    first, last = dt.date.min, dt.date.max
    return (one.from_on or first) <= (two.to_on or last) and (two.from_on or first) <= (one.to_on or last)


def in_sql(play: Play) -> None:
    """The columns of the lists: today's, and those of a past day as known at an instant."""
    play.session.flush()
    by_id = {card.certificate.id: card for card in play.cards}
    for number, found in play.session.execute(
            select(Certificate.id, standing_column(play.today)).where(Certificate.id.in_(by_id))):
        assert found == standing(by_id[number], play.today, None), (number, found)
    for card in play.random.choices(play.cards, k=4):
        on_a_day(play, by_id, *instant(play, card))


def on_a_day(play: Play, by_id: dict[int, Card], on: dt.date, known: dt.datetime | None) -> None:
    """The register of a day in SQL: which certificates it has, and how they stand."""
    rows = dict(play.session.execute(select(Certificate.id, version_stands(on, known).column).join(
        Version, deciding(on, known)).where(Certificate.id.in_(by_id))).all())
    for number, card in by_id.items():
        wanted, found = standing(card, on, known), rows.get(number, "not there")
        expected = "not there" if wanted in ("future", "unknown") else wanted
        assert found == expected, f"{card.code} on {on} known {known}: {found} in SQL, by the rules {wanted}"
