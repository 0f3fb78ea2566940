"""Every word that people read is there in English too, with the same values in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from registry.certificates.catalogue import shipped
from registry.rules import tables
from web.catalogue.rules import decided, sheets
from web.i18n import FOLDER, catalogue
from web.words import collected
from workflows import CATALOG
from workflows.studio.faces import known, reading

ROOT = Path(__file__).resolve().parents[2]
VALUE = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def english(message: str) -> str:
    return str(catalogue("en").ugettext(message))  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def messages() -> dict[str, list[str]]:
    return collected(ROOT)


def test_every_word_of_every_room_has_its_english(messages: dict[str, list[str]]) -> None:
    plural = catalogue("en")._catalog  # type: ignore[attr-defined]
    missing = {one: files for one, files in messages.items() if one not in plural and (one, 0) not in plural}
    assert missing == {}


def test_the_english_has_the_same_values_in_it(messages: dict[str, list[str]]) -> None:
    wrong = [one for one in messages if set(VALUE.findall(one)) != set(VALUE.findall(english(one)))]
    assert wrong == []


def test_what_a_note_of_the_system_rests_on_has_its_english() -> None:
    """The basis stands in the rules and the types, which are data: no word of the code."""
    said = {need.text for kind in shipped().values() for need in kind.requires if need.text}
    said |= {row[5] for rule in tables.models() for sheet in sheets(rule) for row in sheet.rows if row[5]}
    assert {one for one in said if english(one) == one} == set()


def test_what_the_rules_decide_has_its_english() -> None:
    columns = {label for rule in tables.models() for sheet in sheets(rule) for label in (sheet.name, *sheet.inputs)}
    said = {one for one in columns if any("\u4e00" <= letter for letter in one)} | {
        text for rule in tables.models() for text in decided(rule)}
    assert {one for one in said if english(one) == one} == set()


def test_what_a_condition_can_look_at_has_its_english() -> None:
    """The names that the approval list shows: of steps, of what they ask, and of the columns of tables."""
    said = {text for process in CATALOG.values() for name, body in process.files.items() if name.endswith(".bpmn")
            for each, _ in reading.processes_in(body)
            for one in known.variables(reading.read(body, each), process.files) for text in (one.step, one.label)}
    assert len(said) > 60
    assert {one for one in said if english(one) == one and re.search("[\u4e00-\u9fff]", one)} == set()


def test_words_are_collected_from_all_the_places_they_stand_in(messages: dict[str, list[str]]) -> None:
    for words, place in (
        ("您没有权限在这里进行此操作。", "ledger/errors.py"),
        ("填报申请", "workflows/application/application.bpmn"),
        ("工程名称", "forms/library/apply-J03.form"),
        ("临期", "registry/certificates/standing.py"),
        ("证件台账", "web/navigation.py"),
        ("跳到正文", "web/templates/shell.html"),
    ):
        assert place in messages[words]


def test_a_plural_is_counted_in_english() -> None:
    speak = catalogue("en").ungettext  # type: ignore[attr-defined]
    assert [speak("还剩 %(num)d 个工作日", "还剩 %(num)d 个工作日", n) % {"num": n} for n in (1, 2)] == [
        "1 working day left",
        "2 working days left",
    ]


def test_no_catalogue_names_a_place_of_ours() -> None:
    for file in FOLDER.rglob("*.po"):
        assert "EMAIL@ADDRESS" not in file.read_text("utf-8")
