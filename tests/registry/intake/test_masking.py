"""What a list shows of a cell: no ID or phone number whole, however it is written; everything else as it stands."""

from __future__ import annotations

import pytest

from registry.intake.masking import masked


@pytest.mark.parametrize(("text", "shown"), [
    ("T320102198905153012", "T320102********3012"),
    ("Ｔ３２０１０２１９８９０５１５３０１２", "Ｔ３２０１０２********３０１２"),
    ("3201 0219 8905 1530 12", "3201 02** **** **30 12"),
    ("32O102198905153012", "32O102********3012"),
    ("32010219890515301", "320102*******5301"),
    ("32010219890515301x", "320102********301x"),
    ("电话13812345678，备用", "电话138****5678，备用"),
    ("138 1234 5678", "138 **** 5678"),
    ("3.21002198010236e+17", "3.2100**********e+17"),
    ("身份证3.20102198905153E+17", "身份证3.2010**********e+17"),
])
def test_numbers_of_people_are_starred_out_where_they_stand(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize("text", [
    "2023-12-28至2028-12-28", "粤2442018201900678", "苏建安B（2025）0000005", "（苏）JZ安许证字〔2023〕001234",
    "", "张 三", "1.5e+17"])
def test_what_is_no_number_of_a_person_stays_as_it_stands(text: str) -> None:
    assert masked(text) == text
