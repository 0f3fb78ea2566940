"""Every finding speaks Chinese and English, says where it is, and what to do about it."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

import engine.rules
from engine import catalog
from engine.findings import Finding
from ledger.errors import BadDiagram
from tests.conformance.corpus import KINDS, files
from tests.conformance.course import files_of
from tests.conformance.translated import NOTHING, translate
from tests.engine.drawings import drawing
from tests.engine.offences import WRONG
from tests.engine.test_refused import HOSTILE, REFUSED

MATERIAL = Path(os.environ.get("LICET_MATERIAL", Path(__file__).parents[3] / "shared" / "material"))
RULES = Path(engine.rules.__file__).parent

def judge(found: list[Finding], where: str) -> None:
    for one in found:
        assert one.rule and one.zh.strip() and one.en.strip(), (where, one)
        assert one.zh != one.en and any("\u4e00" <= letter <= "\u9fff" for letter in one.zh), (where, one)
        if one.severity == "error":
            assert one.fix_zh and one.fix_en, (where, one)


def sentences() -> Iterator[tuple[str, str, ast.Call]]:
    """Every `Text(...)` in the rules: module, function, call."""
    for path in sorted(RULES.glob("*.py")):
        for function in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)):
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                if isinstance(call.func, ast.Name) and call.func.id == "Text":
                    yield path.stem, function.name, call


def test_every_sentence_of_a_rule_has_a_remedy_in_both_languages() -> None:
    short = {(module, name) for module, name, call in sentences()
             if len(call.args) < 4 and not any(isinstance(given, ast.Starred) for given in call.args)}
    assert short == set()


@pytest.mark.parametrize("name", [*REFUSED, *WRONG])
def test_what_is_said_of(name: str) -> None:
    inner = REFUSED[name][2] if name in REFUSED else WRONG[name][2]
    head = "" if name in REFUSED else WRONG[name][3]
    found = catalog.check({"d.bpmn": drawing(*inner, head=head, errors={"R": "returned"})})
    judge(found, name)
    assert all(one.element and one.line for one in found)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_said_of_a_hostile_file(name: str) -> None:
    judge(catalog.check({"d.bpmn": HOSTILE[name]}), name)


def test_what_is_said_of_files_that_are_missing_or_of_another_kind() -> None:
    judge(catalog.check({}), "nothing")
    judge(catalog.check({"a.txt": b""}), "a text")


def test_what_is_said_of_other_peoples_drawings() -> None:
    if not MATERIAL.is_dir():
        pytest.skip("the corpus is not at hand (LICET_MATERIAL)")
    for path in Random(17).sample(list(files(MATERIAL)), 250):
        data = path.read_bytes()
        judge(catalog.check({f"x.{KINDS[path.suffix.lower()]}": data}), path.name)
        try:
            drawn = translate(data, whole=True)
        except BadDiagram:
            continue
        for each in drawn.processes:
            catalog.provide(each, steps={token: lambda step: None for token in (*drawn.tokens, NOTHING)})
        judge(catalog.check(files_of(drawn)), path.name)
        for each in drawn.processes:
            catalog.STEPS.pop(each, None)
