"""What is refused says where and what was expected, in Chinese and English."""

import pytest

from feel import FeelError, compile, evaluate


def refusal(text):
    with pytest.raises(FeelError) as refused:
        compile(text)
    return refused.value


def test_an_error_names_line_and_column():
    problem = refusal("1 +\n  )")
    assert (problem.line, problem.column) == (2, 3)


def test_an_error_says_what_was_expected_in_both_languages():
    problem = refusal('if a then "x"')
    assert "else" in problem.message("en")
    assert problem.message("zh").startswith("第 1 行")


SIGNS = {
    "金额（1）": (3, "("), "金额，1": (3, ","), "金额＞100": (3, ">"), "甲＝1": (2, "="), "１00": (1, "1"),
    "5 ％ 2": (3, "modulo"),
    "甲；乙": (2, ","), "［1］": (1, "["), "“甲”": (1, '"'), "a = ‘x’": (5, '"'), "'x'": (1, '"'), "1、2": (2, ","),
    "a ≥ 1": (3, ">="), "a ≤ 1": (3, "<="), "a ≠ 1": (3, "!="), "a == 1": (4, "="), "a <> 1": (4, "!="),
    "a => 1": (4, ">="), "x := 1": (3, "="), "a && b": (3, "and"), "a || b": (3, "or"), "!a": (1, "not("),
    "a ? 1 : 2": (3, "if … then"), "7 % 2": (3, "modulo"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "column", "instead"), [(text, *told) for text, told in SIGNS.items()])
def test_a_sign_of_another_language_is_named_with_what_to_write(text, column, instead):
    problem = refusal(text)
    assert (problem.line, problem.column) == (1, column)
    for language in ("zh", "en"):
        said = problem.message(language)
        assert text[column - 1] in said
        assert instead in said


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("1 +", "值", "a value"),
        ("a and and b", "值", "a value"),
        ("1 2", "运算符、表达式结束", "an operator, the end of the expression"),
        ("a.", "名称", "a name"),
        ("[1, 2", "“,”、“]”", "',', ']'"),
        ("for x in [1] x", "“return”", "'return'"),
        ("x between 1", "“and”", "'and'"),
    ],
)
def test_what_was_expected_is_said_and_nothing_else(text, zh, en):
    problem = refusal(text)
    assert zh in problem.message_zh.partition("应为：")[2]
    assert en in problem.message_en.partition("expected: ")[2]
    assert "then" not in problem.message_en


def test_an_open_string_is_explained():
    assert "引号" in refusal('"abc').message_zh


@pytest.mark.parametrize("text", ["", "  ", "1 2", "a..b", "{a 1}", "for x return 1", "@", "'a'", "1 +", "a[", "x.1"])
def test_nonsense_is_refused(text):
    refusal(text)


def test_an_object_feel_has_no_type_for_is_refused():
    with pytest.raises(FeelError):
        evaluate("x", {"x": object()})


def test_an_object_nobody_reads_does_no_harm():
    assert evaluate("1", {"x": object()}) == 1


def test_a_missing_name_is_null():
    assert evaluate("missing = null") is True
