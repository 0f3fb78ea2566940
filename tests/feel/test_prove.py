"""The prover: gaps, overlaps, shadowed and unreachable rules, each with an example row that shows it."""

import random
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from feel import FeelError
from feel.prove import prove
from tests.feel.diagrams import decision, model, table


def findings(inputs, rules, **how):
    made = model(decision("d", table(inputs, ["out"], rules, **how)))
    return made, prove(made, "d")


def kinds(inputs, rules, **how):
    return [(each.kind, each.rules) for each in findings(inputs, rules, **how)[1]]


def test_a_whole_table_has_no_findings():
    assert kinds(["x"], [["< 5", "1"], ["[5..10]", "2"], ["> 10", "3"]]) == []


def test_a_gap_is_shown_by_a_row_that_nothing_matches():
    made, found = findings(["x"], [["< 5", "1"], ["> 5", "2"]])
    assert [f.kind for f in found] == ["gap"]
    assert made.evaluate("d", found[0].example).value is None
    assert found[0].example == {"x": 5}


def test_an_overlap_is_shown_by_a_row_that_both_match():
    _, found = findings(["x", "y"], [["<= 5", "-", "1"], [">= 5", '"a"', "2"], ["> 5", 'not("a")', "3"]])
    assert [(f.kind, f.rules) for f in found] == [("overlap", (1, 2))]
    assert found[0].example == {"x": 5, "y": "a"}
    assert "规则 1 与规则 2" in found[0].message_zh


def test_overlapping_rules_of_an_any_table_may_agree():
    assert kinds(["x"], [["<= 5", "1"], ["-", "1"]], hit="ANY") == []
    assert kinds(["x"], [["<= 5", "1"], ["-", "2"]], hit="ANY") == [("overlap", (1, 2))]


def test_a_rule_that_earlier_ones_cover_together_is_shadowed():
    assert kinds(["x"], [["< 5", "1"], [">= 5", "2"], ["[3..7]", "3"]], hit="FIRST") == [("shadowed", (3,))]


def test_a_rule_that_nothing_can_match_is_unreachable():
    assert ("unreachable", (1,)) in kinds(["x"], [["? < 1 and ? > 5", "1"], ["-", "2"]], hit="FIRST")


def test_strings_leave_everything_else_open():
    _, found = findings(["kind"], [['"a", "b"', "1"]])
    assert found[0].kind == "gap" and found[0].example["kind"] not in ("a", "b")


def test_booleans_are_two_values():
    assert kinds(["x"], [["true", "1"], ["false", "2"]]) == []
    assert kinds(["x"], [["true", "1"]]) == [("gap", ())]


def test_days_side_by_side_leave_no_gap():
    assert kinds(["on"], [['<= @"2026-11-22"', "1"], ['>= date("2026-11-23")', "2"]]) == []


def test_a_default_output_fills_every_gap():
    assert kinds(["x"], [["< 5", "1"]], default="0") == []


def test_a_cell_that_cannot_be_analysed_is_named_and_nothing_is_claimed_about_it():
    _, found = findings(["x"], [["< limit", "1"], ["> 5", "2"]])
    assert ("not analysed", (1,)) in [(f.kind, f.rules) for f in found]
    assert all(not f.certain for f in found)


def test_two_hundred_rules_and_six_inputs_take_less_than_two_seconds():
    chance = random.Random(7)
    rules = []
    for _ in range(200):
        low = chance.randrange(1000)
        cells = [f"[{low}..{low + 9})", chance.choice(['"a"', '"b"', "-"]), chance.choice(["true", "false", "-"])]
        cells += [f"> {chance.randrange(50)}", f"<= {chance.randrange(50)}", chance.choice(['not("x")', '"x"', "-"])]
        rules.append([*cells, "1"])
    started = time.process_time()
    assert kinds(list("abcdef"), rules)
    assert time.process_time() - started < 2


TENTHS = st.decimals(-1, 5, places=1)
CELL = st.sampled_from(["-", "1", "< 2", ">= 2", "[1..3)", "(0..2]", "not(1)", "1, 3", "> 3"])


@settings(max_examples=60, deadline=4000)
@given(
    st.lists(st.tuples(CELL, CELL), min_size=1, max_size=4), st.decimals(-1, 5, places=1), st.decimals(-1, 5, places=1)
)
def test_a_table_without_findings_answers_every_row_and_never_clashes(rules, x, y):
    made, found = findings(["x", "y"], [[*cells, "1"] for cells in rules])
    try:
        value = made.evaluate("d", {"x": x, "y": y}).value
    except FeelError:
        assert any(f.kind == "overlap" for f in found)
    else:
        assert value == 1 or any(f.kind == "gap" for f in found)


@settings(max_examples=60, deadline=4000)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=4))
def test_every_example_row_shows_what_it_says(rules):
    made, found = findings(["x", "y"], [[*cells, "1"] for cells in rules], hit="RULE ORDER")
    for gap in (f for f in found if f.kind == "gap"):
        assert made.evaluate("d", {"x": 99, "y": 99} | gap.example).value == []


RANKED = {"hit": "PRIORITY", "values": ['"refuse", "ask", "grant"']}


def test_under_priority_the_stronger_output_shadows_wherever_it_stands():
    assert kinds(["x"], [["> 5", '"grant"'], ["> 3", '"refuse"'], ["-", '"ask"']], **RANKED) == [("shadowed", (1,))]


def test_under_priority_a_stronger_output_is_never_shadowed_by_an_earlier_rule():
    assert kinds(["x"], [["-", '"grant"'], ["> 3", '"refuse"']], **RANKED) == []


def test_under_output_order_nothing_is_shadowed():
    ordered = {**RANKED, "hit": "OUTPUT ORDER"}
    assert kinds(["x"], [["> 5", '"grant"'], ["-", '"refuse"']], **ordered) == []


COLOUR = (
    '<itemDefinition name="colour"><typeRef>string</typeRef><allowedValues><text>"red", "green", "blue"</text>'
    "</allowedValues></itemDefinition>"
)


def test_the_values_that_a_type_allows_are_all_there_are():
    drawn = table(["c"], ["out"], [['"red", "green"', "1"]])
    drawn = drawn.replace("<inputExpression>", '<inputExpression typeRef="colour">')
    found = prove(model(COLOUR, decision("d", drawn)), "d")
    assert [(f.kind, f.example) for f in found] == [("gap", {"c": "blue"})]
    whole = drawn.replace('"red", "green"', 'not("x")')
    assert prove(model(COLOUR, decision("d", whole)), "d") == []
