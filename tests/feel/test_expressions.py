"""The language: what each construct gives. One line is one rule of the standard (DMN 1.5, 10.3)."""

from decimal import Decimal

import pytest

from feel import evaluate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", Decimal(7)),
        ("(1 + 2) * 3", Decimal(9)),
        ("10 - 3 - 2", Decimal(5)),
        ("2 ** 3 ** 2", Decimal(64)),
        ("-2 ** 2", Decimal(4)),
        ("1 - -1", Decimal(2)),
        ("0.1 + 0.2", Decimal("0.3")),
        ("1 / 3", Decimal("0." + "3" * 34)),
        ("1 / 0", None),
        ("1.5e3", Decimal(1500)),
        (".5", Decimal("0.5")),
        ('"a" + "b"', "ab"),
        ('"a" + 1', None),
        ("null + 1", None),
        ("1e6144 * 10", None),
    ],
)
def test_arithmetic_is_decimal_and_null_where_it_has_no_answer(text, expected):
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true and false", False),
        ("true and null", None),
        ("false and null", False),
        ("true or null", True),
        ("false or null", None),
        ('true and "x"', None),
        ('false and "x"', False),
        ("not(true)", False),
        ("not(null)", None),
        ("true or false and false", True),
        ("true and true and true and false", False),
    ],
)
def test_logic_has_three_values(text, expected):
    assert evaluate(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 = 1.0", True),
        ('1 = "1"', None),
        ("null = null", True),
        ("1 = null", False),
        ("1 != 2", True),
        ('"a" < "b"', True),
        ('1 < "b"', None),
        ("null < 1", None),
        ("[1, 2] = [1, 2]", True),
        ("{a: 1, b: 2} = {b: 2, a: 1}", True),
        ("5 between 1 and 5", True),
        ("5 between 6 and 9", False),
        ("5 between null and 9", None),
        ("1 in [1..3]", True),
        ("3 in [1..3)", False),
        ("3 in ]1..3[", False),
        ("2 in (1, 2)", True),
        ("2 in (< 2, > 5)", False),
        ("6 in > 5", True),
        ("2 in [1, 2, 3]", True),
        ("2 in ([1..3], 9)", True),
    ],
)
def test_comparison_is_null_between_different_kinds(text, expected):
    assert evaluate(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[10, 20, 30][1]", 10),
        ("[10, 20, 30][-1]", 30),
        ("[10, 20, 30][4]", None),
        ("[10, 20, 30][0]", None),
        ("[10, 20, 30][item > 15]", [20, 30]),
        ("[{a: 1}, {a: 2}][a > 1]", [{"a": 2}]),
        ("[{a: 1}, {a: 2}].a", [1, 2]),
        ("[{a: 1, b: 5}, {a: 2}][item.a = 1].b", [5]),
        ("5[1]", 5),
        ("5[item > 9]", []),
        ("{a: 1, b: a + 1}.b", 2),
        ("{a: {b: {c: 7}}}.a.b.c", 7),
        ("{a: 1}.z", None),
        ("null.z", None),
        ('{"a b": 1}.a b', 1),
        ("{a: 1, a: 2}", None),
    ],
)
def test_lists_filters_contexts_and_paths(text, expected):
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("for x in 1..3 return x * x", [1, 4, 9]),
        ("for x in 3..1 return x", [3, 2, 1]),
        ("for x in [1, 2], y in [10, 20] return x + y", [11, 21, 12, 22]),
        ("for x in [[1, 2], [3]], y in x return y", [1, 2, 3]),
        ("for i in 1..5 return if i < 3 then 1 else partial[-1] + partial[-2]", [1, 1, 2, 3, 5]),
        ("for x in null return x", None),
        ("for x in (1..4) return x", [2, 3]),
        ("some x in [1, 2] satisfies x > 1", True),
        ("some x in [] satisfies true", False),
        ("every x in [] satisfies false", True),
        ("every x in [1, 2], y in [3, 4] satisfies x < y", True),
        ("some x in [1, null] satisfies x > 5", None),
        ('if 1 = 1 then "a" else "b"', "a"),
        ('if null then "a" else "b"', "b"),
        ("if false then 1 else if true then 2 else 3", 2),
    ],
)
def test_loops_and_conditions(text, expected):
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{f: function(a, b) a - b, r: f(5, 3)}.r", 2),
        ("{f: function(a, b) a - b, r: f(b: 5, a: 3)}.r", -2),
        ("{f: function(a, b) a - b, r: f(5)}.r", None),
        ('{f: function(a: number) a, r: f("x")}.r', None),
        ("{f: function(n) if n < 2 then 1 else n * f(n - 1), r: f(10)}.r", 3628800),
        ("(function(x) function(y) x + y)(1)(2)", 3),
        ("sort([3, 1, 2], function(x, y) x > y)", [3, 2, 1]),
        ("{f: sum, r: f([1, 2])}.r", 3),
        ("{sum: function(x) 9, r: sum([1, 2])}.r", 9),
        ("(for i in 1..3 return function() i)[2]()", 2),
        ("nothing of that name(1)", None),
    ],
)
def test_functions_are_values_that_keep_their_names(text, expected):
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 instance of number", True),
        ("1 instance of string", False),
        ("-1 instance of number", True),
        ("null instance of Any", False),
        ("[1, 2] instance of list<number>", True),
        ('[1, "a"] instance of list<number>', False),
        ("{a: 1} instance of context<a: number>", True),
        ('@"P1D" instance of days and time duration', True),
        ('@"P1Y" instance of years and months duration', True),
        ("(function(a: number) a) instance of function<number> -> Any", True),
        ("[1..2] instance of range<number>", True),
    ],
)
def test_instance_of(text, expected):
    assert evaluate(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'"a\nb"', "a\nb"),
        (r'"\u4e2d\u6587"', "中文"),
        (r'"\ud83d\udc0e"', "🐎"),
        (r'"\U01F40E"', "🐎"),
        (r'"\d"', r"\d"),
        (r'"say \"hi\""', 'say "hi"'),
        ("1 /* two */ + 1 // three", Decimal(2)),
    ],
)
def test_texts_know_escapes_and_comments_are_skipped(text, expected):
    assert evaluate(text) == expected


@pytest.mark.parametrize("text", ["0 ** -1", "0 ** -2.5", "-0 ** -1", "10 ** 7000", "1e6144 * 10", "0 ** 0"])
def test_a_power_that_is_no_number_is_null(text: str) -> None:
    assert evaluate(text) is None
