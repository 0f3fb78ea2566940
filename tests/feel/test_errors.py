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


def test_full_width_punctuation_is_explained():
    assert "全角" in refusal("金额（1）").message_zh


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
