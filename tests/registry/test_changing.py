"""Change, re-issue and review: other words on the paper, the same state and end."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.facts import story
from registry.access.lines import find_lines
from registry.access.register import Filter
from registry.certificates import codes, drafting, standing, timers
from registry.certificates.catalogue import type_of
from registry.certificates.lifecycle import (
    Ended,
    HeldBack,
    cancel,
    change,
    grant,
    lapse,
    next_review,
    reissue,
    renew,
    reviewed,
    send_out,
    suspend,
)
from registry.certificates.models import Certificate, CertificateTimer
from registry.certificates.standing import Standing
from tests.registry.organisation import DAY, Organisation, id_number


def welder(org: Organisation, **more: Any) -> Certificate:
    """A P01 that ends in 2031 and is to be reviewed by 2027-01-05."""
    given: dict[str, Any] = {
        "number": "T" + id_number(21), "issued_on": dt.date(2025, 1, 6), "valid_until": dt.date(2031, 1, 5),
        "review_on": dt.date(2027, 1, 5), "issuer": "应急管理局", "item": "熔化焊接", "by": SYSTEM, **more}
    return grant(org.session, "P01", org.person(id_number=id_number(21)), **given)


def test_a_change_leaves_state_and_end_and_carries_the_previous_mark(org: Organisation) -> None:
    licence = org.licence(licence_mark="mark.001")
    version = change(org.session, licence, since=DAY, by=SYSTEM, fields={"leader": "李四"}, licence_mark="mark.002")
    assert (version.operation, version.state, licence.ends_on) == (codes.CHANGED, codes.VALID, dt.date(2028, 12, 31))
    assert (version.licence_mark, version.previous_mark) == ("mark.002", "mark.001")
    assert version.fields["leader"] == "李四" and version.issuer == licence.versions[0].issuer


def test_a_renewal_carries_the_last_mark_there_was(org: Organisation) -> None:
    licence = org.licence(licence_mark="mark.001", valid_until=dt.date(2026, 12, 31))
    change(org.session, licence, since=DAY, by=SYSTEM)
    version = renew(org.session, licence, valid_from=dt.date(2027, 1, 1), valid_until=dt.date(2029, 12, 31),
                    issued_on=DAY, issuer="x", by=SYSTEM)
    assert version.previous_mark == "mark.001"


def test_a_renumbered_certificate_is_found_by_both_numbers(org: Organisation) -> None:
    card = org.worker(number="苏A012025000901")
    version = change(org.session, card, since=DAY, by=SYSTEM, number="苏A012026000902")
    assert (card.number, version.previous_number) == ("苏A012026000902", "苏A012025000901")
    assert card.versions[0].number_raw == "苏A012025000901"
    org.session.flush()
    actor = org.actor("custodian", at=org.group)
    for text in ("2025000901", "2026000902"):
        assert [row.id for row in find_lines(org.session, actor, Filter(text=text), None).rows] == [card.id]


def test_the_old_number_is_free_and_a_live_one_is_not(org: Organisation) -> None:
    card, other = org.worker(number="苏A012025000901"), org.worker(number="苏A012025000903")
    change(org.session, card, since=DAY, by=SYSTEM, number="苏A012026000902")
    with pytest.raises(drafting.NumberTaken):
        change(org.session, other, since=DAY, by=SYSTEM, number="苏A012026000902")
    with pytest.raises(drafting.WrongNumber):
        change(org.session, other, since=DAY, by=SYSTEM, number="苏A01")
    org.worker(number="苏A012025000901")


def test_a_change_reads_the_holders_new_name_and_keeps_the_old_in_the_search(org: Organisation) -> None:
    licence = org.licence()
    org.company.name = "华城第一建设公司"
    change(org.session, licence, since=DAY, by=SYSTEM, fields={"company": "华城第一建设公司"})
    assert licence.holder_name == "华城第一建设公司" and "华城第一建筑公司" in licence.search


def test_a_change_cannot_lie_ahead_nor_hide_a_suspension_that_was_over(org: Organisation) -> None:
    licence = org.licence()
    suspend(org.session, licence, since=dt.date(2026, 10, 1), reason="整改", by=SYSTEM)
    for day in (DAY + dt.timedelta(days=1), dt.date(2026, 9, 30)):
        with pytest.raises(drafting.WrongTerm) as refused:
            change(org.session, licence, since=day, by=SYSTEM)
        assert list(refused.value.problems) == ["since"]
    change(org.session, licence, since=dt.date(2026, 10, 1), by=SYSTEM)
    assert licence.state == codes.SUSPENDED


def test_what_does_not_hold_yet_is_not_changed_into_validity(org: Organisation) -> None:
    card = org.worker(issued_on=DAY, valid_from=dt.date(2027, 1, 1), valid_until=dt.date(2028, 12, 31))
    with pytest.raises(drafting.WrongTerm):
        change(org.session, card, since=DAY, by=SYSTEM)


def test_an_ended_or_leaving_certificate_is_not_changed(org: Organisation) -> None:
    card, licence = org.worker(), org.licence()
    send_out(org.session, card, to="浙江省", since=DAY, by=SYSTEM)
    cancel(org.session, licence, kind="注销", since=DAY, reason="x", by=SYSTEM)
    with pytest.raises(HeldBack):
        change(org.session, card, since=DAY, by=SYSTEM)
    with pytest.raises(Ended):
        change(org.session, licence, since=DAY, by=SYSTEM)


def test_a_window_that_was_told_of_is_not_told_again_after_a_change(org: Organisation, clock: Fixed) -> None:
    card = org.worker(valid_until=dt.date(2027, 1, 10))

    def fire() -> list[str]:
        due = select(CertificateTimer.id).where(CertificateTimer.fired_at.is_(None),
                                                CertificateTimer.cancelled_at.is_(None))
        for timer in org.session.scalars(due).all():
            timers.fire(org.session, timer)
        return [fact.kind for fact in story(org.session, ("certificate", card.id))]

    assert fire().count("certificate.window_opened") == 1
    change(org.session, card, since=DAY, by=SYSTEM)
    assert fire().count("certificate.window_opened") == 1
    clock.advance(dt.timedelta(days=60))
    fire()
    assert card.state == codes.LAPSED


def test_a_reissue_keeps_number_and_term_and_says_why(org: Organisation) -> None:
    licence = org.licence(licence_mark="m1")
    version = reissue(org.session, licence, issued_on=DAY, reason="遗失", by=SYSTEM)
    assert (version.operation, version.note, version.issued_on) == (codes.OTHER_ACT, "补发：遗失", DAY)
    assert (licence.ends_on, version.number_raw) == (dt.date(2028, 12, 31), licence.versions[0].number_raw)
    suspend(org.session, licence, since=DAY, reason="x", by=SYSTEM)
    with pytest.raises(HeldBack):
        reissue(org.session, licence, issued_on=DAY, reason="遗失", by=SYSTEM)
    with pytest.raises(drafting.WrongTerm):
        reissue(org.session, org.licence(), issued_on=DAY + dt.timedelta(days=1), reason="遗失", by=SYSTEM)


def test_a_review_keeps_number_and_end_and_moves_the_next_day(org: Organisation) -> None:
    card = welder(org)
    version = reviewed(org.session, card, on=DAY, next_review_on=next_review(card.type, DAY), by=SYSTEM)
    assert (version.review_on, card.valid_until, card.ends_on) == (
        dt.date(2029, 11, 22), dt.date(2031, 1, 5), dt.date(2029, 11, 22))
    assert DAY.isoformat() in version.note


def test_a_next_review_behind_the_end_of_the_term_is_none(org: Organisation) -> None:
    card = welder(org)
    version = reviewed(org.session, card, on=DAY, next_review_on=next_review(card.type, DAY, long=True), by=SYSTEM)
    assert (version.review_on, card.ends_on) == (None, dt.date(2031, 1, 5))


def test_a_missed_review_cannot_be_made_up_but_one_in_time_may_be_learnt_late(org: Organisation, clock: Fixed) -> None:
    card = welder(org)
    clock.advance(dt.timedelta(days=60))
    lapse(org.session, card)
    with pytest.raises(drafting.WrongTerm) as refused:
        reviewed(org.session, card, on=dt.date(2027, 1, 6), next_review_on=None, by=SYSTEM)
    assert list(refused.value.problems) == ["on"]
    reviewed(org.session, card, on=dt.date(2027, 1, 5), next_review_on=dt.date(2030, 1, 5), by=SYSTEM)
    assert standing.of(card).standing is Standing.VALID


def test_a_review_that_is_only_a_duty_does_not_end_the_certificate(org: Organisation) -> None:
    licence = org.licence()
    version = reviewed(org.session, licence, on=DAY, next_review_on=dt.date(2027, 5, 22), by=SYSTEM)
    assert (version.duty_on, version.review_on, licence.ends_on) == (
        dt.date(2027, 5, 22), None, dt.date(2028, 12, 31))
    assert change(org.session, licence, since=DAY, by=SYSTEM).duty_on == dt.date(2027, 5, 22)


@pytest.mark.parametrize(("code", "long", "day"), [
    ("P01", False, dt.date(2029, 11, 22)), ("P01", True, dt.date(2032, 11, 22)), ("E12", False, dt.date(2027, 11, 22)),
    ("E01", False, dt.date(2027, 6, 30)), ("J03", False, None)])
def test_the_next_review_comes_from_the_types_data(code: str, long: bool, day: dt.date | None) -> None:
    assert next_review(type_of(code), DAY, long) == day
