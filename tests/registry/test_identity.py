"""Identity numbers and credit codes: what is refused, what is only remarked, and what a person is told to do."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from registry.people.identity import (
    age_on,
    birth_of,
    check_id_number,
    check_uscc,
    gender_of,
    id_check_digit,
    mask_id,
    organisation_check_digit,
)

DAY = dt.date(2026, 11, 22)
LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def told(verdict):
    return str(verdict.problem)


@st.composite
def id_numbers(draw):
    born = draw(st.dates(dt.date(1900, 1, 2), DAY))
    region = draw(st.sampled_from(["110101", "320102", "330113", "440106", "810000", "911111"]))
    first = f"{region}{born:%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return first + id_check_digit(first)


@st.composite
def credit_codes(draw):
    body = "".join(draw(st.lists(st.sampled_from(LETTERS), min_size=8, max_size=8)))
    # X is the one letter a GB 11714 check digit can be, and the credit code's alphabet has it.
    first = draw(st.sampled_from(["91", "92", "11", "N2", "Y1"])) + "320102" + body + organisation_check_digit(body)
    return first + uscc.calc_check_digit(first)


def swapped(number, at):
    return number[:at] + number[at + 1] + number[at] + number[at + 2 :]


@given(id_numbers())
def test_a_constructed_number_is_accepted_and_read(number):
    verdict = check_id_number(number, DAY)
    assert verdict.ok
    assert verdict.value == number
    assert f"{birth_of(number):%Y%m%d}" == number[6:14]
    assert gender_of(number) == ("1" if number[16] in "13579" else "2")


@given(id_numbers(), st.integers(0, 16), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_caught(number, at, digit):
    wrong = number[:at] + digit + number[at + 1 :]
    assert check_id_number(wrong, DAY).ok == (wrong == number)


@given(id_numbers(), st.sampled_from("0123456789X"))
def test_a_wrong_check_digit_is_caught_and_the_right_one_named(number, digit):
    verdict = check_id_number(number[:17] + digit, DAY)
    assert verdict.ok == (digit == number[17])
    if not verdict.ok:
        assert told(verdict) == f"第18位校验码应为 {number[17]}，请核对原件"


@given(id_numbers(), st.integers(0, 16))
def test_two_neighbours_exchanged_are_caught(number, at):
    wrong = swapped(number, at)
    assert check_id_number(wrong, DAY).ok == (wrong == number)


@given(credit_codes(), st.integers(0, 17), st.sampled_from(LETTERS))
def test_one_wrong_character_of_a_credit_code_is_caught(code, at, letter):
    assert check_uscc(code).ok
    wrong = code[:at] + letter + code[at + 1 :]
    assert check_uscc(wrong).ok == (wrong == code)


@given(credit_codes(), st.integers(0, 16))
def test_two_neighbours_of_a_credit_code_exchanged_are_caught(code, at):
    wrong = swapped(code, at)
    assert check_uscc(wrong).ok == (wrong == code)


@pytest.mark.parametrize(
    ("typed", "told_to"),
    [
        ("", "请填写身份证号"),
        ("110101900307002", "不能自动升位"),
        ("1.10101E+17", "末几位已经丢失"),
        ("110101199003070214.0", "末几位已经丢失"),
        ("11010119900307021", "现在是 17 位"),
        ("11O101199003070214", "第3位不能是“O”，可能应为 0"),
        ("1101011990030702l4", "第17位不能是“L”，可能应为 1"),
        ("010101199003070214", "第1位不能是“0”"),
        ("110101199002310028", "不是真实的出生日期"),
        ("110101209901010025", "晚于今天"),
        ("110101190001010018", "早于1900年"),
    ],
)
def test_what_is_wrong_is_said(typed, told_to):
    verdict = check_id_number(typed, DAY)
    assert not verdict.ok
    assert told_to in told(verdict)


FULL_WIDTH = "110101199003070214".translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)})


@pytest.mark.parametrize("typed", ["110101 19900307 0214", FULL_WIDTH, " 110101199003070214\u00a0\n"])
def test_blanks_and_full_width_are_forgiven(typed):
    assert check_id_number(typed, DAY).value == "110101199003070214"


def test_a_small_x_is_written_large():
    assert check_id_number("13010219880615007x", DAY).value == "13010219880615007X"


def test_digits_of_other_scripts_are_not_digits():
    assert not check_id_number("١١٠١٠١١٩٩٠٠٣٠٧٠٢١٤", DAY).ok


@pytest.mark.parametrize(
    "number", ["440106197802284170", "330113199512310884", "810000199001010035", "911111199001010034"]
)
def test_residents_permits_and_newer_districts_pass_in_silence(number):
    verdict = check_id_number(number, DAY)
    assert verdict.ok
    assert not verdict.warnings


def test_an_unknown_division_is_remarked_not_refused():
    first = "990101" + "19900307021"
    verdict = check_id_number(first + id_check_digit(first), DAY)
    assert verdict.ok
    assert "990101" in str(verdict.warnings[0])


def test_a_child_born_today_is_accepted_and_tomorrow_is_not():
    first = f"110101{DAY:%Y%m%d}021"
    number = first + id_check_digit(first)
    assert check_id_number(number, DAY).ok
    assert not check_id_number(number, DAY - dt.timedelta(days=1)).ok


@pytest.mark.parametrize(
    ("typed", "told_to"),
    [
        ("91110105MA01ABCD5A", "第18位校验码应为 F"),
        ("91110105MA01ABCD13", "第17位（组织机构代码校验码）应为 5"),
        ("9111O105MA01ABCD5F", "第5位不能是“O”，可能应为 0"),
        ("91110105MI01ABCD5F", "第10位不能是“I”，可能应为 1"),
        ("320102000012345", "旧的注册号"),
        ("91110105MA01ABCD5", "现在是 17 位"),
    ],
)
def test_a_wrong_credit_code_says_where(typed, told_to):
    verdict = check_uscc(typed)
    assert not verdict.ok
    assert told_to in told(verdict)


@pytest.mark.parametrize("code", ["00110105MA01ABCD5U", "91990105MA01ABCD56"])
def test_an_odd_department_or_region_is_remarked(code):
    assert check_uscc(code).ok
    assert check_uscc(code).warnings


def test_birthdays_count_on_the_day_and_29_february_on_1_march():
    assert age_on(dt.date(2008, 11, 22), DAY) == 18
    assert age_on(dt.date(2008, 11, 23), DAY) == 17
    assert age_on(dt.date(2004, 2, 29), dt.date(2022, 2, 28)) == 17
    assert age_on(dt.date(2004, 2, 29), dt.date(2022, 3, 1)) == 18


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("110101199003070214", "110101********0214"),
        ("T13010219880615007X", "T130102********007X"),
        ("张三 110101199003070214 电工", "张三 110101********0214 电工"),
        ("11010119900307021", "11*************21"),
        ("2026-0001", "2026-0001"),
    ],
)
def test_a_shown_number_hides_the_birth_date(text, shown):
    assert mask_id(text) == shown


@given(id_numbers(), st.text(alphabet="T张三 (:", max_size=4))
def test_no_birth_date_survives_masking(number, before):
    assert number[6:14] not in mask_id(before + number)
