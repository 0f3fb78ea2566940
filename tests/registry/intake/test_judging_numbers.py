"""Numbers as ledgers have them: put right where that is certain, else named (facts 2, 6)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.intake.judging.identities import read_identity, swapped_rather
from registry.intake.judging.numbering import read_number
from registry.people.identity import id_check_digit
from tests.registry.intake.ledger import ID, OTHER, THIRD, TODAY, kinds, officer, only, operator

TAIL = ID[:-1] + "5"
SWAPPED = "110101199030070214"
"""Month and day of ID changed places in part: no such month."""


def test_a_clean_row_has_no_finding() -> None:
    for row in (operator(), officer()):
        assert row.findings == []
        assert row.came["number"] >= 0


@pytest.mark.parametrize(("written", "kind"), [
    (f"T{ID}".replace("1", "１"), "full_width"), (f"T110101 {ID[6:]}", "spaces"), (f"T{ID}\n", "spaces"),
    (f"T{ID[:6]}\u00a0{ID[6:]}", "spaces"), (f"T{ID[:6]}\u200b{ID[6:]}", "spaces"), (ID, "missing_t"),
    (f"T{ID.replace('0', 'O', 1)}", "look_alike"), (f"T{ID.replace('1', 'l', 1)}", "look_alike"),
])
def test_what_is_certain_is_put_right(written: str, kind: str) -> None:
    row = operator(number=written)
    assert row.number == f"T{ID}"
    assert (only(row).kind, only(row).weight, only(row).proposed) == (kind, "tidied", f"T{ID}")
    assert row.holder is not None and row.holder.id_number == ID


def test_a_small_x_is_made_large() -> None:
    row = operator(number=f"T{THIRD.lower()}")
    assert (row.number, only(row).kind) == (f"T{THIRD}", "lower_x")


def test_several_defects_of_a_cell_are_told_one_by_one() -> None:
    assert kinds(operator(number=f" １{ID[1:]}")) == ["full_width", "spaces", "missing_t"]


def test_a_wrong_check_digit_is_one_finding_and_keeps_the_row_back() -> None:
    row = operator(number=f"T{TAIL}")
    assert (only(row).kind, only(row).weight, only(row).proposed) == ("check_digit", "stop", "")
    assert row.stopped


def test_the_rows_own_id_number_settles_the_certificates() -> None:
    row = operator(number=f"T{TAIL}", id_number=ID)
    assert (only(row).kind, only(row).weight, only(row).proposed) == ("check_digit", "doubt", f"T{ID}")
    assert row.number == f"T{ID}"


def test_the_certificates_number_settles_the_id_number() -> None:
    row = operator(id_number=SWAPPED)
    assert (only(row).kind, only(row).proposed) == ("transposed", ID)
    assert row.holder is not None and row.holder.id_number == ID


def test_two_numbers_that_hold_and_differ_stop_the_row() -> None:
    assert (only(operator(id_number=OTHER)).kind, operator(id_number=OTHER).stopped) == ("id_mismatch", True)


def test_the_birth_date_settles_a_number() -> None:
    row = officer(id_number=OTHER[:10] + OTHER[11] + OTHER[10] + OTHER[12:], born_on=dt.date(1985, 11, 19), gender="女")
    assert row.holder is not None
    assert row.holder.id_number in (OTHER, "")
    row = officer(id_number="320102198511190016", born_on=dt.date(1985, 11, 19), gender="女")
    assert (only(row).kind, only(row).proposed) == ("transposed", OTHER)


@pytest.mark.parametrize("value", [1.10101199003070e17, "1.10101E+17", "110101199003070000"])
def test_a_number_that_lost_digits_is_never_rebuilt(value: Any) -> None:
    row = officer(id_number=value)
    assert (only(row).kind, only(row).weight, only(row).proposed) == ("float", "stop", "")
    assert row.holder is not None and row.holder.id_number == ""


def test_a_rounded_number_is_never_rebuilt_though_its_check_digit_holds() -> None:
    row = officer(id_number=ID, _rounded=("id_number",))
    assert only(row).kind == "float"
    assert operator(number=1.10101199003070e17).findings[0].kind == "float"


def test_an_old_number_stops_unless_the_row_has_the_new_one() -> None:
    assert only(officer(id_number="110101900307021")).kind == "old_id"
    assert only(operator(id_number="110101900307021")).weight == "doubt"


def test_a_number_of_another_shape_is_wrong() -> None:
    assert only(officer(id_number="12345")).kind == "wrong_number"
    assert only(operator(number="T4403002023004512")).kind == "wrong_number"


@pytest.mark.parametrize("number", [
    "(苏)建安C2(2024)0000001", "苏建安C2(2024)0000001", "苏建安C2【2024】0000001", "苏建安C2[2024]0000001"])
def test_brackets_are_written_one_way(number: str) -> None:
    row = officer(number=number.replace("(苏)", "苏"))
    assert (only(row).kind, row.number) == ("brackets", "苏建安C2（2024）0000001")


@pytest.mark.parametrize(("rule", "written", "right"), [
    ("AG-C", "苏建安C2（2O24）0000001", "苏建安C2（2024）0000001"), ("JZ-2", "苏2321O1200345", "苏232101200345"),
    ("TZ-JZ", "苏A032O26000123", "苏A032026000123"), ("USCC", "9111O105MA01ABCD5F", "91110105MA01ABCD5F"),
    ("SG", "32010220260315O101", "320102202603150101"), ("AG-B", "苏建安8（2024）0000001", "苏建安B（2024）0000001"),
])
def test_look_alikes_are_put_right_where_the_rule_then_holds(rule: str, written: str, right: str) -> None:
    read = read_number(rule, written, TODAY)
    assert (read.value, [each.kind for each in read.defects]) == (right, ["look_alike"])


@pytest.mark.parametrize(("rule", "written"), [
    ("AX", "(苏)JZ安许证字[2023]1234"), ("SG", "320102202613150101"), ("JZ-1", "京311050700001"),
    ("USCC", "91110105MA01ABCD5A"),
    ("AG-B", "苏建安C2（2024）0000001"),
])
def test_a_number_against_its_rule_stops(rule: str, written: str) -> None:
    read = read_number(rule, written, TODAY)
    assert ([(each.kind, each.weight) for each in read.defects], read.holds) == ([("wrong_number", "stop")], False)


def test_a_missing_number_stops() -> None:
    assert only(officer(number="/")).kind == "no_number"


def test_no_id_number_is_shown_in_clear_beside_a_finding() -> None:
    said = str([each.params for row in (operator(number=f"T{TAIL}", id_number=ID), operator(id_number=SWAPPED),
                                        operator(id_number=OTHER)) for each in row.findings])
    assert ID not in said and OTHER not in said


def test_what_was_typed_is_kept() -> None:
    row = operator(number=f" {ID}", review_on="2028.2.29")
    assert row.raw[row.came["number"]] == f" {ID}"
    assert row.raw[row.came["review_on"]] == "2028.2.29"


def test_a_division_that_nobody_else_has_speaks_for_a_swap() -> None:
    first = "41010219960703201"
    swapped = "43" + first[2:]
    assert swapped_rather(first + id_check_digit(first), {}, TODAY)[0] < 1
    number = "310402" + first[6:]
    right = "130402" + first[6:]
    typed = number + id_check_digit(right)
    assert swapped_rather(typed, {"130402": 50}, TODAY)[0] > swapped_rather(typed, {"310402": 50}, TODAY)[0]
    assert swapped


@given(st.one_of(st.text(max_size=30), st.integers(), st.floats(),
                 st.from_regex(r"[T0-9OlXx ]{10,22}", fullmatch=True)))
def test_no_cell_raises(value: Any) -> None:
    read_identity(value, TODAY)
    for rule in ("TZ-EM", "ID", "AX", "AG-C", "USCC", "free", "SG"):
        read_number(rule, value, TODAY)


@given(st.integers(0, 16), st.sampled_from((ID, OTHER, THIRD)))
def test_a_swap_is_never_taken_for_a_number_that_holds(at: int, number: str) -> None:
    typed = number[:at] + number[at + 1] + number[at] + number[at + 2:]
    read = read_identity(typed, TODAY)
    assert read.value in ("", number)
    assert typed == number or not read.value
