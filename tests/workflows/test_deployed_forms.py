"""A form that comes with a version is the form of what runs on it: drawn, checked, shown later; others keep theirs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

import workflows
from engine import catalog
from forms.reading import MOST_BYTES, look
from forms.schema import load
from ledger.actor import SYSTEM
from ledger.db import unit
from ledger.errors import BadAnswer, BadDiagram
from tests.workflows.walk import Walk
from workflows import CATALOG
from workflows.handling import desk

MORE = {"type": "textfield", "key": "seal", "label": "用印编号", "id": "seal", "validate": {"required": True}}


def changed(key: str = "file", *more: dict[str, Any], **said: Any) -> bytes:
    """A form of the library with more fields."""
    shipped = load(key).schema
    return json.dumps({**shipped, **said, "components": [*shipped["components"], *more]}, ensure_ascii=False).encode()


def deploy(engine: Engine, **forms: bytes) -> None:
    files = {f"{key.replace('_', '-')}.form": body for key, body in forms.items()}
    with unit(engine) as session:
        catalog.deploy(session, {**CATALOG["application"].files, **files}, by=SYSTEM)


def test_an_instance_keeps_the_forms_of_the_version_it_began_with(engine: Engine, walk: Callable[..., Walk]) -> None:
    before = walk("E03").approved()
    deploy(engine, file=changed("file", MORE))
    after = walk("J03").approved()
    for case, there in ((before, False), (after, True)):
        with unit(engine) as session:
            opened = desk.open_task(session, case.company.actor(session, "custodian"), case.task_id("A5_file"))
            assert ("seal" in {field.get("key") for field in opened.form.fields()}) is there
    before.do("custodian", "A5_file", "done")
    with pytest.raises(BadAnswer) as refused:
        after.do("custodian", "A5_file", "done", seal="")
    assert "seal" in refused.value.problems


def test_what_was_asked_for_in_a_deployed_form_is_read_with_it(engine: Engine, walk: Callable[..., Walk]) -> None:
    deploy(engine, apply_J03=changed("apply-J03", {**MORE, "validate": {}}))
    case = walk("J03").submitted(seal="甲 1")
    with unit(engine) as session:
        request = case.request(session)
        form = workflows.form_named(request, request.contents[-1].form_key)
        assert form.key == "apply-J03" and "seal" in {field.get("key") for field in form.fields()}
        assert request.content["seal"] == "甲 1"


def test_what_a_types_data_makes_is_not_replaced_by_a_form_for_every_type(engine: Engine, walk: Callable[..., Walk]
                                                                         ) -> None:
    deploy(engine, apply=changed("apply-J03", MORE))
    case = walk("E03")
    with unit(engine) as session:
        assert "seal" not in {field.get("key") for field in workflows.form_for(case.request(session), "apply").fields()}


@pytest.mark.parametrize("broken", [
    b"{", b"[" * 100_000, b'{"components": 1}', b'{"components": [1]}', b'{"components": [], "licet:verdicts": [1]}',
    b" " * (MOST_BYTES + 1), changed("file", {"type": "iframe", "key": "x", "label": "x"}),
    changed("file", {**MORE, "properties": {"licet:check": "no-such"}}), changed("file", MORE, MORE),
    b'{"components": [{"type": "group", "components": "x"}]}', b'{"components": [{"type": [], "key": 1}]}',
], ids=range(11))
def test_a_form_that_is_none_is_refused_with_the_file(broken: bytes) -> None:
    files = {**CATALOG["application"].files, "file.form": broken}
    assert {found.file for found in catalog.check(files) if found.severity == "error"} == {"file.form"}


def test_no_version_is_made_of_a_form_that_is_none(engine: Engine) -> None:
    with pytest.raises(BadDiagram), unit(engine) as session:
        catalog.add(session, {**CATALOG["application"].files, "file.form": b"{"}, by=SYSTEM)


def test_a_form_nested_too_deep_or_with_too_many_fields_is_none() -> None:
    deep: dict[str, Any] = MORE
    for _ in range(20):
        deep = {"type": "group", "label": "x", "components": [deep]}
    for components in ([deep], [{**MORE, "key": f"k{number}"} for number in range(1001)]):
        form, [flaw] = look(json.dumps({"components": components}).encode(), "x")
        assert form is None and flaw.en


def test_the_verdicts_a_drawing_wants_signed_are_those_of_the_deployed_form() -> None:
    files = CATALOG["application"].files
    drawn = files["application.bpmn"].replace(
        b'formId="approve"', b'formId="approve-new"').replace(b'value="approve"', b'value="agree"')
    form = changed("approve", **{"licet:verdicts": [{"value": "agree", "label": "同意"}]})
    found = catalog.check({**files, "application.bpmn": drawn, "approve-new.form": form})
    assert "form" not in {one.rule for one in found} and not [one for one in found if "approve-new" in str(one)]
