"""Built-in functions (DMN 1.5, 10.3.4), a few sharp cases each."""

from decimal import Decimal

import pytest

from feel import evaluate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('substring("foobar", 3)', "obar"),
        ('substring("foobar", -2, 1)', "a"),
        ('substring("🐎bar", 2)', "bar"),
        ('string length("🐎😀")', 2),
        ('substring before("foobar", "bar")', "foo"),
        ('substring before("foobar", "x")', ""),
        ('substring after("foobar", "ob")', "ar"),
        ('upper case("aBc")', "ABC"),
        ('matches("foobar", "^fo*b")', True),
        ('matches("FOO", "foo", "i")', True),
        ('matches("x", "(")', None),
        ('replace("abcd", "(ab)|(a)", "[1=$1][2=$2]")', "[1=ab][2=]cd"),
        ('replace("x", "", "y")', None),
        ('split("a;b;;c", ";")', ["a", "b", "", "c"]),
        ('string join(["a", null, "b"], "-")', "a-b"),
        ('string join(["a", 1])', None),
        ("string(1.10)", "1.10"),
        ('string([1, "a", {b: null}])', '[1, "a", {b: null}]'),
        ('number("1 000,5", " ", ",")', Decimal("1000.5")),
        ('number("x")', None),
    ],
)
def test_strings(text, expected):
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count([1, null])", 2),
        ("count(null)", None),
        ("sum([])", None),
        ("sum(1, 2, 3)", 6),
        ('sum([1, "a"])', None),
        ("min(3, 1, 2)", 1),
        ('max(["a", "b"])', "b"),
        ('max(1, "a")', None),
        ("mean([1, 2, 3])", 2),
        ("median([6, 1, 2, 3])", Decimal("2.5")),
        ("mode([6, 3, 9, 6, 6, 3, 3])", [3, 6]),
        ("stddev(2, 4, 7, 5)", Decimal("2.081665999466132735282297706979931")),
        ("product(2, 3)", 6),
        ("all([true, null])", None),
        ("any([true, null])", True),
        ("sublist([1, 2, 3], 2)", [2, 3]),
        ("sublist([1, 2, 3], -1)", [3]),
        ("append([1], 2, 3)", [1, 2, 3]),
        ("concatenate([1], [2], [])", [1, 2]),
        ("insert before([1, 3], 2, 2)", [1, 2, 3]),
        ("remove([1, 2], 1)", [2]),
        ("list replace([1, 2], 2, 9)", [1, 9]),
        ("list replace([1, 2, 3], 2.5, 9)", None),
        ("remove([1, 2], 1.5)", None),
        ("remove([1, 2], 1.0)", [2]),
        ("list replace([1, 2, 3], function(item, new) item < new, 2)", [2, 2, 3]),
        ("reverse([1, 2])", [2, 1]),
        ("index of([1, 2, 1], 1)", [1, 3]),
        ("union([1, 2], [2, 3])", [1, 2, 3]),
        ("distinct values([1, [1], 1.0, [1], null, null])", [1, [1], None]),
        ("flatten([[1, [2]], 3])", [1, 2, 3]),
        ("list contains([1, null], null)", True),
        ("sort([2, 1])", [1, 2]),
    ],
)
def test_lists(text, expected):
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("decimal(2.5, 0)", 2),
        ("decimal(1.25, 1)", Decimal("1.2")),
        ("floor(-1.5)", -2),
        ("ceiling(1.25, 1)", Decimal("1.3")),
        ("round up(-5.5, 0)", -6),
        ("round down(5.5, 0)", 5),
        ("round half up(-2.5, 0)", -3),
        ("round half down(2.5, 0)", 2),
        ("abs(-1)", 1),
        ("modulo(-12, 5)", 3),
        ("modulo(1, 0)", None),
        ("sqrt(16)", 4),
        ("sqrt(-1)", None),
        ("log(0)", None),
        ("exp(0)", 1),
        ("odd(3)", True),
        ("even(3.5)", None),
    ],
)
def test_numbers(text, expected):
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("before(1, [2..3])", True),
        ("before([1..2), [2..3])", True),
        ("after([5..6], 4)", True),
        ("meets([1..2], [2..3])", True),
        ("met by([2..3], [1..2])", True),
        ("overlaps([1..3], [3..5])", True),
        ("overlaps([1..3), [3..5])", False),
        ("overlaps before([1..4], [3..6])", True),
        ("overlaps after([3..6], [1..4])", True),
        ("finishes(3, [1..3])", True),
        ("finished by([1..3), 3)", False),
        ("includes([1..5], [2..5])", True),
        ("during(3, (3..5])", False),
        ("starts([1..2], [1..5])", True),
        ("started by([1..5], 1)", True),
        ("coincides([1..5], [1..5])", True),
        ('range("[1..5)") = [1..5)', True),
        ('range("[1..)") = range("[1..)")', True),
        ('range("[1..]")', None),
        ('range("[..1]")', None),
        ('range("[3..1]")', None),
        ('range("[date(string(\\"1970-01-01\\"))..date(\\"1970-01-02\\")]")', None),
        ('get value({a: {b: 1}}, ["a", "b"])', 1),
        ("get entries({a: 1})", [{"key": "a", "value": 1}]),
        ('context([{key: "a", value: 1}])', {"a": 1}),
        ('context([{key: "a", value: 1}, {key: "a", value: 2}])', None),
        ('context put({a: 1}, "b", 2)', {"a": 1, "b": 2}),
        ('context put({a: {b: 1}}, ["a", "b"], 2)', {"a": {"b": 2}}),
        ("context merge([{a: 1}, {a: 2, b: 3}])", {"a": 2, "b": 3}),
    ],
)
def test_ranges_and_contexts(text, expected):
    assert evaluate(text) == expected


def test_an_argument_of_another_kind_makes_the_call_null():
    assert evaluate('substring(5, "x")') is None
    assert evaluate("count(1, 2, 3)") is None


def test_a_list_of_one_stands_for_its_item():
    assert evaluate('upper case(["a"])') == "A"


def test_named_arguments_of_a_built_in():
    assert evaluate('substring(length: 2, string: "foobar", start position: 2)') == "oo"
    assert evaluate('substring(text: "foobar", start position: 2)') is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('matches("b", "^[a-z-[aeiou]]$")', True),
        ('matches("a", "^[a-z-[aeiou]]$")', False),
        (r'matches("中", "^\\p{IsCJKUnifiedIdeographs}$")', True),
        (r'matches("7", "^[\\d]$")', True),
        ('matches("ab", "a b", "x")', True),
        ('matches("a", "a", "z")', None),
        (r'matches("a\rb", "a.b")', False),
        (r'matches("a\rb", "a.b", "s")', True),
        (r'matches("hello world", "hello\ s[ ]?world", "x")', True),
        (r'matches("hello", "\p{ Is Basic Latin }+", "x")', True),
        ('matches("x[Y-z]", "X[y-Z]", "qi")', True),
        (r'matches("abc", "(a)[b\1]")', None),
        (r'matches("abc", "1[a\0]")', None),
        (r'replace("abc", "b", "\\$1")', "a$1c"),
        ('replace("abc", "b", "$")', None),
    ],
)
def test_regular_expressions_are_xpaths(text, expected):
    assert evaluate(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'matches("aA", "(a)\1", "i")', True),
        (r'matches("aA", "(a)\1")', False),
        (r'matches("abab", "^(ab)\1$")', True),
        (r'matches("abcab", "^(a(b))c\1$")', True),
        (r'matches("abcb", "^(a(b))c\2$")', True),
        (r'matches("aabb", "^(?:(.)\1)+$")', True),
        (r'matches("aabbc", "^(?:(.)\1)+$")', False),
        (r'matches("h", "(.)\3")', None),
        (r'matches("h", "(.\1)")', None),
        (r'matches("abcd", "(asd)[\1]")', None),
        (r'replace("aabbcd", "(.)\1", "<$1>")', "<a><b>cd"),
        (r'replace("hello  world", "(\s)\1+", "$1")', "hello world"),
        (r'split("axxbyyc", "([xy])\1")', ["a", "b", "c"]),
        (r'matches("12-12", "^(\d{2})-\1$")', True),
        (r'matches("12-13", "^(\d{2})-\1$")', False),
        (r'matches("xx", "(x)?\1")', True),
        (r'matches("y", "^(x)?y\1$")', True),
        (r'matches("aaa", "^(a{1,2}?)\1")', True),
        (r'matches("", "()\1")', True),
        (r'matches("aXbXc", "(X)b\1c")', True),
        (r'matches("abba", "^(.)(.)\2\1$")', True),
        (r'matches("ab", "(a|b)\1")', False),
        (r'matches("a(", "(a)\1(")', None),
    ],
)
def test_back_references_stand_for_what_their_group_found(text, expected):
    assert evaluate(text) == expected
