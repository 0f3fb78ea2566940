"""The register of any day: the same standing in SQL as by the rule, and two days compared."""

from __future__ import annotations

import datetime as dt
from random import Random

from ledger import clock
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from registry.access.comparison import Difference, compare
from registry.access.lines import Day, count_lines, every_line, find_lines
from registry.access.register import SORTS, Filter
from registry.access.standing_columns import last_near_end
from registry.certificates import codes, standing
from registry.certificates.catalogue import types
from registry.certificates.lifecycle import cancel, renew, suspend
from registry.certificates.models import Certificate, Version
from registry.certificates.standing import Standing
from registry.certificates.windows import near_from
from tests.registry.organisation import DAY, Organisation

D = dt.date


def add_version(row: Certificate, random: Random) -> None:
    start = DAY + dt.timedelta(days=random.randrange(-700, 200))
    until = random.choice([None, start + dt.timedelta(days=random.randrange(20, 500))])
    row.versions.append(Version(
        no=len(row.versions) + 1, operation="02", state=random.choice([*codes.STATES, *["01"] * 12]),
        term=random.choice(list(codes.TERMS)), valid_from=start, valid_until=until,
        review_on=random.choice([None, start + dt.timedelta(days=300)]),
        holds_from=start + dt.timedelta(days=random.randrange(-3, 3)),
        known_from=clock.start_of_day(start) + dt.timedelta(days=random.randrange(-9, 99))))


def test_every_line_of_every_day_stands_as_the_rule_says(org: Organisation) -> None:
    random = Random(11)
    rows = [org.worker(valid_until=D(2027, 5, 31)) for _ in range(25)] + [org.licence() for _ in range(25)]
    for row in rows:
        for _ in range(random.randrange(1, 4)):
            add_version(row, random)
    org.session.flush()
    for _ in range(12):
        on = DAY + dt.timedelta(days=random.randrange(-500, 300))
        known = random.choice([None, clock.start_of_day(on) + dt.timedelta(days=random.randrange(-20, 60))])
        shown = {line.id: (line.standing, line.version, line.ends_on)
                 for line in every_line(org.session, SYSTEM, Filter(), Day(on, known), order="code", limit=999,
                                        action="certificate.export")}
        found = {row.id: standing.of(row, on=on, known=known) for row in rows}
        assert shown == {key: (each.standing, each.version, each.ends_on) for key, each in found.items()
                         if each.version is not None}
        for wanted in ((Standing.VALID,), (Standing.DUE,), (Standing.VALID, Standing.DUE), (Standing.EXPIRED,)):
            filtered = find_lines(org.session, SYSTEM, Filter(standings=wanted), Day(on, known), limit=200)
            assert {line.id for line in filtered.rows} == {key for key, line in shown.items() if line[0] in wanted}


def test_what_differs_between_two_days_is_what_stands_otherwise(org: Organisation) -> None:
    random = Random(12)
    rows = [org.worker(valid_until=D(2027, 5, 31)) for _ in range(40)]
    for row in rows:
        add_version(row, random)
        add_version(row, random)
    org.session.flush()
    for _ in range(10):
        days = [Day(on := DAY + dt.timedelta(days=random.randrange(-500, 300)), random.choice(
            [None, clock.start_of_day(on) + dt.timedelta(days=random.randrange(-20, 60))])) for _ in range(2)]
        first, second = ([standing.of(row, on=day.on, known=day.known) for row in rows] for day in days)
        differ = {row.id for row, a, b in zip(rows, first, second, strict=True)
                  if (a.version, a.version and a.standing) != (b.version, b.version and b.standing)}
        found = compare(org.session, SYSTEM, Filter(), *days, limit=200)
        assert {pair.line.id for pair in found.rows} == differ and sum(found.counts.values()) == len(differ)


def test_the_last_end_that_is_near_is_the_last() -> None:
    for kind in types().values():
        last = last_near_end(kind, DAY)
        opens, later = near_from(kind, last), near_from(kind, last + dt.timedelta(days=1))
        assert opens is not None and later is not None and opens <= DAY < later, kind.code


def test_what_was_learnt_later_is_not_in_what_was_known_then(org: Organisation, clock: Fixed) -> None:
    card = org.worker()
    before = clock()
    clock.advance(dt.timedelta(days=10))
    suspend(org.session, card, since=DAY - dt.timedelta(days=5), reason="x", by=SYSTEM)
    now, then = (find_lines(org.session, SYSTEM, Filter(), Day(DAY, known)).rows for known in (None, before))
    assert (now[0].standing, then[0].standing) == (Standing.SUSPENDED, Standing.VALID)


def test_a_past_day_is_filtered_sorted_and_counted_by_how_it_was(org: Organisation) -> None:
    early, late = org.worker(valid_until=D(2026, 10, 31)), org.worker(valid_until=D(2027, 5, 31))
    renew(org.session, early, valid_from=D(2026, 11, 1), valid_until=D(2028, 10, 31), issued_on=D(2026, 10, 20),
          issuer="x", by=SYSTEM)
    june = Day(D(2026, 6, 1))
    rows = find_lines(org.session, SYSTEM, Filter(), june, order="ends", limit=1).rows
    assert [(row.code, row.ends_on) for row in rows] == [(early.code, D(2026, 10, 31))]
    assert [row.code for row in find_lines(org.session, SYSTEM, Filter(ends_to=D(2026, 12, 31)), june).rows] == [
        early.code]
    assert count_lines(org.session, SYSTEM, Filter(), june) == 2
    assert count_lines(org.session, SYSTEM, Filter(), Day(D(2025, 1, 1))) == 0
    assert late.code in {row.code for row in find_lines(org.session, SYSTEM, Filter(), june).rows}


def test_a_past_day_shows_only_what_one_may_see_now(org: Organisation) -> None:
    mine, _theirs = org.worker(), org.worker(org.person(unit=org.far))
    hr = org.actor("hr")
    assert [row.code for row in find_lines(org.session, hr, Filter(), Day(DAY)).rows] == [mine.code]
    assert list(every_line(org.session, hr, Filter(), Day(DAY), order="ends", limit=9,
                           action="certificate.export")) == []
    assert compare(org.session, hr, Filter(), Day(D(2020, 1, 1)), Day(DAY)).counts == {Difference.CAME: 1}


def test_two_days_differ_by_what_came_went_came_back_and_changed(org: Organisation, clock: Fixed) -> None:
    same, came, went = org.licence(), org.permit(), org.worker(valid_until=D(2028, 5, 31))
    ended, changed = org.worker(valid_until=D(2026, 10, 31)), org.worker(valid_until=D(2028, 5, 31))
    back = org.worker(valid_until=D(2026, 9, 20))
    first = Day(D(2026, 10, 1), clock())
    clock.advance(dt.timedelta(hours=1))
    cancel(org.session, went, kind="注销", since=D(2026, 11, 1), reason="x", by=SYSTEM)
    suspend(org.session, changed, since=D(2026, 11, 2), reason="x", by=SYSTEM)
    renew(org.session, back, valid_from=D(2026, 9, 21), valid_until=D(2028, 10, 31), issued_on=D(2026, 11, 5),
          issuer="x", by=SYSTEM)
    found = compare(org.session, SYSTEM, Filter(), first, Day(DAY))
    kinds = {pair.line.code: pair.difference.value for pair in found.rows}
    assert kinds == {came.code: "came", went.code: "went", ended.code: "went", changed.code: "changed",
                     back.code: "back"}
    assert same.code not in kinds and found.counts[Difference.WENT] == 2
    only = compare(org.session, SYSTEM, Filter(), first, Day(DAY), only=Difference.BACK)
    assert [(pair.first.ends_on, pair.second.ends_on) for pair in only.rows if pair.first and pair.second] == [
        (D(2026, 9, 20), D(2028, 10, 31))]


def test_today_and_a_day_have_every_order_both_ways(org: Organisation) -> None:
    for _ in range(3):
        org.worker()
    org.permit()
    for day in (None, Day(DAY)):
        for order in SORTS:
            up, down = (find_lines(org.session, SYSTEM, Filter(), day, order=sign + order).rows for sign in ("", "-"))
            assert [row.id for row in up] == [row.id for row in reversed(down)], order
