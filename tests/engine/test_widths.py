"""What is kept in columns fits into them: PostgreSQL refuses what SQLite takes, and then nobody could go on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine import catalog
from tests.engine.conftest import World
from tests.engine.drawings import (
    catch,
    drawing,
    end,
    error,
    extensions,
    flows,
    message,
    signal,
    start,
    tag,
    task,
    throw,
    zeebe,
)

BETWEEN = flows("S A E")
LANES = ('<bpmn:laneSet id="LS"><bpmn:lane id="L1" name="{}"><bpmn:flowNodeRef>A</bpmn:flowNodeRef>'
         '</bpmn:lane></bpmn:laneSet>')


def renamed(text: str, old: str) -> bytes:
    return drawing(start(), task("A"), end(), BETWEEN).replace(old.encode(), text.encode())


WIDE: dict[str, tuple[int, Callable[[str], bytes]]] = {
    "an element's id": (120, lambda text: drawing(start(), task(text), end(), flows(f"S {text} E"))),
    "an element's name": (200, lambda text: renamed(text, "任务A")),
    "the process's name": (200, lambda text: renamed(text, "流程P")),
    "a lane's name": (120, lambda text: drawing(LANES.format(text), start(), task("A"), end(), BETWEEN)),
    "a stage": (60, lambda text: drawing(start(), task("A", stage=text), end(), BETWEEN)),
    "an outcome": (60, lambda text: drawing(start(), end(outcome=text), flows("S E"))),
    "an error's code": (60, lambda text: drawing(start(), end("E", error("R")), flows("S E"), errors={"R": text})),
    "a message's name": (120, lambda text: drawing(
        start(), catch("A", message("m")), end(), BETWEEN, messages={"m": text})),
    "a signal's name": (120, lambda text: drawing(
        start(), throw("A", signal("g")), end(), BETWEEN, signals={"g": text})),
}  # fmt: skip


@pytest.mark.parametrize("what", WIDE)
def test_what_a_column_cannot_hold_is_refused_and_what_fits_runs(world: World, what: str) -> None:
    most, drawn = WIDE[what]
    refused = [one for one in catalog.check({"d.bpmn": drawn("x" * (most + 1))}) if one.severity == "error"]
    assert {one.rule for one in refused} == {"too-long"} and all(str(most) in one.zh for one in refused)
    assert world.incidents(world.run(drawn("长" * most if what != "an element's id" else "x" * most))) == []


LONG = '=string join(for i in 1..300 return "x")'


@pytest.mark.parametrize("said", [
    {"formDefinition": {"formId": LONG}}, {"assignmentDefinition": {"candidateGroups": LONG}},
])
def test_a_form_or_a_role_that_an_expression_makes_too_long_is_an_incident(
        world: World, said: dict[str, dict[str, str]]) -> None:
    words = {"assignmentDefinition": {"candidateGroups": "hr"}, **said}
    wide = tag("userTask", "A", extensions(zeebe("userTask"), *(zeebe(key, **words[key]) for key in words)))
    assert [element for element, _ in world.incidents(world.run(drawing(start(), wide, end(), BETWEEN)))] == ["A"]


def test_a_correlation_key_that_is_too_long_is_an_incident_of_who_waits_and_of_who_sends(world: World) -> None:
    def keyed(drawn: bytes) -> bytes:
        key = extensions(zeebe("subscription", correlationKey="=k")).encode()
        return drawn.replace(b'name="paid"></bpmn:message>', b'name="paid">' + key + b"</bpmn:message>")

    waiting = drawing(start(), catch("A", message("m")), end(), BETWEEN, messages={"m": "paid"})
    assert [element for element, _ in world.incidents(world.run(keyed(waiting), k="x" * 201))] == ["A"]
    sending = drawing(start(), throw("A", message("m")), task("B"), end(), flows("S A B E"), messages={"m": "paid"})
    assert [element for element, _ in world.incidents(world.run(keyed(sending), k="x" * 201))] == ["A"]
    ending = drawing(start(), end("E", message("m")), flows("S E"), messages={"m": "paid"})
    assert [element for element, _ in world.incidents(world.run(keyed(ending), k="x" * 201))] == ["E"]
