"""The runner of the BPMN test set tells right from wrong; with the set at hand, no case runs wrongly."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import betsy, constraints, foreign
from tests.engine.drawings import boundary, drawing, end, error, escalation, flow, flows, gateway, start, tag, timer

MATERIAL = Path(os.environ.get("LICET_MATERIAL", Path(__file__).parents[3] / "shared" / "material"))


def script(id: str, token: str) -> str:
    return tag("scriptTask", id, f"<bpmn:script>{token}</bpmn:script>")


def tokens(count: int) -> list[str]:
    return [script(f"T{number}", f"SCRIPT_task{number}") for number in range(1, count + 1)]


PLAIN = drawing(start(), *tokens(2), end(), flows("S T1 T2 E"))
CHOICE = drawing(
    start(), *tokens(2), gateway("exclusive", "G", "d"), end(), flow("S", "G"),
    flow("G", "T1", "test.contains(&quot;a&quot;) &amp;&amp; !test.contains(&quot;b&quot;)"), flow("G", "T2", id="d"),
    flows("T1 E", "T2 E"),
)  # fmt: skip
LATE = drawing(
    start(), tag("subProcess", "P1", start("s"), script("W", "WAIT_TEN_SECONDS"), end("e"), flows("s W e")),
    boundary("B", "P1", timer("timeDuration", "PT2S")), *tokens(2), end(), end("E2"), flows("S P1 T1 E", "B T2 E2"),
)  # fmt: skip
TOGETHER = drawing(
    start(), gateway("parallel", "G"), script("A", "CREATE_TIMESTAMP_LOG_1"), script("B", "CREATE_TIMESTAMP_LOG_2"),
    gateway("parallel", "J"), end(), flows("S G A J E", "G B J"),
)  # fmt: skip
THROWN = drawing(
    start(), tag("subProcess", "P1", start("s"), script("W", "THROW_ERROR"), end("e"), flows("s W e")),
    boundary("B", "P1", error("R")), *tokens(2), end(), end("E2"), flows("S P1 T1 E", "B T2 E2"), errors={"R": "X"},
)  # fmt: skip
DATA = drawing(
    start(), '<bpmn:dataObject id="o" name="data"/><bpmn:dataObjectReference id="r" dataObjectRef="o"/>',
    script("A", "SET_STRING_DATA"), script("B", "LOG_DATA"), end(), flows("S A B E"),
)  # fmt: skip
UNCAUGHT = drawing(start(), *tokens(1), end("E", error("R")), flows("S T1 E"), errors={"R": "X"})
RISEN = drawing(start(), *tokens(1), end("E", escalation("R")), flows("S T1 E"), escalations={"R": "X"})
LOST = drawing(start(), *tokens(1), flows("S T1"), flow("T1", "nowhere"))


def judged(folder: Path, body: bytes, expect: list[str], **case: Any) -> betsy.Outcome:
    (folder / "one.bpmn").write_bytes(body)
    test = {"file": "one.bpmn", "process": "P", "cases": [{"expect": expect, **case}]}
    (folder / "expectations.json").write_text(json.dumps({"tests": [test]}))
    (found,) = betsy.outcomes(folder)
    return found


@pytest.mark.parametrize(
    ("body", "case", "trace"),
    [
        (PLAIN, {}, ["SCRIPT_task2", "SCRIPT_task1"]),
        (CHOICE, {"test": "a"}, ["SCRIPT_task1"]),
        (CHOICE, {"test": "ab"}, ["SCRIPT_task2"]),
        (LATE, {"delay_ms": 12000}, ["SCRIPT_task2"]),
        (TOGETHER, {"delay_ms": 12000}, ["EXECUTION_parallel"]),
        (THROWN, {}, ["SCRIPT_task2"]),
        (DATA, {}, ["DATA_correct"]),
        (UNCAUGHT, {}, ["SCRIPT_task1", "ERROR_thrownErrorEvent"]),
        (RISEN, {}, ["SCRIPT_task1", "ERROR_thrownEscalationEvent"]),
    ],
)  # fmt: skip
def test_the_trace_of_a_drawing(tmp_path: Path, body: bytes, case: dict[str, Any], trace: list[str]) -> None:
    assert judged(tmp_path, body, trace, **case).how == "passed"


def test_a_wrong_trace_fails_with_what_was_expected_and_got(tmp_path: Path) -> None:
    found = judged(tmp_path, PLAIN, ["SCRIPT_task1"])
    assert (found.how, found.got) == ("failed", ["SCRIPT_task1", "SCRIPT_task2"])
    assert judged(tmp_path, PLAIN, ["ERROR_runtime"]).how == "failed"


def test_a_task_is_not_finished_before_its_ten_seconds(tmp_path: Path) -> None:
    assert judged(tmp_path, TOGETHER, [], delay_ms=5000).how == "passed"


def test_a_refused_file_names_its_rules_and_is_no_pass(tmp_path: Path) -> None:
    found = judged(tmp_path, LOST, ["SCRIPT_task1"])
    assert found.how == "refused" and "flow" in found.rules and found.sentence
    assert judged(tmp_path, LOST, ["ERROR"]).how == "passed"


@pytest.mark.parametrize("body", [b"", b"<x", b"\x00", b"<!DOCTYPE x><x/>", b"<html/>"])
def test_a_broken_file_is_refused_and_nothing_escapes(tmp_path: Path, body: bytes) -> None:
    assert judged(tmp_path, body, []).how == "refused"


def test_the_last_lines_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judged(tmp_path, PLAIN, ["SCRIPT_task1", "SCRIPT_task2"])
    (tmp_path / "bpmn_constraints").mkdir()
    (tmp_path / "bpmn_constraints" / "REF_1.bpmn").write_bytes(PLAIN)
    (tmp_path / "bpmn_constraints" / "EXT_1_fail.bpmn").write_bytes(LOST)
    assert betsy.main([str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3:] == [
        "constraints: 1 of 1 refused, 1 of 1 reference files accepted", "refused: 0", "1 passed, 0 failed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("java", "said"),
    [
        ('test.contains("a")', 'contains(test, "a")'),
        ('!test.contains("a") || x == 1', 'not(contains(test, "a")) or x = 1'),
        ("${integerVariable}", "integerVariable"),
        ("#{ nrOfCompletedInstances >= 2 }", "numberOfCompletedInstances >= 2"),
        ("integerVariable<3 && true", "integerVariable < 3 and true"),
        ("return a.equals('b');", 'a = "b"'),
        ("3", "3"),
        ("a[0] ~ b", "a[0] ~ b"),
        ("x.unknown(1)", "x.unknown(1)"),
    ],
)
def test_an_expression_of_java_in_feel(java: str, said: str) -> None:
    assert foreign.feel(java) == said


@pytest.fixture
def material() -> Path:
    if not (MATERIAL / "bpmn" / "betsy").is_dir():
        pytest.skip("the test set is not at hand (LICET_MATERIAL)")
    return MATERIAL / "bpmn" / "betsy"


def test_no_case_of_the_test_set_runs_wrongly(material: Path) -> None:
    assert [one.line() for one in betsy.outcomes(material) if one.how == "failed"] == []


def test_no_constraint_file_breaks_the_lint(material: Path) -> None:
    assert [one.file for one in constraints.verdicts(material) if one.fault] == []
