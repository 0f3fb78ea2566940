from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from ledger.actor import SYSTEM, Actor
from ledger.errors import NotFound
from registry.access.register import Filter, certificate_of, counts, find
from registry.access.standing_columns import deciding, row_stands, standing_column, version_stands
from registry.certificates import standing
from registry.certificates.codes import STATES, TERMS
from registry.certificates.lifecycle import cancel, grant, renew, suspend
from registry.certificates.models import Certificate, Version
from registry.certificates.standing import Standing
from registry.people.persons import move_person
from registry.people.units import create_unit
from tests.registry.organisation import DAY, Organisation, id_number

D = dt.date


def codes_found(org: Organisation, text: str = "", actor: Actor = SYSTEM, **more: Any) -> list[str]:
    sought = Filter(text=text, **more)
    return [row.code for row in find(org.session, actor, sought, order="code").rows]


@pytest.mark.parametrize("text", ["曾国强", "国强", "zengguoqiang", "zgq", "ZGQ", "guoqiang", "LC-P02-000001", "lc-p02",
                                  "A0120250", "zgq A01"])
def test_a_fragment_of_name_pinyin_initials_code_or_number_finds(org: Organisation, text: str) -> None:
    org.worker(org.person(name="曾国强"), number="苏A012025000042")
    org.permit()
    assert codes_found(org, text) == ["LC-P02-000001"]


def test_brackets_blanks_and_widths_do_not_matter_in_a_search(org: Organisation) -> None:
    org.licence(number="（苏）JZ安许证字〔2025〕001234")
    for text in ("(苏)JZ安许证字[2025]0012", "ＪＺ安许证字【２０２５】"):
        assert codes_found(org, text) == ["LC-E03-000001"]


@pytest.mark.parametrize("text", ["%", "_", "100%", "苏_01"])
def test_a_wildcard_is_no_wildcard_for_us(org: Organisation, text: str) -> None:
    org.worker(number="苏A012025000042")
    assert codes_found(org, text) == ([] if any(c.isalnum() for c in text) else ["LC-P02-000001"])


def test_a_whole_identity_number_finds_but_its_middle_does_not(org: Organisation) -> None:
    worker = org.person(id_number=id_number(21))
    org.worker(worker)
    org.worker()
    assert codes_found(org, id_number(21)) == codes_found(org, "T" + id_number(21)) == ["LC-P02-000001"]
    assert codes_found(org, id_number(21)[6:14]) == []


def test_filters_narrow_by_type_family_days_unit_and_holder(org: Organisation) -> None:
    worker = org.person(unit=org.far)
    permit, licence = org.permit(), org.licence()
    card = org.worker(worker, valid_until=D(2027, 5, 31))
    assert codes_found(org, types=("J03",)) == [permit.code]
    assert codes_found(org, families=("E", "P")) == sorted([licence.code, card.code])
    assert codes_found(org, ends_from=D(2027, 5, 31), ends_to=D(2027, 5, 31)) == [card.code]
    assert codes_found(org, unit=org.other) == codes_found(org, holder_person_id=worker.id) == [card.code]


def test_the_count_is_that_of_all_pages_and_a_page_beyond_is_empty(org: Organisation) -> None:
    for _ in range(5):
        org.worker()
    page = find(org.session, SYSTEM, order="code", limit=2, offset=2)
    assert (page.total, [row.code for row in page.rows]) == (5, ["LC-P02-000003", "LC-P02-000004"])
    assert (find(org.session, SYSTEM, limit=2, offset=10).rows, find(org.session, SYSTEM, offset=10).total) == ([], 5)


def test_lists_counts_and_single_rows_all_stop_at_what_the_actor_may_see(org: Organisation) -> None:
    mine, theirs = org.worker(), org.worker(org.person(unit=org.far))
    hr = org.actor("hr")
    assert codes_found(org, actor=hr) == [mine.code] and sum(counts(org.session, hr).values()) == 1
    assert certificate_of(org.session, hr, mine.id) is mine
    with pytest.raises(NotFound):
        certificate_of(org.session, hr, theirs.id)


def test_every_standing_can_be_listed_and_counted(org: Organisation) -> None:
    org.worker(valid_until=D(2028, 5, 31))
    org.worker(valid_until=D(2027, 1, 10))
    org.worker(valid_until=D(2026, 11, 21))
    org.worker(valid_from=D(2026, 12, 1), valid_until=D(2028, 11, 30))
    org.worker(valid_until=None, undated=True)
    suspend(org.session, org.licence(), since=DAY, reason="整改", by=SYSTEM)
    cancel(org.session, org.licence(org.other), kind="撤销", since=DAY, reason="x", by=SYSTEM)
    renewed = org.worker(valid_until=D(2026, 12, 31))
    renew(org.session, renewed, valid_from=D(2027, 1, 1), valid_until=D(2028, 12, 31), issued_on=DAY, issuer="x",
          by=SYSTEM)
    one = dict.fromkeys((Standing.DUE, Standing.EXPIRED, Standing.FUTURE, Standing.UNDATED, Standing.SUSPENDED,
                         Standing.ANNULLED), 1)
    assert counts(org.session, SYSTEM) == {**one, Standing.VALID: 2}
    assert len(find(org.session, SYSTEM, Filter(standings=(Standing.DUE, Standing.EXPIRED))).rows) == 2


def test_the_standing_of_a_row_is_the_same_in_the_database_and_in_the_rule(org: Organisation) -> None:
    random = Random(5)
    rows = [org.worker(valid_until=D(2027, 5, 31)) for _ in range(60)]
    for row in rows:
        row.state, row.term = random.choice(list(STATES)), random.choice(list(TERMS))
        row.version_no, row.valid_from = random.choice((1, 2)), DAY + dt.timedelta(days=random.randrange(-400, 60))
        ends = DAY + dt.timedelta(days=random.choice((-1, 0, 1, 90, 400)))
        row.valid_until = row.ends_on = ends if row.term == "dated" else None
        row.due_from = row.type.window.opens.before(row.ends_on) if row.ends_on and row.type.window.opens else None
    org.session.flush()
    found = dict(org.session.execute(select(Certificate.id, standing_column(DAY))).all())
    assert {row.id: found[row.id] for row in rows} == {row.id: standing.of_row(row, DAY).standing.value for row in rows}
    for wanted in [*((each,) for each in Standing), (Standing.VALID, Standing.DUE), (Standing.DUE, Standing.EXPIRED)]:
        among = org.session.scalars(select(Certificate.id).where(row_stands(DAY).among(wanted)))
        assert set(among) == {key for key, value in found.items() if value in wanted}, wanted


def test_a_province_with_a_window_of_its_own_counts_in_lists_and_on_the_page(org: Organisation) -> None:
    capital = create_unit(org.session, kind="company", name="北京公司", code="C3", parent=org.group, province="京",
                          by=SYSTEM)
    ends = DAY + dt.timedelta(days=80)  # 北京 opens 90 days before the end, elsewhere it is near from 60 days
    for number, unit, wanted in ((1, capital, Standing.DUE), (2, org.company, Standing.VALID)):
        card = grant(org.session, "P07", org.person(unit), number=f"苏2322024{number:05d}", valid_until=ends,
                     issued_on=D(2024, 3, 1), issuer="x", by=SYSTEM)
        row = select(standing_column(DAY)).select_from(Certificate).where(Certificate.id == card.id)
        day = select(version_stands(DAY).column).select_from(Certificate).join(Version, deciding(DAY, None))
        assert standing.of(card).standing is standing.of_row(card, DAY).standing is wanted
        assert org.session.scalar(row) == org.session.scalar(day.where(Certificate.id == card.id)) == wanted
    assert card.holder_person
    move_person(org.session, card.holder_person, to=capital, by=SYSTEM)
    assert org.session.scalar(row) == standing.of(card).standing == Standing.DUE
