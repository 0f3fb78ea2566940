"""What gettext collects beside calls of `_`: names in a diagram, and the words that lower rooms keep as data.

For pybabel (see babel.cfg). A lower room knows no gettext: its messages are docstrings of its errors, arguments of
`Problem` and `Why`, and the values of its tables of names; the pages pass them through `say`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from lxml import etree

Message = tuple[int, str, str, list[str]]
CHINESE = re.compile(r"[\u3400-\u9fff]")
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
CALLS = {"Problem": (0,), "Why": (1,), "say": (0,), "notify": (3,), "Choice": (1,), "Hindrance": (2, 3)}
"""Name of a function -> which of its arguments people read."""
KEYWORDS = {"Process": ("name", "stages", "outcomes", "words", "news"), "Choice": ("name", "about", "why_not")}
"""The same for its arguments by name; of a dict, its values."""
ONE_TEXT = ("NAME", "ABOUT")
"""Constants that are one text; of a dict in capitals, every value is."""


def diagram(fileobj: IO[bytes], _keywords: Any, _tags: Any, options: Any) -> Iterator[Message]:
    """The names in a BPMN diagram: tasks, events, lanes, the process."""
    tree = etree.parse(fileobj, etree.XMLParser(resolve_entities=False, no_network=True))
    for element in tree.iter():
        name = element.get("name") if isinstance(element.tag, str) and element.tag.startswith(BPMN) else None
        if name and CHINESE.search(name):
            yield cast(int, element.sourceline), "", str(name), []


def code(fileobj: IO[bytes], _keywords: Any, _tags: Any, options: Any) -> Iterator[Message]:
    """The words in a lower room's Python file."""
    for node in ast.walk(ast.parse(fileobj.read())):
        for line, text in _said(node):
            if CHINESE.search(text):
                yield line, "", text, []


def _said(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.ClassDef):
        text = ast.get_docstring(node) or ""
        if CHINESE.match(text) or text.startswith(("{", "“")):
            yield node.lineno, text
    elif isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        for number in CALLS.get(name, ()):
            yield from _texts(node.args[number]) if len(node.args) > number else ()
        for keyword in node.keywords:
            if keyword.arg in KEYWORDS.get(name, ()):
                values = keyword.value.values if isinstance(keyword.value, ast.Dict) else [keyword.value]
                yield from (text for value in values for text in _texts(value))
    elif isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Dict | ast.Constant):
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        if isinstance(target, ast.Name) and target.id.isupper():
            several = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
            for value in several if target.id in ONE_TEXT or isinstance(node.value, ast.Dict) else ():
                yield from _texts(value)


def _texts(node: ast.expr) -> Iterator[tuple[int, str]]:
    """The literals of an expression: of both branches of a choice, of a tuple."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, (ast.Tuple, ast.List)):
        for one in node.elts:
            yield from _texts(one)


SOURCES = (
    ("web", "*.py", "python"),
    ("web/templates", "*.html", "jinja2"),
    ("ledger", "*.py", "words"),
    ("registry", "*.py", "words"),
    ("engine", "*.py", "words"),
    ("forms", "*.py", "words"),
    ("workflows", "*.py", "words"),
    ("workflows", "*.bpmn", "diagram"),
    ("forms/library", "*.form", "form"),
)
"""Folder, files, and how they are read: the same as babel.cfg, without walking through installed packages."""


SPOKEN_TWICE = ("registry/sample", "engine/rules", "workflows/studio/foreign")
"""Invented names; the rules of the lint and the reports of imports, whose sentences stand beside their English."""


def collected(root: Path) -> dict[str, list[str]]:
    """Every message id with the files it stands in."""
    from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file

    from forms.texts import extract as form

    how: dict[str, Any] = {"words": code, "diagram": diagram, "form": form}
    keywords = {**DEFAULT_KEYWORDS, "_l": None}
    found: dict[str, list[str]] = {}
    for folder, pattern, method in SOURCES:
        for file in sorted((root / folder).rglob(pattern)):
            if any(file.is_relative_to(root / each) for each in SPOKEN_TWICE):
                continue
            options = {"extensions": "jinja2.ext.do"} if method == "jinja2" else {}
            for _line, message, _comments, _context in extract_from_file(
                how.get(method, method), file, keywords=keywords, options=options
            ):
                singular = message if isinstance(message, str) else message[0]
                if singular:
                    found.setdefault(singular, []).append(str(file.relative_to(root)))
    return found
