"""Whatever files a folder holds, loading them yields findings and no exception."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine import catalog
from tests.conformance import corpus
from tests.conformance.translated import DECISION
from tests.engine.drawings import drawing, end, flows, script, start

MATERIAL = Path(os.environ.get("LICET_MATERIAL", Path(__file__).parents[3] / "shared" / "material"))
FINE = drawing(start(), script("A", "x", "=1"), end(), flows("S A E"))
JAVA = drawing(start(), '<bpmn:scriptTask id="A"><bpmn:script>SCRIPT_task1</bpmn:script></bpmn:scriptTask>', end(),
               flows("S A E"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a").mkdir()
    for name, body in {"fine.bpmn": FINE, "java.bpmn20.xml": JAVA, "noise.bpmn": b"\xff<", "empty.xml": b"",
                       "table.dmn": DECISION, "broken.dmn": b"<x"}.items():
        (tmp_path / "a" / name).write_bytes(body)
    return tmp_path


def test_files_are_counted_by_folder_with_the_rules_that_refuse_them(folder: Path) -> None:
    tallies, escaped = corpus.walk(folder)
    tally = tallies["a"]
    assert (tally.deployable, tally.refused, tally.translated, escaped) == (2, 4, 2, [])
    assert tally.rules["xml"] == 3 and "element" in tally.rules


def test_an_exception_that_escapes_is_told_and_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert corpus.main([str(folder)]) == 0
    monkeypatch.setattr(catalog, "check", lambda files: 1 // 0)
    assert corpus.main([str(folder)]) == 1
    assert "ESCAPED a/fine.bpmn: ZeroDivisionError" in capsys.readouterr().out


def test_a_drawing_that_passes_the_lint_must_also_be_assembled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "check", lambda files: [])
    monkeypatch.setattr(corpus, "in_our_words", lambda data: None)
    (folder / "a" / "odd.bpmn").write_bytes(drawing(start(), flows("S nowhere")))
    assert any("odd.bpmn" in line for line in corpus.walk(folder)[1])


def test_no_exception_escapes_from_other_peoples_files() -> None:
    if not MATERIAL.is_dir():
        pytest.skip("the corpus is not at hand (LICET_MATERIAL)")
    tallies, escaped = corpus.walk(MATERIAL)
    assert escaped == [] and sum(tally.translated for tally in tallies.values()) > 100
