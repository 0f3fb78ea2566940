from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import pytest

from ledger.actor import SYSTEM
from ledger.clock import Fixed
from registry.certificates import codes, standing
from registry.certificates.catalogue import type_of
from registry.certificates.lifecycle import cancel, give_back, renew, suspend
from registry.certificates.standing import Standing, of, of_row
from tests.registry.organisation import DAY, Organisation

D = dt.date


def instant(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, 2, tzinfo=dt.UTC)


@dataclass
class V:
    """A version, as far as standing looks at it."""

    no: int = 1
    state: str = "01"
    valid_from: dt.date | None = D(2025, 6, 1)
    valid_until: dt.date | None = D(2027, 5, 31)
    holds_from: dt.date = D(2025, 6, 1)
    known_from: dt.datetime = field(default_factory=lambda: instant(D(2025, 6, 2)))
    review_on: dt.date | None = None
    term: str = codes.DATED
    note: str = ""


P02 = type_of("P02")


@pytest.mark.parametrize(("on", "expected"), [
    (D(2025, 5, 31), Standing.FUTURE), (D(2025, 6, 1), Standing.VALID), (D(2027, 2, 27), Standing.VALID),
    (D(2027, 2, 28), Standing.DUE), (D(2027, 5, 31), Standing.DUE), (D(2027, 6, 1), Standing.EXPIRED),
])
def test_a_term_is_valid_then_near_from_its_window_on_then_expired(on: dt.date, expected: Standing) -> None:
    assert standing.standing([V()], on=on, kind=P02).standing is expected


def test_the_answer_says_why_with_data_version_and_article() -> None:
    found = standing.standing([V()], on=D(2027, 5, 1), kind=P02)
    assert str(found.why) == "有效至 2027-05-31，还有 30 天；自 2027-02-28 起应办理延续。"
    assert (found.version, found.days_left, found.why.rule) == (1, 30, "window")
    assert found.why.article.startswith("《")


def test_without_a_type_sixty_days_count_as_near() -> None:
    assert standing.standing([V()], on=D(2027, 4, 1)).standing is Standing.DUE
    assert standing.standing([V()], on=D(2027, 3, 31)).standing is Standing.VALID


def test_an_overdue_review_expires_a_certificate_inside_its_term() -> None:
    found = standing.standing([V(valid_until=D(2031, 5, 31), review_on=D(2026, 5, 31))], on=D(2026, 6, 1))
    assert (found.standing, found.why.rule) == (Standing.EXPIRED, "review")


@pytest.mark.parametrize(("state", "expected"), [
    ("02", Standing.SUSPENDED), ("03", Standing.ANNULLED), ("04", Standing.CANCELLED), ("05", Standing.EXPIRED),
    ("06", Standing.LEAVING), ("07", Standing.REVOKED), ("99", Standing.OTHER),
])
def test_every_national_state_has_its_standing_and_only_valid_ones_are_usable(state: str, expected: Standing) -> None:
    found = standing.standing([V(state=state)], on=DAY)
    assert found.standing is expected and not found.standing.usable
    assert expected.label in standing.LABELS.values() and codes.STATES[state] in str(found.why)


def test_a_suspended_certificate_still_expires_but_an_ended_one_stays_what_it_became() -> None:
    after = D(2027, 7, 1)
    assert standing.standing([V(state="02")], on=after).standing is Standing.EXPIRED
    assert standing.standing([V(state="07")], on=after).standing is Standing.REVOKED


def test_long_term_is_valid_and_an_unknown_term_is_not_taken_for_one() -> None:
    assert standing.standing([V(valid_until=None, term=codes.LONG)], on=D(2090, 1, 1)).standing is Standing.VALID
    assert standing.standing([V(valid_until=None, term=codes.UNKNOWN)], on=DAY).standing is Standing.UNDATED


def test_a_renewal_known_early_leaves_the_old_term_standing_until_its_day() -> None:
    chain = [V(), V(no=2, valid_from=D(2027, 6, 1), valid_until=D(2029, 5, 31), holds_from=D(2027, 6, 1),
                    known_from=instant(D(2027, 4, 10)))]
    assert standing.standing(chain, on=D(2027, 5, 31)).version == 1
    assert standing.standing(chain, on=D(2027, 6, 1)).version == 2


def test_what_was_known_then_can_be_asked_after_it_was_corrected() -> None:
    chain = [V(), V(no=2, state="02", holds_from=D(2026, 3, 1), known_from=instant(D(2026, 3, 20)))]
    asked = D(2026, 3, 10)
    assert standing.standing(chain, on=asked, known=instant(asked)).standing is Standing.VALID
    assert standing.standing(chain, on=asked).standing is Standing.SUSPENDED
    assert standing.standing(chain, on=asked, known=instant(D(2025, 1, 1))).standing is Standing.UNKNOWN


def test_what_is_learnt_last_about_a_day_decides() -> None:
    renewed = V(no=2, valid_from=D(2027, 6, 1), valid_until=D(2029, 5, 31), holds_from=D(2027, 6, 1),
                known_from=instant(D(2026, 4, 1)))
    cancelled = V(no=3, state="04", holds_from=D(2026, 9, 1), known_from=instant(D(2026, 9, 2)))
    assert standing.standing([V(), renewed, cancelled], on=D(2027, 7, 1)).standing is Standing.CANCELLED
    assert standing.standing([V(), renewed, cancelled], on=D(2026, 8, 31)).standing is Standing.VALID


def test_a_certificates_chain_answers_for_every_day_and_the_row_for_today(org: Organisation, clock: Fixed) -> None:
    licence = org.licence()
    suspend(org.session, licence, since=D(2026, 11, 10), reason="整改", by=SYSTEM)
    assert of(licence, on=D(2026, 11, 9)).standing is Standing.VALID
    assert of(licence).standing is of_row(licence, DAY).standing is Standing.SUSPENDED
    assert of(licence, on=D(2026, 11, 12), known=clock() - dt.timedelta(days=1)).standing is Standing.UNKNOWN
    give_back(org.session, licence, since=DAY, by=SYSTEM)
    assert of(licence).standing is of_row(licence, DAY).standing is Standing.VALID


def test_a_row_renewed_ahead_stands_as_its_chain_does(org: Organisation) -> None:
    card = org.worker(valid_until=D(2026, 12, 31))
    renew(org.session, card, valid_from=D(2027, 1, 1), valid_until=D(2028, 12, 31), issued_on=DAY, issuer="x",
          by=SYSTEM)
    assert of_row(card, DAY).standing is Standing.VALID and of(card).standing.usable


def test_near_its_end_but_already_renewed_a_certificate_is_not_due() -> None:
    chain = [V(), V(no=2, valid_from=D(2027, 6, 1), valid_until=D(2029, 5, 31), holds_from=D(2027, 6, 1),
                    known_from=instant(D(2027, 4, 10)))]
    asked = D(2027, 5, 1)
    assert standing.standing(chain, on=asked, kind=P02).why.rule == "renewed"
    assert standing.standing(chain, on=asked, kind=P02).standing is Standing.VALID
    assert standing.standing(chain, on=asked, known=instant(D(2027, 4, 9)), kind=P02).standing is Standing.DUE


def test_a_cancellation_names_its_kind_and_reason(org: Organisation) -> None:
    licence = org.licence()
    cancel(org.session, licence, kind="吊销", since=DAY, reason="出借证件", by=SYSTEM)
    assert str(of(licence).why) == "自 2026-11-22 起吊销（版本 002）：吊销：出借证件。"


def test_what_follows_without_lengthening_is_no_renewal() -> None:
    """Given back or changed later in the window: on the day before, it is near its end all the same."""
    later = V(no=2, holds_from=D(2027, 5, 20))
    assert standing.standing([V(), later], on=D(2027, 5, 1), kind=P02).standing is Standing.DUE


def test_a_renewal_for_a_term_that_is_near_its_end_itself_leaves_it_due() -> None:
    short = V(no=2, valid_from=D(2027, 6, 1), valid_until=D(2027, 7, 15), holds_from=D(2027, 6, 1))
    assert standing.standing([V(), short], on=D(2027, 5, 1), kind=P02).standing is Standing.DUE


def test_a_coming_term_that_a_later_version_overrode_counts_no_more() -> None:
    coming = V(no=2, valid_from=D(2027, 6, 1), valid_until=D(2029, 5, 31), holds_from=D(2027, 6, 1))
    reviewed = V(no=3, valid_until=D(2029, 5, 31), review_on=D(2027, 6, 30), holds_from=D(2027, 4, 1))
    assert standing.standing([V(), coming, reviewed], on=D(2027, 5, 1), kind=P02).standing is Standing.DUE


def test_what_was_cancelled_before_it_began_says_when_it_would_have_begun() -> None:
    cancelled = V(no=2, state=codes.CANCELLED, holds_from=D(2025, 4, 1))
    assert standing.standing([V(), cancelled], on=D(2025, 3, 1)).why.params["day"] == D(2025, 6, 1)
