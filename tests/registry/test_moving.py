"""Suspension with an end, transfer between provinces, restoring, and the limits of renewals."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from ledger import workdays
from ledger.actor import SYSTEM
from ledger.clock import Fixed
from ledger.db import unit
from ledger.errors import Refused
from ledger.facts import story
from ledger.workdays import calendar
from registry.certificates import codes, drafting, standing, timers
from registry.certificates.lifecycle import (
    AlreadyRenewed,
    Ended,
    HeldBack,
    HeldThere,
    NotEnded,
    NotLeaving,
    NotRestored,
    Suspended,
    TooManyExtensions,
    bring_in,
    cancel,
    give_back,
    lapse,
    renew,
    renewals,
    restore,
    send_out,
    sent_out,
    start_work,
    suspend,
    withdraw_sending,
)
from registry.certificates.models import Certificate, CertificateTimer
from registry.certificates.retiming import refit
from registry.certificates.standing import Standing
from tests.registry.organisation import DAY, Organisation, organisation

MORE = dt.timedelta(days=1)


def extend(org: Organisation, permit: Certificate, until: dt.date, **more: Any) -> None:
    assert permit.ends_on
    renew(org.session, permit, valid_from=permit.ends_on + MORE, valid_until=until, issued_on=DAY, issuer="某区住建局",
          by=SYSTEM, **more)


def test_a_suspension_with_an_end_is_told_of_on_that_day_and_not_given_back(org: Organisation, clock: Fixed) -> None:
    licence = org.licence()
    suspend(org.session, licence, since=DAY, reason="整改", until=dt.date(2026, 12, 22), by=SYSTEM)
    timer = org.session.scalars(select(CertificateTimer).where(CertificateTimer.kind == "susp_end")).one()
    assert not timers.fire(org.session, timer.id)
    clock.advance(dt.timedelta(days=30))
    assert timers.fire(org.session, timer.id)
    assert story(org.session, ("certificate", licence.id))[-1].kind == "certificate.suspension_ends"
    assert licence.state == codes.SUSPENDED
    give_back(org.session, licence, since=dt.date(2026, 12, 22), by=SYSTEM)
    assert (licence.state, licence.latest.suspended_until) == (codes.VALID, None)


def test_what_is_held_back_is_not_held_back_twice_nor_given_back_before(org: Organisation) -> None:
    licence = org.licence()
    suspend(org.session, licence, since=DAY, reason="x", by=SYSTEM)
    with pytest.raises(Suspended):
        suspend(org.session, licence, since=DAY, reason="x", by=SYSTEM)
    with pytest.raises(drafting.WrongTerm):
        give_back(org.session, licence, since=DAY - MORE, by=SYSTEM)
    with pytest.raises(drafting.WrongTerm) as refused:
        suspend(org.session, org.licence(), since=DAY, until=DAY - MORE, reason="x", by=SYSTEM)
    assert list(refused.value.problems) == ["until"]


def test_a_transfer_out_is_begun_withdrawn_begun_again_and_done(org: Organisation) -> None:
    card = org.worker()
    assert send_out(org.session, card, to="浙江省", since=DAY, by=SYSTEM).state == codes.LEAVING
    assert standing.of(card).standing is Standing.LEAVING
    version = withdraw_sending(org.session, card, since=DAY, by=SYSTEM)
    assert (version.operation, version.state) == (codes.TRANSFER_WITHDRAWN, codes.VALID)
    with pytest.raises(NotLeaving):
        sent_out(org.session, card, since=DAY, by=SYSTEM)
    send_out(org.session, card, to="浙江省", since=DAY, by=SYSTEM)
    version = sent_out(org.session, card, since=DAY, by=SYSTEM)
    assert (version.operation, version.state, version.note) == (codes.ENDED, codes.CANCELLED, "转出")
    assert all(timer.cancelled_at for timer in card.timers)
    with pytest.raises(Ended):
        send_out(org.session, card, to="浙江省", since=DAY, by=SYSTEM)


def test_a_leaving_certificate_is_neither_renewed_nor_sent_twice(org: Organisation) -> None:
    card = org.worker()
    send_out(org.session, card, to="浙江省", since=DAY, by=SYSTEM)
    with pytest.raises(HeldBack):
        send_out(org.session, card, to="浙江省", since=DAY, by=SYSTEM)
    with pytest.raises(drafting.WrongTerm) as refused:
        send_out(org.session, org.worker(), to=" ", since=DAY, by=SYSTEM)
    assert list(refused.value.problems) == ["to"]


def test_what_is_brought_in_carries_number_and_mark_of_the_other_province(org: Organisation) -> None:
    given = {"number": "苏A012026000777", "issued_on": DAY, "valid_until": dt.date(2028, 11, 21), "issuer": "某厅"}
    card = bring_in(org.session, "P02", org.person(), old_number="浙A012024000001", old_mark="old.mark", by=SYSTEM,
                    **given)
    version = card.latest
    assert (version.operation, version.previous_number, version.previous_mark) == (
        codes.BROUGHT_IN, "浙A012024000001", "old.mark")
    assert story(org.session, ("certificate", card.id))[-1].kind == "certificate.brought_in"
    with pytest.raises(drafting.WrongNumber) as refused:
        bring_in(org.session, "P02", org.person(), old_number="", old_mark="", by=SYSTEM, **given)
    assert list(refused.value.problems) == ["old_number"]


def test_nobody_brings_in_a_second_certificate_for_a_post(org: Organisation) -> None:
    given = {"issued_on": DAY, "valid_until": dt.date(2028, 11, 21), "issuer": "某厅", "by": SYSTEM,
             "old_number": "浙A012024000001", "old_mark": ""}
    person = org.person()
    first = bring_in(org.session, "P02", person, number="苏A012026000777", item="01", **given)
    with pytest.raises(HeldThere):
        bring_in(org.session, "P02", person, number="苏A012026000778", item="01", **given)
    assert bring_in(org.session, "P02", person, number="苏A022026000779", item="02", **given).id != first.id


def test_the_end_of_a_suspension_stays_when_the_days_of_the_type_move(org: Organisation) -> None:
    licence = org.licence()
    suspend(org.session, licence, since=DAY, reason="整改", until=dt.date(2026, 12, 22), by=SYSTEM)
    refit(org.session, licence, calendar(org.session))
    assert "susp_end" in {timer.kind for timer in licence.timers if not timer.cancelled_at}


def test_a_wrong_ending_is_taken_back_and_the_state_before_it_returns(org: Organisation) -> None:
    card = org.worker()
    suspend(org.session, card, since=dt.date(2026, 11, 1), reason="x", until=dt.date(2027, 1, 1), by=SYSTEM)
    cancel(org.session, card, kind="注销", since=dt.date(2026, 11, 10), reason="录错人", by=SYSTEM)
    with pytest.raises(drafting.WrongTerm):
        restore(org.session, card, since=dt.date(2026, 11, 9), reason="录错", by=SYSTEM)
    version = restore(org.session, card, since=dt.date(2026, 11, 10), reason="录错", by=SYSTEM)
    assert (version.state, version.suspended_until, version.note) == (
        codes.SUSPENDED, dt.date(2027, 1, 1), "恢复：录错")
    assert {timer.kind for timer in card.timers if not timer.cancelled_at} >= {"lapses", "susp_end"}


def test_a_cancelled_safety_licence_is_never_restored(org: Organisation) -> None:
    licence = org.licence()
    cancel(org.session, licence, kind="注销", since=DAY, reason="x", by=SYSTEM)
    with pytest.raises(NotRestored):
        restore(org.session, licence, since=DAY, reason="x", by=SYSTEM)


def test_only_an_ending_is_taken_back_and_only_while_the_number_is_free(org: Organisation, clock: Fixed) -> None:
    card, late = org.worker(number="苏A012025000801"), org.worker(valid_until=dt.date(2026, 11, 30))
    with pytest.raises(NotEnded):
        restore(org.session, card, since=DAY, reason="x", by=SYSTEM)
    cancel(org.session, card, kind="注销", since=DAY, reason="x", by=SYSTEM)
    org.worker(number="苏A012025000801")
    with pytest.raises(drafting.NumberTaken):
        restore(org.session, card, since=DAY, reason="x", by=SYSTEM)
    clock.advance(dt.timedelta(days=20))
    lapse(org.session, late)
    with pytest.raises(NotEnded):
        restore(org.session, late, since=dt.date(2026, 12, 1), reason="x", by=SYSTEM)


def test_a_permit_is_extended_twice_by_three_months_at_most(org: Organisation, clock: Fixed) -> None:
    permit = org.permit(issued_on=dt.date(2026, 10, 8))
    with pytest.raises(drafting.WrongTerm) as refused:
        extend(org, permit, dt.date(2027, 4, 9))
    assert list(refused.value.problems) == ["valid_until"]
    extend(org, permit, dt.date(2027, 4, 8))
    clock.advance(dt.timedelta(days=60))
    extend(org, permit, dt.date(2027, 7, 8))
    clock.advance(dt.timedelta(days=100))
    with pytest.raises(TooManyExtensions):
        extend(org, permit, dt.date(2027, 8, 8))
    assert renewals(permit) == 2


def test_a_permit_whose_works_did_not_begin_annuls_itself(org: Organisation, clock: Fixed) -> None:
    permit, card = org.permit(), org.worker(valid_until=dt.date(2027, 1, 8))
    clock.advance(dt.timedelta(days=60))
    lapse(org.session, permit)
    lapse(org.session, card)
    assert (permit.state, permit.latest.note[:2], card.latest.note) == (codes.LAPSED, "废止", "")


def test_a_start_in_time_that_is_learnt_late_takes_the_lapse_back(org: Organisation, clock: Fixed) -> None:
    permit = org.permit(issued_on=dt.date(2026, 10, 8))
    clock.advance(dt.timedelta(days=60))
    lapse(org.session, permit)
    start_work(org.session, permit, on=dt.date(2027, 1, 8), by=SYSTEM)
    assert (permit.state, permit.ends_on) == (codes.VALID, None)
    assert standing.of(permit, on=dt.date(2027, 1, 15)).standing is Standing.VALID


def test_one_term_is_renewed_once(org: Organisation) -> None:
    card = org.worker(valid_until=dt.date(2026, 12, 31))
    extend(org, card, dt.date(2028, 12, 31))
    with pytest.raises(AlreadyRenewed):
        extend(org, card, dt.date(2030, 12, 31))


def test_no_answer_by_the_end_counts_as_renewed_and_the_evidence_is_kept(org: Organisation, clock: Fixed) -> None:
    card = org.worker(valid_until=dt.date(2026, 11, 30))
    clock.advance(dt.timedelta(days=10))
    lapse(org.session, card)
    with pytest.raises(Ended):
        extend(org, card, dt.date(2028, 11, 30))
    extend(org, card, dt.date(2028, 11, 30), presumed=True)
    assert "行政许可法50" in card.latest.note and card.state == codes.VALID
    fact = story(org.session, ("certificate", card.id))[-1]
    assert fact.after and fact.after["presumed"] is True
    assert standing.of(card, on=dt.date(2026, 12, 1)).standing is Standing.VALID


def test_a_late_answer_to_a_request_in_time_leaves_no_gap(org: Organisation, clock: Fixed) -> None:
    card = org.worker(valid_until=dt.date(2026, 11, 30))
    clock.advance(dt.timedelta(days=10))
    lapse(org.session, card)
    extend(org, card, dt.date(2028, 11, 30), request_id=5)
    assert card.state == codes.VALID and card.latest.valid_from == dt.date(2026, 12, 1)


def test_a_certificate_without_an_end_needs_no_renewal(org: Organisation) -> None:
    permit = org.permit()
    start_work(org.session, permit, on=DAY, by=SYSTEM)
    with pytest.raises(drafting.WrongTerm):
        renew(org.session, permit, valid_from=DAY, valid_until=DAY + 30 * MORE, issued_on=DAY, issuer="x", by=SYSTEM)


def test_two_who_act_at_once_on_one_certificate_do_not_both_win(engine: Engine, clock: Fixed) -> None:
    with unit(engine) as session:
        workdays.seed(session)
        number = organisation(session).worker(valid_until=dt.date(2026, 12, 31)).id

    def once(_: int) -> str:
        try:
            with unit(engine) as session:
                card = session.get_one(Certificate, number)
                renew(session, card, valid_from=dt.date(2027, 1, 1), valid_until=dt.date(2028, 12, 31), issued_on=DAY,
                      issuer="x", by=SYSTEM)
        except Refused as refused:
            return type(refused).__name__
        return "done"

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(once, range(2))) == ["AlreadyRenewed", "done"]
    with unit(engine) as session:
        assert session.scalar(select(func.max(Certificate.version_no))) == 2


def test_a_term_that_is_not_known_is_not_renewed_ahead(org: Organisation) -> None:
    card = org.worker(valid_until=None, undated=True)
    with pytest.raises(drafting.WrongTerm) as refused:
        renew(org.session, card, valid_from=DAY + MORE, valid_until=DAY + 700 * MORE, issued_on=DAY, issuer="x",
              by=SYSTEM)
    assert list(refused.value.problems) == ["valid_from"]


def test_a_new_term_does_not_hide_a_suspension_that_was_over(org: Organisation) -> None:
    card = org.worker(valid_until=dt.date(2026, 12, 31))
    suspend(org.session, card, since=dt.date(2026, 10, 1), reason="x", by=SYSTEM)
    give_back(org.session, card, since=dt.date(2026, 11, 1), by=SYSTEM)
    renew(org.session, card, valid_from=dt.date(2026, 9, 1), valid_until=dt.date(2028, 8, 31), issued_on=DAY,
          issuer="x", by=SYSTEM)
    assert standing.of(card, on=dt.date(2026, 10, 15)).standing is Standing.SUSPENDED
    assert card.latest.valid_from == dt.date(2026, 9, 1)


def test_a_restored_certificate_does_not_hide_what_turned_meanwhile(org: Organisation) -> None:
    card = org.worker()
    suspend(org.session, card, since=dt.date(2026, 11, 1), reason="x", by=SYSTEM)
    cancel(org.session, card, kind="注销", since=dt.date(2026, 10, 1), reason="x", by=SYSTEM)
    version = restore(org.session, card, since=dt.date(2026, 10, 1), reason="录错", by=SYSTEM)
    assert (version.state, version.holds_from) == (codes.SUSPENDED, dt.date(2026, 11, 1))
