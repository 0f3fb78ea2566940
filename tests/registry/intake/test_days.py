"""Days in every form that old ledgers have (facts 6)."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.intake.book import Value
from registry.intake.judging.days import after, read_day

DAY = dt.date(2026, 12, 31)


@pytest.mark.parametrize("written", [
    "2026.12.31", "2026/12/31", "2026年12月31日", "20261231", 20261231, 20261231.0, 46387, "46387",
    "有效期至2026年12月31日", "2026. 12. 31", "2026 12 31", "2026/12/31 0:00", "二〇二六年十二月三十一日",
    "31-Dec-2026", "12/31/2026", "26.12.31",
])
def test_a_day_is_read_in_every_form_and_told(written: Value) -> None:
    day = read_day(written, end=True)
    assert day.on == DAY
    assert [each.kind for each in day.defects] == ["date_format"]


@pytest.mark.parametrize("written", [
    DAY, dt.datetime.fromisoformat("2026-12-31 08:00"), "2026-12-31", "2026-12-31 00:00:00", "2026-12-31T00:00:00.000"])
def test_what_is_a_plain_day_has_no_defect(written: Value) -> None:
    assert read_day(written) == read_day(DAY)
    assert not read_day(written).defects


def test_a_month_ends_a_term_with_its_last_day_and_begins_it_with_its_first() -> None:
    assert read_day("2028-02", end=True).on == dt.date(2028, 2, 29)
    assert read_day("2026.3").on == dt.date(2026, 3, 1)
    assert read_day("2028-02", end=True).defects[0].weight == "doubt"


@pytest.mark.parametrize("sign", ["至", "~", "-", "—", "到", "－", " 至 ", "--"])
def test_two_days_in_a_cell_are_a_term(sign: str) -> None:
    day = read_day(f"2023-12-28{sign}2028-12-28", end=True)
    assert (day.begins, day.on) == (dt.date(2023, 12, 28), dt.date(2028, 12, 28))


@pytest.mark.parametrize("words", ["长期", "永久", "无固定期限", "长期有效", "2023-12-28至长期", "9999-12-31"])
def test_words_for_no_end_are_long(words: str) -> None:
    assert read_day(words).long


def test_two_digits_of_a_year_are_this_century() -> None:
    assert read_day("26.3.5").on == dt.date(2026, 3, 5)


def test_a_person_says_which_comes_first_month_or_day() -> None:
    assert read_day("12/6/10", order="mdy") == read_day(dt.date(2010, 12, 6))
    assert read_day("12/6/10", order="dmy").on == dt.date(2010, 6, 12)


@pytest.mark.parametrize("written", [
    "2026-02-30", "2026-13-01", "见附件", "2026年", 2026, 2026.1, True, "3/4/2010", "2206-12-31", "2026-12-",
    float("nan")])
def test_what_cannot_be_read_is_said_and_not_guessed(written: Value) -> None:
    day = read_day(written)
    assert day.on is None
    assert [each.kind for each in day.defects] == ["wrong_date"]


@pytest.mark.parametrize("nothing", [None, "", " ", "/", "——", "无", "\u3000"])
def test_a_cell_that_says_nothing_is_blank(nothing: Value) -> None:
    assert read_day(nothing).blank


def test_full_width_digits_are_one_defect_and_the_form_another() -> None:
    assert [each.kind for each in read_day("２０２６-１２-３１").defects] == ["full_width"]
    assert [each.kind for each in read_day("２０２６.１２.３１").defects] == ["full_width", "date_format"]


def test_a_letter_that_looks_like_a_digit_is_put_right() -> None:
    assert read_day("2O26-l2-31").on == DAY


def test_a_term_of_six_years_ends_on_the_eve() -> None:
    assert after(dt.date(2023, 3, 1), 72) == dt.date(2029, 2, 28)


@given(st.one_of(st.text(max_size=40), st.integers(), st.floats(), st.dates(), st.datetimes(), st.booleans(), st.none(),
                 st.from_regex(r"[0-9年月日./\-至 ]{1,24}", fullmatch=True)))
def test_no_cell_raises(value: Value) -> None:
    for end in (True, False):
        day = read_day(value, end=end)
        assert day.on is None or day.on.year > 1900


@given(st.dates(dt.date(1950, 1, 1), dt.date(2068, 12, 31)))
def test_all_forms_of_a_day_mean_the_same(day: dt.date) -> None:
    forms: list[Value] = [
        f"{day:%Y.%m.%d}", f"{day.year}/{day.month}/{day.day}", f"{day:%Y年%m月%d日}", f"{day:%Y%m%d}",
        (day - dt.date(1899, 12, 30)).days]
    assert {read_day(form).on for form in forms} == {day}
