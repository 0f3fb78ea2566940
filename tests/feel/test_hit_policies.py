"""Hit policies and aggregations (DMN 1.5, 8.2.10)."""

import pytest

from feel import FeelError
from tests.feel.diagrams import decision, model, table

OVERLAPPING = [["> 0", '"low"'], ["> 5", '"high"'], ["> 5", '"high"']]


def decide(x, rules=OVERLAPPING, **how):
    return model(decision("d", table(["x"], ["out"], rules, **how))).evaluate("d", {"x": x}).value


def test_unique_gives_the_one_rule_that_matches():
    assert decide(3) == "low"


def test_unique_with_two_matches_names_both_rules():
    with pytest.raises(FeelError) as clash:
        decide(9)
    assert "1 (r1)" in clash.value.message_zh and "2 (r2)" in clash.value.message_zh
    assert "r1" in clash.value.message_en and "r2" in clash.value.message_en


def test_nothing_matching_is_null_or_the_default():
    assert decide(-1) is None
    assert decide(-1, default='"none"') == "none"


def test_any_takes_equal_results_and_refuses_different_ones():
    assert decide(9, OVERLAPPING[1:], hit="ANY") == "high"
    with pytest.raises(FeelError):
        decide(9, hit="ANY")


def test_first_takes_the_first_in_the_table():
    assert decide(9, hit="FIRST") == "low"


def test_priority_takes_the_first_in_the_output_values():
    assert decide(9, hit="PRIORITY", values=['"high", "low"']) == "high"


def test_output_order_sorts_by_the_output_values():
    assert decide(9, hit="OUTPUT ORDER", values=['"high", "low"']) == ["high", "high", "low"]


def test_rule_order_and_collect_give_all_in_the_tables_order():
    assert decide(9, hit="RULE ORDER") == ["low", "high", "high"]
    assert decide(9, hit="COLLECT") == ["low", "high", "high"]
    assert decide(-1, hit="COLLECT") == []


@pytest.mark.parametrize(("how", "expected"), [("SUM", 17), ("MIN", 5), ("MAX", 7), ("COUNT", 3)])
def test_collect_aggregates(how, expected):
    rules = [["> 0", "5"], ["> 1", "5"], ["> 2", "7"], ["> 99", "100"]]
    assert decide(9, rules, hit="COLLECT", aggregation=how) == expected


@pytest.mark.parametrize(("how", "expected"), [("SUM", None), ("MIN", None), ("COUNT", 0)])
def test_collect_of_nothing(how, expected):
    assert decide(-1, [["> 0", "5"]], hit="COLLECT", aggregation=how) == expected


def test_several_outputs_are_a_context():
    made = model(decision("d", table(["x"], ["a", "b"], [["-", "1", "x + 1"]])))
    assert made.evaluate("d", {"x": 1}).value == {"a": 1, "b": 2}


PAIRS = [["> 0", '"ask"', "2"], ["> 0", '"refuse"', "2"], ["> 0", '"refuse"', "1"]]
RANKED = {"values": ['"refuse", "ask"', "1, 2"]}


def pairs(x, rules=PAIRS, **how):
    return model(decision("d", table(["x"], ["a", "b"], rules, **how))).evaluate("d", {"x": x}).value


def test_priority_of_several_outputs_goes_from_left_to_right():
    assert pairs(1, hit="PRIORITY", **RANKED) == {"a": "refuse", "b": 1}
    ordered = pairs(1, hit="OUTPUT ORDER", **RANKED)
    assert [tuple(row.values()) for row in ordered] == [("refuse", 1), ("refuse", 2), ("ask", 2)]


def test_any_compares_all_outputs():
    assert pairs(1, [PAIRS[0], PAIRS[0]], hit="ANY") == {"a": "ask", "b": 2}
    with pytest.raises(FeelError):
        pairs(1, PAIRS[1:], hit="ANY")


def test_collect_of_several_outputs_gives_contexts_or_aggregates_each():
    assert pairs(1, hit="COLLECT")[0] == {"a": "ask", "b": 2}
    assert pairs(1, [["> 0", "3", "2"], ["> 0", "4", "5"]], hit="COLLECT", aggregation="SUM") == {"a": 7, "b": 7}


def test_a_default_of_several_outputs_is_a_context():
    assert pairs(-1, default='"none"') == {"a": "none", "b": "none"}


def test_output_values_may_be_tests_instead_of_values():
    assert decide(1, [["1", "7"]], values=["> 5"]) == 7
    assert decide(1, [["1", "3"]], values=["> 5"]) is None
