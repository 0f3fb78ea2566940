"""FEEL's nulls hide mistakes: the lint warns about names that nothing provides."""

from __future__ import annotations

import pytest

from engine import catalog
from engine.model import Definition
from ledger.db import reading
from tests.engine.conftest import World
from tests.engine.drawings import catch, conditional, drawing, end, flow, flows, gateway, start, task
from tests.feel.diagrams import decision, file, literal
from workflows import CATALOG

FORK = [start(), task("A"), gateway("exclusive", "G", "d"), end("E"), end("F"), flows("S A G")]


def warned(condition: str, **more: bytes) -> list[str]:
    """What the lint says about a drawing with this condition."""
    drawn = drawing(*FORK, flow("G", "E", condition), flow("G", "F", id="d"))
    return [found.en for found in catalog.check({"d.bpmn": drawn, **more}) if found.rule == "names"]


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever starts process P gives `amount`."""
    monkeypatch.setitem(catalog.VARIABLES, "P", frozenset({"amount"}))


def test_a_name_that_nothing_provides_is_a_warning_with_the_likely_one() -> None:
    drawn = drawing(*FORK, flow("G", "E", "=amonut > 5"), flow("G", "F", id="d"))
    warning = next(found for found in catalog.check({"d.bpmn": drawn}) if found.rule == "names")
    assert warning.severity == "warning"
    assert "amonut" in warning.zh and "amount" in warning.fix_zh
    assert warning.line


@pytest.mark.parametrize("condition", ["=amount > 5", "=c", '=count([1, 2]) > 1 and today() > date("2026-01-01")'])
def test_what_is_given_set_or_built_in_is_not_warned_about(condition: str) -> None:
    assert warned(condition) == []


def test_a_name_in_the_condition_of_an_event_is_looked_at_too() -> None:
    drawn = drawing(start(), catch("A", conditional("=amonut &gt; 5")), end(), flows("S A E"))
    assert [one.element for one in catalog.check({"d.bpmn": drawn}) if one.rule == "names"] == ["A"]


def test_a_process_of_which_nothing_is_said_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(catalog.VARIABLES, "P")
    assert warned("=anything") == []


def test_the_shipped_drawings_read_only_what_is_provided() -> None:
    for process in CATALOG.values():
        assert catalog.check(process.files) == []


def test_a_table_of_a_shipped_process_is_looked_into() -> None:
    files = {
        name: body.replace(b"<text>contract_amount", b"<text>contract_amonut")
        for name, body in CATALOG["application"].files.items()
    }
    assert ["contract_amonut" in found.en for found in catalog.check(files)] == [True]


def test_a_broken_table_is_refused_with_decision_rule_and_column() -> None:
    drawn = drawing(*FORK, flow("G", "E", "=c"), flow("G", "F", id="d"))
    broken = file(decision("limit", literal("1 +")))
    said = [found.text("zh") for found in catalog.check({"d.bpmn": drawn, "t.dmn": broken})]
    assert len(said) == 1 and said[0].startswith("决策 “limit”")


def test_a_deployed_drawing_is_looked_at_once_until_more_is_said_of_its_process(world: World) -> None:
    number = world.deploy(drawing(*FORK, flow("G", "E", "=amonut > 5"), flow("G", "F", id="d")))
    with reading(world.engine) as session:
        definition = session.get_one(Definition, number)
        first = catalog.advice(session, definition)
        assert [found.rule for found in first if found.rule == "names"] == ["names"]
        assert list(first) == catalog.check(catalog.files_of(session, number))
        assert catalog.advice(session, definition) is first
        catalog.provide("P", variables=["amonut"])
        assert "names" not in {found.rule for found in catalog.advice(session, definition)}


def test_the_same_files_are_looked_at_once_and_other_files_anew() -> None:
    first = {"d.bpmn": drawing(*FORK, flow("G", "E", "=amonut > 5"), flow("G", "F", id="d"))}
    found = catalog.checked(first)
    assert list(found) == catalog.check(first) and catalog.checked(dict(first)) is found
    assert {one.file for one in catalog.checked({"e.bpmn": first["d.bpmn"]})} == {"e.bpmn"}
