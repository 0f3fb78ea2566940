"""Unary tests: the cells of a decision table."""

import pytest

from feel import FeelError, unary_tests


@pytest.mark.parametrize(
    ("cell", "value", "passes"),
    [
        ("-", None, True),
        ("5", 5, True),
        ("5", 6, False),
        ("< 5", 4, True),
        (">= 5, < 2", 3, False),
        ("[1..5]", 5, True),
        ("(1..5)", 5, False),
        ('"a", "b"', "b", True),
        ('not("a", "b")', "c", True),
        ('not("a", "b")', "a", False),
        ("null", None, True),
        ("null", 1, False),
        ("true", True, True),
        ("false", True, False),
        ('contains(?, "x")', "axb", True),
        ("? > 3 and ? < 5", 4, True),
        ("not(? > 3) and ? < 5", 4, False),
        ('@"2026-11-22"', "2026-11-22", False),
        ("> 5", None, False),
        ("[1, 2, 3]", 2, True),
        ("count(?) > 1", [1, 2], True),
        ("1 + 1", 2, True),
    ],
)
def test_a_cell_passes_or_does_not(cell, value, passes):
    assert unary_tests(cell)(value) is passes


def test_a_cell_may_read_the_context():
    assert unary_tests("> limit")(5, {"limit": 3}) is True
    assert unary_tests("> limit").names == {"limit"}


def test_a_broken_cell_is_refused_with_its_place():
    with pytest.raises(FeelError) as refused:
        unary_tests("[1..")
    assert refused.value.line == 1
