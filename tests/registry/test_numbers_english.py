"""Every sentence of the checks can be read in English, with the same values put in."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
SPEAKING = ["registry/people/identity.py", "registry/certificates/numbers.py", "registry/certificates/shapes.py"]


def sentences():
    """Every text in those modules that asks the reader to do something; docstrings apart, those are English."""
    for path in SPEAKING:
        for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "请" in node.value:
                yield node.value


@pytest.fixture(scope="module")
def english():
    with (ROOT / "web/translations/en/LC_MESSAGES/numbers.po").open("rb") as file:
        return {message.id: message.string for message in read_po(file) if message.id}


def values(text):
    return sorted(re.findall(r"\{\w+\}", text))


def test_every_sentence_has_its_english(english):
    assert {text for text in sentences() if not english.get(text)} == set()


def test_the_english_names_the_same_values(english):
    assert [text for text, said in english.items() if values(text) != values(said)] == []
