"""Names: with spaces, signs and any alphabet."""

import pytest

from feel import compile, evaluate


def test_words_side_by_side_are_one_name():
    assert evaluate("unit price * 2", {"unit price": 3}) == 6


def test_white_space_inside_a_name_does_not_matter():
    assert evaluate("unit \n  price", {"unit price": 3}) == 3


def test_a_name_with_a_sign_in_it_is_known_from_the_context():
    assert evaluate("pre-tax + 1", {"pre-tax": 3}) == 4


def test_without_such_a_name_the_sign_subtracts():
    assert evaluate("pre-tax", {"pre": 3, "tax": 1}) == 2


def test_a_key_with_a_sign_is_known_after_it_was_written():
    assert evaluate("{a-b: 1, c: a-b + 1}.c") == 2


def test_a_name_may_contain_a_keyword_when_it_is_known():
    assert evaluate("in and out", {"in and out": 7}) == 7


def test_chinese_names_need_no_quotes():
    assert evaluate('所在地 = "北京" and 人数 > 3', {"所在地": "北京", "人数": 5}) is True


def test_free_names_are_listed_without_local_ones_and_built_ins():
    made = compile("for x in list return count(x) + total + {y: 1, z: y}.z")
    assert made.names == {"list", "total"}


def test_names_inside_a_filter_may_come_from_the_element_and_are_not_free():
    assert compile("people[age > limit]").names == {"people"}


def test_an_elements_key_comes_before_the_name_around_it():
    assert evaluate("people[age > limit].age", {"people": [{"age": 3}, {"age": 9}], "limit": 5}) == [9]


def test_functions_handed_in_are_called_by_their_feel_names():
    later = {"working days after": lambda date, n: f"{date}+{n}"}
    assert evaluate('working days after("2026-11-22", 5)', {}, later) == "2026-11-22+5"


def test_functions_handed_in_take_named_arguments():
    late = {"plus days": lambda start_date, n: start_date + n}
    assert evaluate("plus days(n: 2, start date: 40)", {}, late) == 42


def test_a_handed_in_function_is_not_a_free_name():
    assert compile("my call(x)", functions={"my call": abs}).names == {"x"}


def test_a_function_handed_in_comes_before_the_built_in_one():
    assert evaluate("today()", {}, {"today": lambda: "someday"}) == "someday"


def test_a_datum_called_like_a_built_in_does_not_hide_it():
    assert evaluate("string(date(date))", {"date": "2026-11-22"}) == "2026-11-22"


def test_an_expression_tells_which_names_a_context_lacks():
    assert compile("amuont > limit").missing({"amount": 1, "limit": 2}) == {"amuont"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("for a-b in [1, 2] return a-b + 1", [2, 3]),
        ("some 证件-编号 in [1, 2] satisfies 证件-编号 = 2", True),
        ("{f: function(a-b, c+d: number) a-b * c+d, r: f(2, 3)}.r", 6),
        ("{f: function(x) x, r: f(2 - 1)}.r", 1),
        ("for i in [1, 2], j in [3] return i - j", [-2, -1]),
        ("(function(a, b) a - b)(3, 1)", 2),
    ],
)
def test_a_name_with_a_sign_may_be_given_to_an_item_or_a_parameter(text, value):
    assert evaluate(text) == value


def test_names_may_be_of_any_letters_and_words():
    given = {"单位 名称": "甲", "Größe": 2, "имя": "x", "a/b": 3, "Student's name": "Ann", "日期.开始": 4, "x+y": 5}
    assert evaluate("[单位   名称, Größe * 2, имя, a/b, Student's name, 日期.开始, x+y, x + y]", given) == [
        "甲", 4, "x", 3, "Ann", 4, 5, 5,
    ]  # fmt: skip
