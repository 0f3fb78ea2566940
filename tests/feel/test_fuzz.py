"""Random token sequences and random contexts: a value or a FeelError, nothing else."""

import re
from datetime import date, datetime, time

from hypothesis import given, settings
from hypothesis import strategies as st

from feel import FeelError, compile, dmn, evaluate, unary_tests
from feel.prove import prove
from feel.signatures import BUILTINS
from tests.feel.diagrams import decision, file, literal, table

TOKENS = [
    "if", "then", "else", "for", "in", "return", "some", "every", "satisfies", "and", "or", "between", "function",
    "instance of", "not", "null", "true", "false", "partial", "item", "?", "x", "y", "a b", "z-w", "1", "0", "2.5",
    "-1", "1e400", '"s"', '"2026-11-22"', '""', '@"P1D"', '@"2026-11-22"', '@"10:00:00Z"', "(", ")", "[", "]", "{", "}",
    ",",     ":", ".", "..", "+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", "list<number>", "number", "->",
    "🐎", "中",
    *sorted(BUILTINS),
]  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates(), st.times(), st.datetimes(),
    st.timedeltas(), st.decimals(),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
)
GRAMMATICAL = st.recursive(
    st.sampled_from(["1", "x", "y", "null", "true", '"s"', '@"P1Y"', '@"2026-11-22T10:00:00@Asia/Shanghai"', "[1..3)"]),
    lambda e: st.one_of(
        st.tuples(e, st.sampled_from(["+", "-", "*", "/", "**", "=", "<", "and", "or", "in"]), e).map(" ".join),
        st.tuples(st.sampled_from(sorted(BUILTINS)), st.lists(e, max_size=4)).map(
            lambda p: f"{p[0]}({', '.join(p[1])})"
        ),
        st.lists(e, max_size=3).map(lambda p: f"[{', '.join(p)}]"),
        st.tuples(e, e).map(lambda p: f"({p[0]})[{p[1]}]"),
        st.tuples(e, e).map(lambda p: f"for i in {p[0]} return {p[1]}"),
        st.tuples(e, st.sampled_from(["year", "days", "start", "a", "time offset"])).map(lambda p: f"({p[0]}).{p[1]}"),
        st.tuples(e, e, e).map(lambda p: f"if {p[0]} then {p[1]} else {p[2]}"),
        e.map(lambda p: f"{{a: {p}, b: a}}"),
        e.map(lambda p: f"string({p})"),
    ),
    max_leaves=12,
)


@settings(max_examples=400, deadline=2000)
@given(st.lists(st.sampled_from(TOKENS), max_size=25).map(" ".join))
def test_any_tokens_give_a_value_or_a_feel_error(text):
    try:
        evaluate(text, {"x": 1, "y": [1, {"a": 2}], "a b": "t", "z-w": 3})
    except FeelError:
        pass


@settings(max_examples=400, deadline=2000)
@given(GRAMMATICAL, VALUES, VALUES)
def test_any_expression_over_any_data_gives_a_value_or_a_feel_error(text, x, y):
    try:
        compile(text)({"x": x, "y": y})
    except FeelError:
        pass


@settings(max_examples=200, deadline=2000)
@given(st.text(max_size=60))
def test_any_text_gives_tests_or_a_feel_error(text):
    try:
        unary_tests(text)(5)
    except FeelError:
        pass


FILE = file(
    '<itemDefinition name="t" isCollection="true"><typeRef>string</typeRef><allowedValues><text>"a", "b"</text>'
    "</allowedValues></itemDefinition>",
    '<inputData id="x" name="x"><variable name="x" typeRef="number"/></inputData>',
    '<businessKnowledgeModel id="k" name="k"><encapsulatedLogic><formalParameter name="n" typeRef="number"/>'
    + literal("if n &lt; 1 then 0 else k(n - 1)")
    + "</encapsulatedLogic></businessKnowledgeModel>",
    decision(
        "d", table(["x", "y"], ["o"], [["> 1", '"a"', "1"], ["-", "not(null)", "2"]], hit="PRIORITY", values=["1, 2"])
    ),
    decision("e", literal("d + k(3)"), "requiredDecision d", "requiredKnowledge k", "requiredInput x"),
    decision("f", "<context><contextEntry>" + literal("[1, 2]") + "</contextEntry></context>", type="t"),
    '<decisionService id="s" name="s"><outputDecision href="#e"/><inputData href="#x"/></decisionService>',
).decode()
WORDS = sorted(
    {*re.findall(r"[\w:/.#]+", FILE), "<", ">", "/", '"', "&lt;", "<!DOCTYPE x>", "conditional", "for", "in"}
)
CHANGES = st.lists(
    st.tuples(st.integers(0, len(FILE)), st.integers(0, 40), st.sampled_from(WORDS)), min_size=1, max_size=4
)


@settings(max_examples=300, deadline=4000)
@given(CHANGES)
def test_any_damaged_file_is_refused_or_runs_with_a_value_or_a_feel_error(changes):
    """Parsed strictly, or with its faults collected, decided and proved: FeelError is all that ever comes out."""
    text = FILE
    for at, length, word in changes:
        text = text[:at] + word + text[at + length :]
    faults = []
    try:
        dmn.parse(text.encode())
    except FeelError as problem:
        faults.append(problem)
    try:
        made = dmn.parse(text.encode(), faults=faults)
    except FeelError:
        return
    for key in made.nodes:
        try:
            made.evaluate(key, {"x": 2, "y": "a"})
            prove(made, key)
        except FeelError:
            pass


@settings(max_examples=200, deadline=2000)
@given(st.one_of(st.dates(), st.times(), st.datetimes(), st.booleans(), st.text(max_size=9)))
def test_a_value_written_and_read_again_is_the_same(value):
    text = evaluate("string(x)", {"x": value})
    readers = {date: "date", time: "time", datetime: "date and time"}
    if type(value) in readers:
        assert evaluate(f"{readers[type(value)]}(t)", {"t": text}) == value
    else:
        assert text == (value if isinstance(value, str) else str(value).lower())
